// SPDX-License-Identifier: GPL-3.0-or-later
//
// See key_talk.hpp. Signals are watched for before anybody can know of us, and the guard is not waited for: whoever lets
// go while the guard is still asked is heeded at once. The hold ends with our process, however that ends.
#include "cli/key_talk.hpp"

#include "cli/bus_poll.hpp"
#include "cli/child.hpp"
#include "cli/guard.hpp"
#include "cli/output.hpp"
#include "cli/talk_turn.hpp"
#include "protocol/names.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>

#include <poll.h>
#include <sys/syscall.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

namespace micguard::cli {

namespace {

// The kernel ends a process within that; if it does not, it hangs in the kernel and holds nothing that we could end.
constexpr int goneMs = 5000;

std::uint32_t self() {
    return static_cast<std::uint32_t>(getpid());
}

class KeyHold {
  public:
    explicit KeyHold(Guard guard)
        : guard_(std::move(guard)) {}
    KeyHold(const KeyHold&) = delete; // the bus holds our address
    KeyHold& operator=(const KeyHold&) = delete;

    int run(const SignalWatch& signals, const std::string& reason);

  private:
    bool ask(const std::string& reason);
    static bool letGo(const SignalWatch& signals);
    static int onHeld(sd_bus_message* message, void* self, sd_bus_error*) noexcept;

    Guard guard_;
    Descriptor hold_;
    std::optional<int> exit_;
};

bool KeyHold::ask(const std::string& reason) {
    auto call = guardCall(guard_.bus(), names::guard::method::holdUnmute, Start::Never);
    return call && sd_bus_message_append_basic(call->get(), SD_BUS_TYPE_STRING, reason.c_str()) >= 0 &&
           sd_bus_call_async(guard_.bus(), nullptr, call->get(), onHeld, this,
                             static_cast<std::uint64_t>(changePatience.count())) >= 0;
}

int KeyHold::onHeld(sd_bus_message* message, void* self, sd_bus_error*) noexcept {
    auto& key = *static_cast<KeyHold*>(self);
    if (const sd_bus_error* error = sd_bus_message_get_error(message)) {
        key.exit_ = failed(callError(error->name, error->message, 0));
        return 0;
    }
    auto hold = holdOf(message);
    if (hold)
        key.hold_ = std::move(*hold);
    else
        key.exit_ = failed(hold.error());
    return 0;
}

bool KeyHold::letGo(const SignalWatch& signals) {
    bool is = false;
    while (const auto signal = signals.next()) {
        const int number = static_cast<int>(signal->ssi_signo);
        is = is || number == SIGTERM || number == SIGINT || number == SIGHUP || number == SIGQUIT;
    }
    return is;
}

int KeyHold::run(const SignalWatch& signals, const std::string& reason) {
    if (letGo(signals))
        return raw(Exit::Ok);
    if (!ask(reason)) {
        complain("cannot ask the guard, or the reason is no valid text");
        return raw(Exit::Failed);
    }
    while (true) {
        int r = 0;
        while (!exit_ && (r = sd_bus_process(guard_.bus(), nullptr)) > 0) {
        }
        if (exit_)
            return *exit_;
        if (r < 0) {
            complain("the session bus is gone, and the hold with it");
            return raw(Exit::Failed);
        }
        pollfd fds[3] = {{signals.fd(), POLLIN, 0}, {hold_.get(), 0, 0}, {-1, 0, 0}};
        timespec storage{};
        const timespec* patience = prepare(guard_.bus(), fds[2], storage);
        if (ppoll(fds, 3, patience, nullptr) < 0 && errno != EINTR)
            return raw(Exit::Failed);
        if (fds[0].revents != 0 && letGo(signals))
            return raw(Exit::Ok);
        if ((fds[1].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) {
            // A mute since then, or the limit. To open again would overrule somebody: that takes a new press.
            complain("the guard has ended this hold");
            return raw(Exit::No);
        }
    }
}

int noTurn(const std::string& why) {
    complain(why);
    return raw(Exit::Failed);
}

} // namespace

int holdKey(const std::string& reason) {
    const SignalWatch signals;
    {
        auto turn = TalkTurn::take();
        if (!turn)
            return noTurn(turn.error());
        TalkRecord record = turn->read();
        const Ticks began = commandBegan(self());
        const bool lives = record.pid != 0 && processStarted(record.pid) == record.started;
        if (pressed(record, began, lives) != Press::Begins)
            return raw(Exit::Ok);
        record.pid = self();
        record.started = processStarted(self());
        record.began = began;
        if (const auto noted = turn->write(record); !noted)
            return noTurn(noted.error());
    }
    auto guard = Guard::connect();
    if (!guard)
        return failed(guard.error());
    return KeyHold(std::move(*guard)).run(signals, reason);
}

int releaseKey() {
    Descriptor holder;
    {
        auto turn = TalkTurn::take();
        if (!turn)
            return noTurn(turn.error());
        TalkRecord record = turn->read();
        const Ticks began = commandBegan(self());
        record.released = std::max(record.released, began);
        if (const auto noted = turn->write(record); !noted)
            return noTurn(noted.error());
        if (record.pid == 0 || !ends(record, began))
            return raw(Exit::Ok);
        // First the descriptor, then the look whether it is still that process: its number may be another's by now.
        holder = Descriptor(static_cast<int>(syscall(SYS_pidfd_open, record.pid, 0)));
        if (!holder.open() || processStarted(record.pid) != record.started)
            return raw(Exit::Ok);
        if (syscall(SYS_pidfd_send_signal, holder.get(), SIGTERM, nullptr, 0) < 0 && errno != ESRCH)
            return noTurn(std::string("cannot end the hold: ") + strerror(errno));
    }
    pollfd gone{holder.get(), POLLIN, 0};
    int r = 0;
    do
        r = poll(&gone, 1, goneMs);
    while (r < 0 && errno == EINTR);
    if (r <= 0)
        return noTurn("the hold's process does not end; micguardctl mute ends its hold");
    return raw(Exit::Ok);
}

} // namespace micguard::cli
