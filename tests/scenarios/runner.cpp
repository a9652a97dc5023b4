// SPDX-License-Identifier: GPL-3.0-or-later
//
// Runs the *.scenario files beside it; README.md there says what may stand in one. A file is a test case of
// its own.
#include "config/layers.hpp"
#include "config/toml_reader.hpp"
#include "daemon/state/memory.hpp"
#include "tests/unit/world.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using namespace micguard::test;

namespace {

namespace fs = std::filesystem;

struct Section {
    std::string head; // "when mute", "then"
    std::vector<std::string> body;
    std::size_t line = 0;
};

std::vector<Section> sectionsOf(const fs::path& path) {
    std::ifstream file(path);
    std::vector<Section> sections;
    std::string line;
    for (std::size_t number = 1; std::getline(file, line); number++) {
        const auto start = line.find_first_not_of(" \t");
        if (start == std::string::npos || line[start] == '#')
            continue;
        if (start == 0)
            sections.push_back({line, {}, number});
        else if (sections.empty())
            throw std::runtime_error("an indented line before any section");
        else
            sections.back().body.push_back(line.substr(start));
    }
    return sections;
}

std::string joined(const std::vector<std::string>& lines) {
    std::string text;
    for (const auto& line : lines)
        text += line + "\n";
    return text;
}

std::vector<std::string> wordsOf(const std::string& line) {
    std::vector<std::string> words;
    std::string word;
    for (const char c : line + " ")
        if (c != ' ')
            word += c;
        else if (!word.empty())
            words.push_back(std::exchange(word, {}));
    return words;
}

bool matches(const std::vector<std::string>& words, std::initializer_list<std::string_view> pattern) {
    return words.size() == pattern.size() && std::equal(words.begin(), words.end(), pattern.begin(),
                                                        [](const std::string& word, std::string_view wanted) {
                                                            return wanted == "*" || wanted == word;
                                                        });
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
                    begin(joined(section.body));
                } else if (matches(words, {"settings"})) {
                    configure(joined(section.body));
                } else if (words.front() == "when") {
                    happen(section.head.substr(5), joined(section.body));
                } else if (matches(words, {"then"})) {
                    REQUIRE_FALSE(section.body.empty());
                    for (const auto& line : section.body)
                        expect(line);
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

    void begin(const std::string& graph) { world_ = std::make_unique<World>(graph); }

    void configure(const std::string& toml) {
        const auto layer = parseLayer(toml, path_.filename().string());
        if (!layer)
            throw std::runtime_error(toString(layer.error()));
        Settings settings;
        micguard::apply(*layer, settings);
        world().receive(event::SettingsLoaded{settings});
        world().receive(event::ModeChosen{settings.mute.mode});
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
        auto next = std::make_unique<World>(std::move(world().server), remembered, muted);
        world_ = std::move(next);
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
        else if (matches(words, {"mode", "*"}) && modeFromString(words[1]))
            w.receive(event::ModeChosen{*modeFromString(words[1])});
        else if (matches(words, {"hold", "*"}))
            hold(true);
        else if (matches(words, {"talk", "*"}))
            hold(false);
        else if (matches(words, {"drop", "*"}))
            w.receive(event::HoldDropped{std::stoull(words[1]), w.now += 1000});
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

    std::string heardBy(const std::set<std::string>& pairs, const std::string& who) {
        static_cast<void>(world().node(who)); // a slip of the pen hears nothing either
        std::string heard;
        for (const auto& pair : pairs)
            if (pair.ends_with(" -> " + who))
                heard += (heard.empty() ? "" : " ") + pair.substr(0, pair.find(" -> "));
        return heard.empty() ? "nothing" : heard;
    }

    std::string stateOf(const std::string& source) {
        const View view = world().view();
        for (const auto& s : view.sources) {
            if (s.name != source)
                continue;
            if (!s.guarded)
                return "unguarded";
            const auto& verdict = world().source(source);
            if (verdict.sever)
                return "severed";
            return s.silenced ? "silenced" : verdict.silent ? "to be silenced" : "live";
        }
        throw std::runtime_error("no source " + source);
    }

    std::string stateOfApplication(const std::string& name) {
        for (const auto& application : world().view().applications)
            if (application.name == name)
                return application.state;
        return "not there";
    }

    void expect(const std::string& line) {
        INFO(line);
        const auto words = wordsOf(line);
        World& w = world();
        const auto& server = w.server;
        if (line == "nobody hears anything")
            CHECK(server.audible() == std::set<std::string>{});
        else if (matches(words, {"*", "hears", "*"}))
            CHECK(heardBy(server.audible(), words[0]) == words[2]);
        else if (matches(words, {"*", "is", "linked", "to", "*"}))
            CHECK(heardBy(server.linked(), words[0]) == words[4]);
        else if (matches(words, {"*", "is", "not", "linked"}))
            CHECK(heardBy(server.linked(), words[0]) == "nothing");
        else if (matches(words, {"source", "*", "is", "*"}))
            CHECK(stateOf(words[1]) == words[3]);
        else if (matches(words, {"application", "*", "is", "*"}))
            CHECK(stateOfApplication(words[1]) == words[3]);
        else if (line == "the promise holds")
            CHECK(w.promise().holds);
        else if (line == "the promise does not hold")
            CHECK_FALSE(w.promise().holds);
        else if (matches(words, {"state", "*"}))
            CHECK(w.view().guard.state == words[1]);
        else if (matches(words, {"*", "applications", "capture"}))
            CHECK(std::to_string(w.view().guard.capturing) == words[0]);
        else if (matches(words, {"the", "user's", "mute", "of", "*", "is", "*"}))
            CHECK(server.knob(w.node(words[4]).id).mute == onOrOff(words[6]));
        else if (matches(words, {"the", "switch", "of", "card", "*", "is", "*"}))
            CHECK(server.graph()
                      .devices.at(GlobalId{static_cast<std::uint32_t>(std::stoul(words[4]))})
                      .routes.front()
                      .mute == onOrOff(words[6]));
        else if (matches(words, {"*", "is", "limited", "to", "*"}))
            CHECK(server.knob(w.node(words[0]).id).maxVolume == std::stof(words[4]));
        else if (matches(words, {"client", "*", "may", "not", "see", "*"}))
            CHECK_FALSE(sees(words[1], words[5]));
        else if (matches(words, {"client", "*", "may", "see", "*"}))
            CHECK(sees(words[1], words[4]));
        else if (line == "nothing is left behind")
            CHECK(server.leftovers() == std::vector<std::string>{});
        else
            throw std::runtime_error("no such expectation: " + line);
        CHECK(w.plan().empty());
    }

    bool onOrOff(const std::string& word) const {
        if (word != "on" && word != "off")
            throw std::runtime_error("on or off?");
        return word == "on";
    }

    bool sees(const std::string& client, const std::string& node) {
        return world().server.permission(GlobalId{static_cast<std::uint32_t>(std::stoul(client))},
                                         world().node(node).id) &
               permission::readOnly;
    }

    fs::path path_;
    std::unique_ptr<World> world_;
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
    CHECK(registered >= 20);
}
