// SPDX-License-Identifier: GPL-3.0-or-later
//
// clang's libFuzzer over the configuration reader and the matcher: no input may crash them, every refusal
// must say something printable, and every settings value must survive being written and read again.
#include "config/glob.hpp"
#include "config/layers.hpp"
#include "config/toml_reader.hpp"
#include "config/toml_writer.hpp"
#include "tests/unit/config_same.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace {

using namespace micguard;

void mustBeFitToPrint(const Diagnostics& diagnostics) {
    for (const auto& diagnostic : diagnostics) {
        const auto line = toString(diagnostic);
        if (diagnostic.line == 0 || diagnostic.column == 0 || diagnostic.what.empty() ||
            line.find('\n') != std::string::npos || line.find('\x1b') != std::string::npos)
            std::abort();
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);

    const auto half = text.size() / 2;
    static_cast<void>(globMatches(text.substr(0, half), text.substr(half)));

    for (const LayerRank rank : {LayerRank::System, LayerRank::User}) {
        const auto layer = parseLayer(text, "fuzz.toml", rank);
        if (!layer) {
            if (layer.error().empty())
                std::abort();
            mustBeFitToPrint(layer.error());
            continue;
        }
        mustBeFitToPrint(layer->warnings);
        if (rank == LayerRank::User && !layer->finals.empty())
            std::abort();
        Settings settings, second, third;
        apply(*layer, settings);
        const auto again = parseLayer(toToml(settings), "again.toml", rank);
        const auto partly = parseLayer(toToml(*layer), "partly.toml", rank);
        if (!again || !partly)
            std::abort();
        apply(*again, second);
        apply(*partly, third);
        if (!sayTheSame(second, settings) || !sayTheSame(third, settings) ||
            again->warnings.size() != layer->warnings.size())
            std::abort();
    }
    return 0;
}
