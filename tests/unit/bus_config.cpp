// SPDX-License-Identifier: GPL-3.0-or-later
//
// Config, SetConfig and Reload on the bus: types, origins, and what is refused before anybody is asked.
#include "protocol/names.hpp"
#include "tests/unit/bus_fixture.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using namespace micguard::test;

namespace {

const std::string prefix = names::error::prefix;

} // namespace

TEST_CASE_METHOD(BusFixture, "settings are shown with their types, origins and what is final", "[bus]") {
    requests.settings = {{"mute.mode", std::string("sever"), "/etc/m.toml:3", "/etc/m.toml:9"},
                         {"mute.led", true, "built-in", ""},
                         {"history.keep-days", std::int64_t{365}, "built-in", ""},
                         {"sources.exempt", std::vector<std::string>{"a*", "b\n"}, "/home/m.toml:1", ""},
                         {"other.list", std::vector<std::string>{}, "built-in", ""}};
    const Answer answer = client->guard("Config");
    INFO(answer.message);
    REQUIRE(answer.value);
    CHECK(printed(answer.value.get()) ==
          "({'mute.mode': <'sever'>, 'mute.mode@origin': <'/etc/m.toml:3'>, 'mute.mode@final': "
          "<'/etc/m.toml:9'>, "
          "'mute.led': <true>, 'mute.led@origin': <'built-in'>, 'history.keep-days': <int64 365>, "
          "'history.keep-days@origin': <'built-in'>, 'sources.exempt': <['a*', 'b\uFFFD']>, "
          "'sources.exempt@origin': <'/home/m.toml:1'>, 'other.list': <@as []>, 'other.list@origin': "
          "<'built-in'>},)");
    REQUIRE(requests.callers.size() == 1);
    CHECK(requests.callers[0].uniqueName == client->uniqueName());
}

TEST_CASE_METHOD(BusFixture, "a setting arrives as what it is", "[bus]") {
    CHECK(client->guard("SetConfig", g_variant_new_parsed("('mute.led', <false>)")).value);
    CHECK(client->guard("SetConfig", g_variant_new_parsed("('mute.mode', <'sever'>)")).value);
    CHECK(client->guard("SetConfig", g_variant_new_parsed("('sources.exempt', <['a', 'b']>)")).value);
    CHECK(client->guard("SetConfig", g_variant_new_parsed("('sources.exempt', <@as []>)")).value);
    CHECK(client->guard("SetConfig", g_variant_new_parsed("('history.keep-days', <int64 90>)")).value);
    CHECK(client->guard("Reload").value);
    CHECK(requests.calls == std::vector<std::string>{"setConfig mute.led", "setConfig mute.mode",
                                                     "setConfig sources.exempt", "setConfig sources.exempt",
                                                     "setConfig history.keep-days", "reload"});
    CHECK(requests.values == std::vector<SettingValue>{false, std::string("sever"),
                                                       std::vector<std::string>{"a", "b"},
                                                       std::vector<std::string>{}, std::int64_t{90}});
}

TEST_CASE_METHOD(BusFixture, "a value of a type that no setting has is refused by name", "[bus]") {
    for (const char* call :
         {"('mute.led', <1>)", "('mute.led', <<true>>)", "('mute.led', <{'a': <1>}>)",
          "('sources.exempt', <[1, 2]>)", "('mute.mode', <b'sever'>)", "('a\\nb', <true>)"}) {
        INFO(call);
        CHECK(client->guard("SetConfig", g_variant_new_parsed(call)).error == prefix + "InvalidArgument");
    }
    CHECK(client->guard("SetConfig", g_variant_new("(ss)", "mute.mode", "sever")).error ==
          "org.freedesktop.DBus.Error.InvalidArgs");
    CHECK(requests.calls.empty());
}

TEST_CASE_METHOD(BusFixture, "who is refused is told why", "[bus]") {
    requests.refusal = RequestError{names::error::invalidConfig, "m.toml:3:1: unknown key"};
    for (const Answer& answer : {client->guard("Config"), client->guard("Reload"),
                                 client->guard("SetConfig", g_variant_new_parsed("('mute.led', <false>)"))}) {
        CHECK(answer.error == prefix + "InvalidConfig");
        CHECK(answer.message == "m.toml:3:1: unknown key");
    }
}

TEST_CASE_METHOD(BusFixture, "a list of more patterns than there can be arrives as too many, not as fewer",
                 "[bus]") {
    GVariantBuilder list;
    g_variant_builder_init(&list, G_VARIANT_TYPE("as"));
    for (int i = 0; i < 4'000; ++i)
        g_variant_builder_add(&list, "s", "x");
    CHECK(client->guard("SetConfig", g_variant_new("(sv)", "sources.exempt", g_variant_builder_end(&list)))
              .value);
    REQUIRE(requests.values.size() == 1);
    CHECK(std::get<std::vector<std::string>>(requests.values[0]).size() > 256);
}
