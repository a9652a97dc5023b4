// SPDX-License-Identifier: GPL-3.0-or-later
//
// A model of what makes WirePlumber 0.5.8 turn a Bluetooth headset into a telephone and back
// (scripts/device/autoswitch-bluetooth-profile.lua): it looks at links as they are made and at streams as
// they go, not at links that go. Its time-outs (0.5 s to the telephone, 2 s back) are left out.
#pragma once

#include "daemon/model/graph.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>

namespace micguard::test {

class Autoswitch {
  public:
    void addLoopback(GlobalId node) { loopbacks_.insert(node); } // bluez5.loopback = true
    // `stream` was linked, and the session manager sees it.
    void streamLinked(const Graph& graph, const Node& stream);
    // It is no more, or no more in the session manager's sight.
    void streamGone(GlobalId stream);
    // "music" or "telephone"
    std::string profile(GlobalId device) const {
        return telephones_.contains(device) ? "telephone" : "music";
    }

  private:
    std::optional<GlobalId> headsetOf(const Graph& graph, const Node& stream,
                                      std::set<std::string>& seenGroups) const;
    void letGo(GlobalId stream);

    std::set<GlobalId> loopbacks_;
    std::map<GlobalId, GlobalId> active_, previous_; // stream -> headset
    std::set<GlobalId> telephones_;
};

} // namespace micguard::test
