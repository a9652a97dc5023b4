// SPDX-License-Identifier: GPL-3.0-or-later
//
// Where the sound of microphones goes beside the applications that listen to them: through loopbacks, filter chains, echo
// cancellers and sinks. Whoever may not hear a microphone may not hear what hands it on either. Pure.
#pragma once

#include "daemon/model/graph.hpp"

#include <map>
#include <set>

namespace micguard {

// Every node that puts out what a source puts into the graph, with the sources whose sound it is: sources themselves (each
// stands for itself), virtual sources behind them, sinks into which one of them plays (their monitors), playback halves, and
// whatever else takes it in and has outputs.
using Flow = std::map<GlobalId, std::set<GlobalId>>;

Flow flowOf(const Graph& graph);

// The microphone that a listener to `source` hears: the one that flows into it, where it is a filter's; else itself.
const Node& microphoneBehind(const Graph& graph, const Flow& flow, const Node& source);

} // namespace micguard
