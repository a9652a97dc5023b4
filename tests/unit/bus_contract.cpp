// SPDX-License-Identifier: GPL-3.0-or-later
//
// The running bus against protocol/org.micguard.MicGuard1.xml: the same members, less those marked as
// planned.
#include "protocol/contract_xml.hpp"
#include "protocol/names.hpp"
#include "tests/unit/bus_fixture.hpp"

#include <algorithm>
#include <map>
#include <string_view>

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using namespace micguard::test;

namespace {

struct NodeUnref {
    void operator()(GDBusNodeInfo* node) const { g_dbus_node_info_unref(node); }
};
using Node = std::unique_ptr<GDBusNodeInfo, NodeUnref>;

Node parse(const char* xml) {
    GError* error = nullptr;
    Node node(g_dbus_node_info_new_for_xml(xml, &error));
    INFO((error ? error->message : ""));
    REQUIRE(node);
    return node;
}

bool isPlanned(GDBusAnnotationInfo** annotations) {
    const char* status = g_dbus_annotation_info_lookup(annotations, "org.micguard.Status");
    return status && std::string_view(status) == "planned";
}

std::string arguments(GDBusArgInfo** list) {
    std::string text;
    for (; list && *list; ++list)
        text += std::string(" ") + (*list)->signature + ":" + ((*list)->name ? (*list)->name : "");
    return text;
}

enum class Planned { Left, Taken };

// One line per member: kind, name, types and names of arguments, access, and the annotations that bind a
// caller.
std::vector<std::string> members(const GDBusInterfaceInfo& interface, Planned planned) {
    std::vector<std::string> lines;
    const auto take = [&](GDBusAnnotationInfo** annotations, std::string line) {
        if (planned == Planned::Left && isPlanned(annotations))
            return;
        for (GDBusAnnotationInfo** annotation = annotations; annotation && *annotation; ++annotation)
            if (!std::string_view((*annotation)->key).starts_with("org.micguard."))
                line += std::string(" @") + (*annotation)->key + "=" + (*annotation)->value;
        lines.push_back(std::move(line));
    };
    for (auto** method = interface.methods; method && *method; ++method)
        take((*method)->annotations, std::string("method ") + (*method)->name +
                                         arguments((*method)->in_args) + " ->" +
                                         arguments((*method)->out_args));
    for (auto** signal = interface.signals; signal && *signal; ++signal)
        take((*signal)->annotations, std::string("signal ") + (*signal)->name + arguments((*signal)->args));
    for (auto** property = interface.properties; property && *property; ++property)
        take((*property)->annotations, std::string("property ") + (*property)->name + " " +
                                           (*property)->signature + " " + std::to_string((*property)->flags));
    std::sort(lines.begin(), lines.end());
    return lines;
}

GDBusInterfaceInfo* contractInterface(const Node& contract, const char* name) {
    if (auto* found = g_dbus_node_info_lookup_interface(contract.get(), name))
        return found;
    for (auto** node = contract->nodes; node && *node; ++node)
        if (auto* found = g_dbus_node_info_lookup_interface(*node, name))
            return found;
    return nullptr;
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
    const Node contract = parse(contractXml);
    const std::pair<std::string, const char*> places[] = {
        {names::rootPath, names::guard::interface},
        {std::string(names::application::folder) + "/1", names::application::interface},
        {std::string(names::stream::folder) + "/2", names::stream::interface},
        {std::string(names::source::folder) + "/3", names::source::interface},
    };
    for (const auto& [path, interface] : places) {
        INFO(path);
        const Answer answer = client->call(path, "org.freedesktop.DBus.Introspectable", "Introspect");
        REQUIRE(answer.value);
        const char* xml = nullptr;
        g_variant_get(answer.value.get(), "(&s)", &xml);
        const Node running = parse(xml);
        GDBusInterfaceInfo* there = g_dbus_node_info_lookup_interface(running.get(), interface);
        GDBusInterfaceInfo* agreed = contractInterface(contract, interface);
        REQUIRE(there);
        REQUIRE(agreed);
        CHECK(members(*there, Planned::Taken) == members(*agreed, Planned::Left));
        const bool managed =
            g_dbus_node_info_lookup_interface(running.get(), "org.freedesktop.DBus.ObjectManager") != nullptr;
        CHECK(managed == (path == names::rootPath));
    }
}

TEST_CASE_METHOD(BusFixture, "the tree of objects can be walked from the root", "[bus]") {
    bus->publish(oneOfEach());
    const auto children = [&](const std::string& path) {
        const Answer answer = client->call(path, "org.freedesktop.DBus.Introspectable", "Introspect");
        const char* xml = nullptr;
        g_variant_get(answer.value.get(), "(&s)", &xml);
        const Node node = parse(xml);
        std::vector<std::string> names;
        for (auto** child = node->nodes; child && *child; ++child)
            names.emplace_back((*child)->path);
        std::sort(names.begin(), names.end());
        return names;
    };
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
