// SPDX-License-Identifier: GPL-3.0-or-later
//
// Carries out what is missing between the model and the server: evaluate, plan, perform, record. Decides
// nothing itself.
#pragma once

#include "daemon/enforce/server.hpp"
#include "daemon/policy/evaluate.hpp"

#include <cstdint>
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

    // Everything sent is acknowledged.
    bool quiet() const;

    // Sources whose silence is acknowledged by the server but not yet confirmed by the process they live in.
    std::vector<Serial> awaitingEvidence() const;

  private:
    Model& model_;
    Server& server_;
    Verdicts verdicts_;
    std::uint64_t batch_ = 0;
};

} // namespace micguard
