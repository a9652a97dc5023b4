// SPDX-License-Identifier: GPL-3.0-or-later
//
// The verdict: for every source whether it must be silent or severed and why, for every client what it may
// see. Pure; the same model gives the same verdicts. Nothing said about an object means the default.
#pragma once

#include "daemon/model/model.hpp"
#include "daemon/policy/admission.hpp"
#include "daemon/policy/judge.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace micguard {

// Whether the knob of a source is known to hold it silent.
enum class KnobState {
    Open,    // nobody asked for silence
    Pending, // asked, not yet confirmed
    Holds,   // the server acknowledged it and the source itself reads back 0
    Fails    // it does not obey: what comes out has to be kept from the clients instead
};

KnobState knobState(const Model& model, const Node& node);

// Its process is one too many to be asked: each costs a connection, and any client can put a source into one. It is asked when
// another one goes. The session manager always is.
bool isBeyondAsking(const Model& model, const Node& node);

// Of a source, or of a node that was kept silent until it was known not to be one.
struct SourceVerdict {
    GlobalId node{};
    bool guarded = true;
    bool silent = false;
    bool sever = false;
    std::string reason;
    bool operator==(const SourceVerdict&) const = default;
};

struct Verdicts {
    bool muted = false;
    std::vector<SourceVerdict> sources;
    // client -> object -> permissions; what is not listed is left at the client's default.
    std::map<GlobalId, std::map<GlobalId, std::uint32_t>> permissions;
    std::map<GlobalId, Admission> admissions; // of those clients that the server lets wait for us
    std::set<GlobalId> cutLinks;              // links whose listener no permission binds
    std::set<GlobalId> raised;       // those of them that exist because somebody has given a permission back
    std::set<GlobalId> destroyNodes; // sources that can be kept from their maker in no other way
    Rulings rulings;
    std::map<GlobalId, Decision> ruled;    // streams that may not hear what they ask for, and why
    std::map<GlobalId, GlobalId> keptFrom; // of each of them, what it may not hear
    std::set<GlobalId> silenced;           // those of them that go on, with silence in its place

    const SourceVerdict* source(GlobalId node) const {
        for (const auto& verdict : sources)
            if (verdict.node == node)
                return &verdict;
        return nullptr;
    }
};

// Into verdicts.permissions. Whoever could destroy our connection or the session manager's would undo everything with one message (X is
// enough, and any ordinary client has it), so nobody else gets more than a look at those.
void protectConnections(const Model& model, const std::set<GlobalId>& managers, Verdicts& verdicts);

// `book` is made from the settings of the model.
Verdicts evaluate(const Model& model, const RuleBook& book);

// What stands between the verdicts and the promise of design section 1.
struct Guarantee {
    bool holds = false;               // everything is acknowledged
    std::vector<std::string> waiting; // names of the sources that are not
};

Guarantee guarantee(const Model& model, const Verdicts& verdicts);

// Letting go while muted: the user's own mutes take the guard's place.
bool standsIn(const Model& model);
// That one does and is confirmed: only then may the knob open.
bool userMuteInForce(const Model& model, const Node& node);
// It does on this one: not where it was open before, by whomever, nor on what came when the guard had let go already.
bool standsInOn(const Model& model, const Node& node);

} // namespace micguard
