// SPDX-License-Identifier: GPL-3.0-or-later
// Life and death of the private session's processes, and its microphones.
#include "tests/support/session.hpp"

#include <nlohmann/json.hpp>
#include <pipewire/keys.h>
#include <pipewire/node.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <system_error>

namespace micguard::test {

namespace fs = std::filesystem;

namespace {

fs::path makeDirectory() {
    // Short on purpose: socket paths end at 107 bytes.
    // A real runtime directory is in memory; on a disk, renaming a file there can take tens of milliseconds.
    std::string name = "/dev/shm/micguard-XXXXXX";
    if (::access("/dev/shm", W_OK) != 0)
        name = "/tmp/micguard-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr)
        throw std::system_error(errno, std::generic_category(), name);
    return name;
}

bool connects(const fs::path& path) {
    const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
    return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
}

// Receives what a daemon tells its service manager.
class NotifySocket {
  public:
    explicit NotifySocket(fs::path path)
        : path_(std::move(path))
        , fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path_.c_str(), sizeof(address.sun_path) - 1);
        ::unlink(path_.c_str());
        if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) < 0)
            throw std::system_error(errno, std::generic_category(), path_.string());
    }

    // False if the process ended or time was up first.
    bool waitReady(Process& process, Milliseconds timeout) const {
        const auto end = std::chrono::steady_clock::now() + timeout;
        while (std::chrono::steady_clock::now() < end) {
            pollfd entry{fd_.get(), POLLIN, 0};
            // The short time-out is for a daemon that dies; one that gets ready wakes us at once.
            if (::poll(&entry, 1, 50) > 0) {
                std::array<char, 4096> text{};
                const ssize_t count = ::recv(fd_.get(), text.data(), text.size() - 1, 0);
                std::istringstream lines(
                    std::string(text.data(), count > 0 ? static_cast<std::size_t>(count) : 0));
                for (std::string line; std::getline(lines, line);)
                    if (line == "READY=1")
                        return true;
            } else if (!process.running()) {
                return false;
            }
        }
        return false;
    }

  private:
    fs::path path_;
    UniqueFd fd_;
};

} // namespace

const char* nameOf(Daemon daemon) {
    switch (daemon) {
    case Daemon::micguardd:
        return "micguardd";
    case Daemon::wireplumber:
        return "WirePlumber";
    case Daemon::pulse:
        return "pipewire-pulse";
    case Daemon::pipewire:
        return "PipeWire";
    case Daemon::bus:
        return "the bus";
    }
    return "";
}

PrivateSession::PrivateSession(SessionOptions options)
    : options_(std::move(options))
    , directory_(makeDirectory()) {
    try {
        writeConfiguration();
        for (const MicSpec& spec : options_.mics)
            addMicrophone(spec, true);
        writeServerConfiguration();
        writeSessionManagerConfiguration();
        start(Daemon::bus);
        start(Daemon::pipewire);
        if (!options_.micguardd.empty())
            start(Daemon::micguardd);
        if (options_.wireplumber)
            start(Daemon::wireplumber);
        if (options_.pulse)
            start(Daemon::pulse);
        bringUpAll();
    } catch (...) {
        std::cerr << logs() << ended();
        for (auto& [daemon, process] : daemons_)
            process.killHard();
        throw;
    }
}

PrivateSession::~PrivateSession() {
    const bool failing = failed_ || allFailed_ || std::uncaught_exceptions() > 0;
    const std::string before = failing ? ended() : "";
    for (const Daemon daemon :
         {Daemon::micguardd, Daemon::pulse, Daemon::wireplumber, Daemon::pipewire, Daemon::bus}) {
        if (daemon == Daemon::pipewire)
            graph_.reset();
        const auto found = daemons_.find(daemon);
        if (found != daemons_.end())
            found->second.stop();
    }
    for (auto& [name, mic] : mics_)
        mic->child.stop();
    if (failing)
        std::cerr << logs() << before << "The session's files are in " << directory_.string() << "\n";
    mics_.clear();
    if (failing || options_.keepDirectory)
        return;
    std::error_code ignored;
    fs::remove_all(directory_, ignored);
}

std::string PrivateSession::busAddress() const {
    return "unix:path=" + (runtimeDirectory() / "bus").string();
}

Environment PrivateSession::environment() const {
    const std::string base = directory_.string();
    Environment result{
        "XDG_RUNTIME_DIR=" + base + "/run",
        "PIPEWIRE_RUNTIME_DIR=" + base + "/run",
        "PULSE_SERVER=unix:" + base + "/run/pulse/native",
        "PULSE_RUNTIME_PATH=" + base + "/run/pulse",
        "HOME=" + base + "/home",
        "XDG_CONFIG_HOME=" + base + "/config",
        "XDG_STATE_HOME=" + base + "/state",
        "XDG_CACHE_HOME=" + base + "/cache",
        "XDG_DATA_HOME=" + base + "/data",
        "XDG_DATA_DIRS=" + base + "/share:/usr/local/share:/usr/share",
        "DBUS_SESSION_BUS_ADDRESS=" + busAddress(),
        "DBUS_SYSTEM_BUS_ADDRESS=" +
            (options_.systemBus.empty() ? "unix:path=" + base + "/run/no-system-bus" : options_.systemBus),
        "PIPEWIRE_CONFIG_DIR=" + base + "/pipewire",
        "WIREPLUMBER_CONFIG_DIR=" + base + "/wireplumber:" WIREPLUMBER_SHARE,
        "WIREPLUMBER_DATA_DIR=" TEST_WIREPLUMBER_DATA ":" WIREPLUMBER_SHARE,
        "SPA_PLUGIN_DIR=" SPA_PLUGINS ":" TEST_PLUGIN_DIR,
        "LC_ALL=C.UTF-8",
        "NO_AT_BRIDGE=1",
        "MICGUARD_TEST_SESSION=" + base,
    };
    for (const char* name : {"PATH", "TERM", "TMPDIR", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS",
                             "TSAN_OPTIONS", "PIPEWIRE_DEBUG", "WIREPLUMBER_DEBUG"})
        if (const char* value = std::getenv(name))
            result.push_back(std::string(name) + "=" + value);
    if (std::getenv("PATH") == nullptr)
        result.emplace_back("PATH=/usr/local/bin:/usr/bin:/bin");
    result.insert(result.end(), options_.environment.begin(), options_.environment.end());
    return result;
}

Process PrivateSession::launch(const std::string& name, const std::vector<std::string>& argv,
                               const Environment& more) const {
    SpawnOptions options;
    options.environment = environment();
    options.environment.insert(options.environment.end(), more.begin(), more.end());
    options.log = logPath(name + ".log");
    options.directory = directory_;
    return Process::spawn(argv, options);
}

Process PrivateSession::spawn(const std::vector<std::string>& argv, const std::string& logName) const {
    return launch(logName, argv);
}

Finished PrivateSession::run(const std::vector<std::string>& argv, Milliseconds timeout) const {
    return runProgram(argv, environment(), timeout);
}

nlohmann::json PrivateSession::dump() const {
    const Finished dumped = run({"pw-dump"});
    if (dumped.exitCode != 0)
        throw std::runtime_error("pw-dump: " + dumped.output);
    return nlohmann::json::parse(dumped.output);
}

void PrivateSession::waitForSocket(const fs::path& path, Process& process) const {
    const UniqueFd watch(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    fs::create_directories(path.parent_path());
    if (!watch || ::inotify_add_watch(watch.get(), path.parent_path().c_str(), IN_CREATE | IN_ATTRIB) < 0)
        throw std::system_error(errno, std::generic_category(), "inotify");
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (!connects(path)) {
        if (!process.running())
            throw std::runtime_error("the daemon behind " + path.string() + " ended");
        if (std::chrono::steady_clock::now() > end)
            throw std::runtime_error("nobody listens on " + path.string());
        // A socket exists a moment before its owner listens, of which there is no event: hence the short
        // time-out.
        pollfd entry{watch.get(), POLLIN, 0};
        ::poll(&entry, 1, 10);
        std::array<char, 4096> events{};
        while (::read(watch.get(), events.data(), events.size()) > 0) {
        }
    }
}

void PrivateSession::startBus() {
    Process process = launch("bus", {"dbus-daemon", "--config-file=" + (directory_ / "bus.conf").string(),
                                     "--nofork", "--nopidfile"});
    waitForSocket(runtimeDirectory() / "bus", process);
    daemons_[Daemon::bus] = std::move(process);
}

void PrivateSession::startPipewire() {
    graph_.reset();
    Process process = launch("pipewire", {"pipewire"});
    waitForSocket(managerSocket(), process);
    daemons_[Daemon::pipewire] = std::move(process);
    graph_ = std::make_unique<Graph>(managerSocket());
}

void PrivateSession::startWireplumber() {
    Process process = launch("wireplumber", {"wireplumber"});
    // The script that sets this property is the last one to be loaded.
    const std::string pid = std::to_string(process.pid());
    const bool ready = graph().waitFor([&pid](const GraphObjects& objects) {
        for (const auto& [id, object] : objects)
            if (object.type == "Client" && object.property("pipewire.sec.pid") == pid &&
                !object.property("session.services").empty())
                return true;
        return false;
    });
    if (!ready)
        throw std::runtime_error("WirePlumber did not get ready");
    daemons_[Daemon::wireplumber] = std::move(process);
}

void PrivateSession::startPulse() {
    Process process = launch("pulse", {"pipewire-pulse"});
    waitForSocket(runtimeDirectory() / "pulse/native", process);
    daemons_[Daemon::pulse] = std::move(process);
}

void giveMicguardd(SessionOptions& options, std::vector<std::string> variables) {
    variables.push_back(options.micguardd);
    variables.insert(variables.end(), options.micguarddArguments.begin(), options.micguarddArguments.end());
    options.micguardd = "/usr/bin/env";
    options.micguarddArguments = std::move(variables);
}

void PrivateSession::startMicguardd() {
    const NotifySocket notify(runtimeDirectory() / "notify");
    fs::create_directories(machine());
    std::vector<std::string> argv{options_.micguardd};
    argv.insert(argv.end(), options_.micguarddArguments.begin(), options_.micguarddArguments.end());
    // Last: what is started may be a program that starts it.
    argv.insert(argv.end(), {"--machine", machine().string()});
    Process process =
        launch("micguardd", argv, {"NOTIFY_SOCKET=" + (runtimeDirectory() / "notify").string()});
    if (!notify.waitReady(process, kPatience))
        throw std::runtime_error("micguardd did not get ready");
    daemons_[Daemon::micguardd] = std::move(process);
}

void PrivateSession::start(Daemon daemon) {
    switch (daemon) {
    case Daemon::bus:
        return startBus();
    case Daemon::pipewire:
        return startPipewire();
    case Daemon::wireplumber:
        return startWireplumber();
    case Daemon::pulse:
        return startPulse();
    case Daemon::micguardd:
        return startMicguardd();
    }
}

void PrivateSession::stop(Daemon daemon) {
    const auto found = daemons_.find(daemon);
    if (found == daemons_.end())
        return;
    found->second.stop();
    daemons_.erase(found);
}

void PrivateSession::kill(Daemon daemon) {
    const auto found = daemons_.find(daemon);
    if (found == daemons_.end())
        return;
    found->second.killHard();
    daemons_.erase(found);
}

void PrivateSession::restart(Daemon daemon) {
    if (daemon != Daemon::pipewire) {
        stop(daemon);
        start(daemon);
        return;
    }
    stop(Daemon::pulse);
    stop(Daemon::wireplumber);
    stop(Daemon::pipewire);
    start(Daemon::pipewire);
    if (options_.wireplumber)
        start(Daemon::wireplumber);
    if (options_.pulse)
        start(Daemon::pulse);
    bringUpAll();
}

void PrivateSession::recover() {
    if (!running(Daemon::pipewire)) {
        kill(Daemon::pulse);
        kill(Daemon::wireplumber);
    }
    for (const Daemon daemon :
         {Daemon::bus, Daemon::pipewire, Daemon::micguardd, Daemon::wireplumber, Daemon::pulse}) {
        const bool wanted = daemon == Daemon::micguardd     ? !options_.micguardd.empty()
                            : daemon == Daemon::wireplumber ? options_.wireplumber
                            : daemon == Daemon::pulse       ? options_.pulse
                                                            : true;
        if (!wanted || running(daemon))
            continue;
        kill(daemon);
        start(daemon);
    }
    bringUpAll();
}

void PrivateSession::pause(Daemon daemon) {
    daemons_.at(daemon).kill(SIGSTOP);
}

void PrivateSession::resume(Daemon daemon) {
    if (const auto found = daemons_.find(daemon); found != daemons_.end())
        found->second.kill(SIGCONT);
}

bool PrivateSession::running(Daemon daemon) {
    const auto found = daemons_.find(daemon);
    return found != daemons_.end() && found->second.running();
}

pid_t PrivateSession::pid(Daemon daemon) const {
    const auto found = daemons_.find(daemon);
    return found != daemons_.end() ? found->second.pid() : -1;
}

Graph& PrivateSession::graph() {
    if (!graph_)
        throw std::runtime_error("PipeWire is not running");
    return *graph_;
}

void PrivateSession::addMicrophone(const MicSpec& spec, bool configured) {
    if (spec.name.empty() || mics_.contains(spec.name))
        throw std::runtime_error("bad name of a microphone: " + spec.name);
    auto mic = std::make_unique<Microphone>();
    mic->spec = spec;
    mic->configured = configured && spec.kind != MicKind::acp && spec.kind != MicKind::otherProcess;
    mic->control = std::make_unique<ControlFile>(directory_ / "control" / spec.name, spec.effectiveCoding());
    mic->control->setPhase(spec.phase);
    MicContext context;
    context.control = mic->control->path();
    context.speech = directory_ / "speech.f32";
    context.cards = directory_ / "cards";
    context.sessionManager = options_.wireplumber;
    context.guard = !options_.micguardd.empty();
    context.rate = options_.rate;
    if (spec.effectiveCoding() == Coding::speech && !fs::exists(context.speech))
        makeSpeechFile(context.speech, "This is a microphone speaking. One, two, three, four, five. Whoever "
                                       "hears this while the guard is "
                                       "closed has found a leak.");
    mic->parts = partsOf(spec, context);
    // The other half of such a microphone is a process, but its feeding source can come from the
    // configuration.
    if (configured && spec.kind == MicKind::otherProcess)
        mic->configured = true;
    mics_[spec.name] = std::move(mic);
}

void PrivateSession::bringUp(Microphone& mic) {
    if (!mic.configured) {
        if (!mic.parts.moduleArguments.empty())
            throw std::runtime_error("a module of the server cannot be loaded at run time: " + mic.spec.name);
        mic.created.clear();
        for (const MicObject& object : mic.parts.objects) {
            PropertyMap properties = object.properties;
            properties["object.linger"] = mic.linger == Linger::yes ? "true" : "false";
            mic.created.push_back(graph().create(object.factory, PW_TYPE_INTERFACE_Node, properties));
        }
    }
    if (!mic.parts.childArgv.empty())
        mic.child = launch(mic.spec.name, mic.parts.childArgv);
    if (!mic.parts.cardFile.empty()) {
        if (!options_.wireplumber)
            throw std::runtime_error("a card needs WirePlumber: " + mic.spec.name);
        const fs::path file = directory_ / "cards" / mic.spec.name;
        if (!fs::exists(file))
            writeFile(file, mic.parts.cardFile);
    }
    for (const MicLink& link : mic.parts.links)
        graph().keepLinked(link.output, link.input);
    graph().waitForNode(mic.spec.name);
    // By name: the session manager may make a card's node anew (another profile) before it has ports.
    const bool usable = graph().waitFor([&](const GraphObjects& objects) {
        return std::any_of(objects.begin(), objects.end(), [&](const auto& entry) {
            const GraphObject& port = entry.second;
            if (port.type != "Port" || port.property("port.direction") != "out")
                return false;
            const auto node = objects.find(
                static_cast<std::uint32_t>(std::strtoul(port.property("node.id").c_str(), nullptr, 10)));
            return node != objects.end() && node->second.property("node.name") == mic.spec.name;
        });
    });
    if (!usable)
        throw std::runtime_error(mic.spec.name + " has no ports");
    // The session manager gives each card its route, remembered or not; before that a mixer's change could be
    // undone by it.
    if (!mic.parts.cardFile.empty() &&
        !mic.control->waitRoute([](const ControlLayout& card) { return card.routeVolumeWrites > 0; },
                                kPatience))
        throw NoRoute(mic.spec.name + " was given no route");
}

void PrivateSession::bringUpAll() {
    for (auto& [name, mic] : mics_)
        bringUp(*mic);
}

void PrivateSession::plug(const MicSpec& spec, Linger linger) {
    addMicrophone(spec, false);
    Microphone& mic = *mics_.at(spec.name);
    mic.linger = linger;
    bringUp(mic);
}

void PrivateSession::unplug(const std::string& name) {
    const auto found = mics_.find(name);
    if (found == mics_.end())
        throw std::runtime_error("no microphone " + name);
    Microphone& mic = *found->second;
    std::error_code ignored;
    fs::remove(directory_ / "cards" / name, ignored);
    for (const MicLink& link : mic.parts.links)
        graph().letGo(link.output, link.input);
    mic.child.stop();
    for (const MicObject& object : mic.parts.objects)
        if (const auto node = graph().node(object.properties.at("node.name")))
            graph().destroy(node->id);
    if (!graph().waitForNoNode(name))
        throw std::runtime_error(name + " does not go away");
    mics_.erase(found);
}

const MicSpec& PrivateSession::mic(const std::string& name) const {
    return mics_.at(name)->spec;
}
const ControlFile& PrivateSession::control(const std::string& name) const {
    return *mics_.at(name)->control;
}
void PrivateSession::setPhase(const std::string& name, std::uint32_t phase) {
    mics_.at(name)->control->setPhase(phase);
}

void PrivateSession::setPhase(std::uint32_t phase) {
    for (auto& [name, mic] : mics_)
        mic->control->setPhase(phase);
}

Produced PrivateSession::produced(const std::string& name) const {
    return mics_.at(name)->control->produced();
}

std::string PrivateSession::ended() {
    std::string text;
    for (auto& [daemon, process] : daemons_)
        if (const auto status = process.wait(Milliseconds(0)))
            text += std::string("---- ") + nameOf(daemon) + " has ended by itself: " +
                    (WIFSIGNALED(*status) ? "signal " + std::to_string(WTERMSIG(*status))
                                          : "exit status " + std::to_string(WEXITSTATUS(*status))) +
                    "\n";
    return text;
}

std::string PrivateSession::logs() const {
    constexpr std::size_t kTail = 6000;
    std::string text;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(directory_ / "log", ignored)) {
        const std::string content = readFile(entry.path());
        if (content.empty())
            continue;
        text += "---- " + entry.path().filename().string() + " (end of it)\n";
        text += content.substr(content.size() > kTail ? content.size() - kTail : 0);
    }
    return text;
}

} // namespace micguard::test
