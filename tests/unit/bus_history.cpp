// SPDX-License-Identifier: GPL-3.0-or-later
//
// History and ClearHistory on the bus: what is asked, what is refused before anybody is, and what comes back.
#include "protocol/names.hpp"
#include "tests/unit/bus_fixture.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using namespace micguard::test;
using history::Entry;
using history::Kind;

namespace {

const std::string prefix = names::error::prefix;

Answer asked(Client& client, const char* member, const char* filter) {
    return client.guard(member, g_variant_new_parsed(filter));
}

} // namespace

TEST_CASE_METHOD(BusFixture, "each kind of entry has the keys that mean something for it", "[bus]") {
    const history::Who who{"us.zoom", "Zo\nom", "sandbox"};
    requests.entries = {{Kind::Session, 10, 0, who, "mic", true, 0, "", ""},
                        {Kind::Mute, 9, 12, {}, "", false, 0, "panel", "a call"},
                        {Kind::Block, 8, 9, who, "", false, 3, "", "a rule"},
                        {Kind::Answer, 7, 7, who, "", false, 0, "panel", "denied run"},
                        {Kind::Warning, 6, 0, {}, "", false, 0, "config", "line 1"}};
    const Answer answer = asked(*client, "History", "(@a{sv} {},)");
    INFO(answer.message);
    REQUIRE(answer.value);
    CHECK(
        printed(answer.value.get()) ==
        "([{'kind': <'session'>, 'start': <uint64 10>, 'end': <uint64 0>, 'app': <'us.zoom'>, 'name': "
        "<'Zo\uFFFDom'>, "
        "'identity': <'sandbox'>, 'source': <'mic'>, 'level-meter': <true>}, "
        "{'kind': <'mute'>, 'start': <uint64 9>, 'end': <uint64 12>, 'by': <'panel'>, 'reason': <'a call'>}, "
        "{'kind': <'block'>, 'start': <uint64 8>, 'end': <uint64 9>, 'app': <'us.zoom'>, 'name': "
        "<'Zo\uFFFDom'>, "
        "'identity': <'sandbox'>, 'source': <''>, 'count': <uint32 3>, 'reason': <'a rule'>}, "
        "{'kind': <'answer'>, 'start': <uint64 7>, 'end': <uint64 7>, 'app': <'us.zoom'>, 'name': "
        "<'Zo\uFFFDom'>, "
        "'identity': <'sandbox'>, 'by': <'panel'>, 'reason': <'denied run'>}, "
        "{'kind': <'warning'>, 'start': <uint64 6>, 'end': <uint64 0>, 'id': <'config'>, 'reason': <'line "
        "1'>}],)");
    CHECK(requests.filters == std::vector<history::Filter>{{}});
    CHECK(requests.callers.at(0).uniqueName == client->uniqueName());
}

TEST_CASE_METHOD(BusFixture, "a filter arrives as what it is", "[bus]") {
    REQUIRE(asked(*client, "History",
                  "({'since': <uint64 5>, 'until': <uint64 9>, 'app': <'us.zoom'>, 'source': <'mic'>, "
                  "'kinds': <['session', 'block']>, 'limit': <uint32 7>},)")
                .value);
    CHECK(requests.filters.at(0) == history::Filter{5, 9, "us.zoom", "mic", {Kind::Session, Kind::Block}, 7});
    const Answer cleared = asked(*client, "ClearHistory", "({'app': <'us.zoom'>, 'until': <uint64 9>},)");
    REQUIRE(cleared.value);
    CHECK(printed(cleared.value.get()) == "(42,)");
    CHECK(requests.clearFilters.at(0) == history::ClearFilter{"us.zoom", 9});
}

TEST_CASE_METHOD(BusFixture, "what no filter is, is refused by name, and clears nothing", "[bus]") {
    for (const char* filter :
         {"({'whatever': <true>},)", "({'since': <5>},)", "({'app': <''>},)", "({'app': <'a\\nb'>},)",
          "({'kinds': <['song']>},)", "({'kinds': <@as []>},)", "({'kinds': <'session'>},)",
          "({'limit': <uint32 0>},)", "({'limit': <uint32 10001>},)",
          "({'since': <uint64 9>, 'until': <uint64 5>},)"}) {
        INFO(filter);
        const Answer answer = asked(*client, "History", filter);
        CHECK(answer.error == prefix + "InvalidArgument");
        CHECK_FALSE(answer.message.empty());
    }
    for (const char* filter : {"({'since': <uint64 5>},)", "({'kinds': <['mute']>},)",
                               "({'limit': <uint32 5>},)", "({'app': <1>},)"}) {
        INFO(filter);
        CHECK(asked(*client, "ClearHistory", filter).error == prefix + "InvalidArgument");
    }
    CHECK(requests.calls.empty());
}

TEST_CASE_METHOD(BusFixture, "a refusal of the history says why", "[bus]") {
    requests.refusal = RequestError{names::error::unavailable, "history.db is locked"};
    for (const char* member : {"History", "ClearHistory"}) {
        const Answer answer = asked(*client, member, "(@a{sv} {},)");
        CHECK(answer.error == prefix + "Unavailable");
        CHECK(answer.message == "history.db is locked");
    }
}

TEST_CASE_METHOD(BusFixture, "ten thousand entries come whole and in order, and others are served meanwhile",
                 "[bus]") {
    for (std::uint64_t i = 0; i < history::largestLimit; ++i)
        requests.entries.push_back({Kind::Session, i, i, {"app", "App", "kernel"}, "mic", false, 0, "", ""});
    std::optional<Answer> all, other;
    client->send("History", g_variant_new_parsed("({'limit': <uint32 10000>},)"), all);
    client->send("Reload", nullptr, other);
    REQUIRE(runUntil([&] { return other.has_value(); }));
    CHECK_FALSE(all.has_value());
    REQUIRE(runUntil([&] { return all.has_value(); }));
    REQUIRE(all->value);
    const Variant entries(g_variant_get_child_value(all->value.get(), 0));
    REQUIRE(g_variant_n_children(entries.get()) == history::largestLimit);
    for (const gsize index : {gsize{0}, gsize{199}, gsize{200}, gsize{9999}}) {
        const Variant entry(g_variant_get_child_value(entries.get(), index));
        guint64 start = 0;
        CHECK(g_variant_lookup(entry.get(), "start", "t", &start));
        CHECK(start == index);
    }
}
