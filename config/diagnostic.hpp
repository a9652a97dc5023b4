// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is wrong with a configuration file, where, and how to mend it: for a terminal, the journal and a D-Bus
// error alike.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace micguard {

// A warning leaves the file in force: it says what its author cannot have meant.
enum class Severity { Error, Warning };

// Every text is safe to print: what came from the file is quoted, shortened and free of control characters.
struct Diagnostic {
    std::string file;
    std::uint32_t line = 0; // from 1; 0: the file as a whole
    std::uint32_t column = 0;
    std::string what;
    std::string mend; // "" where nothing better is known than what `what` says
    Severity severity = Severity::Error;
    bool operator==(const Diagnostic&) const = default;
};

using Diagnostics = std::vector<Diagnostic>;

// "file:line:column: what; mend", without a line break. A warning has "warning: " before `what`.
std::string toString(const Diagnostic& diagnostic);
// One per line.
std::string toString(const Diagnostics& diagnostics);
// The first, and how many more there are, as one line; "" for none.
std::string summary(const Diagnostics& diagnostics);

} // namespace micguard
