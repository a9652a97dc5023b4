// SPDX-License-Identifier: GPL-3.0-or-later
//
// See last_good.hpp. A line "file RANK BYTES BYTES", then so many bytes of path and of text; at the end
// "end": a text that was cut off has none and counts for nothing.
#include "config/last_good.hpp"

#include <charconv>

namespace micguard {

namespace {

constexpr std::string_view firstLine = "micguard last good configuration 1\n";
constexpr std::string_view lastLine = "end\n";

std::optional<std::string_view> take(std::string_view& text, std::size_t size) {
    if (size > text.size())
        return std::nullopt;
    const auto taken = text.substr(0, size);
    text.remove_prefix(size);
    return taken;
}

std::optional<std::size_t> takeNumber(std::string_view& line) {
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), number);
    if (error != std::errc{})
        return std::nullopt;
    line.remove_prefix(static_cast<std::size_t>(end - line.data()));
    if (line.starts_with(' '))
        line.remove_prefix(1);
    return number;
}

std::optional<SourceText> takeSource(std::string_view& text) {
    const auto lineEnd = text.find('\n');
    if (!text.starts_with("file ") || lineEnd == std::string_view::npos)
        return std::nullopt;
    auto line = text.substr(5, lineEnd - 5);
    text.remove_prefix(lineEnd + 1);
    SourceText source;
    bool known = false;
    for (const auto rank : {LayerRank::Vendor, LayerRank::System, LayerRank::User})
        if (const auto name = toString(rank); line.starts_with(name)) {
            source.rank = rank;
            line.remove_prefix(std::min(name.size() + 1, line.size()));
            known = true;
            break;
        }
    const auto pathSize = known ? takeNumber(line) : std::nullopt;
    const auto textSize = pathSize ? takeNumber(line) : std::nullopt;
    const auto path = textSize ? take(text, *pathSize) : std::nullopt;
    const auto body = path ? take(text, *textSize) : std::nullopt;
    if (!body || !take(text, 1))
        return std::nullopt;
    source.path = *path;
    source.text = *body;
    return source;
}

} // namespace

std::string lastGoodText(const std::vector<SourceText>& sources) {
    std::string out(firstLine);
    for (const auto& source : sources)
        out.append("file ")
            .append(toString(source.rank))
            .append(" " + std::to_string(source.path.size()) + " " + std::to_string(source.text.size()) +
                    "\n")
            .append(source.path)
            .append(source.text)
            .append("\n");
    return out.append(lastLine);
}

std::optional<std::vector<SourceText>> readLastGood(std::string_view text) {
    if (!text.starts_with(firstLine))
        return std::nullopt;
    text.remove_prefix(firstLine.size());
    std::vector<SourceText> sources;
    while (text != lastLine) {
        auto source = takeSource(text);
        if (!source)
            return std::nullopt;
        sources.push_back(std::move(*source));
    }
    return sources;
}

} // namespace micguard
