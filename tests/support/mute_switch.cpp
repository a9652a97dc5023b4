// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/mute_switch.hpp"

#include "tests/support/analyser.hpp"

#include <sstream>
#include <stdexcept>
#include <vector>

namespace micguard::test {
namespace {

class GuardSwitch final : public MuteSwitch {
  public:
    GuardSwitch(Guard& guard, const std::string& mode)
        : guard_(guard) {
        guard_.setMode(mode);
    }
    void mute() override { guard_.setMuted(true); }
    void unmute() override { guard_.setMuted(false); }
    [[nodiscard]] std::int64_t repliedNsec() const override { return guard_.repliedNsec(); }
    [[nodiscard]] std::int64_t tookNsec() const override { return guard_.callNsec(); }

  private:
    Guard& guard_;
};

// Whatever is done from outside: its time is that of everything set() does.
class TimedSwitch : public MuteSwitch {
  public:
    void mute() final { timed("1"); }
    void unmute() final { timed("0"); }
    [[nodiscard]] std::int64_t repliedNsec() const final { return replied_; }
    [[nodiscard]] std::int64_t tookNsec() const final { return replied_ - called_; }

  protected:
    virtual void set(const char* value) = 0;

  private:
    void timed(const char* value) {
        called_ = monotonicNsec();
        set(value);
        replied_ = monotonicNsec();
    }

    std::int64_t called_ = 0, replied_ = 0;
};

std::string must(const PrivateSession& session, const std::vector<std::string>& argv) {
    const Finished finished = session.run(argv);
    if (finished.exitCode != 0)
        throw std::runtime_error(argv[0] + ": " + finished.output);
    return finished.output;
}

class CommandSwitch final : public TimedSwitch {
  public:
    CommandSwitch(const PrivateSession& session, std::vector<std::string> command)
        : session_(session)
        , command_(std::move(command)) {}

  private:
    void set(const char* value) override {
        std::vector<std::string> argv = command_;
        argv.emplace_back(value);
        must(session_, argv);
    }

    const PrivateSession& session_;
    std::vector<std::string> command_;
};

class LoopSwitch final : public TimedSwitch {
  public:
    explicit LoopSwitch(const PrivateSession& session)
        : session_(session) {}

  private:
    void set(const char* value) override {
        std::istringstream lines(must(session_, {"pactl", "list", "short", "sources"}));
        for (std::string line; std::getline(lines, line);)
            must(session_, {"pactl", "set-source-mute", line.substr(0, line.find('\t')), value});
    }

    const PrivateSession& session_;
};

class NoSwitch final : public TimedSwitch {
    void set(const char*) override {}
};

} // namespace

std::unique_ptr<MuteSwitch> guardSwitch(Guard& guard, const std::string& mode) {
    return std::make_unique<GuardSwitch>(guard, mode);
}

std::unique_ptr<MuteSwitch> wpctlSwitch(const PrivateSession& session) {
    return std::make_unique<CommandSwitch>(
        session, std::vector<std::string>{"wpctl", "set-mute", "@DEFAULT_AUDIO_SOURCE@"});
}

std::unique_ptr<MuteSwitch> pactlSwitch(const PrivateSession& session) {
    return std::make_unique<CommandSwitch>(
        session, std::vector<std::string>{"pactl", "set-source-mute", "@DEFAULT_SOURCE@"});
}

std::unique_ptr<MuteSwitch> pactlLoopSwitch(const PrivateSession& session) {
    return std::make_unique<LoopSwitch>(session);
}

std::unique_ptr<MuteSwitch> noSwitch() {
    return std::make_unique<NoSwitch>();
}

} // namespace micguard::test
