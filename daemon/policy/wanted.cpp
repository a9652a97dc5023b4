// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/policy/wanted.hpp"

#include "daemon/policy/classify.hpp"

#include <string>

namespace micguard {
namespace {

bool asksFor(const Node& stream, const Node& source) {
    return !stream.target.empty() &&
           (stream.target == source.name || stream.target == std::to_string(raw(source.serial)));
}

} // namespace

const Node* wantedSource(const Model& model, const Node& stream) {
    const auto fed = model.lastFed.find(stream.serial);
    if (fed != model.lastFed.end())
        return model.graph.node(fed->second);
    const Node* byDefault = nullptr;
    for (const auto& [id, node] : model.graph.nodes) {
        if (asksFor(stream, node))
            return &node;
        if (!model.defaultSource.empty() && node.name == model.defaultSource && isSource(model.graph, node))
            byDefault = &node;
    }
    return byDefault;
}

} // namespace micguard
