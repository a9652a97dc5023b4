// SPDX-License-Identifier: GPL-3.0-or-later
//
// SetRule, Forget, Rules and Explain on the bus: what is read, what is shown, and what is refused before
// anybody is asked.
#include "protocol/names.hpp"
#include "tests/unit/bus_fixture.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using namespace micguard::test;

namespace {

const std::string prefix = names::error::prefix;

} // namespace

TEST_CASE_METHOD(BusFixture, "a rule arrives with what it says and nothing else", "[bus]") {
    for (const char* call : {"('org.a', 'deny', @a{sv} {})", "('/usr/bin/a', 'allow', {'source': <'mic'>})",
                             "('org.a', 'ask', {'until': <uint64 12>, 'source': <'mic'>})"}) {
        INFO(call);
        const Answer answer = client->guard("SetRule", g_variant_new_parsed(call));
        INFO(answer.message);
        CHECK(answer.value);
    }
    CHECK(client->guard("Forget", g_variant_new("(s)", "org.a")).value);
    CHECK(requests.calls == std::vector<std::string>{"setRule org.a deny", "setRule /usr/bin/a allow",
                                                     "setRule org.a ask", "forget org.a"});
    CHECK(requests.options == std::vector<RuleOptions>{{}, {"mic", std::nullopt}, {"mic", 12}});
    for (const auto& caller : requests.callers)
        CHECK(caller.uniqueName == client->uniqueName());
}

TEST_CASE_METHOD(BusFixture, "an option that is none, or of another type, is refused and said how to mend",
                 "[bus]") {
    const std::pair<const char*, const char*> calls[] = {
        {"('org.a', 'deny', {'sources': <'mic'>})", "there is no option sources; there are source and until"},
        {"('org.a', 'deny', {'bad\\u0007': <'mic'>})",
         "there is no option bad\uFFFD; there are source and until"},
        {"('org.a', 'deny', {'source': <['mic']>})",
         "option source is of type as, wants s, the name of a source"},
        {"('org.a', 'deny', {'source': <''>})", "option source is empty; leave out what is not meant"},
        {"('org.a', 'deny', {'until': <int32 5>})",
         "option until is of type i, wants t, the microseconds since 1970 until which the rule holds"},
        {"('org.a', 'deny', {'until': <uint64 5>, 'final': <true>})",
         "there is no option final; there are source and until"},
        {"('', 'deny', @a{sv} {})", "app is empty; leave out what is not meant"},
        {"('a\\u001b[2J', 'deny', @a{sv} {})",
         "app is no name: at most 1024 bytes, without control characters"},
    };
    for (const auto& [call, message] : calls) {
        INFO(call);
        const Answer answer = client->guard("SetRule", g_variant_new_parsed(call));
        CHECK(answer.error == prefix + "InvalidArgument");
        CHECK(answer.message == message);
    }
    CHECK(client->guard("Forget", g_variant_new("(s)", "")).error == prefix + "InvalidArgument");
    CHECK(client->guard("Explain", g_variant_new("(s)", "a\n")).error == prefix + "InvalidArgument");
    CHECK(client->guard("SetRule", g_variant_new("(ss)", "org.a", "deny")).error ==
          "org.freedesktop.DBus.Error.InvalidArgs");
    CHECK(requests.calls.empty());
}

TEST_CASE_METHOD(BusFixture, "a rule is answered once it is in force, not before", "[bus]") {
    requests.keepReplies = true;
    std::optional<Answer> answer;
    client->send("SetRule", g_variant_new_parsed("('org.a', 'deny', @a{sv} {})"), answer);
    REQUIRE(runUntil([&] { return requests.kept.size() == 1; }));
    client->signals();
    CHECK_FALSE(answer);
    requests.kept[0]();
    REQUIRE(runUntil([&] { return answer.has_value(); }));
    CHECK(answer->value);
}

TEST_CASE_METHOD(BusFixture, "rules are shown with every key, in their order, and cannot break the message",
                 "[bus]") {
    requests.shownRules = {{.id = "/etc/m.toml:3",
                            .match = {{"app", "org.*"}, {"source", "mic\x1b"}},
                            .when = {{"hours", "09:00-17:00"}},
                            .action = "deny",
                            .priority = -5,
                            .final = true,
                            .until = 0,
                            .file = "/etc/m.toml",
                            .line = 3,
                            .warning = ""},
                           {.id = "/home/m.toml:1",
                            .action = "allow",
                            .until = 7,
                            .file = "/home/m.toml",
                            .line = 1,
                            .warning = "idle"}};
    const Answer answer = client->guard("Rules");
    INFO(answer.message);
    REQUIRE(answer.value);
    CHECK(
        printed(answer.value.get()) ==
        "([{'id': <'/etc/m.toml:3'>, 'match': <{'app': 'org.*', 'source': 'mic\uFFFD'}>, 'action': <'deny'>, "
        "'when': <{'hours': '09:00-17:00'}>, 'priority': <-5>, 'final': <true>, 'until': <uint64 0>, 'file': "
        "<'/etc/m.toml'>, "
        "'line': <uint32 3>, 'warning': <''>}, {'id': <'/home/m.toml:1'>, 'match': <@a{ss} {}>, 'action': "
        "<'allow'>, 'when': <@a{ss} "
        "{}>, 'priority': <0>, 'final': <false>, 'until': <uint64 7>, 'file': <'/home/m.toml'>, 'line': "
        "<uint32 1>, 'warning': "
        "<'idle'>}],)");
    requests.shownRules.clear();
    CHECK(printed(client->guard("Rules").value.get()) == "([],)");
}

TEST_CASE_METHOD(BusFixture, "an explanation is shown for each source, with what the others would have said",
                 "[bus]") {
    requests.explanation = {"/usr/bin/call",
                            "Call",
                            "kernel",
                            {{"mic",
                              "deny",
                              "denied by /etc/m.toml:3",
                              "muted: lunch",
                              "/etc/m.toml:3",
                              "/etc/m.toml",
                              3,
                              {"a", "b\n"}},
                             {"line", "allow", "allowed by [policy] default", "", "", "", 0, {}}}};
    const Answer answer = client->guard("Explain", g_variant_new("(s)", "Call"));
    INFO(answer.message);
    REQUIRE(answer.value);
    CHECK(printed(answer.value.get()) == "({'app': <'/usr/bin/call'>, 'name': <'Call'>, 'identity': "
                                         "<'kernel'>, 'verdicts': <[{'source': <'mic'>, 'verdict': "
                                         "<'deny'>, 'reason': <'denied by /etc/m.toml:3'>, 'muted': <'muted: "
                                         "lunch'>, 'rule': <'/etc/m.toml:3'>, 'file': "
                                         "<'/etc/m.toml'>, 'line': <uint32 3>, 'others': <['a', "
                                         "'b\uFFFD']>}, {'source': <'line'>, 'verdict': <'allow'>, 'reason': "
                                         "<'allowed by [policy] default'>, 'muted': <''>, 'rule': <''>, "
                                         "'file': <''>, 'line': <uint32 0>, 'others': <@as []>}]>},)");
    requests.explanation.verdicts.clear();
    CHECK(printed(client->guard("Explain", g_variant_new("(s)", "Call")).value.get())
              .find("'verdicts': <@aa{sv} []>") != std::string::npos);
    CHECK(requests.calls == std::vector<std::string>{"explain Call", "explain Call"});
}

TEST_CASE_METHOD(BusFixture, "whoever may not have a rule, or see them, is told why", "[bus]") {
    requests.refusal = RequestError{names::error::accessDenied, "sandboxed"};
    for (const Answer& answer :
         {client->guard("SetRule", g_variant_new_parsed("('org.a', 'deny', @a{sv} {})")),
          client->guard("Rules"), client->guard("Forget", g_variant_new("(s)", "a")),
          client->guard("Explain", g_variant_new("(s)", "a"))}) {
        CHECK(answer.error == prefix + "AccessDenied");
        CHECK(answer.message == "sandboxed");
    }
}
