// SPDX-License-Identifier: GPL-3.0-or-later
//
// A proof as it is asked for and answered: plain values that mirror the D-Bus contract.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace micguard {

struct VerifyOptions {
    static constexpr std::uint32_t mostSeconds = 60;

    std::uint32_t seconds = 2;        // of recording while muted
    std::vector<std::string> sources; // names; empty: all
    bool bluetooth = false;
    bool tone = false;
    bool operator==(const VerifyOptions&) const = default;
};

struct VerifyResult {
    std::string source; // object path; "/" if there is none
    std::string name;
    std::string verdict;
    std::string why;
    double peak = 0;
    std::uint64_t samples = 0;
    bool operator==(const VerifyResult&) const = default;
};

} // namespace micguard
