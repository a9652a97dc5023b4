// SPDX-License-Identifier: GPL-3.0-or-later
//
// The exposure report as the guard gives it, as plain values, and written out again as data: in the shapes that --json and
// --csv promise (documented in micguardctl(1)). Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>
#include <tl/expected.hpp>

namespace micguard::cli {

// The classes that this version knows, the most telling first.
inline constexpr std::string_view exposureClasses[] = {"continuous", "periodic", "held", "released"};

struct ExposurePeriod {
    std::uint64_t start = 0, end = 0; // of a mute; µs since the epoch
    std::string judged;               // "": too short to tell
};
struct ExposureStretch {
    std::uint64_t start = 0, end = 0;
    std::string doing; // asking holding
    bool assumed = false;
};

struct Exposure {
    std::string appId, name, identity;
    std::string judged; // class; "": no mute was long enough to tell
    std::map<std::string, std::uint32_t> counts;
    std::uint32_t mutes = 0, wakeups = 0;
    std::uint64_t mutedUsec = 0, askedUsec = 0, heldUsec = 0, assumedUsec = 0, samples = 0;
    bool levelMeter = false;
    std::vector<std::string> sources;
    bool ownMute = false; // it has muted itself
    std::string ownJudged;
    std::uint64_t ownMutedUsec = 0, ownAskedUsec = 0;
    std::vector<ExposurePeriod> periods;
    std::vector<ExposureStretch> stretches;
};

struct ExposureReport {
    std::uint64_t since = 0; // 0: from the first on that is known
    std::uint64_t until = 0;
    std::vector<Exposure> rows;
};

// From the reply to Report. Error: which key is missing or of another type; those we do not know are ignored.
tl::expected<std::vector<Exposure>, std::string> exposuresFrom(const nlohmann::json& reply);

nlohmann::json toJson(const ExposureReport& report);
std::string toCsv(const ExposureReport& report);

} // namespace micguard::cli
