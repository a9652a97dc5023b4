// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/desktop/permission_store.hpp"

#include "daemon/desktop/variant.hpp"

#include <string_view>
#include <utility>

namespace micguard {
namespace {

constexpr const char* storeName = "org.freedesktop.impl.portal.PermissionStore";
constexpr const char* storePath = "/org/freedesktop/impl/portal/PermissionStore";
constexpr const char* table = "devices";
constexpr const char* microphone = "microphone";
constexpr int callMs = 3000;
// Any program of the user can write there.
constexpr std::size_t mostWords = 4096;

Variant emptyPermissions() {
    return Variant(g_variant_ref_sink(g_variant_new("a{sas}", nullptr)));
}

bool isWord(std::string_view word) {
    return word == "yes" || word == "no" || word == "ask";
}

} // namespace

PermissionStore::PermissionStore(std::function<void(Words words)> changed)
    : changed_(std::move(changed))
    , looking_(g_cancellable_new())
    , telling_(g_cancellable_new()) {}

PermissionStore::~PermissionStore() {
    leave();
    g_object_unref(looking_);
    g_object_unref(telling_);
}

void PermissionStore::useBus(GDBusConnection* bus) {
    leave();
    bus_ = bus;
    begin();
}

void PermissionStore::want(bool wanted) {
    if (std::exchange(wanted_, wanted) == wanted)
        return;
    leave();
    begin();
    if (wanted || words_.empty())
        return;
    words_.clear();
    changed_(words_);
}

void PermissionStore::begin() {
    if (!bus_ || !wanted_)
        return;
    state_ = "not asked yet";
    subscription_ =
        g_dbus_connection_signal_subscribe(bus_, storeName, storeName, "Changed", storePath, table,
                                           G_DBUS_SIGNAL_FLAGS_NONE, onSignal, this, nullptr);
    name_ = g_bus_watch_name_on_connection(bus_, storeName, G_BUS_NAME_WATCHER_FLAGS_AUTO_START, onAppeared,
                                           onVanished, this, nullptr);
}

void PermissionStore::leave() {
    for (GCancellable** calls : {&looking_, &telling_}) {
        g_cancellable_cancel(*calls);
        g_object_unref(std::exchange(*calls, g_cancellable_new()));
    }
    writing_ = 0; // they were cancelled, and do not count themselves off
    if (subscription_)
        g_dbus_connection_signal_unsubscribe(bus_, std::exchange(subscription_, 0));
    if (name_)
        g_bus_unwatch_name(std::exchange(name_, 0));
    state_ = "no session bus; what was heard last stays";
}

void PermissionStore::onAppeared(GDBusConnection*, const char*, const char*, gpointer self) noexcept {
    static_cast<PermissionStore*>(self)->look();
}

void PermissionStore::onVanished(GDBusConnection*, const char*, gpointer self) noexcept {
    static_cast<PermissionStore*>(self)->state_ = "not there; what was heard last stays";
}

void PermissionStore::look() {
    g_cancellable_cancel(looking_);
    g_object_unref(std::exchange(looking_, g_cancellable_new()));
    g_dbus_connection_call(bus_, storeName, storePath, storeName, "Lookup",
                           g_variant_new("(ss)", table, microphone), G_VARIANT_TYPE("(a{sas}v)"),
                           G_DBUS_CALL_FLAGS_NO_AUTO_START, callMs, looking_, onLookedUp, this);
}

void PermissionStore::onLookedUp(GObject* bus, GAsyncResult* result, gpointer self) noexcept {
    const auto outcome = CallOutcome::of(bus, result);
    if (outcome.cancelled)
        return;
    auto* store = static_cast<PermissionStore*>(self);
    if (outcome.value) {
        GVariant* permissions = nullptr;
        g_variant_get(outcome.value.get(), "(@a{sas}v)", &permissions, nullptr);
        store->take(Variant(permissions).get());
        return;
    }
    // Nobody was ever asked about: there is no such entry.
    if (outcome.remoteError() == "org.freedesktop.portal.Error.NotFound")
        store->take(emptyPermissions().get());
    else
        store->state_ = "it does not answer; what was heard last stays";
}

void PermissionStore::onSignal(GDBusConnection*, const char*, const char*, const char*, const char*,
                               GVariant* arguments, gpointer self) noexcept {
    auto* store = static_cast<PermissionStore*>(self);
    if (!g_variant_is_of_type(arguments, G_VARIANT_TYPE("(ssbva{sas})")))
        return;
    const char *ofTable = nullptr, *id = nullptr;
    gboolean deleted = FALSE;
    GVariant* permissions = nullptr;
    g_variant_get(arguments, "(&s&sbv@a{sas})", &ofTable, &id, &deleted, nullptr, &permissions);
    const Variant owned(permissions);
    if (std::string_view(ofTable) == table && std::string_view(id) == microphone && store->writing_ == 0)
        store->take(deleted ? emptyPermissions().get() : owned.get());
}

void PermissionStore::take(GVariant* permissions) {
    state_ = "followed";
    Words found;
    GVariantIter entries;
    const char* app = nullptr;
    GVariant* list = nullptr;
    g_variant_iter_init(&entries, permissions);
    while (found.size() < mostWords && g_variant_iter_loop(&entries, "{&s@as}", &app, &list)) {
        const char* word = nullptr;
        if (g_variant_n_children(list) == 1)
            g_variant_get_child(list, 0, "&s", &word);
        // What is no word of theirs is no permission.
        if (app[0] != '\0')
            found[app] = word && isWord(word) ? word : "no";
    }
    if (found == words_)
        return;
    words_ = std::move(found);
    changed_(words_);
}

void PermissionStore::write(const char* method, GVariant* arguments) {
    writing_++;
    // What was asked before may be answered by what was before, and is asked again behind this.
    g_cancellable_cancel(looking_);
    // Answered or not: what it then says is what counts.
    g_dbus_connection_call(
        bus_, storeName, storePath, storeName, method, arguments, nullptr, G_DBUS_CALL_FLAGS_NONE, callMs,
        telling_,
        [](GObject* bus, GAsyncResult* result, gpointer self) {
            const auto outcome = CallOutcome::of(bus, result);
            if (outcome.cancelled)
                return;
            auto* store = static_cast<PermissionStore*>(self);
            if (!outcome.value)
                g_message("the permission store was not told: %s", outcome.error->message);
            if (--store->writing_ == 0)
                store->look();
        },
        this);
}

void PermissionStore::set(const std::string& app, const std::string& word) {
    const auto known = words_.find(app);
    if (!name_ || (known != words_.end() && known->second == word))
        return;
    words_[app] = word;
    const char* permissions[] = {word.c_str(), nullptr};
    write("SetPermission", g_variant_new("(sbss^as)", table, TRUE, microphone, app.c_str(), permissions));
}

void PermissionStore::remove(const std::string& app) {
    if (!name_ || words_.erase(app) == 0)
        return;
    write("DeletePermission", g_variant_new("(sss)", table, microphone, app.c_str()));
}

} // namespace micguard
