// SPDX-License-Identifier: GPL-3.0-or-later
//
// See wording.hpp.
#include "config/wording.hpp"

#include <algorithm>
#include <cstdint>
#include <numeric>

namespace micguard {

namespace {

// Optimal string alignment: insert, delete, replace, and swap of two neighbours count one each.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
    std::iota(above.begin(), above.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replace = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({replace, above[j] + 1, row[j - 1] + 1});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], before[j - 2] + 1);
        }
        std::swap(before, above);
        std::swap(above, row);
    }
    return above[b.size()];
}

// As words of settings are compared.
std::string folded(std::string_view text) {
    std::string out = lowered(text);
    std::replace(out.begin(), out.end(), '-', '_');
    return out;
}

} // namespace

std::string lowered(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z')
            c = static_cast<char>(c - 'A' + 'a');
    return out;
}

Character firstCharacter(std::string_view text) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    const auto lead = byte(0);
    if (lead < 0x80)
        return {lead, 1};
    const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
    if (length == 0 || lead > 0xf4 || text.size() < length)
        return {};
    char32_t code = lead & (0xffU >> (length + 1));
    for (std::size_t at = 1; at < length; ++at) {
        if ((byte(at) & 0xc0) != 0x80)
            return {};
        code = (code << 6) | (byte(at) & 0x3fU);
    }
    return {code, length};
}

bool mayBeShown(char32_t code) {
    if (code < 0x20 || (code >= 0x7f && code < 0xa0))
        return false;
    // Line and paragraph separators, and the marks that turn the direction of what follows.
    return !(code >= 0x200b && code <= 0x200f) && !(code >= 0x2028 && code <= 0x202e) &&
           !(code >= 0x2066 && code <= 0x2069) && code != 0xfeff;
}

std::string printable(std::string_view text, std::size_t limit) {
    std::string out;
    while (!text.empty()) {
        const auto character = firstCharacter(text);
        const auto length = std::max<std::size_t>(character.length, 1);
        const bool shown = character.length != 0 && mayBeShown(character.code);
        if (out.size() + length > limit)
            return out + "…";
        if (shown)
            out += text.substr(0, length);
        else
            out += '?';
        text.remove_prefix(length);
    }
    return out;
}

std::string cited(std::string_view text) {
    return "'" + printable(text, 60) + "'";
}

std::optional<std::string_view> nearest(std::string_view text, const std::vector<std::string_view>& known) {
    // Longer than any slip would make it; also keeps the table of distances small.
    if (text.size() > 64)
        return std::nullopt;
    const auto wanted = folded(text);
    std::optional<std::string_view> best;
    std::size_t bestDistance = 3;
    for (const auto candidate : known) {
        const auto far = distance(wanted, folded(candidate));
        if (far < bestDistance && far * 2 <= candidate.size()) {
            best = candidate;
            bestDistance = far;
        }
    }
    return best;
}

std::optional<std::string_view> meant(std::string_view text, const std::vector<std::string_view>& known,
                                      std::span<const Synonym> synonyms) {
    if (text.size() <= 64)
        for (const auto& synonym : synonyms)
            if (folded(text) == synonym.said)
                return synonym.meant;
    return nearest(text, known);
}

std::string listed(const std::vector<std::string_view>& words, std::string_view last) {
    std::string out;
    for (std::size_t at = 0; at < words.size(); ++at) {
        if (at > 0)
            out += at + 1 == words.size() ? " " + std::string(last) + " " : std::string(", ");
        out += words[at];
    }
    return out;
}

std::string quotedWords(const std::vector<std::string_view>& words) {
    std::vector<std::string> quoted;
    quoted.reserve(words.size());
    for (const auto word : words)
        quoted.push_back("\"" + std::string(word) + "\"");
    return listed({quoted.begin(), quoted.end()});
}

} // namespace micguard
