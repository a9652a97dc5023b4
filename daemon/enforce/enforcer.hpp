// SPDX-License-Identifier: GPL-3.0-or-later
//
// Carries out what is missing between the model and the server: evaluate, plan, perform, record. Decides
// nothing itself.
#pragma once

#include "daemon/enforce/server.hpp"
#include "daemon/policy/evaluate.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace micguard {

class Enforcer {
  public:
    // Both must outlive it.
    Enforcer(Model& model, Server& server);

    // Brings the server up to the model as it is now. Cheap when nothing is missing. Returns how many actions
    // were sent.
    std::size_t settle();

    // As of the last settle().
    const Verdicts& verdicts() const { return verdicts_; }

    // Of the settings as they are now.
    const RuleBook& rules();

    // Everything sent is carried out, except by processes that do not answer.
    bool quiet() const;
    // Everything sent is carried out, by those as well.
    bool allAnswered() const;

    // That a guard before us kept everybody from harming connections is in no marker: from here on it passes for ours, to be given back.
    void adoptProtection();

    // Asks the server for nothing but whether it has time for us, and whether it has had it since: then all is done that it was asked
    // for before, as far as that is in the server.
    std::uint64_t ask();
    bool answered(std::uint64_t asked) const { return model_.applied.done(asked); }

    // What was asked for and is not yet seen to be done.
    struct Awaited {
        std::vector<Serial> nodes; // asked, answered, and not read to be silent yet
        std::vector<std::pair<Serial, std::uint64_t>> clients; // whose processes have not answered this batch
        bool empty() const { return nodes.empty() && clients.empty(); }
    };
    Awaited awaited() const;

    // The same for people who waited in vain, and of the server as well: "PipeWire", "easyeffects (pid 12)". Empty if nothing is
    // missing.
    std::vector<std::string> owing() const;

  private:
    Model& model_;
    Server& server_;
    Verdicts verdicts_;
    std::optional<RuleBook> book_;
    std::uint64_t bookOf_ = 0; // Model::settingsLoaded when it was made
    std::uint64_t batch_ = 0;
};

} // namespace micguard
