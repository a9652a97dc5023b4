// SPDX-License-Identifier: GPL-3.0-or-later
//
// clang's libFuzzer over the configuration reader and the matcher: no input may crash them, every refusal
// must say something printable, and every settings value must survive being written and read again.
#include "config/glob.hpp"
#include "config/layers.hpp"
#include "config/toml_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace micguard;
    const std::string_view text(reinterpret_cast<const char*>(data), size);

    const auto half = text.size() / 2;
    static_cast<void>(globMatches(text.substr(0, half), text.substr(half)));

    const auto layer = parseLayer(text, "fuzz.toml");
    if (!layer) {
        if (layer.error().empty())
            std::abort();
        for (const auto& diagnostic : layer.error()) {
            const auto line = toString(diagnostic);
            if (diagnostic.line == 0 || diagnostic.what.empty() || line.find('\n') != std::string::npos ||
                line.find('\x1b') != std::string::npos)
                std::abort();
        }
        return 0;
    }
    Settings settings;
    apply(*layer, settings);
    const auto again = parseLayer(toToml(settings), "again.toml");
    if (!again)
        std::abort();
    Settings second;
    apply(*again, second);
    if (!(second == settings))
        std::abort();
    return 0;
}
