// SPDX-License-Identifier: GPL-3.0-or-later
//
// The configuration as the daemon has it: told when it changes, kept when it is good, refused when it is
// broken, and the guard's own file changed one step at a time.
#include "config/last_good.hpp"
#include "config/own_file.hpp"
#include "daemon/reload/config_source.hpp"
#include "tests/unit/reload_folder.hpp"

#include <iterator>

using namespace micguard;
using namespace micguard::test;

namespace {

constexpr char userFile[] = "home/.config/micguard/micguard.toml";
constexpr char ownFile[] = "home/.config/micguard/conf.d/90-micguard.toml";

struct Source {
    Source() { folder.write(userFile, "[mute]\nled = false\n"); }

    ConfigSource::Places places() const {
        const ConfigFolders folders{folder / "share", folder / "etc", folder / "home/.config", ""};
        return {settingsFiles(folders), ownFilePath(folders), folder / "state/last-good"};
    }
    void start() {
        source = std::make_unique<ConfigSource>(places(), [this](const Loaded& loaded) {
            ++told;
            last = loaded;
        });
        source->start();
    }
    std::optional<ConfigRefusal> reload() {
        return wait([&](auto done) { source->reload(std::move(done)); });
    }
    std::optional<ConfigRefusal> change(ConfigSource::Change change) {
        return wait([&](auto done) { source->change(std::move(change), std::move(done)); });
    }
    std::optional<ConfigRefusal> say(const std::string& key, const SettingValue& value) {
        return change({[=](Layer& own) -> std::optional<ConfigRefusal> {
                           own.said[key] = {value, {}, 0};
                           return std::nullopt;
                       },
                       {}});
    }
    std::optional<ConfigRefusal> wait(const std::function<void(ConfigSource::Done)>& ask) {
        bool done = false;
        std::optional<ConfigRefusal> result;
        ask([&](const auto& refusal) {
            done = true;
            result = refusal;
        });
        REQUIRE(runUntil([&] { return done; }));
        return result;
    }
    std::string contents(const char* name) const {
        std::ifstream file(folder / name, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    }

    TestFolder folder;
    int told = 0;
    Loaded last;
    std::unique_ptr<ConfigSource> source;
};

} // namespace

TEST_CASE_METHOD(Source,
                 "the configuration is told at the start, at a change, and not when nothing has changed") {
    start();
    CHECK(told == 1);
    CHECK_FALSE(last.configuration.settings.mute.led);
    folder.replace(userFile, "[mute]\nmode = 'sever'\n");
    REQUIRE(runUntil([&] { return told > 1; }));
    CHECK(last.configuration.settings.mute.mode == Mode::Sever);
    CHECK(last.configuration.settings.mute.led);
    const int before = told;
    folder.replace(userFile, "[mute]\nmode = 'sever'\n");
    runUntil([] { return false; }, 5 * ConfigWatch::quietMs);
    CHECK(told == before);
    CHECK_FALSE(reload()); // asked for, it is told all the same
    CHECK(told == before + 1);
}

TEST_CASE_METHOD(Source, "a broken file is told with its place, and mended, with the settings") {
    start();
    folder.replace(userFile, "[mute]\nmod = 'sever'\n");
    REQUIRE(runUntil([&] { return !last.errors.empty(); }));
    CHECK(last.errors.front().line == 2);
    const auto refusal = reload();
    REQUIRE(refusal);
    CHECK(refusal->error == "InvalidConfig");
    CHECK(refusal->message.find(folder / userFile + ":2:1: unknown key 'mod'") == 0);
    folder.replace(userFile, "[mute]\nmode = 'sever'\n");
    REQUIRE(runUntil([&] { return last.errors.empty(); }));
    CHECK(last.configuration.settings.mute.mode == Mode::Sever);
}

TEST_CASE_METHOD(Source, "the last good configuration is what was read last without a fault") {
    start();
    folder.replace(userFile, "[[rule]]\naction = 'deny'\n");
    REQUIRE_FALSE(reload());
    folder.replace(userFile, "nonsense");
    CHECK(reload());
    source.reset();

    start(); // as after a restart with the broken file
    CHECK_FALSE(last.errors.empty());
    const auto lastGood = source->lastGood();
    REQUIRE(lastGood);
    CHECK(lastGood->errors.empty());
    REQUIRE(lastGood->configuration.settings.rules.size() == 1);
    CHECK(lastGood->configuration.settings.rules[0].origin == Origin{folder / userFile, 1});

    folder.write("state/last-good", "micguard last good configuration 1\nfile user 9");
    CHECK_FALSE(source->lastGood());
    fs::remove(folder / "state/last-good");
    CHECK_FALSE(source->lastGood());
}

TEST_CASE_METHOD(Source, "changes of the own file come one after the other, and none is lost") {
    start();
    int done = 0;
    for (int i = 0; i < 20; ++i)
        source->change({[i](Layer& own) -> std::optional<ConfigRefusal> {
                            remember(own, ruleFor("app" + std::to_string(i), std::nullopt, Ruling::Deny), 0);
                            return std::nullopt;
                        },
                        {}},
                       [&](const auto& refusal) {
                           CHECK_FALSE(refusal);
                           ++done;
                           CHECK(last.configuration.settings.rules.size() == static_cast<std::size_t>(done));
                       });
    REQUIRE(runUntil([&] { return done == 20; }, 30'000));
    CHECK(last.configuration.settings.rules.back().match.app == "app19");
    CHECK(contents(userFile) == "[mute]\nled = false\n");
}

TEST_CASE_METHOD(Source, "more changes than anybody waits for are refused at once") {
    start();
    int refused = 0, done = 0;
    for (int i = 0; i < 70; ++i)
        source->reload(
            [&](const auto& refusal) { ++(refusal && refusal->error == "LimitExceeded" ? refused : done); });
    CHECK(refused == 6);
    CHECK(runUntil([&] { return done == 64; }, 30'000));
}

TEST_CASE_METHOD(Source, "what would be refused is not written") {
    start();
    REQUIRE_FALSE(say("mute.mode", std::string("sever")));
    const auto before = contents(ownFile);
    CHECK(last.configuration.settings.mute.mode == Mode::Sever);

    // A value that does not read back.
    CHECK(say("mute.mode", std::string("loud")));
    CHECK(contents(ownFile) == before);
    // What the one who asks does not want.
    const auto unwanted = change({[](Layer& own) -> std::optional<ConfigRefusal> {
                                      own.said.clear();
                                      return std::nullopt;
                                  },
                                  [](const Configuration& ahead) -> std::optional<ConfigRefusal> {
                                      CHECK(ahead.settings.mute.mode == Mode::Silence);
                                      return ConfigRefusal{"InvalidConfig", "not so"};
                                  }});
    REQUIRE(unwanted);
    CHECK(unwanted->message == "not so");
    CHECK(contents(ownFile) == before);
    // While another file is broken, nothing could come into force.
    folder.replace(userFile, "nonsense");
    CHECK(say("mute.led", true)->error == "InvalidConfig");
    CHECK(contents(ownFile) == before);
    folder.replace(userFile, "");
    // A broken file of the guard's own is the user's to mend.
    folder.replace(ownFile, "[mute]\nled = maybe\n");
    CHECK(say("mute.led", true)->message.find("90-micguard.toml:2:") != std::string::npos);
    CHECK(contents(ownFile) == "[mute]\nled = maybe\n");
}

TEST_CASE_METHOD(Source, "without a file of its own nothing is changed") {
    auto without = places();
    without.ownFile.clear();
    source = std::make_unique<ConfigSource>(without, [](const Loaded&) {});
    source->start();
    CHECK(say("mute.led", true)->error == "InvalidConfig");
}

TEST_CASE_METHOD(Source, "who is told may ask for more, and the end does not wait for answers") {
    int done = 0;
    source = std::make_unique<ConfigSource>(places(), [&](const Loaded&) {
        if (++told < 3)
            source->reload([&](const auto&) { ++done; });
    });
    source->start();
    CHECK(runUntil([&] { return done == 2; }));
    source->reload([&](const auto&) { done = 100; });
    source.reset();
    runUntil([] { return false; }, 200);
    CHECK(done == 2);
}
