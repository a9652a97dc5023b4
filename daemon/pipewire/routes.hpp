// SPDX-License-Identifier: GPL-3.0-or-later
//
// Puts a device's active routes together from the answers in which they come.
#pragma once

#include "daemon/pipewire/decode.hpp"

#include <cstdint>
#include <vector>

namespace micguard {

class RouteReader {
  public:
    // All that were read so far. They are counted from 0: a 0 begins a new answer.
    const std::vector<Route>& take(std::uint32_t index, const spa_pod* param) {
        if (index == 0)
            routes_.clear();
        if (const auto route = decode::route(param))
            routes_.push_back(*route);
        return routes_;
    }

  private:
    std::vector<Route> routes_;
};

} // namespace micguard
