// SPDX-License-Identifier: GPL-3.0-or-later
//
// See diagnostic.hpp.
#include "config/diagnostic.hpp"

namespace micguard {

std::string toString(const Diagnostic& diagnostic) {
    std::string out = diagnostic.file;
    if (diagnostic.line != 0)
        out += ":" + std::to_string(diagnostic.line) + ":" + std::to_string(diagnostic.column);
    out += diagnostic.severity == Severity::Warning ? ": warning: " : ": ";
    out += diagnostic.what;
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

std::string summary(const Diagnostics& diagnostics) {
    if (diagnostics.empty())
        return {};
    std::string out = toString(diagnostics.front());
    if (diagnostics.size() > 1)
        out += " (and " + std::to_string(diagnostics.size() - 1) + " more, see micguardctl config check)";
    return out;
}

} // namespace micguard
