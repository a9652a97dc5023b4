// SPDX-License-Identifier: GPL-3.0-or-later
//
// The reader over a folder of files: good ones with the settings they make, bad ones with what is said of
// them, word for word. MICGUARD_UPDATE_CORPUS=1 rewrites the expectations, for a person to read in the diff.
#include "config/layers.hpp"
#include "config/toml_reader.hpp"
#include "config/toml_writer.hpp"
#include "tests/unit/config_same.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace micguard;
namespace fs = std::filesystem;

std::string contents(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<fs::path> filesIn(const char* folder) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(fs::path(MICGUARD_CORPUS_DIR) / folder))
        if (entry.path().extension() == ".toml")
            files.push_back(entry.path());
    return files;
}

void checkExpectation(const fs::path& toml, const std::string& got) {
    const auto expectation = fs::path(toml).replace_extension(".expected");
    if (std::getenv("MICGUARD_UPDATE_CORPUS") != nullptr)
        std::ofstream(expectation, std::ios::binary) << got;
    CHECK(got == contents(expectation));
}

// What toml++ says of bad syntax differs from one version of it to the next; where it is and how to mend it
// do not.
const std::regex libraryWords("not TOML \\(.*\\);");

Settings over(const Layer& layer) {
    Settings settings;
    apply(layer, settings);
    return settings;
}

// What stands behind a # and no space is a key; and two spaces are those of a list's values.
std::string uncommented(const std::string& text) {
    std::string result;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line); result += '\n') {
        const auto at = line.find_first_not_of(' ', 1);
        const bool shown = line.starts_with('#') && at != std::string::npos && (at == 1 || at == 3);
        result += shown ? line.substr(1) : line;
    }
    return result;
}

// What a user may not say is in files that begin with this.
LayerRank rankOf(const fs::path& path) {
    return path.filename().string().starts_with("system_") ? LayerRank::System : LayerRank::User;
}

} // namespace

TEST_CASE("good configuration files make the settings beside them") {
    const auto files = filesIn("good");
    REQUIRE(files.size() >= 8);
    for (const auto& path : files) {
        INFO(path.filename().string());
        const auto layer = parseLayer(contents(path), path.filename().string(), rankOf(path));
        if (!layer)
            FAIL_CHECK(toString(layer.error()));
        else
            checkExpectation(path, toToml(over(*layer)) + toString(layer->warnings));
    }
}

TEST_CASE("bad configuration files are refused with line, column and a way to mend them") {
    const auto files = filesIn("bad");
    REQUIRE(files.size() >= 30);
    for (const auto& path : files) {
        INFO(path.filename().string());
        const auto layer = parseLayer(contents(path), path.filename().string(), rankOf(path));
        if (layer) {
            FAIL_CHECK("accepted");
            continue;
        }
        for (const auto& diagnostic : layer.error()) {
            CHECK(diagnostic.line > 0);
            CHECK(diagnostic.column > 0);
            CHECK_FALSE(diagnostic.mend.empty());
        }
        checkExpectation(path, std::regex_replace(toString(layer.error()), libraryWords, "not TOML (…);"));
    }
}

TEST_CASE("settings that are written read back the same") {
    for (const auto& path : filesIn("good")) {
        INFO(path.filename().string());
        const auto layer = readLayer(path.string(), rankOf(path));
        REQUIRE(layer);
        const auto settings = over(*layer);
        const auto again = parseLayer(toToml(settings), "written", rankOf(path));
        REQUIRE(again);
        CHECK(sayTheSame(over(*again), settings));
    }
}

// A weaker file's word, the vendor's or a later version's, would be lost on a key that it sets.
TEST_CASE("the installed default file sets nothing, and what it shows is what is built in") {
    const auto text = contents(fs::path(MICGUARD_CORPUS_DIR) / "../../../config/micguard.toml");
    const auto layer = parseLayer(text, "micguard.toml");
    REQUIRE(layer);
    CHECK(layer->said.empty());
    CHECK(layer->rules.empty());
    CHECK(uncommented(text) == contents(fs::path(MICGUARD_CORPUS_DIR) / "good/default_file.toml"));
    const auto shown = parseLayer(uncommented(text), "micguard.toml");
    REQUIRE(shown);
    CHECK(over(*shown) == Settings{});
    // Every key that is known is shown there, if only as a comment.
    for (const auto* key : {"mode = ", "bluetooth = ", "led = ", "exempt = ", "mixers = ", "default = ",
                            "final = ", "[[rule]]", "match = ", "when = ", "action = ", "priority = ",
                            "until = ", "enabled = ", "keep-days = ", "max-megabytes = "})
        CHECK(text.find(key) != std::string::npos);
}
