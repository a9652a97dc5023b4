// SPDX-License-Identifier: GPL-3.0-or-later
//
// Who may listen, and when, as the user wrote it: plain values. Which of several rules decides is policy's business
// (daemon/policy/rules).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace micguard {

// What becomes of an application's wish to hear a microphone, the loosest first.
enum class Ruling {
    Allow,
    Ask,     // silence until somebody has answered
    Silence, // its stream goes on and carries zeros
    Deny     // it has no stream
};

constexpr std::array rulings{Ruling::Allow, Ruling::Ask, Ruling::Silence, Ruling::Deny};

constexpr std::string_view toString(Ruling ruling) {
    switch (ruling) {
    case Ruling::Allow:
        return "allow";
    case Ruling::Ask:
        return "ask";
    case Ruling::Silence:
        return "silence";
    case Ruling::Deny:
        return "deny";
    }
    return "deny";
}

constexpr std::optional<Ruling> rulingFromString(std::string_view text) {
    for (const Ruling ruling : rulings)
        if (text == toString(ruling))
            return ruling;
    return std::nullopt;
}

// Where something was said. "" for what is built in.
struct Origin {
    std::string file;
    std::uint32_t line = 0; // from 1
    bool operator==(const Origin&) const = default;
};

// Whose word it is; the later the stronger, except that what an administrator made final stays.
enum class LayerRank { BuiltIn, Vendor, System, User };

struct Rule {
    // Globs (config/glob.hpp), all of those that are given have to match. A rule without any matches every application
    // on every source.
    struct Match {
        // AppId: a desktop, Flatpak or Snap id, else the executable's path.
        std::optional<std::string> app;
        std::optional<std::string> executable; // its path
        std::optional<std::string> unit;       // systemd unit or scope
        std::optional<std::string> flatpak;
        std::optional<std::string> snap;
        std::optional<std::string> process; // the executable's (a script's) name without its folder
        std::optional<std::string> claims;  // the name that it gives itself
        std::optional<std::string> source;  // node.name of the source
        std::optional<std::string> kind;    // hardware bluetooth virtual monitor network, no glob
        bool operator==(const Match&) const = default;
    } match;

    // All of those that are given have to be true.
    struct When {
        std::uint8_t days = 0x7f; // bit 0 is Monday
        // Minutes since midnight by the machine's clock, from the first until just before the second; over midnight
        // if the second is not later than the first, and then of the day on which it began.
        std::optional<std::pair<std::uint16_t, std::uint16_t>> hours;
        std::optional<bool> locked;           // the session
        std::optional<std::string> capturing; // while another application, with this AppId (a glob), captures
        bool always() const { return days == 0x7f && !hours && !locked && !capturing; }
        bool operator==(const When&) const = default;
    } when;

    Ruling action = Ruling::Deny;
    std::int32_t priority = 0; // the higher wins
    // No weaker-ranked word changes it: of a system's or vendor's rule, the user's rules do not win over it.
    bool final = false;
    LayerRank rank = LayerRank::User;
    Origin origin;
    std::optional<std::uint64_t> until = std::nullopt; // µs since the epoch; from then on it is no more

    bool operator==(const Rule&) const = default;
};

// What Match is called in files, and where it stands.
struct MatchKey {
    std::string_view name;
    std::optional<std::string> Rule::Match::*member;
};
inline constexpr std::array matchKeys{
    MatchKey{"app", &Rule::Match::app},       MatchKey{"executable", &Rule::Match::executable},
    MatchKey{"unit", &Rule::Match::unit},     MatchKey{"flatpak", &Rule::Match::flatpak},
    MatchKey{"snap", &Rule::Match::snap},     MatchKey{"process", &Rule::Match::process},
    MatchKey{"claims", &Rule::Match::claims}, MatchKey{"source", &Rule::Match::source},
    MatchKey{"kind", &Rule::Match::kind},
};

} // namespace micguard
