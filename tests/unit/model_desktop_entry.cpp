// SPDX-License-Identifier: GPL-3.0-or-later
//
// Which of the desktop's entries is an application's, and how sure that is.
#include "daemon/model/desktop_entry.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace micguard;

namespace {

DesktopEntry entry(const std::string& id, const std::string& executable, bool system = true) {
    DesktopEntry made;
    made.id = id;
    made.name = "Name of " + id;
    made.icon = "icon-of-" + id;
    made.executable = executable;
    made.system = system;
    return made;
}

ProcessFacts running(const std::string& executable) {
    ProcessFacts facts;
    facts.pid = 1;
    facts.executable = executable;
    facts.executableTrue = true;
    return facts;
}

} // namespace

TEST_CASE("the entry that starts the very file is certain, if root says so") {
    const DesktopEntries entries(
        {entry("org.call", "/usr/bin/call"), entry("mine", "/usr/bin/other", false)});
    CHECK(entries.recognise(running("/usr/bin/call")) ==
          Recognised{"org.call", "Name of org.call", "icon-of-org.call", true});
    CHECK(entries.recognise(running("/usr/bin/other")).id == "mine");
    CHECK_FALSE(entries.recognise(running("/usr/bin/other")).certain);
}

TEST_CASE("a file that the user can write is nobody for certain") {
    const DesktopEntries entries({entry("org.call", "/home/me/call")});
    auto facts = running("/home/me/call");
    facts.executableWritable = true;
    CHECK(entries.recognise(facts).name == "Name of org.call");
    CHECK_FALSE(entries.recognise(facts).certain);
    facts.executable = "/home/me/bin/org.call"; // no more than the name of one
    CHECK(entries.recognise(facts) == Recognised{});
}

TEST_CASE("an executable that is not the file of its name is not recognised by it") {
    const DesktopEntries entries({entry("org.call", "/usr/bin/call")});
    auto facts = running("/usr/bin/call");
    facts.executableTrue = false;
    CHECK(entries.recognise(facts) == Recognised{});
    // One that an upgrade has replaced while it runs is, but not for certain.
    facts.executable = "/usr/bin/call (deleted)";
    CHECK(entries.recognise(facts).id == "org.call");
    CHECK_FALSE(entries.recognise(facts).certain);
}

TEST_CASE("root's entries come before the user's, and a program's first before its others") {
    const DesktopEntries entries({entry("a", "/usr/bin/call", false),
                                  entry("call-new-window", "/usr/bin/call"), entry("call", "/usr/bin/call")});
    CHECK(entries.recognise(running("/usr/bin/call")).id == "call");
}

TEST_CASE("by the launcher's id or its windows' name a program gets its name, and no AppId") {
    auto launched = entry("call-desktop", "/usr/bin/call-launcher");
    launched.wmClass = "callwindow";
    const DesktopEntries entries({launched, entry("talk", "/usr/bin/talk-launcher")});
    CHECK(entries.recognise(running("/opt/call/callwindow")).name == "Name of call-desktop");
    CHECK(entries.recognise(running("/opt/talk/talk")).name == "Name of talk");
    CHECK_FALSE(entries.recognise(running("/opt/talk/talk")).certain);
}

TEST_CASE("sandboxes are found by their own ids, and their entries start no program of the machine's") {
    auto flatpak = entry("org.call", "/usr/bin/flatpak");
    flatpak.flatpak = "org.call";
    auto snap = entry("call_call", "/usr/bin/snap");
    snap.snap = "call";
    const DesktopEntries entries({flatpak, snap});
    ProcessFacts facts;
    facts.sandbox = "flatpak";
    facts.sandboxId = "org.call";
    CHECK(entries.recognise(facts).id == "org.call");
    facts.sandbox = "snap";
    facts.sandboxId = "call";
    CHECK(entries.recognise(facts).id == "call_call");
    CHECK(entries.recognise(running("/usr/bin/flatpak")) == Recognised{});
}

TEST_CASE("a script is recognised by its file, never for certain") {
    const DesktopEntries entries({entry("org.recorder", "/usr/bin/recorder")});
    auto facts = running("/usr/bin/python3.11");
    facts.script = "/usr/bin/recorder";
    CHECK(entries.recognise(facts).id == "org.recorder");
    CHECK_FALSE(entries.recognise(facts).certain);
}

TEST_CASE("of nothing known nothing is recognised") {
    const DesktopEntries entries({entry("", ""), entry("org.call", "")});
    CHECK(entries.recognise({}) == Recognised{});
    CHECK(DesktopEntries{}.recognise(running("/usr/bin/call")) == Recognised{});
}
