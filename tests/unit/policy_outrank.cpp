// SPDX-License-Identifier: GPL-3.0-or-later
//
// A new rule of the user's really wins, with no more priority than that takes, or is refused with the reason.
#include "config/own_file.hpp"
#include "daemon/policy/outrank.hpp"
#include "tests/unit/graph_text.hpp"
#include "tests/unit/rule_text.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using namespace micguard::test;

namespace {

Trial trialOfThe(const std::string& app, std::vector<std::string> subjects,
                 std::vector<std::string> sources = {"mic"}) {
    Trial trial;
    trial.appId = app;
    trial.runs = !subjects.empty();
    for (const auto& subject : subjects)
        trial.subjects.push_back(subjectOf(subject));
    if (subjects.empty())
        trial.subjects = applicantOf(Model{}, {}, app).subjects;
    for (auto& source : sources)
        trial.sources.emplace_back(source, SourceKind::Hardware);
    trial.now.now = 1000;
    return trial;
}

// The priority with which a rule for `app` wins over those in the text.
std::int32_t priorityOf(const Settings& settings, const Rule& rule, const Trial& trial) {
    std::vector<Rule> others;
    for (const auto& other : settings.rules)
        if (mayCompete(other, rule, trial))
            others.push_back(other);
    const auto priority = winningPriority(rule, others);
    REQUIRE(priority);
    return *priority;
}

// `rule` put among the others with that priority, and then tried.
std::optional<Objection> tried(Settings settings, Rule rule, const Trial& trial) {
    rule.priority = priorityOf(settings, rule, trial);
    rule.origin = {"own", 1};
    settings.rules.push_back(rule);
    return objectionTo(rule, RuleBook(settings), trial);
}

const std::string call = "/usr/bin/call";
const std::vector<std::string> callRuns = {
    "app=/usr/bin/call executable=/usr/bin/call process=call claims~Call"};

} // namespace

TEST_CASE("a rule gets no priority where it wins without") {
    const auto trial = trialOfThe(call, callRuns);
    const Rule rule = ruleFor(call, std::nullopt, Ruling::Allow);
    for (const char* others :
         {"", "deny", "deny app=*", "deny claims=*", "deny app=/usr/bin/*", "deny priority=-3",
          "deny app=org.other priority=9", "deny process=music priority=9", "deny flatpak=* priority=9",
          "deny app=/usr/bin/call until=999 priority=9"}) {
        INFO(others);
        CHECK(priorityOf(rulesOf(others), rule, trial) == 0);
        CHECK_FALSE(tried(rulesOf(others), rule, trial));
    }
}

TEST_CASE("a rule gets the lowest priority with which it wins, and wins") {
    const auto trial = trialOfThe(call, callRuns);
    const struct {
        const char* others;
        std::int32_t priority;
    } cases[] = {
        {"deny priority=7", 7},                                            // more specific at the same
        {"deny app=/usr/bin/call executable=/usr/bin/call priority=7", 8}, // less specific
        {"deny app=/usr/bin/call source=mic", 1},
        {"deny app=/usr/bin/call", 1}, // the same place, the stricter action
        {"deny app=/usr/bin/call layer=system", 0},
        {"deny app=/usr/bin/call hours=09:00-17:00", 1}, // not now, but then
        {"deny app=/usr/bin/call until=5000", 1},
        {"deny claims=Zoom priority=4", 4},      // it may call itself so tomorrow
        {"deny unit=app-*.scope priority=4", 4}, // and be started so
        {"deny priority=3\ndeny kind=bluetooth priority=20\nsilence process=call priority=12", 20},
    };
    const Rule rule = ruleFor(call, std::nullopt, Ruling::Allow);
    for (const auto& [others, priority] : cases) {
        INFO(others);
        const auto settings = rulesOf(others);
        CHECK(priorityOf(settings, rule, trial) == priority);
        CHECK_FALSE(tried(settings, rule, trial));
        if (priority == 0)
            continue;
        // One less, and one of them wins.
        Rule less = rule;
        less.priority = priority - 1;
        bool loses = false;
        for (const auto& other : settings.rules)
            loses = loses || compare({&other, specificity(other)}, {&less, specificity(less)}).order < 0;
        CHECK(loses);
    }
}

TEST_CASE("a rule for one microphone need not win over those for others") {
    auto trial = trialOfThe(call, callRuns);
    const Rule rule = ruleFor(call, "mic", Ruling::Allow);
    CHECK(priorityOf(rulesOf("deny source=line priority=9"), rule, trial) == 0);
    CHECK(priorityOf(rulesOf("deny source=m* priority=9"), rule, trial) == 9);
    CHECK(priorityOf(rulesOf("deny kind=bluetooth priority=9"), rule, trial) == 0);
    CHECK(priorityOf(rulesOf("deny kind=hardware priority=9"), rule, trial) == 9);
    CHECK(priorityOf(rulesOf("deny app=/usr/bin/call priority=9"), rule, trial) == 9);
    // Not there, it may be of any kind.
    trial.sources = trialOf(Model{}, {}, Applicant{call, {}, trial.subjects}, "mic").sources;
    CHECK(priorityOf(rulesOf("deny kind=bluetooth priority=9"), rule, trial) == 9);
}

TEST_CASE("what is not known of an application that does not run counts as fitting") {
    const Rule byPath = ruleFor(call, std::nullopt, Ruling::Allow),
               byId = ruleFor("org.a", std::nullopt, Ruling::Allow);
    const auto path = trialOfThe(call, {}), id = trialOfThe("org.a", {});
    CHECK(priorityOf(rulesOf("deny process=call priority=9"), byPath, path) == 10);
    CHECK(priorityOf(rulesOf("deny process=music priority=9"), byPath, path) == 0);
    CHECK(priorityOf(rulesOf("deny flatpak=* priority=9"), byPath, path) == 0);
    CHECK(priorityOf(rulesOf("deny flatpak=* priority=9"), byId, id) == 9);
    CHECK(priorityOf(rulesOf("deny process=music priority=9"), byId, id) == 10);
    CHECK(priorityOf(rulesOf("deny app=org.b priority=9"), byId, id) == 0);
    CHECK_FALSE(tried(rulesOf("default deny"), byId, id));
    CHECK_FALSE(tried(rulesOf("default deny"), byPath, path));
}

TEST_CASE("there is a highest priority") {
    const Rule rule = ruleFor(call, std::nullopt, Ruling::Allow);
    CHECK(winningPriority(rule, rulesOf("deny priority=1000000").rules) == 1'000'000);
    CHECK_FALSE(winningPriority(rule, rulesOf("deny app=/usr/bin/call source=mic priority=1000000").rules));
}

TEST_CASE("for a while over what lasts takes no priority") {
    const auto trial = trialOfThe(call, callRuns);
    const Rule rule = ruleFor(call, std::nullopt, Ruling::Allow, 0, 5000);
    CHECK(priorityOf(rulesOf("deny app=/usr/bin/call"), rule, trial) == 0);
    CHECK_FALSE(tried(rulesOf("deny app=/usr/bin/call"), rule, trial));
}

TEST_CASE("a final rule that decides otherwise is named, with its place") {
    const auto trial = trialOfThe(call, callRuns, {"mic", "line"});
    const Rule allow = ruleFor(call, std::nullopt, Ruling::Allow);
    const auto refused = tried(rulesOf("deny process=call layer=system final"), allow, trial);
    REQUIRE(refused);
    CHECK_FALSE(refused->claimed);
    CHECK(
        refused->text ==
        "/usr/bin/call is denied by t:1, a final rule: only whoever looks after this system can change that");
    // Of use somewhere, or at another time, or the same anyway.
    CHECK_FALSE(tried(rulesOf("deny source=line layer=system final"), allow, trial));
    CHECK_FALSE(tried(rulesOf("deny hours=22:00-06:00 days=tue layer=system final"), allow, trial));
    CHECK_FALSE(tried(rulesOf("deny layer=system final"), ruleFor(call, std::nullopt, Ruling::Deny), trial));
    CHECK(tried(rulesOf("deny source=line layer=system final"), ruleFor(call, "line", Ruling::Allow),
                trialOfThe(call, callRuns, {"line"})));
}

TEST_CASE("what an application only says of itself gets no rule that loosens") {
    const auto claimed = trialOfThe("pacat", {"app~pacat executable~pacat process~pacat claims~Recorder"});
    const Rule allow = ruleFor("pacat", std::nullopt, Ruling::Allow),
               deny = ruleFor("pacat", std::nullopt, Ruling::Deny);
    const auto refused = tried(rulesOf("default deny"), allow, claimed);
    REQUIRE(refused);
    CHECK(refused->claimed);
    CHECK(refused->text.starts_with(
        "pacat is only what the application says of itself, which anybody could say: "));
    CHECK(refused->text.find("so it stays denied by [policy] default. To allow it all the same, ") !=
          std::string::npos);
    CHECK(tried(rulesOf("deny app=*"), allow, claimed));
    CHECK(tried(rulesOf("default deny"), ruleFor("pacat", std::nullopt, Ruling::Silence), claimed));
    CHECK_FALSE(tried(rulesOf(""), allow, claimed));
    CHECK_FALSE(tried(rulesOf("deny claims=Rec*"), allow, claimed)); // an exception among claims
    CHECK_FALSE(tried(rulesOf("default allow"), deny, claimed));
    // Enough that one of those who are called so is known.
    const auto both = trialOfThe("org.a", {"app~org.a", "app=org.a flatpak=org.a"});
    CHECK_FALSE(tried(rulesOf("default deny"), ruleFor("org.a", std::nullopt, Ruling::Allow), both));
}

TEST_CASE("a rule about microphones that are here is tried on those, one about others on every kind") {
    Model model;
    model.graph = graphOf("node 20 class=Audio/Source name=mic\nnode 22 class=Audio/Source/Virtual "
                          "name=filter\nnode 24 class=Audio/Sink name=speaker");
    const Applicant nobody{call, {}, {}};
    const auto sourcesOf = [&](const std::optional<std::string>& source) {
        return trialOf(model, {}, nobody, source).sources;
    };
    CHECK(sourcesOf(std::nullopt).size() == 2);
    CHECK(sourcesOf("filter") == decltype(Trial::sources){{"filter", SourceKind::Virtual}});
    CHECK(sourcesOf("speaker").size() == 5);
    CHECK(sourcesOf("unplugged").front().first == "unplugged");
    CHECK_FALSE(trialOf(model, {}, nobody, std::nullopt).runs);
}

TEST_CASE("a rule that others outrank all the same is objected to by what still decides") {
    const auto trial = trialOfThe(call, callRuns);
    Settings settings = rulesOf("deny app=/usr/bin/call priority=5");
    const Rule rule = ruleFor(call, std::nullopt, Ruling::Allow);
    settings.rules.push_back(rule);
    const auto refused = objectionTo(rule, RuleBook(settings), trial);
    REQUIRE(refused);
    CHECK_FALSE(refused->claimed);
    CHECK(refused->text == "/usr/bin/call would still be denied by t:1");
}

TEST_CASE("that others' rules rest on a claim is no objection to the user's own") {
    const auto trial = trialOfThe("pacat", {"app~pacat claims~Recorder"});
    const Rule allow = ruleFor("pacat", std::nullopt, Ruling::Allow);
    const std::string others = "deny claims=Rec* priority=20\nallow claims=Rec* priority=9\n"
                               "ask app=pacat priority=8\nallow app=pacat priority=7";
    Settings settings = rulesOf("default deny\n" + others);
    const auto without = objectionTo(allow, RuleBook(settings), trial);
    REQUIRE(without);
    CHECK_FALSE(without->claimed);
    settings.rules.push_back(allow);
    const auto refused = objectionTo(allow, RuleBook(settings), trial);
    REQUIRE(refused);
    CHECK(refused->claimed);
}
