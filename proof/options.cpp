// SPDX-License-Identifier: GPL-3.0-or-later
#include "proof/options.hpp"

#include <charconv>
#include <optional>
#include <string_view>

namespace micguard::proof {

namespace {

std::optional<std::uint32_t> secondsFrom(std::string_view text) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value == 0 ||
        value > Options::mostSeconds)
        return std::nullopt;
    return value;
}

} // namespace

tl::expected<Options, std::string> parse(std::span<const char* const> words) {
    Options options;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string_view word = words[i];
        const bool valued = word == "--seconds" || word == "--source";
        if (word == "--bluetooth")
            options.bluetooth = true;
        else if (word == "--tone")
            options.tone = true;
        else if (!valued)
            return tl::unexpected("unknown option " + std::string(word));
        else if (++i == words.size())
            return tl::unexpected(std::string(word) + " needs a value");
        else if (word == "--source")
            options.sources.emplace_back(words[i]);
        else if (const auto seconds = secondsFrom(words[i]))
            options.seconds = *seconds;
        else
            return tl::unexpected("--seconds is a number from 1 to " + std::to_string(Options::mostSeconds));
    }
    return options;
}

} // namespace micguard::proof
