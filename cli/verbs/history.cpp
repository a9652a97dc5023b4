// SPDX-License-Identifier: GPL-3.0-or-later
//
// micguardctl history: who listened when, as a list or as a picture; history clear: no more of that.
#include "cli/ask.hpp"
#include "cli/count_from.hpp"
#include "cli/history_calls.hpp"
#include "cli/moment.hpp"
#include "cli/rule_calls.hpp"
#include "cli/snapshot.hpp"
#include "cli/text.hpp"
#include "cli/timeline.hpp"
#include "cli/verbs.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include <nlohmann/json.hpp>

namespace micguard::cli {

namespace {

constexpr std::uint64_t day = 86'400'000'000;
constexpr std::uint32_t largestLimit = 10'000;
constexpr std::array kinds = {"session", "mute", "block", "answer", "warning", "refusal"};

tl::unexpected<CallError> usage(const std::string& what) {
    return tl::unexpected(CallError{Exit::Usage, what});
}

Answer<std::vector<std::string>> kindsFrom(std::string_view text) {
    std::vector<std::string> list;
    while (!text.empty()) {
        const auto comma = std::min(text.find(','), text.size());
        const std::string word(text.substr(0, comma));
        if (std::find(kinds.begin(), kinds.end(), word) == kinds.end())
            return usage("--kind '" + shown(word, 40) +
                         "' is none of session, mute, block, answer, warning and refusal");
        list.push_back(word);
        text.remove_prefix(std::min(comma + 1, text.size()));
    }
    return list;
}

Answer<HistoryFilter> filterFrom(const Invocation& how, std::uint64_t now) {
    HistoryFilter filter;
    for (const auto& [name, into] :
         {std::pair{"--since", &filter.since}, std::pair{"--until", &filter.until}})
        if (const auto text = how.option(name)) {
            const auto moment = pastMomentFrom(*text, now);
            if (!moment)
                return usage(std::string(name) + " " + moment.error());
            *into = *moment;
        }
    if (filter.since && filter.until && *filter.since > *filter.until)
        return usage("--since is after --until");
    if (filter.since && *filter.since > now)
        return usage("--since is still to come: nothing is written down of that yet");
    filter.app = how.option("--app");
    filter.source = how.option("--source");
    if (const auto text = how.option("--kind")) {
        auto list = kindsFrom(*text);
        if (!list)
            return tl::unexpected(list.error());
        filter.kinds = std::move(*list);
    }
    if (const auto text = how.option("--limit")) {
        const auto limit = countFrom(*text, largestLimit);
        if (!limit)
            return usage("--limit wants a number from 1 to " + std::to_string(largestLimit));
        filter.limit = *limit;
    }
    return filter;
}

// Who runs may be called as rules call him; everybody by his AppId, for the history knows many who do not.
void meantApplication(const Guard& guard, HistoryFilter& filter) {
    if (!filter.app)
        return;
    if (const auto meant = askExplanation(guard, *filter.app); meant && !meant->appId.empty())
        filter.app = meant->appId;
}

// As people know the microphones that are there; others go by their names.
std::map<std::string, std::string> descriptions(Guard& guard) {
    std::map<std::string, std::string> names;
    if (const auto objects = askObjects(guard))
        for (const auto& [path, source] : objects->sources)
            names[source.name] = source.description;
    return names;
}

std::string until(const EntryFacts& entry, std::uint64_t now) {
    if (entry.end == 0)
        return "goes on";
    if (entry.end == entry.start)
        return "";
    return clockTime(entry.end, now);
}

Cell what(const EntryFacts& entry) {
    if (entry.kind == "session")
        return entry.levelMeter ? Cell{"level meter", Colour::Yellow} : Cell{"listened", Colour::Red};
    if (entry.kind == "mute")
        return {"muted", Colour::Green};
    if (entry.kind == "block")
        return {entry.count > 1 ? "blocked " + std::to_string(entry.count) + " times" : "blocked",
                Colour::Yellow};
    if (entry.kind == "refusal")
        return {entry.count > 1 ? "refused " + std::to_string(entry.count) + " times" : "refused",
                Colour::Yellow};
    if (entry.kind == "answer")
        return {shown(entry.reason, 24), Colour::Bold};
    return {shown(entry.kind, 16), Colour::Yellow};
}

std::string why(const EntryFacts& entry) {
    if (entry.kind == "answer")
        return "by " + shown(entry.by, 60);
    if (entry.kind == "refusal")
        return shown(entry.by, 60) + ": " + shown(entry.reason, 140);
    if (entry.kind != "mute")
        return shown(entry.reason, 200);
    std::string text = entry.by.empty() ? "" : "by " + shown(entry.by, 60);
    if (!entry.reason.empty())
        text += (text.empty() ? "" : ": ") + shown(entry.reason, 100);
    return text;
}

// The newest at the end, next to where one goes on typing.
std::string listed(const std::vector<EntryFacts>& entries,
                   const std::map<std::string, std::string>& microphones, std::uint64_t now,
                   const Terminal& terminal) {
    if (entries.empty())
        return "Nothing is written down of that.\n";
    Table table({"FROM", "TO", "FOR", "WHAT", "APPLICATION", "MICROPHONE", "WHY"});
    for (auto one = entries.rbegin(); one != entries.rend(); ++one) {
        const std::uint64_t end = one->end == 0 ? std::max(now, one->start) : one->end;
        const auto microphone = microphones.find(one->source);
        table.add({{clockTime(one->start, now)},
                   {until(*one, now), one->end == 0 ? Colour::Bold : Colour::None},
                   {end == one->start ? "" : duration(end - one->start)},
                   what(*one),
                   {shown(one->called(), 40)},
                   {shown(microphone == microphones.end() ? one->source : microphone->second, 40)},
                   {why(*one)}});
    }
    return table.written(terminal);
}

int clear(Guard& guard, const Invocation& how, HistoryFilter filter) {
    for (const char* option : {"--since", "--source", "--kind", "--limit", "--timeline"})
        if (how.option(option)) {
            complain(std::string("history clear takes --app and --until, not ") + option);
            return raw(Exit::Usage);
        }
    meantApplication(guard, filter);
    const auto cleared = clearHistory(guard, filter);
    if (!cleared)
        return failed(cleared.error());
    if (how.json)
        return print(written({{"cleared", *cleared}}) + "\n");
    if (*cleared == 0)
        return print("Nothing was written down of that.\n");
    return print("Forgot " + std::to_string(*cleared) + (*cleared == 1 ? " entry.\n" : " entries.\n"));
}

// The mutes are everybody's, whatever is asked for besides.
int draw(Guard& guard, HistoryFilter filter, std::uint64_t now, const Terminal& terminal) {
    const Span span{filter.since.value_or(now - day), filter.until.value_or(now)};
    if (span.to <= span.from)
        return failed({Exit::Usage, "there is no time between --since and --until"});
    filter.since = span.from;
    filter.until = span.to;
    filter.limit = largestLimit;
    filter.kinds = {"session", "block"};
    auto entries = askHistory(guard, filter);
    if (!entries)
        return failed(entries.error());
    if (entries->size() == largestLimit)
        complain("only the newest " + std::to_string(largestLimit) + " entries are drawn");
    const auto mutes =
        askHistory(guard, {.since = span.from, .until = span.to, .kinds = {"mute"}, .limit = largestLimit});
    if (!mutes)
        return failed(mutes.error());
    entries->insert(entries->end(), mutes->begin(), mutes->end());
    return print(timeline(*entries, span, now, terminal));
}

} // namespace

int verbs::history(const Invocation& how, const Terminal& terminal) {
    const std::uint64_t now = nowInMicroseconds();
    auto filter = filterFrom(how, now);
    if (!filter)
        return failed(filter.error());
    const bool picture = how.option("--timeline").has_value();
    if (picture && (how.json || how.option("--kind") || how.option("--limit")))
        return failed({Exit::Usage, "--timeline is a picture: it goes without --json, --kind and --limit"});
    auto guard = Guard::connect();
    if (!guard)
        return failed(guard.error());
    if (!how.operands.empty())
        return clear(*guard, how, *filter);
    meantApplication(*guard, *filter);
    if (picture)
        return draw(*guard, *filter, now, terminal);
    const auto entries = askHistory(*guard, *filter);
    if (!entries)
        return failed(entries.error());
    if (!how.json)
        return print(listed(*entries, descriptions(*guard), now, terminal));
    nlohmann::json list = nlohmann::json::array();
    for (const EntryFacts& entry : *entries)
        list.push_back(toJson(entry));
    return print(written({{"entries", std::move(list)}}) + "\n");
}

} // namespace micguard::cli
