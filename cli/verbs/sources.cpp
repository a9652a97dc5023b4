// SPDX-License-Identifier: GPL-3.0-or-later
//
// micguardctl sources: the microphones, and what keeps each of them silent.
#include "cli/ask.hpp"
#include "cli/text.hpp"
#include "cli/verbs.hpp"

#include <nlohmann/json.hpp>

namespace micguard::cli {

namespace {

Cell state(const SourceFacts& source) {
    if (!source.guarded)
        return {"exempt", Colour::Yellow};
    if (source.silenced)
        return {"silent", Colour::Green};
    return {"open", Colour::Red};
}

std::string written(const Objects& objects, const Terminal& terminal) {
    if (objects.sources.empty())
        return "There is no microphone.\n";
    Table table({"MICROPHONE", "STATE", "METHOD", "KIND", "IN USE", "LED", "NAME"});
    for (const SourceFacts* source : objects.sourcesInOrder())
        table.add({{shown(source->description, 40)},
                   state(*source),
                   {shown(source->method, 16)},
                   {shown(source->kind, 16)},
                   {source->inUse ? "yes" : "no"},
                   {shown(source->led, 16)},
                   {shown(source->name, 200)}});
    return table.written(terminal);
}

} // namespace

int verbs::sources(const Invocation& how, const Terminal& terminal) {
    auto guard = Guard::connect();
    if (!guard)
        return failed(guard.error());
    const auto objects = askObjects(*guard);
    if (!objects)
        return failed(objects.error());
    if (!how.json)
        return print(written(*objects, terminal));
    nlohmann::json list = nlohmann::json::array();
    for (const SourceFacts* source : objects->sourcesInOrder())
        list.push_back(toJson(*source));
    return print(micguard::cli::written({{"sources", std::move(list)}}) + "\n");
}

} // namespace micguard::cli
