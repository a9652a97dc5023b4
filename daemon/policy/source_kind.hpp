// SPDX-License-Identifier: GPL-3.0-or-later
//
// The kinds of sources, as rules and users name them. Which kind a node is says classify.hpp.
#pragma once

namespace micguard {

enum class SourceKind { Hardware, Bluetooth, Virtual, Monitor, Network };

const char* name(SourceKind kind);

} // namespace micguard
