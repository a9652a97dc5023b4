// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the rules make of every client and source, whether or not anything is muted. Pure.
#pragma once

#include "daemon/model/model.hpp"
#include "daemon/policy/flow.hpp"
#include "daemon/policy/rules.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

namespace micguard {

struct Rulings {
    // client -> what puts out a microphone's sound, sorted.
    using Pairs = std::map<GlobalId, std::vector<std::pair<GlobalId, Decision>>>;
    // Why it may not be heard. What is not listed may be.
    Pairs strict;
    // What a rule or an answer lets those hear who listen at all, and why. Nothing is enforced by it.
    Pairs allowed;
    // Clients of which it may be known in a moment who they are, while somebody is kept from something: until then nobody links them.
    std::set<GlobalId> unknownYet;
    // What puts it out from memory that somebody was given who has left since, and who may not hear it.
    std::set<GlobalId> exposed;

    const Decision* of(GlobalId client, GlobalId carrier) const { return in(strict, client, carrier); }
    static const Decision* in(const Pairs& pairs, GlobalId client, GlobalId carrier) {
        const auto carriers = pairs.find(client);
        if (carriers == pairs.end())
            return nullptr;
        const auto it = std::lower_bound(carriers->second.begin(), carriers->second.end(), carrier,
                                         [](const auto& one, GlobalId id) { return one.first < id; });
        return it == carriers->second.end() || it->first != carrier ? nullptr : &it->second;
    }
};

// A client whose properties have not come yet is kept from everything that anybody is kept from. Not judged: the guard,
// the session manager, the server.
Rulings judge(const Model& model, const RuleBook& book, const std::set<GlobalId>& managers);

} // namespace micguard
