// SPDX-License-Identifier: GPL-3.0-or-later
//
// See portal_shortcuts.hpp. Signals count only from the unique name that owned the portal's name when the session was made;
// the bus puts that name on them.
#include "daemon/desktop/portal_shortcuts.hpp"

#include "daemon/desktop/peer.hpp"
#include "daemon/desktop/variant.hpp"

#include <string_view>
#include <utility>

#include <unistd.h>

namespace micguard {
namespace {

constexpr const char* portal = "org.freedesktop.portal.Desktop";
constexpr const char* portalPath = "/org/freedesktop/portal/desktop";
constexpr const char* shortcuts = "org.freedesktop.portal.GlobalShortcuts";
constexpr const char* requestInterface = "org.freedesktop.portal.Request";
constexpr const char* sessionInterface = "org.freedesktop.portal.Session";
constexpr const char* applicationId = "org.micguard.MicGuard1";
constexpr const char* talkId = "push-to-talk";
constexpr const char* toggleId = "toggle-mute";
constexpr int callMs = 25000; // the answer to the user's dialog is a signal, and not waited for by this

std::uint64_t now() {
    return static_cast<std::uint64_t>(g_get_monotonic_time());
}

GVariant* shortcut(const char* id, const char* description, const std::string& trigger) {
    GVariantBuilder options;
    g_variant_builder_init(&options, G_VARIANT_TYPE("a{sv}"));
    g_variant_builder_add(&options, "{sv}", "description", g_variant_new_string(description));
    if (!trigger.empty())
        g_variant_builder_add(&options, "{sv}", "preferred_trigger", g_variant_new_string(trigger.c_str()));
    return g_variant_new("(sa{sv})", id, &options);
}

// "push-to-talk: Super+T, toggle-mute: none", of what BindShortcuts answers.
std::string triggersIn(GVariant* results) {
    const Variant list(g_variant_lookup_value(results, "shortcuts", G_VARIANT_TYPE("a(sa{sv})")));
    std::string text;
    if (!list)
        return text;
    GVariantIter each;
    g_variant_iter_init(&each, list.get());
    const char* id = nullptr;
    GVariant* raw = nullptr;
    for (int count = 0; count < 8 && g_variant_iter_next(&each, "(&s@a{sv})", &id, &raw); ++count) {
        const Variant options(raw);
        const char* trigger = nullptr;
        if (!g_variant_lookup(raw, "trigger_description", "&s", &trigger))
            trigger = "";
        text += (text.empty() ? "" : ", ") + std::string(id).substr(0, 40) + ": " +
                (*trigger != '\0' ? std::string(trigger).substr(0, 60) : "no key");
    }
    return text;
}

} // namespace

PortalShortcuts::PortalShortcuts(Callbacks callbacks)
    : callbacks_(std::move(callbacks))
    , asking_(g_cancellable_new()) {}

PortalShortcuts::~PortalShortcuts() {
    callbacks_ = {[](bool) {}, [] {}};
    end();
    g_object_unref(asking_);
}

void PortalShortcuts::useBus(GDBusConnection* bus) {
    end();
    bus_ = bus;
    begin();
}

void PortalShortcuts::want(const Wish& wish) {
    if (wished_ && wish == wish_)
        return;
    end();
    wish_ = wish;
    changed_ = std::exchange(wished_, true);
    begin();
}

void PortalShortcuts::letGo() {
    tell(pressed_.talkReleased());
}

// While the session starts, the portal is not started for it: its backends may not be able to come up yet. Who changes a
// setting sits before a desktop that is there.
void PortalShortcuts::begin() {
    state_ = wish_.on ? "waiting for the desktop's portal" : "off";
    if (!wish_.on || !bus_)
        return;
    name_ = g_bus_watch_name_on_connection(
        bus_, portal, changed_ ? G_BUS_NAME_WATCHER_FLAGS_AUTO_START : G_BUS_NAME_WATCHER_FLAGS_NONE,
        onAppeared, onVanished, this, nullptr);
}

void PortalShortcuts::end() {
    if (bus_ && !session_.empty() && !g_dbus_connection_is_closed(bus_))
        g_dbus_connection_call(bus_, owner_.c_str(), session_.c_str(), sessionInterface, "Close", nullptr,
                               nullptr, G_DBUS_CALL_FLAGS_NO_AUTO_START, callMs, nullptr, nullptr, nullptr);
    leave();
    if (name_)
        g_bus_unwatch_name(std::exchange(name_, 0));
}

// Nothing of this portal counts any more.
void PortalShortcuts::leave() {
    g_cancellable_cancel(asking_);
    g_object_unref(std::exchange(asking_, g_cancellable_new()));
    forgetRequest();
    for (guint* subscription : {&keys_, &closed_})
        if (*subscription)
            g_dbus_connection_signal_unsubscribe(bus_, std::exchange(*subscription, 0));
    owner_.clear();
    pid_ = 0;
    session_.clear();
    const auto last = pressed_.talkReleased();
    pressed_ = {};
    tell(last);
}

void PortalShortcuts::onAppeared(GDBusConnection*, const char*, const char* owner, gpointer self) noexcept {
    auto* it = static_cast<PortalShortcuts*>(self);
    it->leave();
    it->appeared(owner);
}

void PortalShortcuts::onVanished(GDBusConnection*, const char*, gpointer self) noexcept {
    auto* it = static_cast<PortalShortcuts*>(self);
    it->leave();
    it->state_ = "waiting for the desktop's portal";
}

// A program without a sandbox is told from others by its name only since version 1.20 of the portal, and has to say it
// before anything else. Older ones do not know the call.
void PortalShortcuts::appeared(const char* owner) {
    owner_ = owner;
    askPid(bus_, owner, asking_, onPid, this);
    g_dbus_connection_call(bus_, owner, portalPath, "org.freedesktop.host.portal.Registry", "Register",
                           g_variant_new("(sa{sv})", applicationId, nullptr), nullptr,
                           G_DBUS_CALL_FLAGS_NO_AUTO_START, callMs, asking_, onRegistered, this);
}

void PortalShortcuts::onPid(GObject* bus, GAsyncResult* result, gpointer self) noexcept {
    const auto outcome = CallOutcome::of(bus, result);
    if (!outcome.cancelled)
        static_cast<PortalShortcuts*>(self)->pid_ = pidIn(outcome);
}

void PortalShortcuts::onRegistered(GObject* bus, GAsyncResult* result, gpointer self) noexcept {
    if (!CallOutcome::of(bus, result).cancelled)
        static_cast<PortalShortcuts*>(self)->createSession();
}

std::string PortalShortcuts::newToken() {
    return "micguard" + std::to_string(getpid()) + "_" + std::to_string(++tokens_);
}

void PortalShortcuts::createSession() {
    keys_ = g_dbus_connection_signal_subscribe(bus_, owner_.c_str(), shortcuts, nullptr, portalPath, nullptr,
                                               G_DBUS_SIGNAL_FLAGS_NONE, onKey, this, nullptr);
    const std::string token = newToken(), session = newToken();
    GVariantBuilder options;
    g_variant_builder_init(&options, G_VARIANT_TYPE("a{sv}"));
    g_variant_builder_add(&options, "{sv}", "handle_token", g_variant_new_string(token.c_str()));
    g_variant_builder_add(&options, "{sv}", "session_handle_token", g_variant_new_string(session.c_str()));
    request("CreateSession", g_variant_new("(a{sv})", &options), token, &PortalShortcuts::created);
}

// Where the answer will come from is known before the call, so that it cannot be missed.
void PortalShortcuts::request(const char* method, GVariant* arguments, const std::string& token, Done done) {
    std::string sender = g_dbus_connection_get_unique_name(bus_);
    sender.erase(0, 1);
    for (char& c : sender)
        if (c == '.')
            c = '_';
    const std::string path = std::string(portalPath) + "/request/" + sender + "/" + token;
    forgetRequest();
    done_ = done;
    response_ =
        g_dbus_connection_signal_subscribe(bus_, owner_.c_str(), requestInterface, "Response", path.c_str(),
                                           nullptr, G_DBUS_SIGNAL_FLAGS_NONE, onResponse, this, nullptr);
    g_dbus_connection_call(bus_, owner_.c_str(), portalPath, shortcuts, method, arguments,
                           G_VARIANT_TYPE("(o)"), G_DBUS_CALL_FLAGS_NO_AUTO_START, untilItGoes, asking_,
                           onRequested, this);
}

void PortalShortcuts::forgetRequest() {
    done_ = nullptr;
    if (response_)
        g_dbus_connection_signal_unsubscribe(bus_, std::exchange(response_, 0));
}

void PortalShortcuts::onRequested(GObject* bus, GAsyncResult* result, gpointer self) noexcept {
    const auto outcome = CallOutcome::of(bus, result);
    if (outcome.cancelled || outcome.value)
        return;
    auto* it = static_cast<PortalShortcuts*>(self);
    it->forgetRequest();
    it->state_ = std::string("the desktop has none: ") + outcome.error->message;
}

void PortalShortcuts::onResponse(GDBusConnection*, const char*, const char*, const char*, const char*,
                                 GVariant* arguments, gpointer self) noexcept {
    auto* it = static_cast<PortalShortcuts*>(self);
    if (!it->done_ || !g_variant_is_of_type(arguments, G_VARIANT_TYPE("(ua{sv})")))
        return;
    guint32 response = 0;
    GVariant* raw = nullptr;
    g_variant_get(arguments, "(u@a{sv})", &response, &raw);
    const Variant results(raw);
    const Done done = it->done_;
    it->forgetRequest();
    (it->*done)(response, results.get());
}

void PortalShortcuts::created(guint32 response, GVariant* results) {
    const char* session = nullptr;
    // The documentation says string; some have made it a path.
    if (response != 0 ||
        (!g_variant_lookup(results, "session_handle", "&s", &session) &&
         !g_variant_lookup(results, "session_handle", "&o", &session)) ||
        !g_variant_is_object_path(session)) {
        state_ = "the desktop made no session";
        return;
    }
    session_ = session;
    closed_ = g_dbus_connection_signal_subscribe(bus_, owner_.c_str(), sessionInterface, "Closed", session,
                                                 nullptr, G_DBUS_SIGNAL_FLAGS_NONE, onClosed, this, nullptr);
    const std::string token = newToken();
    GVariantBuilder list, options;
    g_variant_builder_init(&list, G_VARIANT_TYPE("a(sa{sv})"));
    g_variant_builder_add_value(
        &list, shortcut(talkId, "Push to talk: microphones are live while it is held", wish_.talkTrigger));
    g_variant_builder_add_value(&list,
                                shortcut(toggleId, "Mute or unmute all microphones", wish_.toggleTrigger));
    g_variant_builder_init(&options, G_VARIANT_TYPE("a{sv}"));
    g_variant_builder_add(&options, "{sv}", "handle_token", g_variant_new_string(token.c_str()));
    state_ = "the desktop asks its user";
    request("BindShortcuts", g_variant_new("(oa(sa{sv})sa{sv})", session, &list, "", &options), token,
            &PortalShortcuts::bound);
}

void PortalShortcuts::bound(guint32 response, GVariant* results) {
    if (response != 0)
        state_ = "refused by the user";
    else
        state_ = "bound (" + triggersIn(results) + ")";
}

void PortalShortcuts::onClosed(GDBusConnection*, const char*, const char*, const char*, const char*,
                               GVariant*, gpointer self) noexcept {
    auto* it = static_cast<PortalShortcuts*>(self);
    it->leave();
    it->state_ = "the desktop has ended it";
}

void PortalShortcuts::onKey(GDBusConnection*, const char*, const char*, const char*, const char* signal,
                            GVariant* arguments, gpointer self) noexcept {
    auto* it = static_cast<PortalShortcuts*>(self);
    const std::string_view name = signal;
    const bool down = name == "Activated";
    if ((!down && name != "Deactivated") || !g_variant_is_of_type(arguments, G_VARIANT_TYPE("(osta{sv})")))
        return;
    const char *session = nullptr, *id = nullptr;
    g_variant_get(arguments, "(&o&sta{sv})", &session, &id, nullptr, nullptr);
    if (!it->session_.empty() && it->session_ == session)
        it->key(id, down);
}

void PortalShortcuts::key(const std::string& id, bool down) {
    if (id == talkId)
        return tell(down ? pressed_.talkPressed(now()) : pressed_.talkReleased());
    if (id != toggleId)
        return;
    if (!down)
        pressed_.toggleReleased();
    else if (pressed_.togglePressed(now()))
        callbacks_.toggle();
}

void PortalShortcuts::tell(ShortcutKeys::Talk what) {
    if (what != ShortcutKeys::Talk::Nothing)
        callbacks_.talk(what == ShortcutKeys::Talk::Begin);
}

} // namespace micguard
