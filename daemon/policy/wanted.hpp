// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a stream would hear. Pure.
#pragma once

#include "daemon/model/model.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace micguard {

// Of one model, which has to outlive it and does not change meanwhile. All nodes are looked through once, and not once for each of
// hundreds of streams.
class WantedSources {
  public:
    explicit WantedSources(const Model& model);

    // The source that it heard last, asks for, or would get; nullptr if there is none.
    const Node* of(const Node& stream);

  private:
    const Node* named(const std::string& target);

    const Model& model_;
    const Node* byDefault_ = nullptr;
    std::optional<std::map<std::string_view, const Node*>>
        byName_; // made for the first stream that asks for one
};

} // namespace micguard
