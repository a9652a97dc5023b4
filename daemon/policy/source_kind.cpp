// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/policy/source_kind.hpp"

namespace micguard {

const char* name(SourceKind kind) {
    switch (kind) {
    case SourceKind::Hardware:
        return "hardware";
    case SourceKind::Bluetooth:
        return "bluetooth";
    case SourceKind::Virtual:
        return "virtual";
    case SourceKind::Monitor:
        return "monitor";
    case SourceKind::Network:
        return "network";
    }
    return "virtual";
}

} // namespace micguard
