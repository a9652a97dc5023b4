// SPDX-License-Identifier: GPL-3.0-or-later
#include "proof/options.hpp"

#include "cli/count_from.hpp"

#include <string_view>

namespace micguard::proof {

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
        else if (const auto seconds = cli::countFrom(words[i], Options::mostSeconds))
            options.seconds = *seconds;
        else
            return tl::unexpected("--seconds is a number from 1 to " + std::to_string(Options::mostSeconds));
    }
    return options;
}

} // namespace micguard::proof
