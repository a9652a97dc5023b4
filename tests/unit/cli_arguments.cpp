// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/arguments.hpp"

#include "cli/verbs.hpp"

#include <algorithm>
#include <initializer_list>

#include <catch2/catch_test_macros.hpp>

using namespace micguard::cli;

namespace {

tl::expected<Invocation, UsageError> parsed(std::initializer_list<const char*> words) {
    return parse(std::span(words.begin(), words.size()), allVerbs());
}

std::string wrong(std::initializer_list<const char*> words) {
    const auto how = parsed(words);
    REQUIRE_FALSE(how);
    CHECK(how.error().line.find("; usage: micguardctl ") != std::string::npos);
    CHECK(how.error().line.find('\n') == std::string::npos);
    return how.error().line.substr(0, how.error().line.find("; usage"));
}

} // namespace

TEST_CASE("every verb is understood by its own name") {
    for (const VerbSpec& verb : allVerbs()) {
        const char* name = verb.name.data();
        const char* words[] = {name, "--help"};
        const auto how = parse(words, allVerbs());
        REQUIRE(how);
        CHECK(how->verb == &verb);
        CHECK(how->help);
    }
}

TEST_CASE("options may stand before and after the verb") {
    CHECK(parsed({"--json", "status"})->json);
    CHECK(parsed({"status", "--json"})->json);
    CHECK_FALSE(parsed({"status"})->json);
    CHECK(parsed({"-h"})->help);
    CHECK(parsed({"--version"})->version);
    CHECK(parsed({"doctor", "--asound", "/x"})->option("--asound") == "/x");
    CHECK(parsed({"doctor", "--asound=/x=y"})->option("--asound") == "/x=y");
    CHECK_FALSE(parsed({"doctor"})->option("--asound"));
}

TEST_CASE("a command keeps its own options") {
    const std::vector<std::string> ls = {"ls", "-l", "--json", "--", "-h"};
    CHECK(parsed({"hold", "--", "ls", "-l", "--json", "--", "-h"})->operands == ls);
    CHECK(parsed({"hold", "ls", "-l", "--json", "--", "-h"})->operands == ls);
    CHECK_FALSE(parsed({"hold", "--", "ls", "--json"})->json);
    const auto reasoned = parsed({"talk", "--reason", "--", "--", "-x"});
    REQUIRE(reasoned);
    CHECK(reasoned->option("--reason") == "--");
    CHECK(reasoned->operands == std::vector<std::string>{"-x"});
}

TEST_CASE("what is wrong is said in one line") {
    CHECK(wrong({}) == "micguardctl: a verb is missing");
    CHECK(wrong({"stauts"}) == "micguardctl: unknown verb 'stauts' (did you mean 'status'?)");
    CHECK(wrong({"frobnicate"}) == "micguardctl: unknown verb 'frobnicate'");
    CHECK(wrong({"Mute"}) == "micguardctl: unknown verb 'Mute' (did you mean 'mute'?)");
    CHECK(wrong({"x\x1b[2J\n"}) == "micguardctl: unknown verb 'x'");
    CHECK(wrong({"status", "--jason"}) == "micguardctl: unknown option '--jason' (did you mean '--json'?)");
    CHECK(wrong({"hold", "--reasons=x", "ls"}) ==
          "micguardctl: unknown option '--reasons' (did you mean '--reason'?)");
    CHECK(wrong({"mute", "--reason", "x"}) == "micguardctl: unknown option '--reason'");
    CHECK(wrong({"hold", "--reason"}) == "micguardctl: option '--reason' needs a value");
    CHECK(wrong({"hold", "--reason", "x"}) == "micguardctl: 'hold' needs a command");
    CHECK(wrong({"hold", "--"}) == "micguardctl: 'hold' needs a command");
    CHECK(wrong({"hold", "--", ""}) == "micguardctl: 'hold' needs a command");
    CHECK(wrong({"mute", "all"}) == "micguardctl: unexpected 'all'");
    CHECK(wrong({"mode", "silence", "sever"}) == "micguardctl: unexpected 'sever'");
    CHECK(wrong({"mode", "severe"}) == "micguardctl: unknown mode 'severe' (did you mean 'sever'?)");
    CHECK(wrong({"release", "--json"}) == "micguardctl: 'release' prints no data, so it takes no '--json'");
}

TEST_CASE("verbs with several operands want each of them") {
    CHECK(parsed({"app", "mute", "org.a"})->operands == std::vector<std::string>{"mute", "org.a"});
    const auto how = parsed({"answer", "--run", "mute", "deny"});
    REQUIRE(how);
    CHECK(how->operands == std::vector<std::string>{"mute", "deny"});
    CHECK(how->option("--run"));
    CHECK(wrong({"app"}) == "micguardctl: 'app' needs mute or unmute");
    CHECK(wrong({"app", "mute"}) == "micguardctl: 'app' needs an application");
    CHECK(wrong({"app", "mutte", "org.a"}) == "micguardctl: unknown 'app mutte' (did you mean 'mute'?)");
    CHECK(wrong({"answer", "org.a"}) == "micguardctl: 'answer' needs allow or deny");
    CHECK(wrong({"answer", "org.a", "alow"}) == "micguardctl: unknown answer 'alow' (did you mean 'allow'?)");
    CHECK(wrong({"answer", "org.a", "allow", "x"}) == "micguardctl: unexpected 'x'");
}

TEST_CASE("what excludes each other is refused, not chosen from") {
    CHECK(wrong({"talk", "--hold", "--release"}) ==
          "micguardctl: '--hold' and '--release' exclude each other");
    CHECK(wrong({"answer", "--once", "org.a", "allow", "--always"}) ==
          "micguardctl: '--once' and '--always' exclude each other");
    CHECK(wrong({"answer", "org.a", "allow", "--run", "--once"}) ==
          "micguardctl: '--run' and '--once' exclude each other");
    CHECK(wrong({"report", "--csv", "--html", "x"}) ==
          "micguardctl: '--csv' and '--html' exclude each other");
    CHECK(wrong({"report", "--csv", "--json"}) == "micguardctl: '--json' and '--csv' exclude each other");
    CHECK(wrong({"--json", "monitor", "--format", "waybar"}) ==
          "micguardctl: '--json' and '--format' exclude each other");
    CHECK(parsed({"answer", "--always", "org.a", "allow", "--always"}));
    CHECK(parsed({"report", "--html", "x", "--html", "y"})->option("--html") == "y");
}

TEST_CASE("a word that is wrong is called what it is") {
    CHECK(wrong({"help", "mutte"}) == "micguardctl: unknown verb 'mutte' (did you mean 'mute'?)");
    CHECK(wrong({"config", "get", "mute.led"}) == "micguardctl: unknown 'config get' (did you mean 'set'?)");
    CHECK(wrong({"history", "foo"}) == "micguardctl: unknown 'history foo'");
    CHECK(wrong({"admission", ""}) == "micguardctl: unknown admission ''");
}

TEST_CASE("-- ends the options, wherever it stands") {
    CHECK(parsed({"--", "status"})->verb->name == "status");
    CHECK(wrong({"--"}) == "micguardctl: a verb is missing");
    CHECK(wrong({"--", "status", "--json"}) == "micguardctl: unexpected '--json'");
}

TEST_CASE("nothing, and what is no text, is no name") {
    CHECK(wrong({"history", "--app", ""}) == "micguardctl: the value of option '--app' cannot be empty");
    CHECK(wrong({"report", "--html="}) == "micguardctl: the value of option '--html' cannot be empty");
    CHECK(wrong({"deny", "--source", "\xff", "x"}) ==
          "micguardctl: the value of option '--source' is not UTF-8");
    CHECK(wrong({"hold", "--reason", "\xff", "true"}) ==
          "micguardctl: the value of option '--reason' is not UTF-8");
    CHECK(wrong({"explain", "a\xff"}) == "micguardctl: 'a\ufffd' is not UTF-8");
    CHECK(wrong({"config", "set", "sources.exempt", "\xff"}) == "micguardctl: '\ufffd' is not UTF-8");
    CHECK(wrong({"config", "check", ""}) == "micguardctl: the name of a file cannot be empty");
    INFO("a file may be called anything, a reason may be empty, and so may a list");
    CHECK(parsed({"config", "check", "\xff"}));
    CHECK(parsed({"report", "--html", "\xff"})->option("--html") == "\xff");
    CHECK(parsed({"hold", "--reason", "", "true"})->option("--reason") == "");
    CHECK(parsed({"config", "set", "sources.exempt", ""}));
    CHECK(parsed({"hold", "--", "\xff"})->operands.front() == "\xff");
}

TEST_CASE("usage names the verb's own arguments") {
    CHECK(parsed({"mode", "x"}).error().line.ends_with("usage: micguardctl mode [--json] [silence|sever]"));
}

TEST_CASE("the nearest word is offered only when it is near") {
    const std::string_view words[] = {"mute", "unmute", "is-muted", "monitor"};
    CHECK(nearest("muet", words) == "mute");
    CHECK(nearest("mut", words) == "mute");
    CHECK(nearest("unmtue", words) == "unmute");
    CHECK(nearest("mon", words) == "monitor");
    CHECK(nearest("ismuted", words) == "is-muted");
    CHECK(nearest("zzz", words).empty());
    CHECK(nearest("", words).empty());
    CHECK(nearest(std::string(100'000, 'a'), words).empty());
}
