// SPDX-License-Identifier: GPL-3.0-or-later
//
// Strings made fit for the bus and for terminals.
#include "daemon/bus/text.hpp"

#include <algorithm>

#include <glib.h>

namespace micguard {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD"; // U+FFFD

bool showable(gunichar character) {
    if (character < 0x20 || (character >= 0x7F && character <= 0x9F))
        return false;
    // sd-bus refuses noncharacters, GLib lets them pass.
    if ((character >= 0xFDD0 && character <= 0xFDEF) || (character & 0xFFFE) == 0xFFFE)
        return false;
    // Line and paragraph separators; marks, embeddings, overrides and isolates of the text's direction.
    if (character == 0x061C || character == 0x200E || character == 0x200F)
        return false;
    return !(character >= 0x2028 && character <= 0x202E) && !(character >= 0x2066 && character <= 0x2069);
}

// Length in bytes of the showable character at the start of `rest`, 0 if there is none.
std::size_t showableLength(std::string_view rest) {
    const auto first = static_cast<unsigned char>(rest.front());
    if (first < 0x80)
        return showable(first) ? 1 : 0;
    // No character is longer than 4 bytes: the limit keeps GLib from looking at the rest of a long string.
    const auto window = static_cast<gssize>(std::min<std::size_t>(rest.size(), 4));
    const gunichar character = g_utf8_get_char_validated(rest.data(), window);
    if (character == static_cast<gunichar>(-1) || character == static_cast<gunichar>(-2))
        return 0;
    return showable(character) ? static_cast<std::size_t>(g_unichar_to_utf8(character, nullptr)) : 0;
}

// Length of what is replaced as one: a whole character that may not be shown, or one wrong byte.
std::size_t refusedLength(std::string_view rest) {
    const auto window = static_cast<gssize>(std::min<std::size_t>(rest.size(), 4));
    const gunichar character = g_utf8_get_char_validated(rest.data(), window);
    if (character == 0 || character == static_cast<gunichar>(-1) || character == static_cast<gunichar>(-2))
        return 1;
    return static_cast<std::size_t>(g_unichar_to_utf8(character, nullptr));
}

} // namespace

std::string busText(std::string_view text, std::size_t limit) {
    std::string result;
    result.reserve(std::min(text.size(), limit));
    while (!text.empty()) {
        const std::size_t good = showableLength(text);
        const std::string_view piece = good != 0 ? text.substr(0, good) : replacement;
        if (result.size() + piece.size() > limit)
            break;
        result += piece;
        text.remove_prefix(good != 0 ? good : refusedLength(text));
    }
    return result;
}

bool isPrintable(std::string_view text, std::size_t limit) {
    if (text.size() > limit)
        return false;
    while (!text.empty()) {
        const std::size_t good = showableLength(text);
        if (good == 0)
            return false;
        text.remove_prefix(good);
    }
    return true;
}

} // namespace micguard
