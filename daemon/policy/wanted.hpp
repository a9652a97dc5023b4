// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a stream would hear. Pure.
#pragma once

#include "daemon/model/model.hpp"

namespace micguard {

// The source that it heard last, asks for, or would get; nullptr if there is none.
const Node* wantedSource(const Model& model, const Node& stream);

} // namespace micguard
