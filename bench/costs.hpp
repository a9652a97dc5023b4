// SPDX-License-Identifier: GPL-3.0-or-later
// Table 2: what the guard costs. Each part appends lines of kind "cost" (key, column, and its figures) to the
// results; what is there as often as asked is not measured again. Judges nothing.
#pragma once

#include "bench/record.hpp"
#include "bench/stage.hpp"

#include <functional>
#include <string>
#include <vector>

namespace micguard::bench {

struct CostPlan {
    std::vector<std::string> daemon; // program and arguments that start micguardd
    unsigned calls = 40;             // per tool and quantum
    unsigned cycles = 5;             // per size of the crowd and mode
    std::vector<unsigned> crowds = {1, 8, 64, 256, 512};
    unsigned restSeconds = 60, churnSeconds = 30, toggles = 1000, starts = 5;
};

using CostProgress = std::function<void(const std::string&)>;

SessionOptions guardedOptions(const CostPlan& plan, std::vector<MicSpec> mics);

// Call to reply, to the last and to the first audible sample; whole processes.
void measureReplies(const CostPlan& plan, Results& results, const CostProgress& progress);
// With the number of streams, sources and connections.
void measureGrowth(const CostPlan& plan, Results& results, const CostProgress& progress);
// At rest, memory, churn.
void measureRest(const CostPlan& plan, Results& results, const CostProgress& progress);
// Latency and xruns of a capture; start-up among a thousand nodes.
void measurePath(const CostPlan& plan, Results& results, const CostProgress& progress);

} // namespace micguard::bench
