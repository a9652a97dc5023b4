// SPDX-License-Identifier: GPL-3.0-or-later
//
// Whether a capture stream asks for samples, or is only held open: what the server tells of it, and what it does not
// (docs/report.md). Nothing is decided by it. Pure.
#pragma once

#include "daemon/policy/evaluate.hpp"

#include <cstdint>

namespace micguard {

struct Listening {
    bool asking = false;    // it runs, or would
    bool assumed = false;   // not known: as it was when it was known last, or the worst
    std::uint32_t rate = 0; // samples per second, of all channels together
    bool operator==(const Listening&) const = default;
};

// `source`: what it hears, or heard last; nullptr if it never heard any. `before`: the same of the moment before.
Listening listeningOf(const Model& model, const Verdicts& verdicts, const Node& stream, const Node* source,
                      const Listening* before);

} // namespace micguard
