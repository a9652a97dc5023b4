// SPDX-License-Identifier: GPL-3.0-or-later
//
// Rules by which applications exclude each other, hang on each other or contradict each other: who goes on,
// that it is settled, and that it stays so.
#include "tests/unit/many_worlds.hpp"
#include "tests/unit/world.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using namespace micguard::test;

namespace {

using Pairs = std::set<std::string>;

// `who` and `while_` are the last letter of /usr/bin/a, /usr/bin/b …
Rule beside(Ruling action, char who, char while_, std::uint32_t line, std::int32_t priority = 0) {
    Rule rule;
    rule.match.executable = std::string("/usr/bin/") + who;
    rule.when.capturing = std::string("/usr/bin/") + while_;
    rule.action = action;
    rule.priority = priority;
    rule.origin = {"r.toml", line};
    return rule;
}

Rule always(Ruling action, char who, std::uint32_t line) {
    Rule rule = beside(action, who, 'x', line);
    rule.when.capturing.reset();
    return rule;
}

// Client 100, 110, 120 … with one stream each, in the order of their names.
std::string applications(std::string_view names) {
    std::string text;
    std::uint32_t id = 100;
    for (const char name : names) {
        const auto number = [&](std::uint32_t more) { return std::to_string(id + more); };
        text += "client " + number(0) + " exe=/usr/bin/" + name + "\nnode " + number(1) +
                " class=Stream/Input/Audio name=" + name + " client=" + number(0) +
                " autoconnect running\nport " + number(2) + " of " + number(1) + " in\n";
        id += 10;
    }
    return text;
}

const std::string mic =
    std::string(desk) + "node 20 class=Audio/Source name=mic client=10\nport 21 of 20 out\ndefault mic\n";

Settings settingsOf(std::vector<Rule> rules) {
    Settings settings;
    settings.rules = std::move(rules);
    return settings;
}

// Each one, from a on, is kept out while the next one captures, and the last one while a does; lines count from 1.
Settings ringOf(const std::vector<Ruling>& actions) {
    std::vector<Rule> rules;
    for (std::size_t at = 0; at < actions.size(); at++)
        rules.push_back(beside(actions[at], static_cast<char>('a' + at),
                               static_cast<char>('a' + (at + 1) % actions.size()),
                               static_cast<std::uint32_t>(at + 1)));
    return settingsOf(std::move(rules));
}

std::string reasonOf(const World& world, std::string_view stream) {
    const auto verdicts = world.verdicts();
    for (const auto& [id, decision] : verdicts.ruled)
        if (const Node* node = world.model.graph.node(id); node && node->name == stream)
            return decision.reason;
    return "none";
}

// As the world is, without waiting for it to come to rest: how often what is heard changes in so many rounds.
unsigned changesIn(World& world, int rounds) {
    unsigned changes = 0;
    Pairs before = world.server.audible();
    for (int round = 0; round < rounds; round++) {
        while (world.step()) {
        }
        world.enforcer.settle();
        const Pairs now = world.server.audible();
        changes += now == before ? 0 : 1;
        before = now;
    }
    return changes;
}

} // namespace

TEST_CASE("one that may hear only while another does, and that one only while the first does not: no taking "
          "turns") {
    for (const char* order : {"ab", "ba"}) {
        INFO(order);
        World world(mic + applications(order));
        world.apply(event::SettingsLoaded{
            settingsOf({always(Ruling::Deny, 'a', 1), beside(Ruling::Allow, 'a', 'b', 2),
                        beside(Ruling::Deny, 'b', 'a', 3)})});
        world.enforcer.settle();
        changesIn(world, 50);
        CHECK(changesIn(world, 50) == 0);
        CHECK(world.plan().empty());
        CHECK(world.server.audible() == Pairs{"mic -> b"});
        CHECK(reasonOf(world, "a") ==
              "denied: r.toml:2 and r.toml:3 contradict each other, and '/usr/bin/b' was there first");
    }
}

TEST_CASE("three that exclude each other in a ring: one goes on, for good") {
    World world(mic + applications("abc"));
    world.apply(event::SettingsLoaded{ringOf({Ruling::Deny, Ruling::Silence, Ruling::Deny})});
    world.enforcer.settle();
    changesIn(world, 50);
    CHECK(changesIn(world, 50) == 0);
    CHECK(world.plan().empty());
    CHECK(world.server.audible() == Pairs{"mic -> a"});
    CHECK(
        reasonOf(world, "b") ==
        "silenced: r.toml:1, r.toml:2 and r.toml:3 contradict each other, and '/usr/bin/a' was there first");
    CHECK(reasonOf(world, "c") == "denied by r.toml:3 while '/usr/bin/a' captures");

    world.say("gone 100"); // a
    CHECK(world.server.audible() == Pairs{"mic -> c"});
    CHECK(reasonOf(world, "b") == "silenced by r.toml:2 while '/usr/bin/c' captures");
}

TEST_CASE("who comes into a ring of rules is kept out from the start, and shuts out nobody") {
    World world(mic + applications("ac"));
    world.receive(event::SettingsLoaded{ringOf({Ruling::Deny, Ruling::Silence, Ruling::Deny})});
    REQUIRE(world.server.audible() == Pairs{"mic -> a"});
    // b might hear, going by its own rule: c does not. But a would have to go.
    world.say("client 200 exe=/usr/bin/b");
    CHECK(world.server.permission(GlobalId{200}, GlobalId{20}) == permission::none);
    world.say("node 201 class=Stream/Input/Audio name=b client=200 autoconnect running\nport 202 of 201 in");
    CHECK(world.server.audible() == Pairs{"mic -> a"});
    CHECK(reasonOf(world, "b").find("contradict each other") != std::string::npos);
    // Its stream never had a microphone and goes on with silence now: it would hear one all the same.
    settle(world);
    CHECK(world.plan().empty());
    CHECK(changesIn(world, 20) == 0);
    CHECK(reasonOf(world, "b").find("contradict each other") != std::string::npos);
}

TEST_CASE("four in a ring: every other one goes on") {
    World world(mic + applications("abcd"));
    world.receive(event::SettingsLoaded{ringOf({Ruling::Deny, Ruling::Deny, Ruling::Deny, Ruling::Deny})});
    CHECK(world.server.audible() == Pairs{"mic -> a", "mic -> c"});
    CHECK(reasonOf(world, "b") == "denied by r.toml:2 while '/usr/bin/c' captures");
    CHECK(changesIn(world, 20) == 0);
}

TEST_CASE("one at a time: who was there first goes on, and the next one after it") {
    Rule one;
    one.when.capturing = "*";
    one.origin = {"r.toml", 1};
    World world(mic + applications("abc"));
    world.receive(event::SettingsLoaded{settingsOf({one})});
    CHECK(world.server.audible() == Pairs{"mic -> a"});
    CHECK(reasonOf(world, "b") == "denied by r.toml:1 while another application captures");
    world.say("client 300 exe=/usr/bin/z\nnode 301 class=Stream/Input/Audio name=z client=300 autoconnect "
              "running\nport 302 of 301 in");
    CHECK(world.server.audible() == Pairs{"mic -> a"});
    world.say("gone 100");
    CHECK(world.server.audible() == Pairs{"mic -> b"});
}

TEST_CASE("who hangs on nobody is let in, whoever was there before") {
    World world(mic + applications("ab"));
    world.receive(event::SettingsLoaded{settingsOf({beside(Ruling::Deny, 'a', 'b', 1)})});
    CHECK(world.server.audible() == Pairs{"mic -> b"});
    // A rule for b that changes nothing makes no ring of it.
    world.receive(event::SettingsLoaded{
        settingsOf({beside(Ruling::Deny, 'a', 'b', 1), beside(Ruling::Allow, 'b', 'a', 2, 5)})});
    CHECK(world.server.audible() == Pairs{"mic -> b"});
    CHECK(reasonOf(world, "a") == "denied by r.toml:1 while '/usr/bin/b' captures");
}

TEST_CASE("two that may hear only together go on together, and neither begins") {
    const Settings settings =
        settingsOf({always(Ruling::Deny, 'a', 1), always(Ruling::Deny, 'b', 2),
                    beside(Ruling::Allow, 'a', 'b', 3), beside(Ruling::Allow, 'b', 'a', 4)});
    World world(mic + applications("ab"));
    world.receive(event::SettingsLoaded{settings});
    CHECK(world.server.audible() == Pairs{"mic -> a", "mic -> b"});
    World fresh(mic);
    fresh.receive(event::SettingsLoaded{settings});
    fresh.say(applications("ab"));
    CHECK(fresh.server.audible() == Pairs{});
}

TEST_CASE("who is kept from one microphone and hears another one captures all the same") {
    World world(mic + "node 22 class=Audio/Source name=second client=10\nport 23 of 22 out\n" +
                applications("a") +
                "client 200 exe=/usr/bin/b\nnode 201 class=Stream/Input/Audio name=b client=200 autoconnect "
                "running target=second\n"
                "port 202 of 201 in");
    Rule other = always(Ruling::Deny, 'b', 2);
    other.match.source = "mic";
    world.receive(event::SettingsLoaded{settingsOf({beside(Ruling::Deny, 'a', 'b', 1), other})});
    CHECK(world.server.audible() == Pairs{"second -> b"});
    CHECK(reasonOf(world, "a") == "denied by r.toml:1 while '/usr/bin/b' captures");
}

TEST_CASE("muted by severing, those who exclude each other are the same as before it, and after it") {
    World world(mic + applications("abc"));
    world.receive(event::SettingsLoaded{ringOf({Ruling::Deny, Ruling::Deny, Ruling::Deny})});
    REQUIRE(world.server.audible() == Pairs{"mic -> a"});
    world.receive(event::ModeChosen{Mode::Sever});
    world.mute();
    CHECK(reasonOf(world, "b").find("contradict each other") != std::string::npos);
    world.unmute();
    settle(world);
    CHECK(world.server.audible() == Pairs{"mic -> a"});
}

TEST_CASE("who only claims to be the other one opens nothing by it, and whoever is known goes on") {
    World world(mic + applications("a"));
    world.receive(event::SettingsLoaded{
        settingsOf({always(Ruling::Deny, 'a', 1), beside(Ruling::Allow, 'a', 'b', 2)})});
    world.say(
        "client 200 exe=/usr/bin/pipewire-pulse app-id=/usr/bin/b\n"
        "node 201 class=Stream/Input/Audio name=fake client=200 autoconnect running\nport 202 of 201 in");
    CHECK(world.server.audible() == Pairs{"mic -> fake"});
    CHECK(reasonOf(world, "a") == "denied by r.toml:1");
    // It keeps a out where a has to give way to b, and lets itself be kept out as b would be.
    world.receive(event::SettingsLoaded{settingsOf({beside(Ruling::Deny, 'a', 'b', 1)})});
    CHECK(world.server.audible() == Pairs{"mic -> fake"});
}

TEST_CASE(
    "whom a claim of his own shuts out shuts out nobody, and one that would let him in lets him do no more") {
    Rule claim;
    claim.match.claims = "Fake";
    claim.priority = 6;
    claim.origin = {"r.toml", 3};
    const std::string fake = "client 50 exe=/usr/bin/a name=Fake\nnode 51 class=Stream/Input/Audio name=fake "
                             "client=50 autoconnect running\nport 52 of 51 in\n";
    const auto rules = [&](Ruling ruling) {
        claim.action = ruling;
        return settingsOf(
            {beside(Ruling::Deny, 'a', 'b', 1, 5), beside(Ruling::Deny, 'b', 'a', 2, 5), claim});
    };
    World world(mic + fake);
    SECTION("shut out") {
        world.receive(event::SettingsLoaded{rules(Ruling::Deny)});
        world.say(applications("b"));
        CHECK(world.server.audible() == Pairs{"mic -> b"});
        CHECK(reasonOf(world, "fake") == "denied by r.toml:3");
    }
    SECTION("let in") {
        world.receive(event::SettingsLoaded{rules(Ruling::Allow)});
        world.say(applications("b"));
        CHECK(world.server.audible() == Pairs{"mic -> fake"});
        CHECK(reasonOf(world, "b") == "denied by r.toml:2 while '/usr/bin/a' captures");
        world.say("gone 50");
        CHECK(world.server.audible() == Pairs{"mic -> b"});
        world.say(
            "client 60 exe=/usr/bin/a name=Fake\nnode 61 class=Stream/Input/Audio serial=5000 name=again "
            "client=60 autoconnect running\nport 62 of 61 in");
        CHECK(world.server.audible() == Pairs{"mic -> b"});
        CHECK(reasonOf(world, "again") == "denied by r.toml:1 while '/usr/bin/b' captures");
    }
}

TEST_CASE(
    "those who say the same of themselves are one application, but another one than who is known to be it") {
    const auto pulse = [](std::uint32_t id) {
        const auto number = [&](std::uint32_t more) { return std::to_string(id + more); };
        return "client " + number(0) + " exe=/usr/bin/pipewire-pulse app-id=org.x\nnode " + number(1) +
               " class=Stream/Input/Audio name=claims" + number(0) + " client=" + number(0) +
               " autoconnect running\nport " + number(2) + " of " + number(1) + " in\n";
    };
    Rule one;
    one.match.app = "org.x";
    one.when.capturing = "org.x";
    one.origin = {"r.toml", 1};
    World world(mic + pulse(200) + pulse(210));
    world.receive(event::SettingsLoaded{settingsOf({one})});
    CHECK(world.server.audible() == Pairs{"mic -> claims200", "mic -> claims210"});
    world.say("client 120 exe=/app/bin/x sandbox=flatpak sandbox-id=org.x\nnode 121 class=Stream/Input/Audio "
              "name=known client=120 autoconnect running\nport 122 of 121 in\n");
    CHECK(world.server.audible() == Pairs{"mic -> known"});
    world.say("client 230 exe=/app/bin/x sandbox=flatpak sandbox-id=org.x\nnode 231 class=Stream/Input/Audio "
              "name=again client=230 autoconnect running\nport 232 of 231 in\n");
    CHECK(world.server.audible() == Pairs{"mic -> again", "mic -> known"});
}

TEST_CASE("who hangs on nobody that hangs on him is let in, and who has to go for it goes") {
    World world(mic + applications("a"));
    world.receive(event::SettingsLoaded{
        settingsOf({beside(Ruling::Deny, 'a', 'x', 1), beside(Ruling::Deny, 'x', 'c', 2)})});
    const auto comes = [&](std::uint32_t id, const std::string& name) {
        const auto number = [&](std::uint32_t more) { return std::to_string(id + more); };
        world.say("client " + number(0) + " exe=/usr/bin/" + name + "\nnode " + number(1) +
                  " class=Stream/Input/Audio name=" + name + " client=" + number(0) +
                  " autoconnect running\nport " + number(2) + " of " + number(1) + " in");
    };
    comes(200, "x");
    CHECK(world.server.audible() == Pairs{"mic -> x"});
    CHECK(reasonOf(world, "a") == "denied by r.toml:1 while '/usr/bin/x' captures");
    comes(210, "c");
    CHECK(world.server.audible() == Pairs{"mic -> a", "mic -> c"});
    CHECK(reasonOf(world, "x") == "denied by r.toml:2 while '/usr/bin/c' captures");
}

TEST_CASE("who only claims to be one of those who exclude each other is kept out like that one, and keeps "
          "him out") {
    const std::string fake = "client 50 exe=/usr/bin/pipewire-pulse app-id=/usr/bin/b binary=/usr/bin/b\n"
                             "node 51 class=Stream/Input/Audio name=fake client=50 autoconnect running";
    const auto rules = ringOf({Ruling::Deny, Ruling::Deny});
    World world(mic);
    world.receive(event::SettingsLoaded{rules});
    SECTION("he comes later") {
        world.say(applications("a"));
        world.say(fake + " serial=5000\nport 52 of 51 in");
        CHECK(world.server.audible() == Pairs{"mic -> a"});
        CHECK(reasonOf(world, "fake") == "denied by r.toml:2 while '/usr/bin/a' captures");
    }
    SECTION("he was there first") {
        world.say(fake + "\nport 52 of 51 in");
        world.say(applications("a"));
        CHECK(world.server.audible() == Pairs{"mic -> fake"});
        CHECK(reasonOf(world, "a") == "denied by r.toml:1 while '/usr/bin/b' captures");
        world.say("gone 50");
        CHECK(world.server.audible() == Pairs{"mic -> a"});
    }
}

// Rules of every kind about few applications, so that they hang on each other in every way.
TEST_CASE("property: whatever rules hang on each other, all comes to rest, stays so, and nobody hears what "
          "they keep him from") {
    unsigned contradictions = 0, heard = 0;
    inManyWorlds([&](Random& random) {
        const std::string names = std::string("abcdefg").substr(0, 2 + random.below(6));
        const auto anybody = [&] { return names.at(random.below(static_cast<std::uint32_t>(names.size()))); };
        Settings settings;
        settings.policy.fallback = random.chance(60) ? Ruling::Allow : Ruling::Deny;
        for (std::uint32_t line = 1 + random.below(10); line > 0; line--) {
            Rule rule = beside(rulings[random.below(rulings.size())], anybody(), anybody(), line,
                               static_cast<std::int32_t>(random.below(3)));
            if (random.chance(20))
                rule.match.executable = "*";
            if (random.chance(15))
                rule.when.capturing = "*";
            if (random.chance(15))
                rule.when.capturing.reset();
            if (random.chance(20))
                rule.match.source = "mic";
            settings.rules.push_back(std::move(rule));
        }
        // Half of them with a ring besides, of which some part lets and some shuts out.
        const bool ring = random.chance(50);
        for (std::size_t at = 0; ring && at < names.size(); at++)
            settings.rules.push_back(beside(random.chance(80) ? Ruling::Deny : Ruling::Allow, names.at(at),
                                            names.at((at + 1) % names.size()),
                                            static_cast<std::uint32_t>(100 + at),
                                            static_cast<std::int32_t>(random.below(4))));
        const RuleBook book(settings);
        World world(mic + "node 22 class=Audio/Source name=second client=10\nport 23 of 22 out\n" +
                    applications(names));
        world.apply(event::SettingsLoaded{settings});
        std::string trouble;
        for (int step = 0; step < 12 && trouble.empty(); step++) {
            world.enforcer.settle();
            changesIn(world, 8 + 4 * static_cast<int>(names.size()));
            if (changesIn(world, 20) != 0)
                trouble += "takes turns; ";
            settle(world);
            const Pairs audible = world.server.audible();
            if (!world.plan().empty() || changesIn(world, 20) != 0)
                trouble += "not at rest; ";
            // By the rules alone, as things are now. Who has an answer or is asked about is not in this
            // world.
            Circumstances now;
            for (const auto& pair : audible)
                now.capturing.insert("/usr/bin/" + pair.substr(pair.rfind(' ') + 1));
            for (const auto& pair : audible) {
                Subject subject;
                subject.app = subject.executable = {"/usr/bin/" + pair.substr(pair.rfind(' ') + 1), true};
                const auto source = pair.substr(0, pair.find(' '));
                if (const auto is = book.decide(subject, source, SourceKind::Virtual, now);
                    is.ruling != Ruling::Allow)
                    trouble += pair + " although " + is.reason.str() + "; ";
            }
            heard += static_cast<unsigned>(audible.size());
            for (const auto& [id, decision] : world.verdicts().ruled)
                contradictions += decision.reason.str().find("contradict") == std::string::npos ? 0 : 1;
            // Somebody goes, comes, or moves to the other microphone.
            const char who = anybody();
            const std::string id = std::to_string(100 + 10 * names.find(who));
            if (world.server.graph().clients.contains(GlobalId{static_cast<std::uint32_t>(std::stoul(id))}))
                world.server.say("gone " + id);
            else
                world.server.say(
                    "client " + id + " exe=/usr/bin/" + who + "\nnode " + std::to_string(std::stoul(id) + 1) +
                    " class=Stream/Input/Audio name=" + who + " client=" + id + " autoconnect running" +
                    (random.chance(30) ? " target=second" : "") + "\nport " +
                    std::to_string(std::stoul(id) + 2) + " of " + std::to_string(std::stoul(id) + 1) + " in");
        }
        INFO(trouble);
        CHECK(trouble.empty());
    });
    INFO(contradictions << " contradictions, " << heard << " heard");
    CHECK(contradictions > 3);
    CHECK(heard > 200);
}

TEST_CASE("many rules that hang on who captures: what a look at everybody takes", "[!benchmark]") {
    const auto look = [](const Settings& settings) {
        Model model;
        model.apply(event::Connected{1, "pipewire-0", "1.4.2", "a"});
        model.settings = settings;
        constexpr std::uint32_t microphones = 16, clients = 500;
        for (std::uint32_t at = 0; at < microphones; at++) {
            Node source;
            source.id = GlobalId{10 + at};
            source.serial = Serial{10 + at};
            source.mediaClass = "Audio/Source";
            source.name = "mic" + std::to_string(at);
            model.graph.put(source);
        }
        for (std::uint32_t at = 0; at < clients; at++) {
            Client client;
            client.id = GlobalId{1000 + at};
            client.serial = Serial{1000 + at};
            client.executable = "/usr/bin/app" + std::to_string(at);
            client.executableTrue = client.infoKnown = true;
            model.graph.put(client);
            Node stream;
            stream.id = GlobalId{2000 + at};
            stream.serial = Serial{2000 + at};
            stream.client = client.id;
            stream.mediaClass = "Stream/Input/Audio";
            stream.autoconnect = true;
            model.graph.put(stream);
            model.graph.put(
                {GlobalId{3000 + at}, Serial{3000 + at}, GlobalId{10 + at % microphones}, {}, stream.id, {}});
        }
        model.listComplete = true;
        const RuleBook book(settings);
        // The best of some: what else the machine does only adds.
        const auto best = [&](auto work) {
            double least = 1e9;
            for (unsigned minute = 0; minute < 15; minute++) {
                model.circumstances.minute = minute;
                const auto start = std::chrono::steady_clock::now();
                CHECK_FALSE(work().strict.empty());
                least = std::min(
                    least, std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
                               .count());
            }
            return least;
        };
        return std::pair(best([&] { return judge(model, book, {}); }),
                         best([&] { return evaluate(model, book).rulings; }));
    };
    const auto rulesOf = [](const char* hanging) {
        Settings settings;
        for (std::uint32_t at = 0; at < 10000; at++) {
            Rule rule;
            rule.match.executable = "/usr/bin/app" + std::to_string(at % 1000);
            rule.action = rulings[at % rulings.size()];
            rule.priority = static_cast<std::int32_t>(at / 1000);
            if (std::string_view(hanging) == "in rings")
                rule.when.capturing = "/usr/bin/app" + std::to_string((at + 1 + at / 1000) % 500);
            else if (std::string_view(hanging) == "on patterns")
                rule.when.capturing = "/usr/bin/app" + std::to_string((at + 1) % 50) + "*";
            else if (std::string_view(hanging) == "on nobody")
                rule.when.locked = at % 2 == 0;
            rule.origin = {"rules.toml", at + 1};
            settings.rules.push_back(std::move(rule));
        }
        settings.rules.emplace_back();
        settings.rules.back().priority = -1;
        if (std::string_view(hanging) == "one at a time")
            settings.rules.back().when.capturing = "*";
        return settings;
    };
    for (const char* hanging : {"on nobody", "one at a time", "in rings", "on patterns"}) {
        const auto [judged, evaluated] = look(rulesOf(hanging));
        std::printf("      500 applications on 16 microphones, 10,000 rules that hang %s: rulings %.1f ms, "
                    "all verdicts %.1f ms\n",
                    hanging, judged, evaluated);
    }
}
