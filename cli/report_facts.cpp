// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/report_facts.hpp"

#include "cli/json_keys.hpp"
#include "cli/text.hpp"

#include <nlohmann/json.hpp>

namespace micguard::cli {

namespace {

using nlohmann::json;

// A struct of D-Bus comes as a list.
template <typename... T>
bool takeAll(const json& from, T&... into) {
    std::size_t index = 0;
    return from.is_array() && from.size() == sizeof...(into) && (take(from[index++], into) && ...);
}

bool take(const json& from, ExposurePeriod& into) {
    return takeAll(from, into.start, into.end, into.judged);
}
bool take(const json& from, ExposureStretch& into) {
    return takeAll(from, into.start, into.end, into.doing, into.assumed);
}

template <typename T>
bool takeList(const json& from, const char* key, std::vector<T>& into) {
    const auto found = from.find(key);
    if (found == from.end() || !found->is_array())
        return false;
    for (const json& entry : *found)
        if (!take(entry, into.emplace_back()))
            return false;
    return true;
}

bool takeCounts(const json& from, std::map<std::string, std::uint32_t>& into) {
    const auto found = from.find("classes");
    if (found == from.end() || !found->is_object())
        return false;
    for (const auto& [name, count] : found->items())
        if (!cli::take(count, into[name]))
            return false;
    return true;
}

constexpr std::size_t longest = 300; // columns of a name or an id: nobody needs more of either

// A spreadsheet takes what begins so for a formula, and an application chooses its own name.
bool isFormula(std::string_view text) {
    return !text.empty() && std::string_view("=+-@").find(text.front()) != std::string_view::npos;
}

std::string csvText(std::string_view foreign) {
    const std::string text = shown(foreign, longest);
    std::string out = isFormula(text) ? "\"'" : "\"";
    for (const char c : text)
        out += c == '"' ? std::string("\"\"") : std::string(1, c);
    return out + '"';
}

// With six places, whatever the locale.
std::string seconds(std::uint64_t usec) {
    std::string fraction = std::to_string(usec % 1'000'000);
    return std::to_string(usec / 1'000'000) + "." + std::string(6 - fraction.size(), '0') + fraction;
}

std::string joined(const std::vector<std::string>& texts) {
    std::string out;
    for (const auto& text : texts)
        out += (out.empty() ? "" : "; ") + text;
    return out;
}

} // namespace

tl::expected<std::vector<Exposure>, std::string> exposuresFrom(const json& reply) {
    if (!reply.is_array())
        return tl::unexpected(std::string("the report is no list"));
    std::vector<Exposure> rows;
    for (const json& entry : reply) {
        Exposure row;
        Keys keys(entry);
        keys("app", row.appId)("name", row.name)("identity", row.identity)("class", row.judged)(
            "mutes", row.mutes)("muted-usec", row.mutedUsec)("asked-usec", row.askedUsec)(
            "held-usec", row.heldUsec)("assumed-usec", row.assumedUsec)("samples", row.samples)(
            "wakeups", row.wakeups)("level-meter", row.levelMeter)("sources", row.sources);
        row.ownMute = entry.is_object() && entry.contains("own-muted-usec");
        keys.maybe("own-mute-class", row.ownJudged)
            .maybe("own-muted-usec", row.ownMutedUsec)
            .maybe("own-mute-asked-usec", row.ownAskedUsec);
        if (!keys.wrong().empty())
            return tl::unexpected(keys.wrong());
        if (!takeCounts(entry, row.counts))
            return tl::unexpected(std::string("classes is missing or of another type"));
        if (!takeList(entry, "periods", row.periods))
            return tl::unexpected(std::string("periods is missing or of another type"));
        if (!takeList(entry, "stretches", row.stretches))
            return tl::unexpected(std::string("stretches is missing or of another type"));
        rows.push_back(std::move(row));
    }
    return rows;
}

json toJson(const ExposureReport& report) {
    json rows = json::array();
    for (const auto& row : report.rows) {
        json periods = json::array(), stretches = json::array();
        for (const auto& period : row.periods)
            periods.push_back(
                {{"start", period.start}, {"end", period.end}, {"class", orNull(period.judged)}});
        for (const auto& stretch : row.stretches)
            stretches.push_back({{"start", stretch.start},
                                 {"end", stretch.end},
                                 {"doing", stretch.doing},
                                 {"assumed", stretch.assumed}});
        const json own = row.ownMute ? json{{"class", orNull(row.ownJudged)},
                                            {"muted_usec", row.ownMutedUsec},
                                            {"asked_usec", row.ownAskedUsec}}
                                     : json(nullptr);
        rows.push_back({{"app_id", row.appId},
                        {"name", orNull(row.name)},
                        {"identity", row.identity},
                        {"class", orNull(row.judged)},
                        {"classes", row.counts},
                        {"mutes", row.mutes},
                        {"muted_usec", row.mutedUsec},
                        {"asked_usec", row.askedUsec},
                        {"held_usec", row.heldUsec},
                        {"assumed_usec", row.assumedUsec},
                        {"samples", row.samples},
                        {"wakeups", row.wakeups},
                        {"level_meter", row.levelMeter},
                        {"sources", row.sources},
                        {"own_mute", own},
                        {"periods", std::move(periods)},
                        {"stretches", std::move(stretches)}});
    }
    return {{"since", orNull(report.since)}, {"until", report.until}, {"rows", std::move(rows)}};
}

std::string toCsv(const ExposureReport& report) {
    std::string out =
        "app_id,name,identity,class,mutes,mutes_continuous,mutes_periodic,mutes_held,mutes_released,muted_"
        "seconds,"
        "asked_seconds,held_seconds,assumed_seconds,samples,wakeups,level_meter,sources,own_mute_class,"
        "own_muted_seconds,own_mute_asked_seconds\n";
    for (const auto& row : report.rows) {
        out += csvText(row.appId) + "," + csvText(row.name) + "," + csvText(row.identity) + "," +
               csvText(row.judged) + "," + std::to_string(row.mutes);
        for (const auto one : exposureClasses) {
            const auto count = row.counts.find(std::string(one));
            out += "," + std::to_string(count == row.counts.end() ? 0 : count->second);
        }
        for (const auto usec : {row.mutedUsec, row.askedUsec, row.heldUsec, row.assumedUsec})
            out += "," + seconds(usec);
        out += "," + std::to_string(row.samples) + "," + std::to_string(row.wakeups) + "," +
               (row.levelMeter ? "yes" : "no") + "," + csvText(joined(row.sources));
        out += row.ownMute ? "," + csvText(row.ownJudged) + "," + seconds(row.ownMutedUsec) + "," +
                                 seconds(row.ownAskedUsec)
                           : ",,,";
        out += "\n";
    }
    return out;
}

} // namespace micguard::cli
