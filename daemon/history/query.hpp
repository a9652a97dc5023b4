// SPDX-License-Identifier: GPL-3.0-or-later
//
// What may be asked of the history and what comes back, as values: the contract's History and ClearHistory.
#pragma once

#include "daemon/history/record.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace micguard::history {

// The numbers are those of the file.
enum class Kind { Session = 1, Mute = 2, Block = 3, Answer = 4, Warning = 5, Refusal = 6 };

inline constexpr std::array kinds = {Kind::Session, Kind::Mute,    Kind::Block,
                                     Kind::Answer,  Kind::Warning, Kind::Refusal};

constexpr std::string_view toString(Kind kind) {
    switch (kind) {
    case Kind::Session:
        return "session";
    case Kind::Mute:
        return "mute";
    case Kind::Block:
        return "block";
    case Kind::Answer:
        return "answer";
    case Kind::Warning:
        return "warning";
    case Kind::Refusal:
        return "refusal";
    }
    return "";
}

constexpr std::optional<Kind> kindFromString(std::string_view text) {
    for (const Kind kind : kinds)
        if (toString(kind) == text)
            return kind;
    return std::nullopt;
}

inline constexpr std::uint32_t usualLimit = 1000;
inline constexpr std::uint32_t largestLimit = 10000;

// What was going on at some time from `since` on and before `until`.
struct Filter {
    std::optional<Moment> since, until;
    std::optional<std::string> app, source; // AppId, Name
    std::set<Kind> kinds;                   // empty: all
    std::uint32_t limit = usualLimit;
    bool operator==(const Filter&) const = default;
};

// Of all that began before `until`, or of one application only.
struct ClearFilter {
    std::optional<std::string> app;
    std::optional<Moment> until;
    bool operator==(const ClearFilter&) const = default;
};

// Of what was done at some time from `since` on and before `until`.
struct ReportFilter {
    std::optional<Moment> since, until;
    std::optional<std::string> app; // AppId
    bool operator==(const ReportFilter&) const = default;
};

struct Entry {
    Kind kind = Kind::Session;
    Moment start = 0;
    Moment end = 0; // 0: goes on. Of a block: when it was told last; of an answer: as start
    Who who;        // of a session, block and answer
    std::string source;
    bool levelMeter = false;
    std::uint32_t count = 0; // of a block
    std::string by;          // who muted or answered; of a warning its id
    std::string reason;      // of a mute and a block; of an answer and a warning what it says
    bool operator==(const Entry&) const = default;
};

} // namespace micguard::history
