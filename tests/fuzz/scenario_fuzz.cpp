// SPDX-License-Identifier: GPL-3.0-or-later
//
// clang's libFuzzer over the scenarios' language, and with it over whatever graph somebody can write down: a
// text is refused with a sentence, or made into a world in which a mute that is promised is one.
#include "config/layers.hpp"
#include "config/toml_reader.hpp"
#include "tests/scenarios/moment.hpp"
#include "tests/scenarios/sections.hpp"
#include "tests/unit/world.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>

namespace {

using namespace micguard;
using namespace micguard::test;

[[noreturn]] void failed(const std::string& what) {
    std::fprintf(stderr, "scenario_fuzz: %s\n", what.c_str());
    std::abort();
}

void play(const Section& section, std::unique_ptr<World>& world) {
    const auto words = wordsOf(section.head);
    if (words.front() == "given")
        world = std::make_unique<World>(joined(section.body));
    else if (!world)
        throw std::runtime_error("before any \"given\"");
    else if (words.front() == "rules" || words.front() == "settings") {
        Settings settings;
        if (const auto layer = parseLayer(joined(section.body), "fuzz.toml", LayerRank::User))
            apply(*layer, settings);
        world->receive(event::SettingsLoaded{settings});
    } else if (words.front() == "time")
        world->receive(momentOf({words.begin() + 1, words.end()}));
    else if (matches(words, {"when", "mute"}))
        world->mute();
    else if (matches(words, {"when", "unmute"}))
        world->unmute();
    else if (words.front() == "when")
        world->say(joined(section.body));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size > 4096)
        return 0;
    std::istringstream text(std::string(reinterpret_cast<const char*>(data), size));
    std::unique_ptr<World> world;
    try {
        for (const auto& section : sectionsOf(text))
            play(section, world);
        if (!world)
            return 0;
        world->mute();
        world->rest();
        if (const auto promised = world->promise();
            promised.holds && world->model.settings.sources.exempt.empty())
            for (const auto& pair : world->server.audible())
                failed("promised, and audible: " + pair);
        if (!world->plan().empty())
            failed("at rest, and not everything is done");
    } catch (const std::runtime_error& error) {
        if (std::string(error.what()).empty())
            failed("refused without a word");
    }
    return 0;
}
