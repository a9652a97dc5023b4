// SPDX-License-Identifier: GPL-3.0-or-later
// Runs the named attackers, or all that make sense there, on the manager socket, one after the other, each for its share
// of --seconds; prints their lines and a sum. Tier 5 (outside of what PipeWire lets ordinary clients do).
#include "tests/attackers/client.hpp"
#include "tests/support/process.hpp"

#include <iostream>
#include <sstream>

namespace micguard::attack {
namespace {

int attack(const Options& options) {
    std::vector<std::string> names = options.rest;
    if (names.empty())
        // The session manager's end comes last: without it an ordinary stream hears nothing, whatever the guard does.
        names = {"self_link",     "relink_first_ms", "turn_up",      "turn_up --knob", "raise_permissions",
                 "keep_mapping",  "second_node",     "forged_owner", "churn",          "blind_guard",
                 "destroy_guard", "destroy_manager"};
    Report report(options, 5);
    const auto directory = std::filesystem::read_symlink("/proc/self/exe").parent_path();
    const double share = (options.seconds > 0 ? options.seconds : 24.0) / static_cast<double>(names.size());
    for (const std::string& name : names) {
        std::istringstream words(name);
        std::string word;
        words >> word;
        std::vector<std::string> argv{(directory / ("attack-" + word)).string(),
                                      "--remote",
                                      "pipewire-0-manager",
                                      "--source",
                                      options.source,
                                      "--seconds",
                                      std::to_string(share)};
        while (words >> word)
            argv.push_back(word);
        const auto patience = std::chrono::milliseconds(static_cast<std::int64_t>(share * 1000) + 5000);
        const test::Finished finished = test::runProgram(argv, {}, patience);
        const auto start = finished.output.find("{\"attacker\"");
        const auto line = start == std::string::npos
                              ? nlohmann::json{}
                              : nlohmann::json::parse(
                                    finished.output.substr(start, finished.output.find('\n', start) - start),
                                    nullptr, false);
        if (!line.is_object()) {
            std::cerr << name << ": " << finished.output << "\n";
            report.note("failed: " + name, finished.exitCode);
            continue;
        }
        std::cerr << line.dump() << std::endl;
        report.attempts += line.value("attempts", 0ULL);
        report.accepted += line.value("accepted", 0ULL);
        report.refused += line.value("refused", 0ULL);
        report.stats().samples += line.value("samples", 0ULL);
        report.stats().nonZero += line.value("nonzero", 0ULL);
        report.stats().audible[0] += line.value("heard_before", 0ULL);
        report.stats().audible[1] += line.value("heard_after", 0ULL);
        report.stats().ofSign[1] += line.value("weak_after", 0ULL);
        report.note("heard_after by " + name, line.value("heard_after", 0ULL));
    }
    report.print();
    return 0;
}

} // namespace
} // namespace micguard::attack

int main(int argc, char** argv) {
    using namespace micguard::attack;
    const Options options = parseOptions(argc, argv, {}, {}, true);
    return runAttack(argc, argv, options, [&] { return attack(options); });
}
