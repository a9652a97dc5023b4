// SPDX-License-Identifier: GPL-3.0-or-later
//
// Text that came from elsewhere (application names, window titles, error messages) made fit for a terminal,
// and measured in terminal columns. Pure; does not look at the locale: everything we print is UTF-8.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace micguard::cli {

// Without terminal escape sequences, control characters (C0, DEL, C1), line ends, bidirectional overrides and
// invisible characters; bytes that are no UTF-8 become U+FFFD; runs of blanks become one. More than a few
// combining marks on one letter are dropped. What remains takes one line and writes in one direction of ours.
std::string sanitised(std::string_view text);

bool isUtf8(std::string_view text);

// Terminal columns of one code point: 0 (combining), 1 or 2 (East Asian wide, emoji).
int columnsOf(char32_t codePoint);

// Terminal columns of sanitised text.
std::size_t displayWidth(std::string_view text);

// At most `columns` wide; what is cut off is marked with an ellipsis.
std::string cut(std::string_view text, std::size_t columns);

// The same, of text whose end says most, as a file's name with the line.
std::string cutFront(std::string_view text, std::size_t columns);

// cut() and then filled up with blanks to exactly `columns`.
std::string padded(std::string_view text, std::size_t columns);

// What a verb prints of somebody else's text: sanitised and cut to a length nobody needs more of.
std::string shown(std::string_view foreign, std::size_t columns = 80);

// As text in HTML, SVG and Pango's markup, in attributes as well.
std::string markup(std::string_view text);

} // namespace micguard::cli
