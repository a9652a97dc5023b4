// SPDX-License-Identifier: GPL-3.0-or-later
//
// micguardctl apps: who listens, to which microphone, as which process.
#include "cli/ask.hpp"
#include "cli/text.hpp"
#include "cli/verbs.hpp"

#include <algorithm>
#include <vector>

#include <nlohmann/json.hpp>

namespace micguard::cli {

namespace {

void addOnce(std::vector<std::string>& list, std::string text) {
    if (!text.empty() && std::find(list.begin(), list.end(), text) == list.end())
        list.push_back(std::move(text));
}

std::string joined(const std::vector<std::string>& list) {
    std::string out;
    for (const std::string& text : list)
        out.append(out.empty() ? "" : ", ").append(text);
    return out;
}

std::string written(const Objects& objects, const Terminal& terminal) {
    if (objects.applications.empty())
        return "No application listens to a microphone.\n";
    const std::uint64_t now = nowInMicroseconds();
    Table table({"APPLICATION", "STATE", "SINCE", "MICROPHONE", "PID", "IDENTITY"});
    for (const ApplicationFacts* app : objects.applicationsInOrder()) {
        std::vector<std::string> sources, pids;
        for (const StreamFacts* stream : objects.streamsOf(app->path)) {
            if (const auto source = objects.sources.find(stream->source); source != objects.sources.end())
                addOnce(sources, shown(source->second.description, 40));
            if (stream->pid != 0)
                addOnce(pids, std::to_string(stream->pid));
        }
        const std::string name = shown(app->name.empty() ? app->appId : app->name, 40);
        table.add({{app->levelMeterOnly ? name + " (level meter)" : name},
                   {shown(app->state, 16) + (app->muted ? ", muted" : ""), colourOfState(app->state)},
                   {clockTime(app->since, now)},
                   {joined(sources)},
                   {joined(pids)},
                   {shown(app->appId, 60) + " (" +
                    shown(app->sandbox.empty() ? app->identity : app->sandbox, 16) + ")"}});
    }
    return table.written(terminal);
}

} // namespace

int verbs::apps(const Invocation& how, const Terminal& terminal) {
    auto guard = Guard::connect();
    if (!guard)
        return failed(guard.error());
    const auto objects = askObjects(*guard);
    if (!objects)
        return failed(objects.error());
    if (!how.json)
        return print(written(*objects, terminal));
    nlohmann::json list = nlohmann::json::array();
    for (const ApplicationFacts* app : objects->applicationsInOrder())
        list.push_back(toJson(*app, *objects));
    return print(micguard::cli::written({{"apps", std::move(list)}}) + "\n");
}

} // namespace micguard::cli
