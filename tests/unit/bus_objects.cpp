// SPDX-License-Identifier: GPL-3.0-or-later
//
// Views shown one after the other, and what a client hears of it.
#include "protocol/names.hpp"
#include "tests/unit/bus_fixture.hpp"

#include <functional>

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using namespace micguard::test;

namespace {

using Lines = std::vector<std::string>;

std::string shortPath(const std::string& path) {
    const std::string root = names::rootPath;
    return path == root ? "guard" : path.starts_with(root + "/") ? path.substr(root.size() + 1) : path;
}

// "apps/1 PropertiesChanged", in order.
Lines heard(Client& client) {
    Lines lines;
    for (const Signal& signal : client.signals()) {
        // Added and removed are emitted at the root; what they are about is their first argument.
        std::string about = shortPath(signal.path);
        if (signal.member.starts_with("Interfaces")) {
            const auto start = signal.text.find('/');
            about = shortPath(signal.text.substr(start, signal.text.find('\'', start) - start));
        }
        lines.push_back(about + " " + signal.member);
    }
    return lines;
}

View busyView() {
    View view;
    view.guard = {.state = "muted",
                  .muted = true,
                  .mutedSince = 5,
                  .mode = "sever",
                  .holds = {{"user", "panel", "key"}},
                  .connected = true,
                  .capturing = 1,
                  .admission = "relaxed",
                  .warnings = {{"evidence-missing:x", "x does not answer"}},
                  .version = "0.1.0"};
    view.applications = {
        {.key = 1, .appId = "org.call", .name = "Call", .state = "silenced", .streams = {2}}};
    view.streams = {{.key = 2, .application = 1, .source = 3, .name = "in", .pid = 7, .state = "silenced"}};
    view.sources = {{.key = 3, .nodeId = 40, .name = "mic", .description = "Mic", .kind = "hardware"}};
    return view;
}

} // namespace

TEST_CASE_METHOD(BusFixture, "all properties carry what the view says", "[bus]") {
    bus->publish(busyView());
    const auto all = [&](const char* path, const char* interface) {
        const Answer answer =
            client->call(path, "org.freedesktop.DBus.Properties", "GetAll", g_variant_new("(s)", interface));
        REQUIRE(answer.value);
        GVariant* dictionary = g_variant_get_child_value(answer.value.get(), 0);
        const Variant owned(dictionary);
        Lines lines;
        GVariantIter iterator;
        g_variant_iter_init(&iterator, dictionary);
        const char* key = nullptr;
        GVariant* value = nullptr;
        while (g_variant_iter_next(&iterator, "{&sv}", &key, &value)) {
            lines.push_back(std::string(key) + " " + g_variant_get_type_string(value) + " " + printed(value));
            g_variant_unref(value);
        }
        return lines;
    };
    CHECK(all(names::rootPath, names::guard::interface) ==
          Lines{"State s 'muted'", "Muted b true", "MutedSince t 5", "Mode s 'sever'",
                "Holds a(sss) [('user', 'panel', 'key')]", "Connected b true", "Capturing u 1",
                "Admission s 'relaxed'", "Warnings a(ss) [('evidence-missing:x', 'x does not answer')]",
                "Version s '0.1.0'"});
    CHECK(all("/org/micguard/MicGuard1/apps/1", names::application::interface) ==
          Lines{"AppId s 'org.call'", "Name s 'Call'", "IconName s ''", "Executable s ''", "Sandbox s ''",
                "Identity s ''", "State s 'silenced'", "Reason s ''", "Since t 0", "LevelMeterOnly b false",
                "Muted b false", "Streams ao ['/org/micguard/MicGuard1/streams/2']"});
    CHECK(all("/org/micguard/MicGuard1/streams/2", names::stream::interface) ==
          Lines{"Application o '/org/micguard/MicGuard1/apps/1'",
                "Source o '/org/micguard/MicGuard1/sources/3'", "Name s 'in'", "Pid u 7",
                "State s 'silenced'", "LevelMeter b false", "Since t 0"});
    CHECK(all("/org/micguard/MicGuard1/sources/3", names::source::interface) ==
          Lines{"Name s 'mic'", "Description s 'Mic'", "Kind s 'hardware'", "Guarded b true",
                "Silenced b false", "Method s 'none'", "Led s 'unknown'", "InUse b false"});
}

TEST_CASE_METHOD(BusFixture, "each field of a view is announced as its one property", "[bus]") {
    View view = busyView();
    bus->publish(view);
    client->signals();

    struct Change {
        const char* object;
        const char* interface;
        const char* announced; // {property: <value>} as GVariant prints it
        std::function<void(View&)> make;
    };
    const char* guard = names::guard::interface;
    const char* app = names::application::interface;
    const char* stream = names::stream::interface;
    const char* source = names::source::interface;
    const Change changes[] = {
        {"guard", guard, "{'State': <'degraded'>}", [](View& v) { v.guard.state = "degraded"; }},
        {"guard", guard, "{'Muted': <false>}", [](View& v) { v.guard.muted = false; }},
        {"guard", guard, "{'MutedSince': <uint64 9>}", [](View& v) { v.guard.mutedSince = 9; }},
        {"guard", guard, "{'Mode': <'silence'>}", [](View& v) { v.guard.mode = "silence"; }},
        {"guard", guard, "{'Holds': <@a(sss) []>}", [](View& v) { v.guard.holds.clear(); }},
        {"guard", guard, "{'Connected': <false>}", [](View& v) { v.guard.connected = false; }},
        {"guard", guard, "{'Capturing': <uint32 4>}", [](View& v) { v.guard.capturing = 4; }},
        {"guard", guard, "{'Admission': <'strict'>}", [](View& v) { v.guard.admission = "strict"; }},
        {"guard", guard, "{'Warnings': <@a(ss) []>}", [](View& v) { v.guard.warnings.clear(); }},
        {"guard", guard, "{'Version': <'2'>}", [](View& v) { v.guard.version = "2"; }},
        {"apps/1", app, "{'AppId': <'x'>}", [](View& v) { v.applications[0].appId = "x"; }},
        {"apps/1", app, "{'Name': <'x'>}", [](View& v) { v.applications[0].name = "x"; }},
        {"apps/1", app, "{'IconName': <'x'>}", [](View& v) { v.applications[0].iconName = "x"; }},
        {"apps/1", app, "{'Executable': <'x'>}", [](View& v) { v.applications[0].executable = "x"; }},
        {"apps/1", app, "{'Sandbox': <'snap'>}", [](View& v) { v.applications[0].sandbox = "snap"; }},
        {"apps/1", app, "{'Identity': <'kernel'>}", [](View& v) { v.applications[0].identity = "kernel"; }},
        {"apps/1", app, "{'State': <'idle'>}", [](View& v) { v.applications[0].state = "idle"; }},
        {"apps/1", app, "{'Reason': <'x'>}", [](View& v) { v.applications[0].reason = "x"; }},
        {"apps/1", app, "{'Since': <uint64 8>}", [](View& v) { v.applications[0].since = 8; }},
        {"apps/1", app, "{'LevelMeterOnly': <true>}",
         [](View& v) { v.applications[0].levelMeterOnly = true; }},
        {"apps/1", app, "{'Muted': <true>}", [](View& v) { v.applications[0].muted = true; }},
        {"apps/1", app, "{'Streams': <@ao []>}", [](View& v) { v.applications[0].streams.clear(); }},
        {"streams/2", stream, "{'Name': <'x'>}", [](View& v) { v.streams[0].name = "x"; }},
        {"streams/2", stream, "{'Pid': <uint32 1>}", [](View& v) { v.streams[0].pid = 1; }},
        {"streams/2", stream, "{'State': <'capturing'>}", [](View& v) { v.streams[0].state = "capturing"; }},
        {"streams/2", stream, "{'Since': <uint64 8>}", [](View& v) { v.streams[0].since = 8; }},
        {"sources/3", source, "{'Name': <'x'>}", [](View& v) { v.sources[0].name = "x"; }},
        {"sources/3", source, "{'Description': <'x'>}", [](View& v) { v.sources[0].description = "x"; }},
        {"sources/3", source, "{'Kind': <'virtual'>}", [](View& v) { v.sources[0].kind = "virtual"; }},
        {"sources/3", source, "{'Guarded': <false>}", [](View& v) { v.sources[0].guarded = false; }},
        {"sources/3", source, "{'Silenced': <true>}", [](View& v) { v.sources[0].silenced = true; }},
        {"sources/3", source, "{'Method': <'volume'>}", [](View& v) { v.sources[0].method = "volume"; }},
        {"sources/3", source, "{'Led': <'on'>}", [](View& v) { v.sources[0].led = "on"; }},
        {"sources/3", source, "{'InUse': <true>}", [](View& v) { v.sources[0].inUse = true; }},
    };
    for (const Change& change : changes) {
        INFO(change.announced);
        change.make(view);
        bus->publish(view);
        const auto signals = client->signals();
        REQUIRE(signals.size() == 1);
        CHECK(signals[0].member == "PropertiesChanged");
        CHECK(shortPath(signals[0].path) == change.object);
        const std::string before = std::string("('") + change.interface + "', ";
        CHECK(signals[0].text == before + change.announced + ", [])");
    }

    // The two that move captures along with them.
    view.streams[0].levelMeter = true;
    bus->publish(view);
    CHECK(heard(*client) == Lines{"streams/2 PropertiesChanged", "guard CaptureStopped"});
    view.streams[0].application = 0;
    view.streams[0].source = 0;
    bus->publish(view);
    auto signals = client->signals();
    REQUIRE(signals.size() == 1);
    CHECK(signals[0].text == "('org.micguard.MicGuard1.Stream', {'Application': <objectpath '/'>, 'Source': "
                             "<objectpath '/'>}, [])");
}

TEST_CASE_METHOD(BusFixture, "nothing new is not announced", "[bus]") {
    bus->publish(busyView());
    client->signals();
    View again = busyView();
    again.sources[0].nodeId = 41; // not on the bus
    bus->publish(again);
    CHECK(heard(*client).empty());
}

TEST_CASE_METHOD(BusFixture, "objects come before what speaks of them and go after it", "[bus]") {
    bus->publish(busyView());
    CHECK(heard(*client) == Lines{"sources/3 InterfacesAdded", "apps/1 InterfacesAdded",
                                  "streams/2 InterfacesAdded", "guard PropertiesChanged",
                                  "guard CaptureStarted"});
    bus->publish(View{});
    CHECK(heard(*client) == Lines{"guard PropertiesChanged", "guard CaptureStopped",
                                  "streams/2 InterfacesRemoved", "apps/1 InterfacesRemoved",
                                  "sources/3 InterfacesRemoved"});
}

TEST_CASE_METHOD(BusFixture, "InterfacesAdded and GetManagedObjects carry all properties", "[bus]") {
    bus->publish(busyView());
    const auto signals = client->signals();
    const Answer answer =
        client->call(names::rootPath, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects");
    REQUIRE(answer.value);
    CHECK(std::string(g_variant_get_type_string(answer.value.get())) == "(a{oa{sa{sv}}})");
    const std::string all = printed(answer.value.get());
    for (const char* part : {"/apps/1'", "/streams/2'", "/sources/3'", "'AppId': <'org.call'>",
                             "'Pid': <uint32 7>", "'Description': <'Mic'>"}) {
        INFO(part);
        CHECK(all.find(part) != std::string::npos);
    }
    REQUIRE(signals.size() == 5);
    CHECK(signals[1].text.find("'org.micguard.MicGuard1.Application': {'AppId': <'org.call'>") !=
          std::string::npos);
    CHECK(signals[1].path == names::rootPath);

    bus->publish(View{});
    const auto removed = client->signals();
    CHECK(removed.at(2).text.find("'org.micguard.MicGuard1.Stream'") != std::string::npos);
    const Answer empty =
        client->call(names::rootPath, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects");
    CHECK(g_variant_n_children(Variant(g_variant_get_child_value(empty.value.get(), 0)).get()) == 0);
    CHECK(client
              ->call("/org/micguard/MicGuard1/apps/1", "org.freedesktop.DBus.Properties", "GetAll",
                     g_variant_new("(s)", names::application::interface))
              .error == "org.freedesktop.DBus.Error.UnknownObject");
}

TEST_CASE_METHOD(BusFixture, "paths that only look like an object's are none", "[bus]") {
    bus->publish(busyView());
    for (const char* path : {"/org/micguard/MicGuard1/apps", "/org/micguard/MicGuard1/apps/01",
                             "/org/micguard/MicGuard1/apps/1/1", "/org/micguard/MicGuard1/apps/0",
                             "/org/micguard/MicGuard1/apps/18446744073709551617",
                             "/org/micguard/MicGuard1/streams/1", "/org/micguard/MicGuard1/appsx/1"}) {
        INFO(path);
        const std::string error = client
                                      ->call(path, "org.freedesktop.DBus.Properties", "GetAll",
                                             g_variant_new("(s)", names::application::interface))
                                      .error;
        CHECK((error == "org.freedesktop.DBus.Error.UnknownObject" ||
               error == "org.freedesktop.DBus.Error.UnknownInterface"));
    }
}

TEST_CASE_METHOD(BusFixture, "captures start and stop once per application and source", "[bus]") {
    View view = busyView();
    view.streams[0].state = "idle";
    bus->publish(view);
    client->signals();
    const auto captures = [&] {
        Lines lines;
        for (const Signal& signal : client->signals())
            if (signal.member.starts_with("Capture"))
                lines.push_back(signal.member + " " + signal.text);
        return lines;
    };
    const std::string pair = " ('/org/micguard/MicGuard1/apps/1', '/org/micguard/MicGuard1/sources/3')";
    const std::string other = " ('/org/micguard/MicGuard1/apps/1', '/org/micguard/MicGuard1/sources/4')";

    view.streams[0].state = "capturing";
    bus->publish(view);
    CHECK(captures() == Lines{"CaptureStarted" + pair});

    view.streams[0].state = "silenced"; // muted: it captures, or would
    bus->publish(view);
    CHECK(captures().empty());

    view.streams.push_back({.key = 5, .application = 1, .source = 3, .state = "capturing"});
    bus->publish(view);
    CHECK(captures().empty());

    view.streams.erase(view.streams.begin());
    bus->publish(view);
    CHECK(captures().empty());

    view.sources.push_back({.key = 4, .name = "other"});
    view.streams[0].source = 4;
    bus->publish(view);
    CHECK(captures() == Lines{"CaptureStopped" + pair, "CaptureStarted" + other});

    view.streams[0].state = "severed";
    bus->publish(view);
    CHECK(captures() == Lines{"CaptureStopped" + other});

    view.streams[0].state = "capturing";
    view.streams[0].levelMeter = true;
    bus->publish(view);
    CHECK(captures().empty());
}

TEST_CASE_METHOD(BusFixture, "strings of any bytes break nothing", "[bus]") {
    View view = busyView();
    view.applications[0].name = "bad\xff\x1b[31m\nname";
    view.applications[0].reason = std::string("nul\0here", 8);
    view.streams[0].name = std::string(1 << 20, '\xf0');
    view.sources[0].description = "\xEF\xBF\xBE";
    view.guard.holds = {{"user", "ow\xc3ner", std::string(3000, 'r')}};
    view.guard.warnings = {{"id\n", "\xed\xa0\x80"}};
    bus->publish(view);
    CHECK(heard(*client).size() == 5);
    const Answer answer =
        client->call(names::rootPath, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects");
    INFO(answer.error << " " << answer.message);
    REQUIRE(answer.value);
    const Variant name = client->get("/org/micguard/MicGuard1/apps/1", names::application::interface, "Name");
    CHECK(std::string(g_variant_get_string(name.get(), nullptr)) == "bad\uFFFD\uFFFD[31m\uFFFDname");
    const Variant reason =
        client->get("/org/micguard/MicGuard1/apps/1", names::application::interface, "Reason");
    CHECK(std::string(g_variant_get_string(reason.get(), nullptr)) == "nul\uFFFDhere");
    const Variant stream = client->get("/org/micguard/MicGuard1/streams/2", names::stream::interface, "Name");
    CHECK(std::string(g_variant_get_string(stream.get(), nullptr)).size() <= 1024);

    bus->blocked(1, "why\x01 \xff");
    const auto signals = client->signals();
    REQUIRE(signals.size() == 1);
    CHECK(signals[0].text == "('/org/micguard/MicGuard1/apps/1', 'why\uFFFD \uFFFD')");
}

TEST_CASE_METHOD(BusFixture, "a key that comes twice is one object", "[bus]") {
    View view = busyView();
    view.applications.push_back(view.applications[0]);
    view.applications[1].name = "second";
    bus->publish(view);
    CHECK(heard(*client).size() == 5);
    const Variant name = client->get("/org/micguard/MicGuard1/apps/1", names::application::interface, "Name");
    CHECK(std::string(g_variant_get_string(name.get(), nullptr)) == "Call");
}

TEST_CASE_METHOD(BusFixture, "two thousand objects come and go", "[bus]") {
    View view;
    for (std::uint64_t key = 2000; key > 0; --key)
        view.applications.push_back({.key = key, .appId = "app" + std::to_string(key)});
    bus->publish(view);
    CHECK(heard(*client).size() == 2000);
    const Answer answer =
        client->call(names::rootPath, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects");
    REQUIRE(answer.value);
    CHECK(g_variant_n_children(Variant(g_variant_get_child_value(answer.value.get(), 0)).get()) == 2000);
    bus->publish(View{});
    CHECK(heard(*client).size() == 2000);
}
