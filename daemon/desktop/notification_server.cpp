// SPDX-License-Identifier: GPL-3.0-or-later
//
// See notification_server.hpp. Signals are taken from the unique name that owns org.freedesktop.Notifications, which the bus
// puts on them; ids that are not ours, and buttons that we did not offer, mean nothing.
#include "daemon/desktop/notification_server.hpp"

#include "daemon/desktop/peer.hpp"
#include "daemon/desktop/variant.hpp"

#include <string_view>
#include <utility>

namespace micguard {
namespace {

constexpr const char* notifications = "org.freedesktop.Notifications";
constexpr const char* notificationsPath = "/org/freedesktop/Notifications";
constexpr const char* desktopEntry = "org.micguard.MicGuard1";
// But what it is shown, and what it can, has until it goes: a desktop that is just starting is slow, and what it has shown by then is to
// have its buttons, and to be closed when it is moot.
constexpr int callMs = 5000;
constexpr unsigned mostCalls = 8;
// A server that is started by the bus is not asked for more often than this, should it fail to start.
constexpr std::int64_t wakeEvery = std::int64_t{30} * G_USEC_PER_SEC;

std::string escaped(const std::string& text) {
    const std::unique_ptr<gchar, decltype(&g_free)> made(g_markup_escape_text(text.c_str(), -1), g_free);
    return made.get();
}

} // namespace

struct NotificationServer::Call {
    NotificationServer* server;
    std::string key;
};

NotificationServer::NotificationServer(Pressed pressed)
    : pressed_(std::move(pressed))
    , asking_(g_cancellable_new()) {}

NotificationServer::~NotificationServer() {
    show({});
    if (bus_ && !g_dbus_connection_is_closed(bus_))
        // The loop has ended; what is queued fits into the socket.
        g_dbus_connection_flush_sync(bus_, nullptr, nullptr);
    loseBus();
    g_object_unref(asking_);
}

void NotificationServer::useBus(GDBusConnection* bus) {
    loseBus();
    bus_ = bus;
    if (bus_)
        name_ = g_bus_watch_name_on_connection(bus_, notifications, G_BUS_NAME_WATCHER_FLAGS_NONE, onAppeared,
                                               onVanished, this, nullptr);
}

void NotificationServer::loseBus() {
    if (!bus_)
        return;
    serverGone();
    if (name_)
        g_bus_unwatch_name(std::exchange(name_, 0));
    bus_ = nullptr;
}

// Its ids are nobody's any more. What stays is shown anew by the next one; what goes by itself has been seen.
void NotificationServer::serverGone() {
    g_cancellable_cancel(asking_);
    g_object_unref(std::exchange(asking_, g_cancellable_new()));
    if (signals_)
        g_dbus_connection_signal_unsubscribe(bus_, std::exchange(signals_, 0));
    owner_.clear();
    pid_ = 0;
    known_ = buttons_ = markup_ = false;
    calls_ = 0; // they were cancelled, and do not count themselves off
    std::erase_if(shown_, [](const auto& entry) { return entry.second.moot || entry.second.sent.stays; });
    for (auto& [key, shown] : shown_)
        shown = {shown.sent, 0, false, true, false};
}

void NotificationServer::onAppeared(GDBusConnection* bus, const char*, const char* owner,
                                    gpointer self) noexcept {
    auto* server = static_cast<NotificationServer*>(self);
    server->serverGone();
    server->owner_ = owner;
    server->signals_ =
        g_dbus_connection_signal_subscribe(bus, owner, notifications, nullptr, notificationsPath, nullptr,
                                           G_DBUS_SIGNAL_FLAGS_NONE, onSignal, server, nullptr);
    // Told before its first notice is, and so before a button of it can be pressed.
    askPid(bus, owner, server->asking_, onPid, server);
    g_dbus_connection_call(bus, owner, notificationsPath, notifications, "GetCapabilities", nullptr,
                           G_VARIANT_TYPE("(as)"), G_DBUS_CALL_FLAGS_NO_AUTO_START, untilItGoes,
                           server->asking_, onCapabilities, server);
}

void NotificationServer::onVanished(GDBusConnection*, const char*, gpointer self) noexcept {
    static_cast<NotificationServer*>(self)->serverGone();
    static_cast<NotificationServer*>(self)->wake();
}

void NotificationServer::onPid(GObject* bus, GAsyncResult* result, gpointer self) noexcept {
    const auto outcome = CallOutcome::of(bus, result);
    if (!outcome.cancelled)
        static_cast<NotificationServer*>(self)->pid_ = pidIn(outcome);
}

void NotificationServer::onCapabilities(GObject* bus, GAsyncResult* result, gpointer self) noexcept {
    const auto outcome = CallOutcome::of(bus, result);
    if (outcome.cancelled)
        return;
    auto* server = static_cast<NotificationServer*>(self);
    if (outcome.value) {
        GVariantIter* each = nullptr;
        g_variant_get(outcome.value.get(), "(as)", &each);
        for (const char* one = nullptr; g_variant_iter_next(each, "&s", &one);) {
            server->buttons_ = server->buttons_ || std::string_view(one) == "actions";
            server->markup_ = server->markup_ || std::string_view(one) == "body-markup";
        }
        g_variant_iter_free(each);
    }
    server->known_ = true;
    server->pump();
}

// One that the bus starts when it is needed (dunst, mako) has the name only then.
void NotificationServer::wake() {
    if (!bus_ || !owner_.empty() || wanted_.empty() ||
        (woken_ != 0 && g_get_monotonic_time() - woken_ < wakeEvery))
        return;
    bool unseen = false;
    for (const auto& [key, notice] : wanted_)
        unseen = unseen || !shown_.contains(key);
    if (!unseen)
        return;
    woken_ = g_get_monotonic_time();
    g_dbus_connection_call(bus_, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                           "StartServiceByName", g_variant_new("(su)", notifications, 0U), nullptr,
                           G_DBUS_CALL_FLAGS_NONE, callMs, nullptr, nullptr, nullptr);
}

void NotificationServer::show(Wanted wanted) {
    wanted_ = std::move(wanted);
    for (auto it = shown_.begin(); it != shown_.end();) {
        Shown& shown = it->second;
        if (wanted_.contains(it->first)) {
            shown.moot = false;
            ++it;
        } else if (shown.calling) {
            shown.moot = true;
            ++it;
        } else {
            if (shown.id != 0)
                close(shown.id);
            it = shown_.erase(it);
        }
    }
    wake();
    pump();
}

void NotificationServer::pump() {
    if (!known_)
        return;
    for (const auto& [key, notice] : wanted_) {
        if (calls_ >= mostCalls)
            return;
        Shown& shown = shown_[key];
        if (!shown.calling && !shown.over && (shown.id == 0 || shown.sent != notice))
            notify(key, notice, shown);
    }
}

std::string NotificationServer::body(const Notice& notice) const {
    std::string text = notice.body;
    if (!notice.actions.empty() && !buttons_)
        text += "\nmicguardctl apps shows who asks, micguardctl answer answers.";
    return markup_ ? escaped(text) : text;
}

GVariant* NotificationServer::arguments(const Notice& notice, guint32 replaces) const {
    GVariantBuilder actions, hints;
    g_variant_builder_init(&actions, G_VARIANT_TYPE("as"));
    if (buttons_)
        for (const auto& [id, label] : notice.actions) {
            g_variant_builder_add(&actions, "s", id.c_str());
            g_variant_builder_add(&actions, "s", label.c_str());
        }
    g_variant_builder_init(&hints, G_VARIANT_TYPE("a{sv}"));
    g_variant_builder_add(&hints, "{sv}", "urgency", g_variant_new_byte(static_cast<guint8>(notice.urgency)));
    g_variant_builder_add(&hints, "{sv}", "desktop-entry", g_variant_new_string(desktopEntry));
    if (!notice.stays)
        g_variant_builder_add(&hints, "{sv}", "transient", g_variant_new_boolean(TRUE));
    return g_variant_new("(susssasa{sv}i)", "Microphones", replaces, notice.icon.c_str(),
                         notice.summary.c_str(), body(notice).c_str(), &actions, &hints,
                         notice.stays ? 0 : -1);
}

void NotificationServer::notify(const std::string& key, const Notice& notice, Shown& shown) {
    shown.sent = notice;
    shown.calling = true;
    calls_++;
    g_dbus_connection_call(bus_, owner_.c_str(), notificationsPath, notifications, "Notify",
                           arguments(notice, shown.id), G_VARIANT_TYPE("(u)"),
                           G_DBUS_CALL_FLAGS_NO_AUTO_START, untilItGoes, asking_, onNotified,
                           new Call{this, key});
}

void NotificationServer::onNotified(GObject* bus, GAsyncResult* result, gpointer data) noexcept {
    const std::unique_ptr<Call> call(static_cast<Call*>(data));
    const auto outcome = CallOutcome::of(bus, result);
    if (outcome.cancelled)
        return;
    guint32 id = 0;
    if (outcome.value)
        g_variant_get(outcome.value.get(), "(u)", &id);
    call->server->calls_--;
    call->server->notified(call->key, id);
    call->server->pump();
}

// 0: it could not be shown. What stays is tried again with the next server.
void NotificationServer::notified(const std::string& key, guint32 id) {
    const auto it = shown_.find(key);
    if (it == shown_.end())
        return;
    Shown& shown = it->second;
    shown.calling = false;
    shown.id = id;
    shown.over = id == 0;
    if (!shown.moot)
        return;
    if (id != 0)
        close(id);
    shown_.erase(it);
}

void NotificationServer::close(guint32 id) {
    if (bus_ && !owner_.empty())
        g_dbus_connection_call(bus_, owner_.c_str(), notificationsPath, notifications, "CloseNotification",
                               g_variant_new("(u)", id), nullptr, G_DBUS_CALL_FLAGS_NO_AUTO_START, callMs,
                               nullptr, nullptr, nullptr);
}

std::map<std::string, NotificationServer::Shown>::iterator NotificationServer::shownAs(guint32 id) {
    auto it = shown_.begin();
    while (it != shown_.end() && (it->second.id != id || it->second.over))
        ++it;
    return id == 0 ? shown_.end() : it;
}

void NotificationServer::onSignal(GDBusConnection*, const char*, const char*, const char*, const char* signal,
                                  GVariant* arguments, gpointer self) noexcept {
    auto* server = static_cast<NotificationServer*>(self);
    const std::string_view name = signal;
    guint32 id = 0;
    if (name == "ActionInvoked" && g_variant_is_of_type(arguments, G_VARIANT_TYPE("(us)"))) {
        const char* action = nullptr;
        g_variant_get(arguments, "(u&s)", &id, &action);
        server->pressed(id, action);
    } else if (name == "NotificationClosed" && g_variant_is_of_type(arguments, G_VARIANT_TYPE("(uu)"))) {
        g_variant_get(arguments, "(uu)", &id, nullptr);
        server->closed(id);
    }
}

void NotificationServer::closed(guint32 id) {
    if (const auto it = shownAs(id); it != shown_.end()) {
        it->second.over = true;
        it->second.id = 0;
    }
}

// Once: whatever else is pressed in it later, it is over. Some servers leave it on the screen.
void NotificationServer::pressed(guint32 id, const std::string& action) {
    const auto it = shownAs(id);
    if (it == shown_.end())
        return;
    bool offered = false;
    for (const auto& [known, label] : it->second.sent.actions)
        offered = offered || known == action;
    if (!buttons_ || !offered || it->second.moot)
        return;
    it->second.over = true;
    it->second.id = 0;
    close(id);
    const std::string key = it->first; // what is called may end it
    pressed_(key, action);
}

std::string NotificationServer::state() const {
    if (owner_.empty())
        return "none";
    return owner_ +
           (!known_ ? ", has not answered"
                    : std::string(buttons_ ? ", buttons" : ", no buttons") + (markup_ ? ", markup" : ""));
}

} // namespace micguard
