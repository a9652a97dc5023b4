// SPDX-License-Identifier: GPL-3.0-or-later
// Runs the leak matrix: scene by scene, tools taking turns in one session, lines into the results.
#pragma once

#include "bench/record.hpp"
#include "bench/scene.hpp"

#include <functional>
#include <set>
#include <string>
#include <vector>

namespace micguard::bench {

struct MatrixPlan {
    std::set<std::string> rows; // ids
    std::vector<Tool> tools;
    unsigned runs = 10;
    std::vector<std::string> daemon; // program and arguments that start micguardd
};

// Says in one line what it is at; may be empty.
using Progress = std::function<void(const std::string&)>;

// False if some cell could not be measured as often as asked; its errors are in the results.
bool runMatrix(const MatrixPlan& plan, Results& results, const Progress& progress);

} // namespace micguard::bench
