// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/events.hpp"

#include "cli/text.hpp"
#include "protocol/names.hpp"

#include <algorithm>
#include <utility>

namespace micguard::cli {

using nlohmann::json;

namespace {

bool contains(const std::vector<WarningFacts>& list, const WarningFacts& warning) {
    return std::find(list.begin(), list.end(), warning) != list.end();
}

std::string stateOf(const SourceFacts& source) {
    if (!source.guarded)
        return "exempt";
    return (source.silenced ? "silent" : "open") + std::string(source.inUse ? ", in use" : "");
}

} // namespace

Events::Events(std::function<void(const MonitorEvent&)> say)
    : say_(std::move(say)) {}

void Events::say(std::string_view name, json data, std::string text) const {
    if (complete_ || name == "guard-gone")
        say_({name, std::move(data), std::move(text)});
}

bool Events::objectsLoaded(const json& managed) {
    auto objects = objectsFrom(managed);
    if (!objects)
        return false;
    objects_ = std::move(*objects);
    hasObjects_ = true;
    return true;
}

bool Events::propertiesLoaded(const json& properties) {
    auto facts = guardFacts(properties);
    if (!facts || !hasObjects_)
        return false;
    guard_ = std::move(*facts);
    complete_ = true;
    if (std::exchange(wasGone_, false))
        say("guard-back", json::object(), "micguardd is running again");
    tellState();
    tellWarnings({});
    return true;
}

void Events::guardGone() {
    if (std::exchange(wasGone_, true))
        return;
    complete_ = hasObjects_ = false;
    objects_ = {};
    say("guard-gone", json::object(), "micguardd is not running any more");
}

void Events::tellState() const {
    std::string text = shown(guard_.state);
    if (guard_.muted && !guard_.guaranteed())
        text += ", muted but not vouched for";
    // The words say that it is muted, too.
    if (const std::string who = guard_.holds.empty() ? "" : wordsFor(guard_.holds.front()); !who.empty())
        text = guard_.state == "muted" ? who : text + ", " + who;
    text += " (" + shown(guard_.mode) + ", " + std::to_string(guard_.capturing) + " capturing" +
            (guard_.connected ? ")" : ", not connected to PipeWire)");
    say("state", {{"guard", toJson(guard_)}}, std::move(text));
}

void Events::tellWarnings(const std::vector<WarningFacts>& before) const {
    const auto tell = [&](const char* name, const WarningFacts& warning) {
        say(name, {{"warning", {{"id", warning.id}, {"text", warning.text}}}}, shown(warning.text, 400));
    };
    for (const WarningFacts& warning : before)
        if (!contains(guard_.warnings, warning))
            tell("warning-over", warning);
    for (const WarningFacts& warning : guard_.warnings)
        if (!contains(before, warning))
            tell("warning", warning);
}

void Events::guardChanged(const json& changed) {
    const GuardFacts before = guard_;
    if (!complete_ || !update(guard_, changed))
        return;
    GuardFacts butWarnings = guard_;
    butWarnings.warnings = before.warnings;
    if (butWarnings != before)
        tellState();
    tellWarnings(before.warnings);
}

void Events::propertiesChanged(const std::string& path, const std::string& interface, const json& changed) {
    if (interface == names::guard::interface && path == names::rootPath)
        return guardChanged(changed);
    const bool isApplication = objects_.applications.contains(path),
               isSource = objects_.sources.contains(path);
    if (!isApplication && !isSource && !objects_.streams.contains(path))
        return;
    if (!update(objects_, path, {{interface, changed}}))
        return;
    if (isApplication) {
        const ApplicationFacts& app = objects_.applications.at(path);
        const std::string reason = shown(app.reason);
        say("app-changed", {{"app", applicationJson(path)}},
            applicationName(path) + ": " + shown(app.state) + (app.muted ? ", muted" : "") +
                (reason.empty() ? "" : ", " + reason));
    } else if (isSource) {
        say("source-changed", {{"source", sourceJson(path)}},
            sourceName(path) + ": " + stateOf(objects_.sources.at(path)));
    }
}

void Events::interfacesAdded(const std::string& path, const json& interfaces) {
    if (!hasObjects_ || !interfaces.is_object() || !update(objects_, path, interfaces))
        return;
    if (const auto app = objects_.applications.find(path); app != objects_.applications.end())
        say("app-added", {{"app", applicationJson(path)}},
            applicationName(path) + ": " + shown(app->second.state));
    if (const auto source = objects_.sources.find(path); source != objects_.sources.end())
        say("source-added", {{"source", sourceJson(path)}},
            sourceName(path) + ": " + stateOf(source->second));
}

void Events::interfacesRemoved(const std::string& path) {
    if (objects_.applications.contains(path))
        say("app-removed", {{"app", applicationJson(path)}}, applicationName(path));
    if (objects_.sources.contains(path))
        say("source-removed", {{"source", sourceJson(path)}}, sourceName(path));
    objects_.applications.erase(path);
    objects_.sources.erase(path);
    objects_.streams.erase(path);
}

void Events::captureStarted(const std::string& application, const std::string& source) {
    capture("capture-started", " listens to ", application, source);
}

void Events::captureStopped(const std::string& application, const std::string& source) {
    capture("capture-stopped", " no longer listens to ", application, source);
}

void Events::capture(std::string_view name, std::string_view verb, const std::string& application,
                     const std::string& source) const {
    say(name, {{"app", applicationJson(application)}, {"source", sourceJson(source)}},
        applicationName(application) + std::string(verb) + sourceName(source));
}

void Events::blocked(const std::string& application, const std::string& reason) {
    say("blocked", {{"app", applicationJson(application)}, {"reason", reason}},
        applicationName(application) + " was kept from a microphone: " + shown(reason, 200));
}

void Events::asked(const std::string& application) {
    say("asked", {{"app", applicationJson(application)}},
        applicationName(application) + " wants to listen: answer with micguardctl answer");
}

json Events::applicationJson(const std::string& path) const {
    const auto found = objects_.applications.find(path);
    return found == objects_.applications.end() ? json(nullptr) : toJson(found->second, objects_);
}

json Events::sourceJson(const std::string& path) const {
    const auto found = objects_.sources.find(path);
    return found == objects_.sources.end() ? json(nullptr) : toJson(found->second);
}

std::string Events::applicationName(const std::string& path) const {
    const auto found = objects_.applications.find(path);
    if (found == objects_.applications.end())
        return "an application that is gone";
    return shown(found->second.name.empty() ? found->second.appId : found->second.name, 60);
}

std::string Events::sourceName(const std::string& path) const {
    const auto found = objects_.sources.find(path);
    return found == objects_.sources.end() ? "a microphone that is gone"
                                           : shown(found->second.description, 60);
}

} // namespace micguard::cli
