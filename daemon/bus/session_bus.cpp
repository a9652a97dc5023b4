// SPDX-License-Identifier: GPL-3.0-or-later
//
// The Bus: one connection, what is on it, and the order in which it comes and goes.
#include "daemon/bus/bus.hpp"

#include "daemon/bus/event_source.hpp"
#include "daemon/bus/guard_methods.hpp"
#include "daemon/bus/handles.hpp"
#include "daemon/bus/objects.hpp"
#include "protocol/names.hpp"

#include <cerrno>

#include <poll.h>

#include <fmt/format.h>
#include <glib.h>

namespace micguard {

namespace {

// How long a bus that takes nothing may delay the guard's end.
constexpr gint64 longestFlush = 200 * G_TIME_SPAN_MILLISECOND;

struct BusClose {
    // What is still queued has been given its time by then; sd_bus_flush() would wait for ever.
    void operator()(sd_bus* bus) const { sd_bus_close_unref(bus); }
};
using Connection = std::unique_ptr<sd_bus, BusClose>;

class SessionBus final : public Bus {
  public:
    SessionBus(Connection connection, Requests& requests)
        : connection_(std::move(connection))
        , methods_(connection_.get(), requests)
        , objects_(connection_.get(), methods_)
        , source_(connection_.get(), [this] { lost(); }) {}

    // The reply to Release, above all, has to be out before the connection is closed.
    ~SessionBus() override {
        methods_.close();
        sd_bus* bus = connection_.get();
        const gint64 deadline = g_get_monotonic_time() + longestFlush;
        std::uint64_t queued = 0;
        while (sd_bus_get_n_queued_write(bus, &queued) >= 0 && queued > 0) {
            const gint64 left = deadline - g_get_monotonic_time();
            pollfd descriptor = {sd_bus_get_fd(bus), POLLOUT, 0};
            if (left <= 0 || poll(&descriptor, 1, static_cast<int>(left / 1000) + 1) <= 0 ||
                sd_bus_process(bus, nullptr) < 0)
                break;
        }
    }

    int attach() {
        const int result = methods_.attach();
        return result < 0 ? result : objects_.attach();
    }

    tl::expected<void, std::string> takeName() override;

    void publish(const View& view) override { objects_.publish(view); }

    void blocked(std::uint64_t applicationKey, const std::string& reason) override {
        objects_.blocked(applicationKey, reason);
    }

    void asked(std::uint64_t applicationKey) override { objects_.asked(applicationKey); }

    void holdEnded(std::uint64_t number) override { methods_.holdEnded(number); }

  private:
    void lost() {
        methods_.busLost();
        // A copy: what is called may destroy this.
        if (const auto notify = onDisconnected)
            notify();
    }

    Connection connection_;
    GuardMethods methods_;
    Objects objects_;
    BusSource source_;
};

tl::expected<void, std::string> SessionBus::takeName() {
    sd_bus* bus = connection_.get();
    const int result = sd_bus_request_name(bus, names::busName, 0);
    if (result >= 0 || result == -EALREADY)
        return {};
    if (result != -EEXIST)
        return tl::unexpected(
            fmt::format("cannot take the name {} on the session bus: {}", names::busName, errnoText(result)));

    sd_bus_creds* raw = nullptr;
    const char* owner = nullptr;
    pid_t pid = 0;
    const int asked =
        sd_bus_get_name_creds(bus, names::busName, SD_BUS_CREDS_UNIQUE_NAME | SD_BUS_CREDS_PID, &raw);
    const Creds creds(raw);
    if (asked < 0 || sd_bus_creds_get_unique_name(creds.get(), &owner) < 0)
        return tl::unexpected(fmt::format("the name {} is taken", names::busName));
    if (sd_bus_creds_get_pid(creds.get(), &pid) < 0)
        return tl::unexpected(fmt::format("the name {} is taken by {}", names::busName, owner));
    return tl::unexpected(fmt::format("the name {} is taken by {}, process {}", names::busName, owner, pid));
}

} // namespace

tl::expected<std::unique_ptr<Bus>, std::string> Bus::connect(Requests& requests) {
    const auto failed = [](int result) {
        return tl::unexpected(
            fmt::format("cannot connect to the session bus: {}",
                        result == -ENOMEDIUM ? "DBUS_SESSION_BUS_ADDRESS is not set" : errnoText(result)));
    };
    sd_bus* raw = nullptr;
    int result = sd_bus_open_user_with_description(&raw, "micguard");
    if (result < 0)
        return failed(result);
    Connection connection(raw);
    // Waits until the bus has answered: a connection that is refused is told here and not later.
    const char* uniqueName = nullptr;
    result = sd_bus_get_unique_name(connection.get(), &uniqueName);
    if (result < 0)
        return failed(result);
    auto bus = std::make_unique<SessionBus>(std::move(connection), requests);
    result = bus->attach();
    if (result < 0)
        return failed(result);
    return bus;
}

} // namespace micguard
