// SPDX-License-Identifier: GPL-3.0-or-later
//
// What `micguardctl monitor` knows and says: the contract's signals go in, events come out. Pure: no bus, no
// clock, no printing. A signal that does not fit is dropped, not guessed at.
#pragma once

#include "cli/snapshot.hpp"

#include <functional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace micguard::cli {

struct MonitorEvent {
    std::string_view name; // as documented in micguardctl(1)
    nlohmann::json data;   // what --json adds to "time" and "event"
    std::string text;      // the same for people, fit for a terminal
};

class Events {
  public:
    // Called for each event, in order.
    explicit Events(std::function<void(const MonitorEvent&)> say);

    // The world as it is when monitoring begins or the guard is back: first the objects, then the properties.
    // Between the two, changes are taken in and not told. False: it makes no sense.
    bool objectsLoaded(const nlohmann::json& managed);
    bool propertiesLoaded(const nlohmann::json& properties);

    void guardGone();

    // For those who show the state and not what happened; null while nothing is known.
    const GuardFacts* guard() const { return complete_ ? &guard_ : nullptr; }
    const Objects& objects() const { return objects_; }

    void propertiesChanged(const std::string& path, const std::string& interface,
                           const nlohmann::json& changed);
    void interfacesAdded(const std::string& path, const nlohmann::json& interfaces);
    void interfacesRemoved(const std::string& path);
    void captureStarted(const std::string& application, const std::string& source);
    void captureStopped(const std::string& application, const std::string& source);
    void blocked(const std::string& application, const std::string& reason);
    void asked(const std::string& application);

  private:
    void say(std::string_view name, nlohmann::json data, std::string text) const;
    void guardChanged(const nlohmann::json& changed);
    void tellWarnings(const std::vector<WarningFacts>& before) const;
    void tellState() const;
    void capture(std::string_view name, std::string_view verb, const std::string& application,
                 const std::string& source) const;
    nlohmann::json applicationJson(const std::string& path) const; // null if unknown
    nlohmann::json sourceJson(const std::string& path) const;
    std::string applicationName(const std::string& path) const;
    std::string sourceName(const std::string& path) const;

    std::function<void(const MonitorEvent&)> say_;
    Objects objects_;
    GuardFacts guard_;
    bool hasObjects_ = false;
    bool complete_ = false;
    bool wasGone_ = false;
};

} // namespace micguard::cli
