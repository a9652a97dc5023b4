// SPDX-License-Identifier: GPL-3.0-or-later
//
// Rules are looked through off the main loop, and only the last ones are told of.
#include "daemon/reload/rule_check.hpp"

#include <future>
#include <string>
#include <thread>
#include <vector>

#include <glib.h>

#include <catch2/catch_test_macros.hpp>

using namespace micguard;

namespace {

Settings rulesAbout(const std::string& app) {
    Settings settings;
    settings.rules.emplace_back();
    settings.rules.back().match.app = app;
    return settings;
}

Diagnostics noteOf(const std::string& what) {
    return {{"", 0, 0, what, "", Severity::Warning}};
}

void waitFor(const std::vector<Diagnostics>& told, std::size_t count) {
    while (told.size() < count)
        g_main_context_iteration(nullptr, TRUE);
}

} // namespace

TEST_CASE("a look at the rules keeps nobody waiting, and what came meanwhile is looked at last") {
    std::promise<void> gate;
    auto opened = gate.get_future().share();
    const auto main = std::this_thread::get_id();
    std::vector<std::string> looked;
    bool elsewhere = true;
    std::vector<Diagnostics> told;
    RuleCheck check(
        [&](const Settings& settings) {
            opened.wait();
            elsewhere = elsewhere && std::this_thread::get_id() != main;
            looked.push_back(*settings.rules.front().match.app);
            return noteOf(looked.back());
        },
        [&](const Diagnostics& found) { told.push_back(found); });
    check.check(rulesAbout("first"));
    check.check(rulesAbout("second"));
    check.check(rulesAbout("third"));
    CHECK(told.empty());
    gate.set_value();
    waitFor(told, 1);
    CHECK(elsewhere);
    CHECK(looked == std::vector<std::string>{"first", "third"});
    CHECK(told == std::vector<Diagnostics>{noteOf("third")});
    check.check(rulesAbout("fourth"));
    waitFor(told, 2);
    CHECK(told.back() == noteOf("fourth"));
}

TEST_CASE("one that goes while a look is under way tells nothing") {
    bool told = false;
    {
        RuleCheck check([](const Settings&) { return Diagnostics{}; },
                        [&](const Diagnostics&) { told = true; });
        check.check(rulesAbout("one"));
    }
    while (g_main_context_iteration(nullptr, FALSE)) {
    }
    CHECK_FALSE(told);
}
