// SPDX-License-Identifier: GPL-3.0-or-later
// Lets pipewire-pulse capture in its stead: loads a null sink with a loopback of the microphone into it and a remapped
// source on top of the microphone, anew every second, and listens to the sink's monitor and to the remapped source.
// Tier 2 (careless).
#include "tests/attackers/client.hpp"
#include "tests/support/process.hpp"

namespace micguard::attack {
namespace {

constexpr const char* sink = "load_module_sink";
constexpr const char* remapped = "load_module_remapped";

class Module {
  public:
    // An index to unload it by, or nothing.
    explicit Module(const std::vector<std::string>& arguments, Report& report) {
        std::vector<std::string> argv{"pactl", "load-module"};
        argv.insert(argv.end(), arguments.begin(), arguments.end());
        const auto loaded = test::runProgram(argv, {}, std::chrono::seconds(5));
        report.attempts++;
        if (loaded.exitCode != 0) {
            report.refused++;
            return;
        }
        report.accepted++;
        index_ = loaded.output.substr(0, loaded.output.find('\n'));
    }
    ~Module() {
        if (!index_.empty())
            test::runProgram({"pactl", "unload-module", index_}, {}, std::chrono::seconds(5));
    }
    Module(const Module&) = delete;
    Module& operator=(const Module&) = delete;

  private:
    std::string index_;
};

int attack(const Options& options) {
    Report report(options, 2);
    Loop loop(options);
    const auto connection = Connection::open(loop, options, "load_module");
    if (!connection || !connection->roundTrip())
        throw std::runtime_error("no server");
    std::uint64_t rounds = 0;
    while (!loop.ended() && !connection->lost() && !report.exhausted()) {
        const Module null({"module-null-sink", std::string("sink_name=") + sink}, report);
        const Module loopback({"module-loopback", "source=" + options.source, std::string("sink=") + sink},
                              report);
        const Module remap(
            {"module-remap-source", "master=" + options.source, std::string("source_name=") + remapped},
            report);
        {
            // Both in PipeWire's one data thread, so that they may share their figures.
            StreamEar monitor(*connection, report, sink, {{"stream.capture.sink", "true"}});
            StreamEar ear(*connection, report, remapped);
            loop.runUntil([&] { return connection->lost(); }, std::chrono::milliseconds(1500));
        }
        connection->roundTrip();
        ++rounds;
    }
    report.note("rounds", rounds);
    report.print();
    return 0;
}

} // namespace
} // namespace micguard::attack

int main(int argc, char** argv) {
    using namespace micguard::attack;
    const Options options = parseOptions(argc, argv);
    return runAttack(argc, argv, options, [&] { return attack(options); });
}
