// SPDX-License-Identifier: GPL-3.0-or-later
// Ordinary recording programs as listeners: their raw PCM is read from a pipe (or from the file that jack_rec
// writes, as it cannot write to a pipe) by a thread of ours and analysed as it arrives.
#include "tests/support/listener.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <thread>

namespace micguard::test {

namespace {

struct Recipe {
    std::string description;
    std::string log;
    std::vector<std::string> argv;
    Environment environment;
    bool floats = true;
    std::filesystem::path file; // empty: standard output
    std::uint64_t fragment = 0; // see Listener
    bool exact = false;
};

// Called from the reader thread only.
class PcmDecoder {
  public:
    PcmDecoder(Analyser& analyser, bool floats)
        : analyser_(analyser)
        , size_(floats ? 4 : 2) {}

    void take(const char* data, std::size_t count) {
        pending_.insert(pending_.end(), data, data + count);
        const std::size_t whole = pending_.size() / size_;
        if (whole == 0)
            return;
        samples_.resize(whole);
        for (std::size_t i = 0; i < whole; ++i) {
            if (size_ == 4) {
                std::memcpy(&samples_[i], pending_.data() + i * 4, 4);
            } else {
                std::int16_t value = 0;
                std::memcpy(&value, pending_.data() + i * 2, 2);
                samples_[i] = static_cast<float>(value) / 32768.0F;
            }
        }
        pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(whole * size_));
        analyser_.feed(samples_, monotonicNsec());
    }

  private:
    Analyser& analyser_;
    std::size_t size_;
    std::vector<char> pending_;
    std::vector<float> samples_;
};

class ProgramListener final : public Listener {
  public:
    ProgramListener(const PrivateSession& session, const ListenOptions& options, Recipe recipe)
        : session_(session)
        , recipe_(std::move(recipe))
        , analyser_(stats_, options.coding, options.rate,
                    options.threshold > 0          ? options.threshold
                    : options.coding == Coding::dc ? kDefaultThreshold
                                                   : kDefaultToneThreshold) {
        exact_ = recipe_.exact;
        fragment_ = recipe_.fragment;
    }
    ~ProgramListener() override {
        halt();
        std::error_code ignored;
        if (!recipe_.file.empty())
            std::filesystem::remove(recipe_.file, ignored);
    }

    void start() override {
        halt();
        ending_ = false;
        SpawnOptions spawning;
        spawning.environment = session_.environment();
        spawning.environment.insert(spawning.environment.end(), recipe_.environment.begin(),
                                    recipe_.environment.end());
        spawning.log = session_.logPath(recipe_.log + ".log");
        spawning.directory = session_.directory();
        if (!recipe_.file.empty()) {
            const UniqueFd empty(
                ::open(recipe_.file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
            source_.reset(::open(recipe_.file.c_str(), O_RDONLY | O_CLOEXEC));
            if (!source_)
                throw std::system_error(errno, std::generic_category(), recipe_.file.string());
            process_ = Process::spawn(recipe_.argv, spawning);
            reader_ = std::thread([this] { followFile(); });
            return;
        }
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) < 0)
            throw std::system_error(errno, std::generic_category(), "pipe2");
        source_.reset(ends[0]);
        const UniqueFd writeEnd(ends[1]);
        spawning.standardOutput = writeEnd.get();
        process_ = Process::spawn(recipe_.argv, spawning);
        reader_ = std::thread([this] { readPipe(); });
    }

    void stop() override { halt(); }

    [[nodiscard]] bool running() override { return process_.running(); }
    [[nodiscard]] pid_t pid() const override { return process_.pid(); }
    [[nodiscard]] const std::string& description() const override { return recipe_.description; }

  protected:
    [[nodiscard]] const StreamStats& stats() const override { return stats_; }
    [[nodiscard]] StreamStats& mutableStats() override { return stats_; }

  private:
    // Apart from stop(), so that the destructor calls nothing virtual.
    void halt() {
        process_.stop();
        ending_ = true;
        if (reader_.joinable())
            reader_.join();
        source_.reset();
    }

    void readPipe() {
        PcmDecoder decoder(analyser_, recipe_.floats);
        std::array<char, 65536> chunk{};
        for (;;) {
            const ssize_t count = ::read(source_.get(), chunk.data(), chunk.size());
            if (count < 0 && errno == EINTR)
                continue;
            if (count <= 0)
                return;
            decoder.take(chunk.data(), static_cast<std::size_t>(count));
        }
    }

    void followFile() {
        constexpr std::size_t kWavHeader = 44;
        PcmDecoder decoder(analyser_, recipe_.floats);
        const UniqueFd watch(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
        ::inotify_add_watch(watch.get(), recipe_.file.c_str(), IN_MODIFY);
        off_t at = kWavHeader;
        std::array<char, 65536> chunk{};
        while (!ending_) {
            pollfd entry{watch.get(), POLLIN, 0};
            ::poll(&entry, 1, 100); // the time-out is for `ending_`
            while (::read(watch.get(), chunk.data(), chunk.size()) > 0) {
            }
            for (;;) {
                const ssize_t count = ::pread(source_.get(), chunk.data(), chunk.size(), at);
                if (count <= 0)
                    break;
                at += count;
                decoder.take(chunk.data(), static_cast<std::size_t>(count));
            }
        }
    }

    const PrivateSession& session_;
    Recipe recipe_;
    StreamStats stats_{};
    Analyser analyser_;
    Process process_;
    UniqueFd source_;
    std::thread reader_;
    std::atomic<bool> ending_{false};
};

} // namespace

std::unique_ptr<Listener> pwRecordListener(const PrivateSession& session, const ListenOptions& options) {
    Recipe recipe{.description = "pw-record", .log = "pw-record", .exact = isExact(session, options)};
    recipe.argv = {"pw-record",  "--raw", "--format", "f32",
                   "--channels", "1",     "--rate",   std::to_string(options.rate)};
    if (!options.target.empty())
        recipe.argv.insert(recipe.argv.end(), {"--target", options.target});
    if (!options.latency.empty())
        recipe.argv.insert(recipe.argv.end(), {"--latency", options.latency});
    recipe.argv.emplace_back("-");
    return std::make_unique<ProgramListener>(session, options, recipe);
}

std::unique_ptr<Listener> parecordListener(const PrivateSession& session, const ListenOptions& options) {
    Recipe recipe{.description = "parecord", .log = "parecord", .exact = isExact(session, options)};
    recipe.fragment =
        std::uint64_t{options.rate} * (options.latencyMsec != 0 ? options.latencyMsec : 2000) / 1000;
    recipe.argv = {"parecord", "--raw", "--format=float32le", "--channels=1",
                   "--rate=" + std::to_string(options.rate)};
    if (!options.target.empty())
        recipe.argv.push_back("--device=" + options.target);
    if (options.latencyMsec != 0) {
        recipe.argv.push_back("--latency-msec=" + std::to_string(options.latencyMsec));
        recipe.description += " " + std::to_string(options.latencyMsec) + " ms";
    }
    return std::make_unique<ProgramListener>(session, options, recipe);
}

std::unique_ptr<Listener> commandListener(const PrivateSession& session, const ListenOptions& options,
                                          const std::vector<std::string>& argv) {
    const std::string name = std::filesystem::path(argv.at(0)).filename();
    return std::make_unique<ProgramListener>(session, options,
                                             Recipe{.description = name, .log = name, .argv = argv});
}

std::unique_ptr<Listener> arecordListener(const PrivateSession& session, const ListenOptions& options) {
    Recipe recipe{.description = "arecord", .log = "arecord", .exact = isExact(session, options)};
    recipe.floats = false;
    recipe.fragment = options.rate / 2; // the buffer that it asks for; a quarter of it comes at once
    recipe.argv = {"arecord", "-q",     "-D", "pipewire", "-t", "raw",
                   "-f",      "S16_LE", "-c", "1",        "-r", std::to_string(options.rate)};
    if (!options.target.empty())
        recipe.environment.push_back("PIPEWIRE_NODE=" + options.target);
    return std::make_unique<ProgramListener>(session, options, recipe);
}

// JACK knows a PipeWire port by its node's description and its own name.
std::string jackPort(PrivateSession& session, const std::string& source) {
    const GraphObject node = session.graph().waitForNode(source);
    std::string port;
    session.graph().waitFor([&](const GraphObjects& objects) {
        for (const auto& [id, object] : objects)
            if (object.type == "Port" && object.property("node.id") == std::to_string(node.id) &&
                object.property("port.direction") == "out")
                port = object.property("port.name");
        return !port.empty();
    });
    const std::string description = node.property("node.description");
    return (description.empty() ? source : description) + ":" + port;
}

std::unique_ptr<Listener> jackListener(PrivateSession& session, const ListenOptions& options) {
    if (options.target.empty())
        throw std::runtime_error("a JACK listener needs a target");
    // JACK has no other rate than the graph's.
    ListenOptions atGraphRate = options;
    atGraphRate.rate = session.rate();
    Recipe recipe{.description = "jack_rec", .log = "jack_rec", .exact = isExact(session, atGraphRate)};
    recipe.floats = false;
    recipe.file = session.directory() / "log" / ("jack_rec." + options.target + ".wav");
    // Once its ring buffer has overrun, jack_rec is out of step by a byte and writes noise: give its disk thread
    // seconds, not the default third of one.
    recipe.argv = {"pw-jack",
                   "jack_rec",
                   "-f",
                   recipe.file.string(),
                   "-B",
                   "262144",
                   "-b",
                   "16",
                   "-d",
                   "36000",
                   jackPort(session, options.target)};
    return std::make_unique<ProgramListener>(session, options, recipe);
}

} // namespace micguard::test
