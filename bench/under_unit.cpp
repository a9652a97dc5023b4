// SPDX-License-Identifier: GPL-3.0-or-later
// micguard-under-unit UNIT PROGRAM [ARGUMENT...]: becomes the program under the [Service] settings of the
// unit, as far as a process can take them on without a service manager. `micguard-under-unit --explain UNIT`
// prints which are taken on and which are not, one a line. What is not known is told, never passed over.
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

namespace {

using Settings = std::vector<std::pair<std::string, std::string>>;

Settings serviceSection(const std::string& path) {
    std::ifstream file(path);
    if (!file) {
        std::cerr << "micguard-under-unit: cannot read " << path << "\n";
        std::exit(125);
    }
    Settings settings;
    bool inside = false;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("["))
            inside = line == "[Service]";
        const auto equals = line.find('=');
        if (inside && !line.starts_with("#") && equals != std::string::npos)
            settings.emplace_back(line.substr(0, equals), line.substr(equals + 1));
    }
    return settings;
}

bool yes(const std::string& value) {
    return value == "yes" || value == "true" || value == "1" || value == "on";
}

// "3", "500ms"
long long microseconds(const std::string& value) {
    char* rest = nullptr;
    const double number = std::strtod(value.c_str(), &rest);
    return static_cast<long long>(number * (std::strcmp(rest, "ms") == 0 ? 1e3 : 1e6));
}

bool limit(__rlimit_resource_t which, const std::string& value) {
    const auto colon = value.find(':');
    rlimit wanted{};
    const auto number = [](const std::string& text) {
        return text == "infinity" ? RLIM_INFINITY
                                  : static_cast<rlim_t>(std::strtoull(text.c_str(), nullptr, 10));
    };
    wanted.rlim_cur = number(value.substr(0, colon));
    wanted.rlim_max = colon == std::string::npos ? wanted.rlim_cur : number(value.substr(colon + 1));
    return ::setrlimit(which, &wanted) == 0;
}

using Apply = std::function<bool(const std::string&)>;

const std::map<std::string, Apply>& known() {
    static const std::map<std::string, Apply> map{
        {"UMask",
         [](const std::string& v) {
             return ::umask(static_cast<mode_t>(std::strtoul(v.c_str(), nullptr, 8))), true;
         }},
        {"Nice",
         [](const std::string& v) { return ::setpriority(PRIO_PROCESS, 0, std::atoi(v.c_str())) == 0; }},
        {"OOMScoreAdjust",
         [](const std::string& v) {
             return static_cast<bool>(std::ofstream("/proc/self/oom_score_adj") << v << std::flush);
         }},
        {"NoNewPrivileges",
         [](const std::string& v) { return !yes(v) || ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0; }},
        {"MemoryDenyWriteExecute",
         [](const std::string& v) {
             return !yes(v) || ::prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) == 0;
         }},
        {"TimerSlackNSec",
         [](const std::string& v) {
             return ::prctl(PR_SET_TIMERSLACK, std::strtoul(v.c_str(), nullptr, 10), 0, 0, 0) == 0;
         }},
        {"LimitNOFILE", [](const std::string& v) { return limit(RLIMIT_NOFILE, v); }},
        {"LimitCORE", [](const std::string& v) { return limit(RLIMIT_CORE, v); }},
        {"LimitRTTIME", [](const std::string& v) { return limit(RLIMIT_RTTIME, v); }},
        {"WatchdogSec",
         [](const std::string& v) {
             ::setenv("WATCHDOG_USEC", std::to_string(microseconds(v)).c_str(), 1);
             ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
             return true;
         }},
    };
    return map;
}

// The service manager's own business, of no effect on the running process.
bool isManagers(const std::string& key) {
    for (const char* name :
         {"Type", "ExecStart", "ExecReload", "ExecStopPost", "Restart", "RestartSec", "SuccessExitStatus",
          "RestartPreventExitStatus", "TimeoutStartSec", "TimeoutStopSec", "NotifyAccess"})
        if (key == name)
            return true;
    return false;
}

} // namespace

int main(int argc, char** argv) {
    const bool explain = argc == 3 && std::strcmp(argv[1], "--explain") == 0;
    if (argc < 3) {
        std::cerr << "usage: micguard-under-unit [--explain] UNIT [PROGRAM ARGUMENT...]\n";
        return 125;
    }
    for (const auto& [key, value] : serviceSection(argv[explain ? 2 : 1])) {
        if (isManagers(key) || key.starts_with("@"))
            continue;
        const auto found = known().find(key);
        const bool done = found != known().end() && found->second(value);
        if (explain)
            std::cout << (done ? "applied " : "not applied ") << key << "=" << value << "\n";
    }
    if (explain)
        return 0;
    ::execv(argv[2], argv + 2);
    std::cerr << "micguard-under-unit: " << argv[2] << ": " << std::strerror(errno) << "\n";
    return 125;
}
