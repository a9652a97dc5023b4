// SPDX-License-Identifier: GPL-3.0-or-later
//
// An entry for the journal, as a value. Every kind has a MESSAGE_ID of its own and always the same fields,
// though they may be empty: the catalog speaks of them by name.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace micguard::journal {

enum class Kind {
    Muted,
    Unmuted,
    Blocked,
    Asked,
    Answered,
    Lapsed,
    Refused,
    Warned,
    Degraded,
    WarningOver,
    Bypassed,
    BypassOver,
    Omitted
};

struct KindFacts {
    Kind kind;
    std::string_view word; // "muted"
    std::string_view messageId;
    int priority; // syslog's
    std::vector<std::string_view> fields;
};

const std::vector<KindFacts>& kinds();
const KindFacts& factsOf(Kind kind);

struct Line {
    Kind kind;
    std::string message;
    std::vector<std::pair<std::string_view, std::string>> fields; // those of the kind, in that order
};

// What applications and callers say is cut to what a line can bear, and has nothing in it that is not to be
// shown: neither a line's end, nor what would turn a terminal about. Missing fields are empty; one that the
// kind does not have is a mistake of ours.
Line lineOf(Kind kind, std::string_view message,
            std::vector<std::pair<std::string_view, std::string>> fields);

// As the journal's native protocol wants it.
std::string nativeForm(const Line& line);
// For where there is no journal: `[MESSAGE_ID="…" MICGUARD_APP="…"] message`. The fields come first and are
// quoted, so that no message can pass for one.
std::string plainForm(const Line& line);

} // namespace micguard::journal
