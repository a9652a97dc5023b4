// SPDX-License-Identifier: GPL-3.0-or-later
//
// The running bus against protocol/org.micguard.MicGuard1.xml: the same members, less those marked as
// planned.
#include "protocol/names.hpp"
#include "tests/support/contract.hpp"
#include "tests/unit/bus_fixture.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using namespace micguard::test;

namespace {

Introspected introspect(Client& client, const std::string& path) {
    const Answer answer = client.call(path, "org.freedesktop.DBus.Introspectable", "Introspect");
    REQUIRE(answer.value);
    const char* xml = nullptr;
    g_variant_get(answer.value.get(), "(&s)", &xml);
    return introspected(xml);
}

View oneOfEach() {
    View view;
    view.applications.push_back({.key = 1});
    view.streams.push_back({.key = 2});
    view.sources.push_back({.key = 3});
    return view;
}

} // namespace

TEST_CASE_METHOD(BusFixture, "the running bus is the contract without what is planned", "[bus]") {
    bus->publish(oneOfEach());
    const std::pair<std::string, const char*> places[] = {
        {names::rootPath, names::guard::interface},
        {std::string(names::application::folder) + "/1", names::application::interface},
        {std::string(names::stream::folder) + "/2", names::stream::interface},
        {std::string(names::source::folder) + "/3", names::source::interface},
    };
    for (const auto& [path, interface] : places) {
        INFO(path);
        const Introspected running = introspect(*client, path);
        CHECK(membersOf(*running, interface) == agreedMembers(interface));
        const bool managed =
            g_dbus_node_info_lookup_interface(running.get(), "org.freedesktop.DBus.ObjectManager") != nullptr;
        CHECK(managed == (path == names::rootPath));
    }
}

TEST_CASE_METHOD(BusFixture, "the tree of objects can be walked from the root", "[bus]") {
    bus->publish(oneOfEach());
    const auto children = [&](const std::string& path) { return childrenOf(*introspect(*client, path)); };
    CHECK(children(names::rootPath) == std::vector<std::string>{"apps", "sources", "streams"});
    CHECK(children(names::application::folder) == std::vector<std::string>{"1"});
    CHECK(children(names::source::folder) == std::vector<std::string>{"3"});
    bus->publish(View{});
    CHECK(children(names::application::folder).empty());
}

TEST_CASE("a second taker of the name is told who has it", "[bus]") {
    BusFixture first;
    FakeRequests requests;
    auto second = Bus::connect(requests);
    REQUIRE(second);
    const auto result = nameTaken(**second);
    REQUIRE_FALSE(result);
    INFO(result.error());
    CHECK(result.error().find("is taken by :1.") != std::string::npos);
    CHECK(result.error().find("process " + std::to_string(getpid())) != std::string::npos);
    // The first one still has it, and the second did not queue.
    first.bus.reset();
    CHECK(first.client->guard("Diagnostics").error == "org.freedesktop.DBus.Error.NameHasNoOwner");
    CHECK(nameTaken(**second).has_value());
}

TEST_CASE("without a bus there is a sentence, not a crash", "[bus]") {
    FakeRequests requests;
    setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus", 1);
    const auto bus = Bus::connect(requests);
    REQUIRE_FALSE(bus);
    CHECK(bus.error().starts_with("cannot connect to the session bus: "));
}
