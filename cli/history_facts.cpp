// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/history_facts.hpp"

#include "cli/json_keys.hpp"

namespace micguard::cli {

using nlohmann::json;

tl::expected<std::vector<EntryFacts>, std::string> entriesFrom(const json& reply) {
    if (!reply.is_array())
        return tl::unexpected(std::string("the history is no list"));
    std::vector<EntryFacts> entries;
    for (const json& one : reply) {
        EntryFacts entry;
        Keys keys(one);
        keys("kind", entry.kind)("start", entry.start)("end", entry.end);
        keys.maybe("app", entry.appId)
            .maybe("name", entry.name)
            .maybe("identity", entry.identity)
            .maybe("source", entry.source);
        keys.maybe("level-meter", entry.levelMeter).maybe("count", entry.count);
        keys.maybe("by", entry.by).maybe("id", entry.id).maybe("reason", entry.reason);
        if (!keys.wrong().empty())
            return tl::unexpected(keys.wrong());
        entries.push_back(std::move(entry));
    }
    return entries;
}

json toJson(const EntryFacts& entry) {
    json out = {{"kind", entry.kind}, {"start", entry.start}, {"end", orNull(entry.end)}};
    const bool ofApplication = entry.kind == "session" || entry.kind == "block" || entry.kind == "answer";
    if (ofApplication) {
        out["app_id"] = entry.appId;
        out["name"] = entry.name;
        out["identity"] = entry.identity;
    }
    if (entry.kind == "session" || entry.kind == "block")
        out["source"] = orNull(entry.source);
    if (entry.kind == "session")
        out["level_meter"] = entry.levelMeter;
    if (entry.kind == "block" || entry.kind == "refusal")
        out["count"] = entry.count;
    if (entry.kind == "mute" || entry.kind == "answer" || entry.kind == "refusal")
        out["by"] = orNull(entry.by);
    if (entry.kind == "warning")
        out["id"] = entry.id;
    if (entry.kind != "session")
        out["reason"] = orNull(entry.reason);
    return out;
}

} // namespace micguard::cli
