// SPDX-License-Identifier: GPL-3.0-or-later
//
// Keeps clients from what they may not hear: a part of evaluate().
#pragma once

#include "daemon/policy/evaluate.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace micguard {

struct Severing {
    const Model& model;
    const std::set<GlobalId>& managers;
    std::vector<const Node*> severed = {};   // from whoever listens
    std::vector<const Node*> forbidden = {}; // from everyone, because nothing silences them
};

// Adds to `verdicts` what severing and its rulings need.
void sever(const Severing& severing, Verdicts& verdicts);

// One for each source that somebody was linked to by raised permissions: its warning's id ("raised:NAME") and text.
std::map<std::string, std::string> raisedWarnings(const Model& model, const Verdicts& verdicts);

} // namespace micguard
