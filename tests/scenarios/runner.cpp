// SPDX-License-Identifier: GPL-3.0-or-later
//
// Runs the *.scenario files beside it; README.md there says what may stand in one. A file is a test case of
// its own.
#include "config/layers.hpp"
#include "config/toml_reader.hpp"
#include "daemon/policy/rule_notes.hpp"
#include "daemon/state/memory.hpp"
#include "tests/scenarios/expectations.hpp"
#include "tests/scenarios/moment.hpp"
#include "tests/scenarios/sections.hpp"
#include "tests/unit/world.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <stdexcept>
#include <utility>

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using namespace micguard::test;

namespace {

namespace fs = std::filesystem;

LayerRank rankNamed(const std::string& word) {
    for (const auto rank : {LayerRank::Vendor, LayerRank::System, LayerRank::User})
        if (word == toString(rank))
            return rank;
    throw std::runtime_error("no such layer: " + word);
}

class Scenario {
  public:
    explicit Scenario(fs::path path)
        : path_(std::move(path)) {}

    void run() {
        bool asked = false, tiered = false, judged = false;
        for (const auto& section : sectionsOf(path_)) {
            INFO(path_.filename().string() << ":" << section.line << ": " << section.head);
            const auto words = wordsOf(section.head);
            try {
                if (words.front() == "ask") {
                    asked = words.size() > 2;
                } else if (words.front() == "tier") {
                    tiered =
                        words.size() == 2 && words[1].size() == 1 && words[1][0] >= '1' && words[1][0] <= '5';
                } else if (matches(words, {"given"})) {
                    world_ = std::make_unique<World>(joined(section.body));
                } else if (matches(words, {"settings"})) {
                    say(LayerRank::User, "settings.toml", joined(section.body));
                } else if (words.front() == "rules" && words.size() <= 3) {
                    say(words.size() > 1 ? rankNamed(words[1]) : LayerRank::User,
                        words.size() > 2   ? words[2]
                        : words.size() > 1 ? words[1] + ".toml"
                                           : "user.toml",
                        joined(section.body));
                } else if (words.front() == "time") {
                    itBecomes(momentOf({words.begin() + 1, words.end()}));
                } else if (words.front() == "when") {
                    happen(section.head.substr(5), joined(section.body));
                } else if (matches(words, {"then"})) {
                    REQUIRE_FALSE(section.body.empty());
                    for (const auto& line : section.body)
                        if (!line.empty())
                            expect(world(), configuration_, line);
                    judged = true;
                } else {
                    throw std::runtime_error("no such section");
                }
            } catch (const std::runtime_error& error) {
                FAIL(error.what());
            }
        }
        INFO(path_.filename().string());
        CHECK(asked);
        CHECK(tiered);
        CHECK(judged);
    }

  private:
    World& world() {
        if (!world_)
            throw std::runtime_error("before any \"given\"");
        return *world_;
    }

    // A file of the configuration as it is from now on; without a line it is gone.
    void say(LayerRank rank, const std::string& file, const std::string& toml) {
        files_.erase({rank, file});
        if (!toml.empty()) {
            auto layer = parseLayer(toml, file, rank);
            if (!layer)
                throw std::runtime_error(toString(layer.error()));
            files_[{rank, file}] = std::move(*layer);
        }
        std::vector<Layer> layers;
        for (const auto& [place, layer] : files_)
            layers.push_back(layer);
        configuration_ = merge(layers);
        for (const auto& notes :
             {idleRules(configuration_.settings), contradictoryRules(configuration_.settings)})
            configuration_.warnings.insert(configuration_.warnings.end(), notes.begin(), notes.end());
        world().receive(event::SettingsLoaded{configuration_.settings});
        if (!modeChosen_)
            world().receive(event::ModeChosen{configuration_.settings.mute.mode});
    }

    void itBecomes(const event::TimeCame& time) {
        world().now = time.now;
        world().receive(time);
    }

    void lock(bool locked) {
        world().receive(event::SessionLocked{locked, world().now += 1000});
        world().enforcer.settle();
        world().rest();
    }

    // Another guard on the same server, with what the one before it wrote.
    void succeed(const std::string& marker, const std::string& state) {
        const auto fromMarker = readMemory(marker);
        const auto fromState = readMemory(state);
        Remembered remembered = fromMarker ? fromMarker->remembered : Remembered{};
        if (fromState)
            remembered.userMuted = fromState->remembered.userMuted;
        const bool muted = (fromMarker && fromMarker->muted) || (fromState && fromState->muted);
        const Settings settings = world().model.settings;
        const Mode mode = world().model.mute.mode;
        const Circumstances now = world().model.circumstances;
        if (fromState)
            remembered.panel.insert(fromState->remembered.panel.begin(), fromState->remembered.panel.end());
        const bool desktop = (fromMarker && fromMarker->desktop) || (fromState && fromState->desktop);
        auto next = std::make_unique<World>(std::move(world().server), remembered, muted || desktop);
        world_ = std::move(next);
        world_->model.mute.desktop = desktop;
        world_->model.mute.user = muted;
        world_->receive(event::TimeCame{now.now, now.weekday, now.minute});
        world_->receive(event::SessionLocked{fromMarker && fromMarker->locked, now.now});
        world_->receive(event::SettingsLoaded{settings});
        world_->receive(event::ModeChosen{mode});
    }

    void happen(const std::string& what, const std::string& body) {
        const auto words = wordsOf(what);
        World& w = world();
        const auto hold = [&](bool mute) {
            w.receive(
                event::HoldTaken{{std::stoull(words.at(1)), mute, ":1.1", "program", "", 0}, w.now += 1000});
        };
        if (what == "mute")
            w.mute();
        else if (what == "unmute")
            w.unmute();
        else if (what == "toggle")
            w.mute(!w.model.mute.muted());
        else if (matches(words, {"mode", "*"}) && modeFromString(words[1])) {
            modeChosen_ = true;
            w.receive(event::ModeChosen{*modeFromString(words[1])});
        } else if (matches(words, {"hold", "*"}))
            hold(true);
        else if (matches(words, {"talk", "*"}))
            hold(false);
        else if (matches(words, {"drop", "*"}))
            w.receive(event::HoldDropped{std::stoull(words[1]), w.now += 1000});
        else if (what.starts_with("it is "))
            itBecomes(momentOf({words.begin() + 2, words.end()}));
        else if (what == "the session is locked" || what == "the session is unlocked")
            lock(words.back() == "locked");
        else if (what == "these appear")
            w.say(body);
        else if (what == "the evidence is overdue")
            w.overdue();
        else if (what == "the guard is killed and comes back")
            succeed(writeMarker(w.model, true), writeState(w.model, false));
        else if (what == "the guard is stopped")
            w.receive(event::Released{true});
        else if (what == "the guard comes back")
            succeed("", writeState(w.model, false));
        else if (what == "the connection is cut")
            w.reconnect();
        else if (what == "PipeWire restarts") {
            w.server.restart();
            w.rest();
            w.server.say(body);
            w.server.connect();
            w.rest();
        } else
            throw std::runtime_error("no such thing happens");
    }

    fs::path path_;
    std::unique_ptr<World> world_;
    std::map<std::pair<LayerRank, std::string>, Layer> files_; // the weakest first
    Configuration configuration_;
    bool modeChosen_ = false;
};

// Each file is registered as a test case, so that it is counted, named and can be run alone.
class RunFile : public Catch::ITestInvoker {
  public:
    explicit RunFile(fs::path path)
        : path_(std::move(path)) {}
    void invoke() const override { Scenario(path_).run(); }

  private:
    fs::path path_;
};

[[maybe_unused]] const std::size_t registered = [] {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(MICGUARD_SCENARIOS))
        if (entry.path().extension() == ".scenario")
            files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    for (const auto& path : files)
        Catch::AutoReg(Catch::Detail::unique_ptr<Catch::ITestInvoker>(new RunFile(path)),
                       CATCH_INTERNAL_LINEINFO, "", Catch::NameAndTags("scenario: " + path.stem().string()));
    return files.size();
}();

} // namespace

TEST_CASE("the scenarios are there") {
    CHECK(registered >= 60);
}
