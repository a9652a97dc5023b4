// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/demo/mute_switch.hpp"

#include "tests/support/analyser.hpp"

#include <stdexcept>

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

class WpctlSwitch final : public MuteSwitch {
  public:
    explicit WpctlSwitch(const PrivateSession& session)
        : session_(session) {}
    void mute() override { set("1"); }
    void unmute() override { set("0"); }
    [[nodiscard]] std::int64_t repliedNsec() const override { return replied_; }
    [[nodiscard]] std::int64_t tookNsec() const override { return replied_ - called_; }

  private:
    void set(const char* value) {
        called_ = monotonicNsec();
        const Finished finished = session_.run({"wpctl", "set-mute", "@DEFAULT_AUDIO_SOURCE@", value});
        replied_ = monotonicNsec();
        if (finished.exitCode != 0)
            throw std::runtime_error("wpctl: " + finished.output);
    }

    const PrivateSession& session_;
    std::int64_t called_ = 0, replied_ = 0;
};

} // namespace

std::unique_ptr<MuteSwitch> guardSwitch(Guard& guard, const std::string& mode) {
    return std::make_unique<GuardSwitch>(guard, mode);
}

std::unique_ptr<MuteSwitch> wpctlSwitch(const PrivateSession& session) {
    return std::make_unique<WpctlSwitch>(session);
}

} // namespace micguard::test
