// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the guard writes by itself: its own file, and the last good configuration.
#include "config/glob.hpp"
#include "config/last_good.hpp"
#include "config/own_file.hpp"
#include "config/toml_reader.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace micguard;
namespace fs = std::filesystem;

constexpr std::uint64_t now = 1'700'000'000'000'000;

struct Home {
    Home() {
        std::string pattern = (fs::temp_directory_path() / "micguard-own.XXXXXX").string();
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        path = pattern;
    }
    ~Home() {
        std::error_code ignored;
        fs::remove_all(path, ignored);
    }
    ConfigFolders folders() const { return {"/none", "/none", "", path.string()}; }
    fs::path path;
};

std::string contents(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

Layer again(const Layer& own) {
    const auto layer = parseLayer(ownFileText(own), "own");
    INFO((layer ? ownFileText(own) : toString(layer.error())));
    REQUIRE(layer);
    return *layer;
}

std::vector<std::string> apps(const Layer& own) {
    std::vector<std::string> names;
    for (const auto& rule : own.rules)
        names.push_back(rule.match.app.value_or("") + " " + std::string(toString(rule.action)));
    return names;
}
using Names = std::vector<std::string>;

} // namespace

TEST_CASE("a remembered rule reads back with all that it says") {
    Layer own;
    REQUIRE(
        remember(own, ruleFor("us.zoom.Zoom", "alsa_input.usb-1", Ruling::Deny, 7, now + 1'500'000), now));
    const auto read = again(own);
    REQUIRE(read.rules.size() == 1);
    const auto& rule = read.rules.front();
    CHECK(rule.match.app == "us.zoom.Zoom");
    CHECK(rule.match.source == "alsa_input.usb-1");
    CHECK(rule.action == Ruling::Deny);
    CHECK(rule.priority == 7);
    CHECK(rule.until == now + 1'500'000);
    CHECK(rule.rank == LayerRank::User);
    CHECK_FALSE(rule.final);
}

TEST_CASE("names stand for themselves, whatever is in them") {
    for (const std::string name :
         {"/opt/a*b/[x]?", "back\\slash", "\"quoted\"\n[[rule]]\naction = \"allow\"\n", "\x07 bell", "Größe",
          "a]b"}) {
        Layer own;
        REQUIRE(remember(own, ruleFor(name, name, Ruling::Allow), now));
        const auto read = again(own);
        REQUIRE(read.rules.size() == 1);
        CHECK(globMatches(*read.rules[0].match.app, name));
        CHECK(globMatches(*read.rules[0].match.source, name));
        CHECK_FALSE(globMatches(*read.rules[0].match.app, name + "x"));
        CHECK(forget(own, name) == 1);
    }
    CHECK_FALSE(globMatches(globLiteral("a*b"), "axb"));
}

TEST_CASE("a new answer takes the old one's place, another source makes another rule, and order stays") {
    Layer own;
    REQUIRE(remember(own, ruleFor("a", std::nullopt, Ruling::Allow), now));
    REQUIRE(remember(own, ruleFor("b", std::nullopt, Ruling::Ask), now));
    REQUIRE(remember(own, ruleFor("c", std::nullopt, Ruling::Allow), now));
    REQUIRE(remember(own, ruleFor("b", std::nullopt, Ruling::Deny), now));
    REQUIRE(remember(own, ruleFor("b", "mic", Ruling::Silence), now));
    CHECK(apps(own) == Names{"a allow", "b deny", "c allow", "b silence"});
    CHECK(apps(again(own)) == apps(own));
    CHECK(forget(own, "b") == 2);
    CHECK(forget(own, "b") == 0);
    CHECK(apps(own) == Names{"a allow", "c allow"});
}

TEST_CASE("the newer word on every source leaves nothing of those on single ones") {
    Layer own;
    REQUIRE(remember(own, ruleFor("a", "mic", Ruling::Allow), now));
    REQUIRE(remember(own, ruleFor("b", "mic", Ruling::Allow), now));
    REQUIRE(remember(own, ruleFor("a", "line", Ruling::Allow, 0, now + 5), now));
    REQUIRE(remember(own, ruleFor("a", std::nullopt, Ruling::Deny), now));
    CHECK(apps(own) == Names{"a deny", "b allow"});
}

TEST_CASE("an answer takes the place of what was said of the same, and of no single microphone") {
    Layer own;
    REQUIRE(remember(own, ruleFor("a", "usb", Ruling::Deny), now));
    REQUIRE(remember(own, ruleFor("a", std::nullopt, Ruling::Ask), now));
    own.rules.push_back(ruleFor("a", "usb", Ruling::Deny));
    REQUIRE(remember(own, ruleFor("a", std::nullopt, Ruling::Allow), now, Replaces::Same));
    CHECK(apps(own) == Names{"a allow", "a deny"});
}

TEST_CASE("a word for a while leaves alone what lasts, and replaces another one for a while") {
    Layer own;
    REQUIRE(remember(own, ruleFor("a", std::nullopt, Ruling::Deny), now));
    REQUIRE(remember(own, ruleFor("a", std::nullopt, Ruling::Allow, 0, now + 9), now));
    CHECK(apps(own) == Names{"a deny", "a allow"});
    REQUIRE(remember(own, ruleFor("a", std::nullopt, Ruling::Ask, 0, now + 5), now));
    CHECK(apps(own) == Names{"a deny", "a ask"});
    CHECK(own.rules[1].until == now + 5);
    REQUIRE(remember(own, ruleFor("a", std::nullopt, Ruling::Silence), now));
    CHECK(apps(own) == Names{"a silence"});
}

TEST_CASE("what stands in the guard's own file by hand is replaced only by the same") {
    auto own = *parseLayer("[[rule]]\nmatch = { app = 'a', kind = 'bluetooth' }\naction = 'deny'\n"
                           "[[rule]]\nmatch.app = 'a'\nwhen.hours = '09:00-17:00'\naction = 'deny'\n",
                           "own");
    REQUIRE(remember(own, ruleFor("a", std::nullopt, Ruling::Allow), now));
    CHECK(apps(own) == Names{"a deny", "a deny", "a allow"});
}

TEST_CASE("to forget an application leaves alone rules that are for more than it") {
    auto own = *parseLayer("[[rule]]\nmatch = { app = 'org.*' }\naction = 'deny'\n[[rule]]\naction = 'ask'\n",
                           "own");
    CHECK(forget(own, "org.a") == 0);
    CHECK(forget(own, "") == 0);
    CHECK(own.rules.size() == 2);
}

TEST_CASE("what has run out goes with the next rule, and there is an end to rules") {
    Layer own;
    REQUIRE(remember(own, ruleFor("old", std::nullopt, Ruling::Allow, 0, now), now - 1));
    REQUIRE(remember(own, ruleFor("new", std::nullopt, Ruling::Allow), now));
    CHECK(apps(own) == Names{"new allow"});
    for (std::size_t i = 1; i < ownRulesLimit; ++i)
        REQUIRE(remember(own, ruleFor("app" + std::to_string(i), std::nullopt, Ruling::Deny), now));
    CHECK_FALSE(remember(own, ruleFor("one more", std::nullopt, Ruling::Deny), now));
    CHECK(remember(own, ruleFor("new", std::nullopt, Ruling::Deny), now)); // no more than there were
    CHECK(own.rules.size() == ownRulesLimit);
    CHECK(again(own).rules.size() == ownRulesLimit);
}

TEST_CASE("settings in the guard's own file are kept when a rule is added") {
    auto own = *parseLayer("[mute]\nmode = 'sever'\n[sources]\nexempt = ['a', 'b*']\n", "own");
    REQUIRE(remember(own, ruleFor("a", std::nullopt, Ruling::Allow), now));
    const auto read = again(own);
    CHECK(read.said.at("mute.mode").value == SettingValue("sever"));
    CHECK(read.said.at("sources.exempt").value == SettingValue(std::vector<std::string>{"a", "b*"}));
    CHECK(read.said.size() == 2);
    CHECK(ownFileText(own).starts_with("# micguard's own file"));
}

TEST_CASE("the guard's own file is made with its folders, private, and without a trace of how") {
    const Home home;
    const auto path = ownFilePath(home.folders());
    CHECK(path == home.path.string() + "/.config/micguard/conf.d/90-micguard.toml");
    const auto none = readOwnFile(path);
    REQUIRE(none);
    CHECK(none->rules.empty());

    const ::mode_t before = ::umask(0);
    const auto written = replaceFile(path, "[mute]\nled = false\n");
    ::umask(before);
    REQUIRE(written);
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0600);
    REQUIRE(::stat(fs::path(path).parent_path().c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0700);

    // What a crash left in between is in nobody's way, whatever its mode.
    std::ofstream(fs::path(path).parent_path() / ".90-micguard.toml.new") << "half of";
    fs::permissions(fs::path(path).parent_path() / ".90-micguard.toml.new", fs::perms::all);
    REQUIRE(replaceFile(path, "[mute]\nled = true\n"));
    CHECK(contents(path) == "[mute]\nled = true\n");
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0600);
    std::size_t files = 0;
    for ([[maybe_unused]] const auto& entry : fs::directory_iterator(fs::path(path).parent_path()))
        ++files;
    CHECK(files == 1);
    const auto settings = readSettings(settingsFiles(home.folders()));
    REQUIRE(settings);
    CHECK(settings->mute.led);
}

TEST_CASE("a file that cannot be written leaves the old one and says why") {
    const Home home;
    const auto path = (home.path / "own.toml").string();
    REQUIRE(replaceFile(path, "old"));
    // In the way of the new one.
    fs::create_directory(home.path / ".own.toml.new");
    const auto failed = replaceFile(path, "new");
    REQUIRE_FALSE(failed);
    CHECK(failed.error().starts_with("cannot write "));
    CHECK(contents(path) == "old");
    CHECK_FALSE(replaceFile(path + "/below/a/file", "x"));
    std::ofstream("/dev/full") << ""; // there, or the next line shows nothing
    REQUIRE(fs::exists("/dev/full"));
    fs::remove(home.path / ".own.toml.new");
    fs::create_symlink("/dev/full", home.path / ".own.toml.new");
    CHECK_FALSE(replaceFile(path, "new"));
    CHECK(contents(path) == "old");
}

TEST_CASE("a broken file of the guard's is not read as an empty one") {
    const Home home;
    const auto path = (home.path / "own.toml").string();
    REQUIRE(replaceFile(path, "[[rule]]\naction = 'dney'\n"));
    const auto own = readOwnFile(path);
    REQUIRE_FALSE(own);
    CHECK(toString(own.error()).find("own.toml:2:10: action cannot be 'dney'") != std::string::npos);
}

TEST_CASE(
    "what a version cannot read of the last good configuration is not forgotten as if it had said nothing") {
    const auto loaded = configurationOf(
        {{LayerRank::User, "/home/m.toml",
          "[mute]\nmode = 'sever'\nolder-key = 1\n[[rule]]\nmatch = { app = 'a' }\naction = 'deny'\n"
          "[[rule]]\nmatch = { older = 'b' }\naction = 'deny'\n"},
         {LayerRank::User, "/home/half.toml", "[policy]\ndefault = "}});
    CHECK(loaded.errors.size() == 3);
    CHECK(loaded.configuration.settings.mute.mode == Mode::Sever);
    REQUIRE(loaded.configuration.settings.rules.size() == 1);
    CHECK(loaded.configuration.settings.rules[0].match.app == std::optional<std::string>("a"));
    CHECK(loaded.configuration.settings.policy.fallback == Ruling::Ask);
    const auto stricter =
        configurationOf({{LayerRank::User, "/home/m.toml", "[policy]\ndefault = 'deny'\nolder = 1\n"}});
    CHECK(stricter.configuration.settings.policy.fallback == Ruling::Deny);
}

TEST_CASE("the last good configuration keeps every file, its rank and its path") {
    const std::vector<SourceText> sources = {
        {LayerRank::Vendor, "/usr/share/m.toml", "[mute]\nmode = 'sever'\n[policy]\nfinal = ['mute.mode']\n"},
        {LayerRank::System, "/etc/with space\nand line.toml", "[[rule]]\naction = 'deny'\nfinal = true\n"},
        {LayerRank::User, "/home/m.toml", "[mute]\nmode = 'silence'\n[[rule]]\naction = 'allow'"},
        {LayerRank::User, "/home/empty.toml", ""},
    };
    const auto text = lastGoodText(sources);
    const auto read = readLastGood(text);
    REQUIRE(read);
    CHECK(*read == sources);
    const auto loaded = configurationOf(*read);
    CHECK(loaded.errors.empty());
    const auto& configuration = loaded.configuration;
    CHECK(configuration.settings.mute.mode == Mode::Sever);
    REQUIRE(configuration.settings.rules.size() == 2);
    CHECK(configuration.settings.rules[0].rank == LayerRank::System);
    CHECK(configuration.settings.rules[0].final);
    CHECK(configuration.settings.rules[1].origin == Origin{"/home/m.toml", 3});

    // The disk was full: nothing that is cut off is taken for less than it was.
    for (std::size_t size = 0; size < text.size(); ++size)
        CHECK_FALSE(readLastGood(std::string_view(text).substr(0, size)));
    CHECK_FALSE(readLastGood(text + "x"));
    CHECK_FALSE(readLastGood("micguard last good configuration 1\nfile user 99999999999999999999 1\n"));
    CHECK_FALSE(readLastGood("micguard last good configuration 1\nfile root 1 1\nab\nend\n"));
    CHECK(readLastGood(lastGoodText({}))->empty());
}

TEST_CASE("of settings that several programs write at once none is lost, and no file is a mixture") {
    const Home home;
    const auto file = ownFilePath(home.folders());
    const std::vector<std::pair<std::string, SettingValue>> settings = {
        {"mute.led", false},
        {"mute.on-lock", true},
        {"mute.follow-desktop", true},
        {"mute.on-suspend", false},
        {"history.enabled", false},
        {"notify.blocked", false},
        {"notify.questions", false},
        {"notify.bypass", false},
        {"mute.mode", std::string("sever")},
        {"talk.shortcut", true},
        {"mute.start", std::string("muted")},
        {"sources.exempt", std::vector<std::string>(100, "a-long-name-of-a-microphone*")}};
    std::vector<pid_t> writers;
    for (const auto& [key, value] : settings) {
        const pid_t child = ::fork();
        REQUIRE(child >= 0);
        if (child == 0)
            ::_exit(changeOwnFile(settingsFiles(home.folders()), file, settingChange(key, value)) ? 1 : 0);
        writers.push_back(child);
    }
    for (const pid_t writer : writers) {
        int status = 0;
        REQUIRE(::waitpid(writer, &status, 0) == writer);
        CHECK(status == 0);
    }
    const auto own = readOwnFile(file);
    REQUIRE(own);
    for (const auto& [key, value] : settings) {
        INFO(key);
        CHECK(own->said.contains(key));
    }
    INFO("and nothing is left beside it");
    CHECK(std::distance(fs::directory_iterator(fs::path(file).parent_path()), fs::directory_iterator()) == 1);
}
