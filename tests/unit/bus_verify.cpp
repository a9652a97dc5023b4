// SPDX-License-Identifier: GPL-3.0-or-later
//
// Verify on the bus: what is read, what is shown, what is refused before anybody is asked.
#include "protocol/names.hpp"
#include "tests/unit/bus_fixture.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using namespace micguard::test;

namespace {

const std::string prefix = names::error::prefix;

} // namespace

TEST_CASE_METHOD(BusFixture, "a proof is asked for with its options, and answered with all that is known",
                 "[bus]") {
    requests.proven = {{"/org/micguard/MicGuard1/sources/3", "mic\x1b", "LEAK", "heard", 0.5, 48000},
                       {"no path", "other", "HELD", "", 0, 0}};
    const Answer answer = client->guard(
        "Verify",
        g_variant_new_parsed(
            "({'seconds': <uint32 5>, 'sources': <['a', 'b']>, 'tone': <true>, 'bluetooth': <false>},)"));
    INFO(answer.message);
    REQUIRE(answer.value);
    CHECK(printed(answer.value.get()) ==
          "([{'source': <objectpath '/org/micguard/MicGuard1/sources/3'>, 'name': <'mic\uFFFD'>, 'verdict': "
          "<'LEAK'>, "
          "'why': <'heard'>, 'peak': <0.5>, 'samples': <uint64 48000>}, {'source': <objectpath '/'>, 'name': "
          "<'other'>, "
          "'verdict': <'HELD'>, 'why': <''>, 'peak': <0.0>, 'samples': <uint64 0>}],)");
    CHECK(client->guard("Verify", g_variant_new_parsed("(@a{sv} {},)")).value);
    CHECK(requests.proofs == std::vector<VerifyOptions>{{5, {"a", "b"}, false, true}, {}});
}

TEST_CASE_METHOD(BusFixture, "a proof with options that are none is refused and said how to mend", "[bus]") {
    const std::pair<const char*, const char*> calls[] = {
        {"({'loud': <true>},)", "there is no option loud; there are seconds, sources, bluetooth and tone"},
        {"({'seconds': <uint32 0>},)", "seconds is 1 to 60"},
        {"({'seconds': <uint32 61>},)", "seconds is 1 to 60"},
        {"({'seconds': <1>},)", "option seconds is of type i, wants u, how long to record"},
        {"({'sources': <'a'>},)", "option sources is of type s, wants as, names of sources"},
        {"({'sources': <['']>},)", "one of the sources is empty; leave out what is not meant"},
        {"({'tone': <'yes'>},)",
         "option tone is of type s, wants b, whether to play a tone into test sources"},
    };
    for (const auto& [call, message] : calls) {
        INFO(call);
        const Answer answer = client->guard("Verify", g_variant_new_parsed(call));
        CHECK(answer.error == prefix + "InvalidArgument");
        CHECK(answer.message == message);
    }
    CHECK(requests.calls.empty());
}
