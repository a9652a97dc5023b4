// SPDX-License-Identifier: GPL-3.0-or-later
//
// See text.hpp. An application chooses its own name, so everything here assumes the worst of its input.
#include "cli/text.hpp"

#include "cli/width_tables.hpp"

#include <algorithm>
#include <iterator>

namespace micguard::cli {

namespace {

constexpr char32_t replacement = 0xfffd;
constexpr int combiningMarksKept = 3;

template <std::size_t N>
bool within(const Range (&ranges)[N], char32_t c) {
    const auto* after = std::upper_bound(std::begin(ranges), std::end(ranges), c,
                                         [](char32_t value, const Range& r) { return value < r.first; });
    return after != std::begin(ranges) && c <= std::prev(after)->last;
}

// Takes one code point off the front. Overlong forms, surrogates and stray bytes cost one byte and read as
// U+FFFD.
char32_t next(std::string_view& text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(0);
    std::size_t length = 1;
    char32_t value = lead;
    char32_t smallest = 0;
    if (lead >= 0xc2 && lead <= 0xdf) {
        length = 2, value = lead & 0x1f, smallest = 0x80;
    } else if (lead >= 0xe0 && lead <= 0xef) {
        length = 3, value = lead & 0x0f, smallest = 0x800;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
        length = 4, value = lead & 0x07, smallest = 0x10000;
    } else if (lead >= 0x80) {
        text.remove_prefix(1);
        return replacement;
    }
    bool valid = text.size() >= length;
    for (std::size_t i = 1; valid && i < length; ++i) {
        valid = (byte(i) & 0xc0) == 0x80;
        value = value << 6 | (byte(i) & 0x3fu);
    }
    valid = valid && value >= smallest && value <= 0x10ffff && !(value >= 0xd800 && value <= 0xdfff);
    text.remove_prefix(valid ? length : 1);
    return valid ? value : replacement;
}

void append(std::string& out, char32_t c) {
    const auto put = [&](char32_t bits) {
        out.push_back(static_cast<char>(static_cast<unsigned char>(bits)));
    };
    if (c < 0x80) {
        put(c);
    } else if (c < 0x800) {
        put(0xc0 | c >> 6);
        put(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        put(0xe0 | c >> 12);
        put(0x80 | (c >> 6 & 0x3f));
        put(0x80 | (c & 0x3f));
    } else {
        put(0xf0 | c >> 18);
        put(0x80 | (c >> 12 & 0x3f));
        put(0x80 | (c >> 6 & 0x3f));
        put(0x80 | (c & 0x3f));
    }
}

bool isControl(char32_t c) {
    return c < 0x20 || (c >= 0x7f && c <= 0x9f);
}
bool isBlank(char32_t c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\v' || c == '\f' || c == '\r' || c == 0x85 ||
           c == 0xa0 || c == 0x2028 || c == 0x2029 || c == 0x3000 || (c >= 0x2000 && c <= 0x200a);
}

// Characters one cannot see but that reorder, join or hide others; tags and private use draw nothing
// sensible.
bool isInvisible(char32_t c) {
    return c == 0xad || c == 0x61c || c == 0x180e || (c >= 0x200b && c <= 0x200f) ||
           (c >= 0x202a && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
           (c >= 0xfff9 && c <= 0xfffb) || c == 0x3164 || c == 0x115f || c == 0x1160 || c == 0xffa0 ||
           (c >= 0xe0000 && c <= 0xe0fff) || (c & 0xfffe) == 0xfffe;
}

// After an introducer: drops the rest of the sequence. A sequence that never ends swallows what is left, as a
// terminal would.
void skipEscape(std::string_view& rest, char32_t introducer) {
    char32_t kind = introducer;
    if (introducer == 0x1b) {
        if (rest.empty())
            return;
        kind = next(rest);
        while (kind >= 0x20 && kind <= 0x2f && !rest.empty()) // "ESC ( B" and the like
            kind = next(rest);
    }
    if (kind == '[' || kind == 0x9b) {
        while (!rest.empty()) {
            const char32_t c = next(rest);
            if (c >= 0x40 && c <= 0x7e)
                return;
        }
    }
    const bool isString = kind == ']' || kind == 'P' || kind == 'X' || kind == '^' || kind == '_' ||
                          kind == 0x9d || kind == 0x90 || kind == 0x98 || kind == 0x9e || kind == 0x9f;
    while (isString && !rest.empty()) {
        const char32_t c = next(rest);
        if (c == 0x07 || c == 0x9c)
            return;
        if (c == 0x1b) {
            if (!rest.empty())
                next(rest);
            return;
        }
    }
}

} // namespace

std::string sanitised(std::string_view text) {
    std::string out;
    out.reserve(std::min<std::size_t>(text.size(), 4096));
    bool blank = false;
    int marks = combiningMarksKept; // a mark at the very beginning would sit on our own text
    while (!text.empty()) {
        const char32_t c = next(text);
        if (c == 0x1b || c == 0x9b || c == 0x9d || c == 0x90 || c == 0x98 || c == 0x9e || c == 0x9f) {
            skipEscape(text, c);
            continue;
        }
        if (isBlank(c)) {
            blank = true;
            continue;
        }
        if (isControl(c) || isInvisible(c))
            continue;
        if (columnsOf(c) == 0) {
            if (blank || marks >= combiningMarksKept)
                continue;
            ++marks;
        } else {
            marks = 0;
        }
        if (blank && !out.empty())
            out.push_back(' ');
        blank = false;
        append(out, c);
    }
    return out;
}

bool isUtf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t before = text.size();
        // Somebody may have written U+FFFD itself; what is broken costs one byte.
        if (next(text) == replacement && before - text.size() == 1)
            return false;
    }
    return true;
}

int columnsOf(char32_t codePoint) {
    if (codePoint < 0x300)
        return isControl(codePoint) ? 0 : 1;
    if (within(zeroWidth, codePoint))
        return 0;
    return within(doubleWidth, codePoint) ? 2 : 1;
}

std::size_t displayWidth(std::string_view text) {
    std::size_t width = 0;
    while (!text.empty())
        width += static_cast<std::size_t>(columnsOf(next(text)));
    return width;
}

std::string cut(std::string_view text, std::size_t columns) {
    if (displayWidth(text) <= columns)
        return std::string(text);
    if (columns == 0)
        return {};
    std::string out;
    std::size_t width = 0;
    while (!text.empty()) {
        const char32_t c = next(text);
        const auto more = static_cast<std::size_t>(columnsOf(c));
        if (width + more > columns - 1)
            break;
        width += more;
        append(out, c);
    }
    return out + "…";
}

std::string cutFront(std::string_view text, std::size_t columns) {
    std::size_t width = displayWidth(text);
    if (width <= columns)
        return std::string(text);
    if (columns == 0)
        return {};
    // What has no width of its own goes with the letter that it sits on.
    std::string_view rest = text;
    while (!rest.empty()) {
        std::string_view after = rest;
        const auto first = static_cast<std::size_t>(columnsOf(next(after)));
        if (width <= columns - 1 && first > 0)
            break;
        width -= first;
        rest = after;
    }
    return "…" + std::string(rest);
}

std::string padded(std::string_view text, std::size_t columns) {
    std::string out = cut(text, columns);
    out.append(columns - displayWidth(out), ' ');
    return out;
}

std::string shown(std::string_view foreign, std::size_t columns) {
    return cut(sanitised(foreign), columns);
}

std::string markup(std::string_view text) {
    std::string out;
    for (const char c : text)
        switch (c) {
        case '&':
            out += "&amp;";
            break;
        case '<':
            out += "&lt;";
            break;
        case '>':
            out += "&gt;";
            break;
        case '"':
            out += "&quot;";
            break;
        case '\'':
            out += "&#39;";
            break;
        default:
            out += c;
        }
    return out;
}

} // namespace micguard::cli
