// SPDX-License-Identifier: GPL-3.0-or-later
//
// Flatpaks and Snaps in the desktop's settings: what the portals' permission store says of their microphone
// is one more ruling, and what is decided of one here is written there. Each side only when it differs, so
// that neither echoes the other.
#include "daemon/app.hpp"

#include "config/glob.hpp"
#include "daemon/policy/identity.hpp"
#include "daemon/policy/questions.hpp"

#include <algorithm>

namespace micguard {
namespace {

std::string withoutSnap(const std::string& app) {
    return app.starts_with("snap.") ? app.substr(5) : app;
}

std::map<std::string, Permission> restrictions(const PermissionStore::Words& words) {
    std::map<std::string, Permission> found;
    for (const auto& [app, word] : words)
        if (word != "yes")
            found[app] = word == "ask" ? Permission::Ask : Permission::No;
    return found;
}

// One that a command or an answer has made about the whole application, for good.
bool isPlain(const Rule& rule) {
    return !rule.match.source && !rule.match.kind && !rule.until && rule.when.always();
}

// The application's id, if the rule is about one by its id alone.
std::string appOf(const Rule& rule) {
    const std::string* id = nullptr;
    for (const auto& key : matchKeys) {
        const auto& given = rule.match.*key.member;
        if (!given)
            continue;
        if (id || (key.name != "app" && key.name != "flatpak" && key.name != "snap"))
            return {};
        id = &*given;
    }
    if (!id)
        return {};
    std::string plain;
    for (std::size_t at = 0; at < id->size(); at++)
        plain += (*id)[at] == '\\' && at + 1 < id->size() ? (*id)[++at] : (*id)[at];
    return globLiteral(plain) == *id ? plain : "";
}

} // namespace

// Before anything is known of the store: what it said last is in force, and what was switched on there while no guard
// ran is a change.
void App::rememberPermissions() {
    const auto& stored = model_.remembered.stored;
    for (const auto& [app, permission] : stored)
        permissionsBefore_[app] = permission == Permission::Ask ? "ask" : "no";
    permissions_.remember(permissionsBefore_);
    model_.apply(event::PermissionsRead{stored, stored});
}

void App::usePermissions(const PermissionStore::Words& words) {
    const auto before = std::exchange(permissionsBefore_, words);
    receive(event::PermissionsRead{restrictions(words), restrictions(permissions_.told())});
    settle();
    // Whoever writes there is not known.
    if (!model_.settings.policy.permissionStore || configuration_.settings.bus.trustedOnly)
        return;
    for (const auto& [app, word] : words)
        if (const auto known = before.find(app);
            word == "yes" && known != before.end() && known->second != "yes")
            forgetStricter(withoutSnap(app));
}

// Whoever switches it on in the desktop's settings takes back what was said of it by command, or the switch
// would be wrong.
void App::forgetStricter(const std::string& app) {
    const auto isStricter = [app](const Rule& rule) {
        return rule.action != Ruling::Allow && isPlain(rule) && appOf(rule) == app;
    };
    const auto& rules = configuration_.settings.rules;
    if (std::none_of(rules.begin(), rules.end(), [&](const Rule& rule) {
            return rule.origin.file == config_.ownFile() && isStricter(rule);
        }))
        return;
    ConfigSource::Change change;
    change.make = [isStricter](Layer& own) -> std::optional<ConfigRefusal> {
        std::erase_if(own.rules, isStricter);
        return std::nullopt;
    };
    config_.change(std::move(change), [](const auto& refusal) {
        if (refusal)
            g_warning("a rule could not be taken back: %s", refusal->message.c_str());
    });
}

// Of an application that is proven to be a sandbox, or that the store knows; "" else.
std::string App::nameInStore(const std::string& app) const {
    for (const auto& [id, client] : model_.graph.clients) {
        Node none;
        none.client = id;
        if (const Identity identity = identify(model_.graph, none);
            identity.how == "sandbox" && identity.appId == app)
            return storeName(identity.sandbox, app);
    }
    for (const auto& name : {app, storeName("snap", app)})
        if (permissions_.words().contains(name))
            return name;
    return {};
}

void App::storePermission(const Rule& rule) {
    if (!model_.settings.policy.permissionStore || !isPlain(rule) || rule.action == Ruling::Silence)
        return;
    const std::string name = nameInStore(appOf(rule));
    if (name.empty())
        return;
    permissions_.set(name, rule.action == Ruling::Allow ? "yes" : rule.action == Ruling::Ask ? "ask" : "no");
    permissionsBefore_ = permissions_.words();
    usePermissions(permissions_.words());
}

void App::dropPermission(const std::string& app) {
    const std::string name = model_.settings.policy.permissionStore ? nameInStore(app) : "";
    if (name.empty())
        return;
    permissions_.remove(name);
    usePermissions(permissions_.words());
}

} // namespace micguard
