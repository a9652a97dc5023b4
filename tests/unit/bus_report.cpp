// SPDX-License-Identifier: GPL-3.0-or-later
//
// Report on the bus: what is asked, what is refused before anybody is, and what comes back.
#include "protocol/names.hpp"
#include "tests/unit/bus_fixture.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using namespace micguard::test;
using namespace micguard::history;

namespace {

const std::string prefix = names::error::prefix;

Answer asked(Client& client, const char* filter) {
    return client.guard("Report", g_variant_new_parsed(filter));
}

ReportRow webex() {
    ReportRow row;
    row.app = "webex";
    row.name = "We\nbex";
    row.identity = "kernel";
    row.judged = Class::Continuous;
    row.counts = {2, 0, 1, 0};
    row.mutes = 4;
    row.mutedUsec = 90;
    row.askedUsec = 60;
    row.heldUsec = 20;
    row.assumedUsec = 10;
    row.samples = 2880;
    row.wakeups = 1;
    row.sources = {"mic"};
    row.periods = {{100, 190, Class::Continuous}, {300, 301, Class::Unjudged}};
    row.stretches = {{100, 160, Doing::Asking, false}, {160, 190, Doing::Holding, true}};
    return row;
}

const std::string common =
    "'identity': <'kernel'>, 'class': <'continuous'>, 'classes': <{'continuous': uint32 2, 'held': 1}>, "
    "'mutes': <uint32 4>, "
    "'muted-usec': <uint64 90>, 'asked-usec': <uint64 60>, 'held-usec': <uint64 20>, 'assumed-usec': <uint64 "
    "10>, "
    "'samples': <uint64 2880>, 'wakeups': <uint32 1>, 'level-meter': <false>, 'sources': <['mic']>, ";
const std::string pictures =
    "'periods': <[(uint64 100, uint64 190, 'continuous'), (300, 301, '')]>, "
    "'stretches': <[(uint64 100, uint64 160, 'asking', false), (160, 190, 'holding', true)]>}],)";

} // namespace

TEST_CASE_METHOD(BusFixture, "a row of the report, with an own mute and without", "[bus]") {
    requests.rows = {webex()};
    const Answer without = asked(*client, "(@a{sv} {},)");
    INFO(without.message);
    REQUIRE(without.value);
    CHECK(printed(without.value.get()) ==
          "([{'app': <'webex'>, 'name': <'We\uFFFDbex'>, " + common + pictures);
    CHECK(requests.reportFilters == std::vector<ReportFilter>{{}});

    requests.rows[0].ownMutedUsec = 7;
    requests.rows[0].ownAskedUsec = 6;
    requests.rows[0].ownJudged = Class::Held;
    const Answer with = asked(*client, "({'since': <uint64 5>, 'until': <uint64 9>, 'app': <'webex'>},)");
    REQUIRE(with.value);
    CHECK(printed(with.value.get()) == "([{'app': <'webex'>, 'name': <'We\uFFFDbex'>, " + common +
                                           "'own-mute-class': <'held'>, 'own-muted-usec': <uint64 7>, "
                                           "'own-mute-asked-usec': <uint64 6>, " +
                                           pictures);
    CHECK(requests.reportFilters.at(1) == ReportFilter{5, 9, "webex"});
}

TEST_CASE_METHOD(BusFixture, "a report that nobody can be asked for is refused, and says why", "[bus]") {
    for (const char* filter : {"({'kinds': <['mute']>},)", "({'since': <5>},)", "({'app': <''>},)",
                               "({'limit': <uint32 5>},)", "({'since': <uint64 9>, 'until': <uint64 5>},)"}) {
        INFO(filter);
        CHECK(asked(*client, filter).error == prefix + "InvalidArgument");
    }
    CHECK(requests.calls.empty());
    requests.refusal = RequestError{names::error::unavailable, "history.db is locked"};
    const Answer refused = asked(*client, "(@a{sv} {},)");
    CHECK(refused.error == prefix + "Unavailable");
    CHECK(refused.message == "history.db is locked");
}

TEST_CASE_METHOD(BusFixture, "the largest report comes whole", "[bus]") {
    ReportRow row = webex();
    row.stretches.assign(mostStretches, {100, 160, Doing::Asking, false});
    requests.rows.assign(mostRows, row);
    const Answer answer = asked(*client, "(@a{sv} {},)");
    REQUIRE(answer.value);
    const Variant rows(g_variant_get_child_value(answer.value.get(), 0));
    CHECK(g_variant_n_children(rows.get()) == mostRows);
}
