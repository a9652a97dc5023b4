// SPDX-License-Identifier: GPL-3.0-or-later
//
// Methods of applications, and what an application may ask for itself.
#include "protocol/names.hpp"
#include "tests/unit/bus_fixture.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using namespace micguard::test;

namespace {

const std::string prefix = names::error::prefix;
const std::string first = std::string(names::application::folder) + "/1",
                  second = std::string(names::application::folder) + "/2";

View twoApplications() {
    View view;
    view.applications.push_back({.key = 1, .appId = "org.a"});
    view.applications.push_back({.key = 2, .appId = "org.b"});
    return view;
}

Answer callApplication(Client& client, const std::string& path, const char* member, GVariant* arguments) {
    return client.call(path, names::application::interface, member, arguments);
}

} // namespace

TEST_CASE_METHOD(BusFixture, "a call on an application reaches Requests with its key", "[bus]") {
    bus->publish(twoApplications());
    CHECK(callApplication(*client, second, "SetMuted", g_variant_new("(b)", TRUE)).value);
    CHECK(callApplication(*client, first, "SetMuted", g_variant_new("(b)", FALSE)).value);
    CHECK(callApplication(*client, second, "Answer", g_variant_new("(bs)", TRUE, "run")).value);
    CHECK(callApplication(*client, first, "Answer", g_variant_new("(bs)", FALSE, "always")).value);
    CHECK(requests.calls == std::vector<std::string>{"setApplicationMuted 2 true",
                                                     "setApplicationMuted 1 false", "answer 2 allow run",
                                                     "answer 1 deny always"});
    for (const Caller& caller : requests.callers)
        CHECK(caller.uniqueName == client->uniqueName());
}

TEST_CASE_METHOD(BusFixture, "an application that is gone has no methods, and a scope is text", "[bus]") {
    bus->publish(twoApplications());
    CHECK(callApplication(*client, first, "Answer", g_variant_new("(bs)", TRUE, "on\nce")).error ==
          prefix + "InvalidArgument");
    CHECK(callApplication(*client, first, "Answer", g_variant_new("(s)", "once")).error ==
          "org.freedesktop.DBus.Error.InvalidArgs");
    bus->publish(View{});
    CHECK(callApplication(*client, first, "SetMuted", g_variant_new("(b)", TRUE)).error ==
          "org.freedesktop.DBus.Error.UnknownObject");
    CHECK(requests.calls.empty());
}

TEST_CASE_METHOD(BusFixture, "refusals of Requests come back by name", "[bus]") {
    bus->publish(twoApplications());
    for (const char* name :
         {names::error::noSuchObject, names::error::accessDenied, names::error::notGuaranteed}) {
        requests.refusal = RequestError{name, "because"};
        CHECK(callApplication(*client, first, "SetMuted", g_variant_new("(b)", TRUE)).error == prefix + name);
        CHECK(callApplication(*client, first, "Answer", g_variant_new("(bs)", TRUE, "once")).error ==
              prefix + name);
        CHECK(client->guard("MuteOwnStreams", g_variant_new("(b)", TRUE)).error == prefix + name);
    }
}

TEST_CASE_METHOD(BusFixture, "whoever muted his own streams is missed when he leaves the bus", "[bus]") {
    auto other = std::make_unique<Client>(privateBus.address());
    const std::string name = other->uniqueName();
    CHECK(other->guard("MuteOwnStreams", g_variant_new("(b)", TRUE)).value);
    CHECK(client->guard("MuteOwnStreams", g_variant_new("(b)", FALSE)).value);
    CHECK(requests.calls == std::vector<std::string>{"muteOwnStreams true", "muteOwnStreams false"});
    CHECK(requests.left.empty());
    other.reset();
    CHECK(runUntil([&] { return !requests.left.empty(); }));
    CHECK(requests.left == std::vector{name});
}

TEST_CASE_METHOD(BusFixture, "a question is told once it is asked, after the application that it is about",
                 "[bus]") {
    bus->publish(twoApplications());
    bus->asked(2);
    const auto signals = client->signals();
    REQUIRE_FALSE(signals.empty());
    CHECK(signals.front().member == "InterfacesAdded");
    CHECK(signals.back().member == "Asked");
    CHECK(signals.back().path == names::rootPath);
    CHECK(signals.back().text == "('" + second + "',)");
}
