// SPDX-License-Identifier: GPL-3.0-or-later
//
// The history as the guard gives it, as plain values, and written out again in the shape that --json promises
// (documented in micguardctl(1)). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>
#include <tl/expected.hpp>

namespace micguard::cli {

struct EntryFacts {
    std::string kind;        // session, mute, block, answer, warning; more may come
    std::uint64_t start = 0; // µs since the epoch
    std::uint64_t end = 0;   // 0: it goes on
    std::string appId, name, identity, source, by, id, reason;
    bool levelMeter = false;
    std::uint32_t count = 0;

    // As people call the application.
    const std::string& called() const { return name.empty() ? appId : name; }
};

// From the reply to History. Error: which key is missing or of another type; those we do not know are
// ignored.
tl::expected<std::vector<EntryFacts>, std::string> entriesFrom(const nlohmann::json& reply);

nlohmann::json toJson(const EntryFacts& entry);

} // namespace micguard::cli
