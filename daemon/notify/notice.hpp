// SPDX-License-Identifier: GPL-3.0-or-later
//
// One thing that people are told, as plain text: who shows it escapes what has to be. Values only.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace micguard {

struct Notice {
    enum class Urgency : unsigned char { Low, Normal, Critical };

    std::string summary, body;
    std::string icon; // a name of the icon naming specification, or of a desktop entry
    Urgency urgency = Urgency::Normal;
    bool stays = false; // until it is moot; others go by themselves, and are not shown anew
    std::vector<std::pair<std::string, std::string>> actions; // id and what the button says
    bool operator==(const Notice&) const = default;
};

} // namespace micguard
