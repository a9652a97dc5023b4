// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/desktop/permission_store.hpp"

#include <memory>
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

using Value = std::unique_ptr<GVariant, decltype(&g_variant_unref)>;

Value own(GVariant* value) {
    return {value, g_variant_unref};
}

bool isWord(std::string_view word) {
    return word == "yes" || word == "no" || word == "ask";
}

struct Fault {
    GError* error = nullptr;
    ~Fault() { g_clear_error(&error); }
    bool cancelled() const { return error && g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED); }
};

} // namespace

PermissionStore::PermissionStore(std::function<void(Words words)> changed)
    : changed_(std::move(changed))
    , looking_(g_cancellable_new())
    , bound_(g_cancellable_new()) {}

PermissionStore::~PermissionStore() {
    g_cancellable_cancel(looking_);
    g_cancellable_cancel(bound_);
    if (bus_) {
        g_dbus_connection_signal_unsubscribe(bus_, subscription_);
        g_bus_unwatch_name(name_);
        g_object_unref(bus_);
    }
    g_object_unref(looking_);
    g_object_unref(bound_);
}

void PermissionStore::start() {
    g_bus_get(G_BUS_TYPE_SESSION, bound_, onBus, this);
}

void PermissionStore::onBus(GObject*, GAsyncResult* result, gpointer self) noexcept {
    Fault fault;
    GDBusConnection* bus = g_bus_get_finish(result, &fault.error);
    if (fault.cancelled())
        return;
    auto* store = static_cast<PermissionStore*>(self);
    if (!bus) {
        store->state_ = "no session bus";
        return;
    }
    store->bus_ = bus;
    g_dbus_connection_set_exit_on_close(bus, FALSE);
    store->subscription_ =
        g_dbus_connection_signal_subscribe(bus, storeName, storeName, "Changed", storePath, table,
                                           G_DBUS_SIGNAL_FLAGS_NONE, onSignal, store, nullptr);
    store->name_ = g_bus_watch_name_on_connection(bus, storeName, G_BUS_NAME_WATCHER_FLAGS_AUTO_START,
                                                  onAppeared, onVanished, store, nullptr);
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
    Fault fault;
    const auto reply = own(g_dbus_connection_call_finish(G_DBUS_CONNECTION(bus), result, &fault.error));
    if (fault.cancelled())
        return;
    auto* store = static_cast<PermissionStore*>(self);
    if (reply) {
        GVariant* permissions = nullptr;
        g_variant_get(reply.get(), "(@a{sas}v)", &permissions, nullptr);
        store->take(own(permissions).get());
        return;
    }
    const std::unique_ptr<gchar, decltype(&g_free)> name(g_dbus_error_get_remote_error(fault.error), g_free);
    // Nobody was ever asked about: there is no such entry.
    if (name && std::string_view(name.get()) == "org.freedesktop.portal.Error.NotFound")
        store->take(own(g_variant_ref_sink(g_variant_new("a{sas}", nullptr))).get());
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
    const auto owned = own(permissions);
    if (std::string_view(ofTable) == table && std::string_view(id) == microphone && store->writing_ == 0)
        store->take(deleted ? own(g_variant_ref_sink(g_variant_new("a{sas}", nullptr))).get() : owned.get());
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
    // Answered or not: what it then says is what counts.
    g_dbus_connection_call(
        bus_, storeName, storePath, storeName, method, arguments, nullptr, G_DBUS_CALL_FLAGS_NONE, callMs,
        bound_,
        [](GObject* bus, GAsyncResult* result, gpointer self) {
            Fault fault;
            const std::unique_ptr<GVariant, void (*)(GVariant*)> reply(
                g_dbus_connection_call_finish(G_DBUS_CONNECTION(bus), result, &fault.error),
                [](GVariant* value) {
                    if (value)
                        g_variant_unref(value);
                });
            if (fault.cancelled())
                return;
            auto* store = static_cast<PermissionStore*>(self);
            if (!reply)
                g_message("the permission store was not told: %s", fault.error->message);
            if (--store->writing_ == 0)
                store->look();
        },
        this);
}

void PermissionStore::set(const std::string& app, const std::string& word) {
    const auto known = words_.find(app);
    if (!bus_ || (known != words_.end() && known->second == word))
        return;
    words_[app] = word;
    const char* permissions[] = {word.c_str(), nullptr};
    write("SetPermission", g_variant_new("(sbss^as)", table, TRUE, microphone, app.c_str(), permissions));
}

void PermissionStore::remove(const std::string& app) {
    if (!bus_ || words_.erase(app) == 0)
        return;
    write("DeletePermission", g_variant_new("(sss)", table, microphone, app.c_str()));
}

} // namespace micguard
