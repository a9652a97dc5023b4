// SPDX-License-Identifier: GPL-3.0-or-later
//
// See held_command.hpp. While the command runs this only waits: for its end, for signals, and for the hold to
// be dropped by the other side.
#include "cli/held_command.hpp"

#include "cli/bus_poll.hpp"
#include "cli/child.hpp"
#include "cli/guard.hpp"
#include "cli/output.hpp"
#include "cli/text.hpp"
#include "protocol/names.hpp"

#include <cerrno>
#include <cstring>
#include <optional>
#include <string>

#include <poll.h>
#include <sys/signalfd.h>
#include <systemd/sd-bus.h>

namespace micguard::cli {

namespace {

std::string defaultReason(const std::string& command) {
    return shown(command.substr(command.rfind('/') + 1), 60);
}

class HeldCommand {
  public:
    HeldCommand(Hold kind, Guard guard, Descriptor hold, std::string reason)
        : kind_(kind)
        , guard_(std::move(guard))
        , hold_(std::move(hold))
        , reason_(std::move(reason)) {}
    HeldCommand(const HeldCommand&) = delete; // the bus holds our address
    HeldCommand& operator=(const HeldCommand&) = delete;

    int run(const std::vector<std::string>& command);

  private:
    void holdEnded();
    void takeAgain();
    void processBus();
    void processSignals(const SignalWatch& signals, const Child& child);

    static int onOwnerChanged(sd_bus_message* message, void* self, sd_bus_error*) noexcept;
    static int onTakenAgain(sd_bus_message* message, void* self, sd_bus_error*) noexcept;

    Hold kind_;
    Guard guard_;
    Descriptor hold_;
    std::string reason_;
    bool busLost_ = false;
    bool asking_ = false; // a call to take the hold again is under way
};

int HeldCommand::run(const std::vector<std::string>& command) {
    if (kind_ == Hold::Mute) {
        // Somebody new owning the name: the guard was restarted, and knows nothing of our hold.
        const std::string match =
            std::string("type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',"
                        "path='/org/freedesktop/DBus',arg0='") +
            names::busName + "'";
        sd_bus_add_match_async(guard_.bus(), nullptr, match.c_str(), onOwnerChanged, nullptr, this);
        sd_bus_flush(guard_.bus());
    }
    SignalWatch signals;
    const auto started = Child::start(command, signals.former());
    if (!started) {
        complain("cannot run " + shown(command.front()) + ": " + strerror(started.error()));
        return raw(started.error() == ENOENT ? Exit::NotFound : Exit::CannotRun);
    }
    const Child& child = *started;
    while (true) {
        if (const auto status = child.ended())
            return *status;
        pollfd fds[3] = {{signals.fd(), POLLIN, 0},
                         {hold_.get(), 0, 0}, // a negative descriptor is skipped
                         {-1, 0, 0}};
        const timespec* patience = nullptr;
        timespec until{};
        if (!busLost_)
            patience = prepare(guard_.bus(), fds[2], until);
        if (ppoll(fds, 3, patience, nullptr) < 0 && errno != EINTR) {
            complain(std::string("cannot wait: ") + strerror(errno));
            return raw(Exit::Failed);
        }
        if (fds[0].revents != 0)
            processSignals(signals, child);
        if ((fds[1].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0)
            holdEnded();
        if (!busLost_)
            processBus();
    }
}

void HeldCommand::processSignals(const SignalWatch& signals, const Child& child) {
    while (const auto signal = signals.next()) {
        const bool fromTerminal = signal->ssi_code == SI_KERNEL;
        if (static_cast<int>(signal->ssi_signo) != SIGCHLD && !fromTerminal)
            child.send(static_cast<int>(signal->ssi_signo));
    }
}

void HeldCommand::processBus() {
    int r = 0;
    while ((r = sd_bus_process(guard_.bus(), nullptr)) > 0) {
    }
    if (r < 0) {
        busLost_ = true;
        hold_.close();
        complain("the session bus is gone, and the hold with it; the command runs on");
    }
}

void HeldCommand::holdEnded() {
    hold_.close();
    if (kind_ == Hold::Unmute) {
        // A mute since then, or a time limit: opening again by ourselves would overrule somebody.
        complain("the guard has ended this hold; the command runs on");
        return;
    }
    complain("the guard has dropped this hold; taking it again");
    takeAgain();
}

// Without D-Bus activation: if the guard was stopped on purpose, we are not the one to bring it back.
void HeldCommand::takeAgain() {
    if (hold_.open() || asking_ || busLost_)
        return;
    auto call = guardCall(guard_.bus(), names::guard::method::holdMute, Start::Never);
    if (!call || sd_bus_message_append_basic(call->get(), SD_BUS_TYPE_STRING, reason_.c_str()) < 0)
        return;
    asking_ = sd_bus_call_async(guard_.bus(), nullptr, call->get(), onTakenAgain, this,
                                static_cast<std::uint64_t>(changePatience.count())) >= 0;
}

int HeldCommand::onTakenAgain(sd_bus_message* message, void* self, sd_bus_error*) noexcept {
    auto& held = *static_cast<HeldCommand*>(self);
    held.asking_ = false;
    if (const sd_bus_error* error = sd_bus_message_get_error(message)) {
        const CallError why = callError(error->name, error->message, 0);
        complain(why.code == Exit::NotRunning ? "micguardd is not running: not held until it is back"
                                              : why.message);
        return 0;
    }
    if (auto hold = holdOf(message)) {
        held.hold_ = std::move(*hold);
        complain("the hold is in effect again");
    }
    return 0;
}

int HeldCommand::onOwnerChanged(sd_bus_message* message, void* self, sd_bus_error*) noexcept {
    const char *name = nullptr, *before = nullptr, *now = nullptr;
    if (sd_bus_message_read(message, "sss", &name, &before, &now) > 0 && *now != '\0')
        static_cast<HeldCommand*>(self)->takeAgain();
    return 0;
}

} // namespace

int runHeld(Hold kind, const Invocation& how) {
    const std::string reason = how.option("--reason").value_or(defaultReason(how.operands.front()));
    auto guard = Guard::connect();
    if (!guard)
        return failed(guard.error());
    auto hold = kind == Hold::Mute ? guard->holdMute(reason) : guard->holdUnmute(reason);
    if (!hold)
        return failed(hold.error());
    HeldCommand held(kind, std::move(*guard), std::move(*hold), reason);
    return held.run(how.operands);
}

} // namespace micguard::cli
