// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is wrong with a configuration file, where, and how to mend it: for a terminal, the journal and a D-Bus
// error alike.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace micguard {

// Every text is safe to print: what came from the file is quoted, shortened and free of control characters.
struct Diagnostic {
    std::string file;
    std::uint32_t line = 0; // from 1; 0: the file as a whole
    std::uint32_t column = 0;
    std::string what;
    std::string mend; // "" where nothing better is known than what `what` says
    bool operator==(const Diagnostic&) const = default;
};

using Diagnostics = std::vector<Diagnostic>;

// "file:line:column: what; mend", without a line break.
std::string toString(const Diagnostic& diagnostic);
// One per line.
std::string toString(const Diagnostics& diagnostics);

} // namespace micguard
