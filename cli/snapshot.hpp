// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the guard shows, as plain values: the properties of the contract read into structs, and written out
// again in the shape that --json promises (documented in micguardctl(1)). Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>
#include <tl/expected.hpp>

namespace micguard::cli {

struct HoldFacts {
    std::string kind, owner, reason;
    bool operator==(const HoldFacts&) const = default;
};

struct WarningFacts {
    std::string id, text;
    bool operator==(const WarningFacts&) const = default;
};

struct GuardFacts {
    std::string state; // live muting muted degraded
    bool muted = false;
    std::uint64_t mutedSince = 0; // µs since the epoch, 0: not muted
    std::string mode;
    std::vector<HoldFacts> holds; // strongest first
    bool connected = false;
    std::uint32_t capturing = 0;
    std::string admission;
    std::vector<WarningFacts> warnings;
    std::string version;
    bool operator==(const GuardFacts&) const = default;

    // The guard vouches for the mute. Anything but its plain word counts as no.
    bool guaranteed() const { return muted && state == "muted"; }
};

// holdWords() of one of them, fit to be printed.
std::string wordsFor(const HoldFacts& hold);
// "kept muted by obs (pid 12): recording", of the strongest that mutes; "" if nothing does.
std::string whoHolds(const GuardFacts& facts);

struct StreamFacts {
    std::string path, application, source; // source "" if it has none
    std::string name, state;
    std::uint32_t pid = 0;
    bool levelMeter = false;
    std::uint64_t since = 0;
};

struct ApplicationFacts {
    std::string path, appId, name, iconName, executable, sandbox, identity, state, reason;
    std::uint64_t since = 0;
    bool levelMeterOnly = false;
    bool muted = false;
};

struct SourceFacts {
    std::string path, name, description, kind, method, led;
    bool guarded = false;
    bool silenced = false;
    bool inUse = false;
};

struct Objects {
    std::map<std::string, ApplicationFacts> applications; // by path
    std::map<std::string, StreamFacts> streams;
    std::map<std::string, SourceFacts> sources;

    // In the order in which they came: paths end in a number that only grows.
    std::vector<const ApplicationFacts*> applicationsInOrder() const;
    std::vector<const SourceFacts*> sourcesInOrder() const;
    std::vector<const StreamFacts*> streamsOf(const std::string& applicationPath) const;
    // By path, by AppId, or by a name that only one has. Error: a sentence.
    tl::expected<const ApplicationFacts*, std::string> applicationCalled(const std::string& text) const;
};

// From a GetAll reply. Error: which property is missing or of another type; those we do not know are ignored.
tl::expected<GuardFacts, std::string> guardFacts(const nlohmann::json& properties);

// Takes over the properties that are there, keeps the others: for PropertiesChanged. Error as guardFacts().
tl::expected<void, std::string> update(GuardFacts& facts, const nlohmann::json& properties);

// Adds or updates what the interfaces on `path` say. Interfaces that are not of the contract are ignored.
tl::expected<void, std::string> update(Objects& objects, const std::string& path,
                                       const nlohmann::json& interfaces);

// From a GetManagedObjects reply.
tl::expected<Objects, std::string> objectsFrom(const nlohmann::json& managed);

nlohmann::json toJson(const GuardFacts& facts);
nlohmann::json toJson(const ApplicationFacts& application, const Objects& objects); // with its streams
nlohmann::json toJson(const StreamFacts& stream, const Objects& objects);
nlohmann::json toJson(const SourceFacts& source);

// Pure ASCII, on one line if `indent` is negative: what an application calls itself cannot reach a terminal
// raw.
std::string written(const nlohmann::json& data, int indent = 2);

} // namespace micguard::cli
