// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/desktop/session_watch.hpp"

#include "daemon/desktop/variant.hpp"

#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include <gio/gunixfdlist.h>
#include <unistd.h>

namespace micguard {
namespace {

constexpr const char* logind = "org.freedesktop.login1";
constexpr const char* managerPath = "/org/freedesktop/login1";
constexpr const char* manager = "org.freedesktop.login1.Manager";
constexpr const char* userInterface = "org.freedesktop.login1.User";
constexpr const char* sessionInterface = "org.freedesktop.login1.Session";
constexpr const char* properties = "org.freedesktop.DBus.Properties";
// The system bus goes when the machine does, or when somebody restarts it: then logind is found again.
constexpr guint busRetryMs = 5000;

// What a property's Get has answered, if it is a boolean.
std::optional<bool> booleanIn(GVariant* answer) {
    GVariant* inner = nullptr;
    g_variant_get(answer, "(v)", &inner);
    const Variant value(inner);
    if (!g_variant_is_of_type(value.get(), G_VARIANT_TYPE_BOOLEAN))
        return std::nullopt;
    return g_variant_get_boolean(value.get()) != FALSE;
}

} // namespace

SessionWatch::SessionWatch(Callbacks callbacks)
    : callbacks_(std::move(callbacks))
    , looking_(g_cancellable_new())
    , bound_(g_cancellable_new()) {}

SessionWatch::~SessionWatch() {
    loseBus();
    if (retry_)
        g_source_remove(retry_);
    g_object_unref(looking_);
    g_object_unref(bound_);
    letSleep();
}

void SessionWatch::start(bool locked) {
    locked_ = locked;
    connect();
}

void SessionWatch::connect() {
    g_bus_get(G_BUS_TYPE_SYSTEM, bound_, onBus, this);
}

void SessionWatch::onBus(GObject*, GAsyncResult* result, gpointer self) noexcept {
    GError* raw = nullptr;
    GDBusConnection* bus = g_bus_get_finish(result, &raw);
    const GlibError error(raw);
    if (error && g_error_matches(error.get(), G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return;
    auto* watch = static_cast<SessionWatch*>(self);
    // It is shared: while anybody keeps a lost one, that is what is handed out.
    if (bus && !g_dbus_connection_is_closed(bus))
        return watch->useBus(bus);
    g_clear_object(&bus);
    watch->state_ = "unknown: no system bus";
    // That may be over by the time that there is one again, and only there it is said. Where none ever was, there is none.
    if (watch->found_ || watch->locked_)
        watch->retry();
}

void SessionWatch::retry() {
    if (retry_)
        return;
    retry_ = g_timeout_add(
        busRetryMs,
        [](gpointer data) -> gboolean {
            auto* again = static_cast<SessionWatch*>(data);
            again->retry_ = 0;
            g_object_unref(std::exchange(again->bound_, g_cancellable_new()));
            again->connect();
            return G_SOURCE_REMOVE;
        },
        this);
}

void SessionWatch::useBus(GDBusConnection* bus) {
    bus_ = bus;
    found_ = true;
    closed_ = g_signal_connect(bus, "closed", G_CALLBACK(onClosed), this);
    const auto subscribe = [&](const char* interface, const char* signal, const char* argument) {
        return g_dbus_connection_signal_subscribe(bus, logind, interface, signal, nullptr, argument,
                                                  G_DBUS_SIGNAL_FLAGS_NONE, onSignal, this, nullptr);
    };
    subscriptions_[0] = subscribe(manager, nullptr, nullptr);
    subscriptions_[1] = subscribe(properties, "PropertiesChanged", sessionInterface);
    subscriptions_[2] = subscribe(properties, "PropertiesChanged", userInterface);
    name_ = g_bus_watch_name_on_connection(bus, logind, G_BUS_NAME_WATCHER_FLAGS_NONE, onAppeared, onVanished,
                                           this, nullptr);
}

void SessionWatch::loseBus() {
    g_cancellable_cancel(looking_);
    g_cancellable_cancel(bound_);
    inhibiting_ = false;
    if (!bus_)
        return;
    for (guint& subscription : subscriptions_)
        if (const guint number = std::exchange(subscription, 0))
            g_dbus_connection_signal_unsubscribe(bus_, number);
    if (name_)
        g_bus_unwatch_name(std::exchange(name_, 0));
    g_signal_handler_disconnect(bus_, std::exchange(closed_, 0));
    g_object_unref(std::exchange(bus_, nullptr));
}

// What was known stays: to lose logind opens nothing.
void SessionWatch::onClosed(GDBusConnection*, gboolean, GError*, gpointer self) noexcept {
    auto* watch = static_cast<SessionWatch*>(self);
    watch->loseBus();
    watch->state_ = "unknown: no system bus";
    watch->retry();
}

// Whether the one that was there before left our inhibitor to this one is not said, and two are as good as one.
void SessionWatch::onAppeared(GDBusConnection*, const char*, const char*, gpointer self) noexcept {
    auto* watch = static_cast<SessionWatch*>(self);
    watch->look();
    watch->lookWhetherAsleep();
    watch->takeInhibitor();
}

// It may be restarted, and the session stays locked meanwhile.
void SessionWatch::onVanished(GDBusConnection*, const char*, gpointer self) noexcept {
    static_cast<SessionWatch*>(self)->state_ = "unknown: no logind";
}

// Nobody waits for it, and whoever gave up would not hear of the lock for the rest of the session.
void SessionWatch::ask(GCancellable* until, const char* path, const char* interface, const char* method,
                       GVariant* arguments, const char* replyType, GAsyncReadyCallback done) {
    g_dbus_connection_call(bus_, logind, path, interface, method, arguments, G_VARIANT_TYPE(replyType),
                           G_DBUS_CALL_FLAGS_NO_AUTO_START, untilItGoes, until, done, this);
}

// From the user to his display to its hint. Whoever looks anew does not wait for the former look.
void SessionWatch::look() {
    g_cancellable_cancel(looking_);
    g_object_unref(std::exchange(looking_, g_cancellable_new()));
    ask(looking_, managerPath, manager, "GetUser", g_variant_new("(u)", static_cast<guint32>(getuid())),
        "(o)", [](GObject* bus, GAsyncResult* result, gpointer self) {
            const auto answer = CallOutcome::of(bus, result);
            if (answer.cancelled)
                return;
            auto* watch = static_cast<SessionWatch*>(self);
            if (answer.value)
                watch->readDisplay(answer.value.get());
            else
                watch->noSession(answer.remoteError() == "org.freedesktop.login1.NoSuchUser");
        });
}

void SessionWatch::readDisplay(GVariant* user) {
    const char* path = nullptr;
    g_variant_get(user, "(&o)", &path);
    ask(looking_, path, properties, "Get", g_variant_new("(ss)", userInterface, "Display"), "(v)",
        [](GObject* bus, GAsyncResult* result, gpointer self) {
            const auto answer = CallOutcome::of(bus, result);
            if (answer.cancelled)
                return;
            auto* watch = static_cast<SessionWatch*>(self);
            if (answer.value)
                watch->readLocked(answer.value.get());
            else
                watch->noSession(false);
        });
}

void SessionWatch::readLocked(GVariant* display) {
    GVariant* inner = nullptr;
    g_variant_get(display, "(v)", &inner);
    const Variant value(inner);
    if (!g_variant_is_of_type(value.get(), G_VARIANT_TYPE("(so)")))
        return noSession(false);
    const char *name = nullptr, *path = nullptr;
    g_variant_get(value.get(), "(&s&o)", &name, &path);
    if (std::string_view(name).empty())
        return noSession(true);
    display_ = path;
    ask(looking_, path, properties, "Get", g_variant_new("(ss)", sessionInterface, "LockedHint"), "(v)",
        [](GObject* bus, GAsyncResult* result, gpointer self) {
            const auto answer = CallOutcome::of(bus, result);
            // A session that went meanwhile is told of by a signal, and looked for anew.
            if (answer.cancelled || !answer.value)
                return;
            if (const auto locked = booleanIn(answer.value.get()))
                static_cast<SessionWatch*>(self)->tell(*locked, "");
        });
}

// `certain`: the user sits nowhere. Else logind has no answer for us: what was known stays, and is asked for again when something
// changes.
void SessionWatch::noSession(bool certain) {
    display_.clear();
    if (certain)
        tell(false, "no: the user has no session");
    else
        state_ = "unknown: logind does not say";
}

void SessionWatch::tell(bool locked, std::string state) {
    state_ = !state.empty() ? std::move(state) : locked ? "yes" : "no";
    if (std::exchange(locked_, locked) != locked)
        callbacks_.locked(locked);
}

// Its signal is lost with a bus or a logind that is restarted while the machine sleeps, or is about to: nobody would ever say that it is
// awake.
void SessionWatch::lookWhetherAsleep() {
    ask(bound_, managerPath, properties, "Get", g_variant_new("(ss)", manager, "PreparingForSleep"), "(v)",
        [](GObject* bus, GAsyncResult* result, gpointer self) {
            const auto answer = CallOutcome::of(bus, result);
            if (answer.cancelled || !answer.value)
                return;
            auto* watch = static_cast<SessionWatch*>(self);
            if (const auto asleep = booleanIn(answer.value.get()); asleep && *asleep != watch->asleep_)
                watch->tellAsleep(*asleep);
        });
}

void SessionWatch::tellAsleep(bool asleep) {
    asleep_ = asleep;
    if (!asleep && inhibitor_ < 0)
        takeInhibitor();
    callbacks_.asleep(asleep);
}

void SessionWatch::onSignal(GDBusConnection*, const char*, const char* path, const char*, const char* signal,
                            GVariant* arguments, gpointer self) noexcept {
    auto* watch = static_cast<SessionWatch*>(self);
    const std::string_view name = signal;
    if (name == "SessionNew" || name == "SessionRemoved" || name == "UserNew" || name == "UserRemoved")
        return watch->look();
    if (name == "PrepareForSleep" && g_variant_is_of_type(arguments, G_VARIANT_TYPE("(b)"))) {
        gboolean asleep = FALSE;
        g_variant_get(arguments, "(b)", &asleep);
        return watch->tellAsleep(asleep != FALSE);
    }
    if (name != "PropertiesChanged" || !g_variant_is_of_type(arguments, G_VARIANT_TYPE("(sa{sv}as)")))
        return;
    const char* interface = nullptr;
    GVariant* changed = nullptr;
    g_variant_get(arguments, "(&s@a{sv}@as)", &interface, &changed, nullptr);
    const Variant values(changed);
    if (std::string_view(interface) == userInterface)
        return watch->look(); // its display, perhaps: the value need not be with it
    gboolean locked = FALSE;
    if (watch->display_ == path && g_variant_lookup(changed, "LockedHint", "b", &locked))
        watch->tell(locked, "");
}

void SessionWatch::takeInhibitor() {
    if (!bus_ || std::exchange(inhibiting_, true))
        return;
    g_dbus_connection_call_with_unix_fd_list(
        bus_, logind, managerPath, manager, "Inhibit",
        g_variant_new("(ssss)", "sleep", "micguard", "The microphones are muted first", "delay"),
        G_VARIANT_TYPE("(h)"), G_DBUS_CALL_FLAGS_NO_AUTO_START, untilItGoes, nullptr, bound_, onInhibited,
        this);
}

// Refused, it is done without: the mute then follows the machine into sleep, or out of it.
void SessionWatch::onInhibited(GObject* bus, GAsyncResult* result, gpointer self) noexcept {
    GError* rawError = nullptr;
    GUnixFDList* descriptors = nullptr;
    const Variant reply(g_dbus_connection_call_with_unix_fd_list_finish(G_DBUS_CONNECTION(bus), &descriptors,
                                                                        result, &rawError));
    const GlibError error(rawError);
    if (error && g_error_matches(error.get(), G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return;
    auto* watch = static_cast<SessionWatch*>(self);
    watch->inhibiting_ = false;
    if (!reply)
        return;
    gint32 index = -1;
    g_variant_get(reply.get(), "(h)", &index);
    watch->letSleep();
    watch->inhibitor_ = descriptors ? g_unix_fd_list_get(descriptors, index, nullptr) : -1;
    g_clear_object(&descriptors);
}

void SessionWatch::letSleep() {
    if (inhibitor_ >= 0)
        close(std::exchange(inhibitor_, -1));
}

} // namespace micguard
