// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/policy/wanted.hpp"

#include "daemon/policy/classify.hpp"

#include <charconv>
#include <cstdint>
#include <string>

namespace micguard {
namespace {

// As a program writes it: no sign, no zero before it.
std::optional<Serial> serialFrom(const std::string& text) {
    std::uint64_t number = 0;
    const auto end = text.data() + text.size();
    const auto [last, error] = std::from_chars(text.data(), end, number);
    return error == std::errc{} && last == end && std::to_string(number) == text
               ? std::optional(Serial{number})
               : std::nullopt;
}

} // namespace

WantedSources::WantedSources(const Model& model)
    : model_(model) {
    if (model.defaultSource.empty())
        return;
    for (const auto& [id, node] : model.graph.nodes)
        if (node.name == model.defaultSource && isSource(model.graph, node))
            byDefault_ = &node;
}

const Node* WantedSources::of(const Node& stream) {
    const auto fed = model_.lastFed.find(stream.serial);
    if (fed != model_.lastFed.end())
        return model_.graph.node(fed->second);
    const Node* asked = stream.target.empty() ? nullptr : named(stream.target);
    return asked ? asked : byDefault_;
}

// By its name or its serial.
const Node* WantedSources::named(const std::string& target) {
    if (!byName_) {
        byName_.emplace();
        for (const auto& [id, node] : model_.graph.nodes)
            byName_->emplace(node.name, &node);
    }
    const auto found = byName_->find(target);
    const Node* byName = found == byName_->end() ? nullptr : found->second;
    const auto serial = serialFrom(target);
    const Node* bySerial = serial ? model_.graph.node(*serial) : nullptr;
    if (!byName || !bySerial)
        return byName ? byName : bySerial;
    return byName->id < bySerial->id ? byName : bySerial;
}

} // namespace micguard
