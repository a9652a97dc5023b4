// SPDX-License-Identifier: GPL-3.0-or-later
// Waiting, common to all listeners, and those that share their figures in a file.
#include "tests/support/listener.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace micguard::test {

bool Listener::waitUntil(const std::function<bool(const StreamSnapshot&)>& predicate, Milliseconds timeout) {
    const auto end = std::chrono::steady_clock::now() + timeout;
    for (;;) {
        const std::uint32_t seen = stats().sequence.load();
        if (predicate(snapshot()))
            return true;
        const auto left = std::chrono::duration_cast<Milliseconds>(end - std::chrono::steady_clock::now());
        if (left.count() <= 0 || !running())
            return predicate(snapshot());
        // Cut in pieces so that a program that ends without a word is noticed.
        waitForChange(stats(), seen, std::min(left, Milliseconds(200)));
    }
}

bool Listener::waitAudible(unsigned parity, std::uint64_t samples, Milliseconds timeout) {
    const std::uint64_t before = snapshot().audible[parity];
    return waitUntil([=](const StreamSnapshot& now) { return now.audible[parity] >= before + samples; },
                     timeout);
}

bool isExact(const PrivateSession& session, const ListenOptions& options) {
    if (options.coding != Coding::dc || options.filtered || options.rate != session.rate())
        return false;
    // One without a test microphone's name listens to the default source, or to what another one is behind.
    const unsigned made = session.has(options.target) ? session.mic(options.target).rate : 0;
    return made == 0 || made == session.rate();
}

bool Listener::waitSamples(std::uint64_t samples, Milliseconds timeout) {
    const std::uint64_t before = snapshot().samples;
    return waitUntil([=](const StreamSnapshot& now) { return now.samples >= before + samples; }, timeout);
}

namespace {

class SharedStats {
  public:
    explicit SharedStats(const std::filesystem::path& path) {
        const UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
        if (!fd || ::ftruncate(fd.get(), sizeof(StreamStats)) < 0)
            throw std::system_error(errno, std::generic_category(), path.string());
        void* memory = ::mmap(nullptr, sizeof(StreamStats), PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
        if (memory == MAP_FAILED)
            throw std::system_error(errno, std::generic_category(), path.string());
        stats_ = static_cast<StreamStats*>(memory);
    }
    ~SharedStats() { ::munmap(stats_, sizeof(StreamStats)); }
    SharedStats(const SharedStats&) = delete;
    SharedStats& operator=(const SharedStats&) = delete;
    [[nodiscard]] StreamStats& get() const { return *stats_; }

  private:
    StreamStats* stats_ = nullptr;
};

std::filesystem::path freshName(const std::filesystem::path& directory, const std::string& stem) {
    for (int number = 1;; ++number) {
        std::filesystem::path candidate = directory / (stem + "." + std::to_string(number));
        if (!std::filesystem::exists(candidate))
            return candidate;
    }
}

// A program of ours that keeps its figures in the file that --stats names.
class SharedListener final : public Listener {
  public:
    SharedListener(const PrivateSession& session, const std::string& name, std::string description,
                   std::vector<std::string> argv, bool exact)
        : session_(session)
        , statsPath_(freshName(session.directory() / "log", name + ".stats"))
        , shared_(statsPath_)
        , argv_(std::move(argv))
        , description_(std::move(description)) {
        argv_.insert(argv_.end(), {"--stats", statsPath_.string()});
        exact_ = exact;
    }
    ~SharedListener() override {
        process_.stop();
        std::error_code ignored;
        std::filesystem::remove(statsPath_, ignored);
    }

    void start() override { process_ = session_.spawn(argv_, statsPath_.stem().stem().string()); }
    void stop() override { process_.stop(); }
    [[nodiscard]] bool running() override { return process_.running(); }
    [[nodiscard]] pid_t pid() const override { return process_.pid(); }
    [[nodiscard]] const std::string& description() const override { return description_; }

  protected:
    [[nodiscard]] const StreamStats& stats() const override { return shared_.get(); }
    [[nodiscard]] StreamStats& mutableStats() override { return shared_.get(); }

  private:
    const PrivateSession& session_;
    std::filesystem::path statsPath_;
    SharedStats shared_;
    std::vector<std::string> argv_;
    std::string description_;
    Process process_;
};

} // namespace

std::unique_ptr<Listener> nativeListener(const PrivateSession& session, const ListenOptions& options) {
    std::vector<std::string> argv{options.outcast ? TEST_OUTCAST : TEST_LISTEN,
                                  "--name",
                                  options.name,
                                  "--rate",
                                  std::to_string(options.rate),
                                  "--coding",
                                  options.coding == Coding::dc     ? "dc"
                                  : options.coding == Coding::tone ? "tone"
                                                                   : "speech"};
    const auto add = [&argv](const char* option, const std::string& value) {
        argv.emplace_back(option);
        argv.push_back(value);
    };
    if (!options.target.empty())
        add("--target", options.target);
    if (!options.latency.empty())
        add("--latency", options.latency);
    if (options.threshold > 0)
        add("--threshold", std::to_string(options.threshold));
    if (!options.autoconnect)
        argv.emplace_back("--no-autoconnect");
    if (!options.realTime)
        argv.emplace_back("--no-real-time");
    if (options.link)
        argv.emplace_back("--link");
    if (options.relink)
        argv.emplace_back("--relink");
    if (options.leaveAt != 0)
        add("--leave-at", std::to_string(options.leaveAt));
    return std::make_unique<SharedListener>(session, options.name,
                                            "native " + std::to_string(options.rate) +
                                                (options.autoconnect ? "" : " without session manager"),
                                            argv, isExact(session, options));
}

std::unique_ptr<Listener> attackListener(const PrivateSession& session, const std::string& program,
                                         const std::vector<std::string>& arguments) {
    const std::string name = std::filesystem::path(program).filename().string();
    std::vector<std::string> argv{program};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return std::make_unique<SharedListener>(session, name, name, argv, isExact(session, {}));
}

} // namespace micguard::test
