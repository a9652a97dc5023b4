// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/desktop/permission_store.hpp"

#include "daemon/desktop/variant.hpp"

#include <memory>
#include <string_view>
#include <utility>

namespace micguard {
namespace {

constexpr const char* storeName = "org.freedesktop.impl.portal.PermissionStore";
constexpr const char* storePath = "/org/freedesktop/impl/portal/PermissionStore";
constexpr const char* table = "devices";
constexpr const char* microphone = "microphone";
// But what it says is waited for until it goes: what was denied before we came is told of by nothing else.
constexpr int callMs = 3000;
// Any program of the user can write there.
constexpr std::size_t mostWords = 4096;

Variant emptyPermissions() {
    return Variant(g_variant_ref_sink(g_variant_new("a{sas}", nullptr)));
}

std::string wordOf(const PermissionStore::Words& words, const std::string& app) {
    const auto known = words.find(app);
    return known == words.end() ? "" : known->second;
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
    if (wanted)
        return;
    const bool nothing = words_.empty() && told_.empty();
    unsure_.clear();
    told_.clear();
    heard_ = false;
    if (nothing)
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
    auto* store = static_cast<PermissionStore*>(self);
    // Whoever looks before these are answered sees what was before them.
    for (const auto& [app, word] : store->unsure_)
        store->write(app);
    if (store->unsure_.empty())
        store->look();
}

void PermissionStore::onVanished(GDBusConnection*, const char*, gpointer self) noexcept {
    static_cast<PermissionStore*>(self)->state_ = "not there; what was heard last stays";
}

void PermissionStore::look() {
    g_cancellable_cancel(looking_);
    g_object_unref(std::exchange(looking_, g_cancellable_new()));
    g_dbus_connection_call(bus_, storeName, storePath, storeName, "Lookup",
                           g_variant_new("(ss)", table, microphone), G_VARIANT_TYPE("(a{sas}v)"),
                           G_DBUS_CALL_FLAGS_NO_AUTO_START, untilItGoes, looking_, onLookedUp, this);
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
    const Words before = std::exchange(told_, found);
    const bool heard = std::exchange(heard_, true);
    for (auto it = unsure_.begin(); it != unsure_.end();) {
        const auto& [name, word] = *it;
        const std::string now = wordOf(found, name);
        // Said anew by somebody else, or confirmed after all.
        if (now == word || (heard && now != wordOf(before, name))) {
            it = unsure_.erase(it);
            continue;
        }
        if (word.empty())
            found.erase(name);
        else
            found[name] = word;
        ++it;
    }
    if (found == words_ && told_ == before)
        return;
    words_ = std::move(found);
    changed_(words_);
}

void PermissionStore::write(const std::string& app) {
    struct Write {
        PermissionStore* store;
        std::string app, word;
    };
    const std::string word = unsure_.at(app);
    writing_++;
    // What was asked before may be answered by what was before, and is asked again behind this.
    g_cancellable_cancel(looking_);
    const char* permissions[] = {word.c_str(), nullptr};
    GVariant* arguments = word.empty()
                              ? g_variant_new("(sss)", table, microphone, app.c_str())
                              : g_variant_new("(sbss^as)", table, TRUE, microphone, app.c_str(), permissions);
    // Answered or not: what it then says is what counts.
    g_dbus_connection_call(
        bus_, storeName, storePath, storeName, word.empty() ? "DeletePermission" : "SetPermission", arguments,
        nullptr, G_DBUS_CALL_FLAGS_NONE, callMs, telling_,
        [](GObject* bus, GAsyncResult* result, gpointer data) {
            const std::unique_ptr<Write> written(static_cast<Write*>(data));
            const auto outcome = CallOutcome::of(bus, result);
            if (outcome.cancelled)
                return;
            PermissionStore* store = written->store;
            if (!outcome.value)
                g_message("the permission store was not told: %s", outcome.error->message);
            else if (const auto it = store->unsure_.find(written->app);
                     it != store->unsure_.end() && it->second == written->word)
                store->unsure_.erase(it);
            if (--store->writing_ == 0)
                store->look();
        },
        new Write{this, app, word});
}

void PermissionStore::set(const std::string& app, const std::string& word) {
    if (!name_ || wordOf(words_, app) == word)
        return;
    words_[app] = unsure_[app] = word;
    write(app);
}

void PermissionStore::remove(const std::string& app) {
    if (!name_ || words_.erase(app) == 0)
        return;
    unsure_[app].clear();
    write(app);
}

} // namespace micguard
