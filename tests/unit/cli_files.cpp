// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is written by hand beside the program and must not fall behind it: completions and the man page know
// every verb and option; the unit knows the exit status of release.
#include "cli/verbs.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <regex>

#include <catch2/catch_test_macros.hpp>

using namespace micguard;

namespace {

std::string source(const std::string& path) {
    const char* root = std::getenv("MICGUARD_SOURCE");
    REQUIRE(root != nullptr);
    std::ifstream file(std::string(root) + "/" + path);
    REQUIRE(file);
    return {std::istreambuf_iterator<char>(file), {}};
}

bool hasWord(const std::string& text, const std::string& word) {
    return std::regex_search(text, std::regex("(^|[^a-z-])" + word + "([^a-z-]|$)"));
}

} // namespace

TEST_CASE("completions know every verb and option") {
    for (const char* path : {"micguardctl.bash", "_micguardctl", "micguardctl.fish"}) {
        const std::string text = source(std::string("cli/completions/") + path);
        const bool fish = std::string(path).ends_with(".fish");
        for (const cli::VerbSpec& verb : cli::allVerbs()) {
            INFO(path << ": " << verb.name);
            CHECK(hasWord(text, std::string(verb.name)));
            for (const cli::OptionSpec& option : verb.options)
                CHECK(text.find(fish ? "-l " + std::string(option.name.substr(2))
                                     : std::string(option.name)) != std::string::npos);
            for (const std::string_view word : verb.words)
                CHECK(hasWord(text, std::string(word)));
        }
    }
}

TEST_CASE("the man page knows every verb and option") {
    const std::string page = source("man/micguardctl.1.scd");
    for (const cli::VerbSpec& verb : cli::allVerbs()) {
        INFO(verb.name);
        CHECK(page.find("\n*" + std::string(verb.name) + "*") != std::string::npos);
        for (const cli::OptionSpec& option : verb.options)
            CHECK(page.find("*" + std::string(option.name) + "*") != std::string::npos);
    }
}

TEST_CASE("help names every verb") {
    const std::string text = cli::helpText();
    for (const cli::VerbSpec& verb : cli::allVerbs())
        CHECK(text.find("\n  " + std::string(verb.name) + " ") != std::string::npos);
}

TEST_CASE("the unit does not restart a guard that was released") {
    const std::string daemon = source("daemon/app.hpp");
    std::smatch status;
    REQUIRE(std::regex_search(daemon, status, std::regex("releasedExitCode = ([0-9]+);")));
    const std::string unit = source("systemd/micguard.service.in");
    CHECK(unit.find("\nRestartPreventExitStatus=" + status[1].str() + "\n") != std::string::npos);
    CHECK(unit.find("\nSuccessExitStatus=" + status[1].str() + "\n") != std::string::npos);
}
