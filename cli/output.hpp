// SPDX-License-Identifier: GPL-3.0-or-later
//
// How micguardctl prints: aligned columns, colour where somebody sees it, times for people. Text from
// elsewhere goes through shown() before it gets here.
#pragma once

#include "cli/exit_code.hpp"
#include "cli/guard.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace micguard::cli {

enum class Colour { None, Red, Green, Yellow, Bold, Dim };

// Where standard output goes.
struct Terminal {
    bool colour = false;
    std::size_t columns = 0; // 0: no terminal, no limit

    static Terminal ofStandardOutput(); // looks at NO_COLOR and TERM

    std::string painted(std::string_view text, Colour colour) const;
};

enum class Keep { Begin, End };

struct Cell {
    std::string text;
    Colour colour = Colour::None;
    Keep keep = Keep::Begin; // where there is no room for all of it
};

// Rows under a header. On a terminal too narrow for all, the widest columns give way; where nothing is left to give, each
// row becomes lines of its own, one for each cell that is not empty.
class Table {
  public:
    explicit Table(std::vector<std::string> header);
    void add(std::vector<Cell> row); // as many as the header has
    std::string written(const Terminal& terminal) const;

  private:
    // Empty if they do not fit, however they are cut.
    std::vector<std::size_t> widths(const Terminal& terminal) const;
    std::string stacked(const Terminal& terminal) const;
    std::vector<std::string> header_;
    std::vector<std::vector<Cell>> rows_;
};

// "14:03:12" today, "2025-11-22 14:03:12" on another day; "" for 0. Both in µs since the epoch.
std::string clockTime(std::uint64_t time, std::uint64_t now);

// "3 s", "12 min", "2 h 5 min", "4 d 3 h"
std::string duration(std::uint64_t microseconds);

std::uint64_t nowInMicroseconds(); // since the epoch

Colour colourOfState(std::string_view state); // of the guard or of an application

// Writes to standard output at once. Returns what the verb should return: `code`, or Failed if it could not.
int print(std::string_view text, Exit code = Exit::Ok);

// Standard error, one line with our name in front.
void complain(std::string_view text);

// Says what went wrong; returns the exit status for it.
int failed(const CallError& error);

} // namespace micguard::cli
