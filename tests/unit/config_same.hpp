// SPDX-License-Identifier: GPL-3.0-or-later
//
// Settings compared for what they say, wherever they say it.
#pragma once

#include "config/settings.hpp"

namespace micguard {

inline bool sayTheSame(Settings a, Settings b) {
    for (Settings* settings : {&a, &b})
        for (Rule& rule : settings->rules) {
            rule.origin = {};
            rule.rank = LayerRank::User;
        }
    return a == b;
}

} // namespace micguard
