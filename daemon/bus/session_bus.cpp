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

// A bus that is stopped takes nothing, and we do not keep all that happens for it: it is asked for everything once it is back. Far
// more than thousands of streams that come at once make.
constexpr std::uint64_t mostQueued = 32768;

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

    void takeName(std::chrono::milliseconds patience, Named named) override;

    void publish(const View& view) override {
        std::uint64_t queued = 0;
        if (sd_bus_get_n_queued_write(connection_.get(), &queued) >= 0 && queued > mostQueued) {
            g_warning("the session bus takes nothing any more; connecting anew");
            sd_bus_close(connection_.get()); // noticed by the source
            return;
        }
        objects_.publish(view);
    }

    void blocked(std::uint64_t applicationKey, const std::string& reason) override {
        objects_.blocked(applicationKey, reason);
    }

    void asked(std::uint64_t applicationKey) override { objects_.asked(applicationKey); }

    void holdEnded(std::uint64_t number) override { methods_.holdEnded(number); }

  private:
    static int onNamed(sd_bus_message* reply, void* self, sd_bus_error*) noexcept;
    static int onOwner(sd_bus_message* reply, void* self, sd_bus_error*) noexcept;
    static int onOwnerPid(sd_bus_message* reply, void* self, sd_bus_error*) noexcept;
    int ask(const char* member, sd_bus_message_handler_t handler);
    void named(const tl::expected<void, std::string>& result) {
        naming_.reset();
        if (const auto tell = std::exchange(named_, nullptr))
            tell(result);
    }

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
    Named named_;
    Slot naming_; // the question under way
    std::string owner_;
};

// About whoever has the name.
int SessionBus::ask(const char* member, sd_bus_message_handler_t handler) {
    sd_bus_slot* slot = nullptr;
    const int result =
        sd_bus_call_method_async(connection_.get(), &slot, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                 "org.freedesktop.DBus", member, handler, this, "s", names::busName);
    if (result >= 0)
        naming_.reset(slot);
    return result;
}

void SessionBus::takeName(std::chrono::milliseconds patience, Named named) {
    sd_bus* bus = connection_.get();
    named_ = std::move(named);
    sd_bus_slot* slot = nullptr;
    if (sd_bus_request_name_async(bus, &slot, names::busName, 0, onNamed, this) < 0) {
        sd_bus_close(bus);
        return;
    }
    naming_.reset(slot);
    const gint64 deadline = g_get_monotonic_time() + patience.count() * G_TIME_SPAN_MILLISECOND;
    while (named_) {
        const int processed = sd_bus_process(bus, nullptr);
        const gint64 left = deadline - g_get_monotonic_time();
        if (processed < 0 || left <= 0 || !named_)
            break;
        if (processed == 0 && sd_bus_wait(bus, static_cast<std::uint64_t>(left)) < 0)
            break;
    }
}

int SessionBus::onNamed(sd_bus_message* reply, void* data, sd_bus_error*) noexcept {
    auto* self = static_cast<SessionBus*>(data);
    constexpr std::uint32_t owner = 1, exists = 3, alreadyOwner = 4; // of the D-Bus specification
    std::uint32_t code = 0;
    if (const sd_bus_error* error = sd_bus_message_get_error(reply)) {
        // No answer is none; the bus is asked anew over another connection.
        if (sd_bus_error_has_name(error, SD_BUS_ERROR_NO_REPLY) ||
            sd_bus_error_has_name(error, SD_BUS_ERROR_TIMEOUT) ||
            sd_bus_error_has_name(error, SD_BUS_ERROR_DISCONNECTED))
            sd_bus_close(self->connection_.get());
        else
            self->named(
                tl::unexpected(fmt::format("cannot take the name {} on the session bus: {}", names::busName,
                                           error->message ? error->message : error->name)));
        return 0;
    }
    if (sd_bus_message_read(reply, "u", &code) > 0 && (code == owner || code == alreadyOwner))
        self->named({});
    else if (code != exists || self->ask("GetNameOwner", onOwner) < 0)
        self->named(tl::unexpected(fmt::format("the name {} is taken", names::busName)));
    return 0;
}

int SessionBus::onOwner(sd_bus_message* reply, void* data, sd_bus_error*) noexcept {
    auto* self = static_cast<SessionBus*>(data);
    const char* owner = nullptr;
    const bool told = !sd_bus_message_get_error(reply) && sd_bus_message_read(reply, "s", &owner) > 0;
    self->owner_ = told ? owner : "somebody";
    if (!told || self->ask("GetConnectionUnixProcessID", onOwnerPid) < 0)
        self->named(tl::unexpected(fmt::format("the name {} is taken", names::busName)));
    return 0;
}

int SessionBus::onOwnerPid(sd_bus_message* reply, void* data, sd_bus_error*) noexcept {
    auto* self = static_cast<SessionBus*>(data);
    std::uint32_t pid = 0;
    if (!sd_bus_message_get_error(reply) && sd_bus_message_read(reply, "u", &pid) > 0)
        self->named(tl::unexpected(
            fmt::format("the name {} is taken by {}, process {}", names::busName, self->owner_, pid)));
    else
        self->named(tl::unexpected(fmt::format("the name {} is taken by {}", names::busName, self->owner_)));
    return 0;
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
    auto bus = std::make_unique<SessionBus>(std::move(connection), requests);
    result = bus->attach();
    if (result < 0)
        return failed(result);
    return bus;
}

} // namespace micguard
