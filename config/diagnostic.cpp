// SPDX-License-Identifier: GPL-3.0-or-later
//
// See diagnostic.hpp.
#include "config/diagnostic.hpp"

namespace micguard {

std::string toString(const Diagnostic& diagnostic) {
    std::string out = diagnostic.file;
    if (diagnostic.line != 0)
        out += ":" + std::to_string(diagnostic.line) + ":" + std::to_string(diagnostic.column);
    out += ": " + diagnostic.what;
    if (!diagnostic.mend.empty())
        out += "; " + diagnostic.mend;
    return out;
}

std::string toString(const Diagnostics& diagnostics) {
    std::string out;
    for (const auto& diagnostic : diagnostics)
        out += toString(diagnostic) + "\n";
    return out;
}

} // namespace micguard
