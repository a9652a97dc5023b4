// SPDX-License-Identifier: GPL-3.0-or-later
//
// micguardctl config over real files, without a guard.
#include "cli/config_report.hpp"
#include "cli/verbs.hpp"
#include "config/toml_reader.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

namespace {

using namespace micguard;
using namespace micguard::cli;
namespace fs = std::filesystem;

struct Files {
    Files() {
        std::string pattern = (fs::temp_directory_path() / "micguard-cli.XXXXXX").string();
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        root = pattern;
    }
    ~Files() {
        std::error_code ignored;
        fs::remove_all(root, ignored);
    }
    std::string write(const std::string& name, std::string_view text) const {
        fs::create_directories((root / name).parent_path());
        std::ofstream(root / name, std::ios::binary) << text;
        return (root / name).string();
    }
    ConfigFolders folders() const {
        return {(root / "share").string(), (root / "etc").string(), (root / "xdg").string(), ""};
    }
    fs::path root;
};

nlohmann::json parsed(const ConfigReport& report) {
    return nlohmann::json::parse(report.out);
}

const Terminal plain{};

} // namespace

TEST_CASE_METHOD(Files, "config show is TOML that says of each value where it comes from") {
    const auto system =
        write("etc/micguard/micguard.toml", "[mute]\nmode = 'sever'\n[policy]\nfinal = ['mute.mode']\n");
    const auto user =
        write("xdg/micguard/conf.d/10.toml",
              "[sources]\nexempt = ['a', '\\*']\n\n[[rule]]\nmatch = { app = 'x' }\naction = 'deny'\n\n"
              "[admission]\nmixers = []\n");
    const auto report = showConfig(folders(), Form::Text);
    CHECK(report.code == Exit::Ok);
    CHECK(report.error.empty());
    CHECK(
        report.out ==
        "[mute]\nmode = \"sever\" # " + system + ":2, final by " + system +
            ":4\nled = true # built-in\non-lock = false # built-in\non-suspend = true # built-in\nstart = "
            "\"last\" # built-in\n"
            "follow-desktop = false # built-in\ndesktop-lifts = \"own\" # built-in\nprivacy-switch = true # "
            "built-in\n\n"
            "[sources]\nexempt = [\n  \"a\",\n  \"\\\\*\",\n] # " +
            user +
            ":2\n\n"
            "[admission]\nmode = \"relaxed\" # built-in\nmixers = []" +
            " # " + user +
            ":9\n\n"
            "[policy]\ndefault = \"allow\" # built-in\npermission-store = true # built-in\n\n"
            "[bus]\nunmute = \"session\" # built-in\ntrusted = [\n  \"/usr/bin/gnome-shell\",\n"
            "  \"/usr/bin/plasmashell\",\n] # built-in\n\n"
            "[history]\nenabled = true # built-in\nkeep-days = 365 # built-in\nmax-megabytes = 50 # "
            "built-in\n\n"
            "[talk]\nshortcut = false # built-in\nlimit-seconds = 600 # built-in\n\n"
            "[notify]\nquestions = true # built-in\ncapture = \"off\" # built-in\nblocked = true # built-in\n"
            "bypass = true # built-in\n\n"
            "[[rule]] # " +
            user + ":4\nmatch = { app = \"x\" }\naction = \"deny\"\n");
    const auto again = parseLayer(report.out, "shown");
    REQUIRE(again);
    CHECK(again->rules.size() == 1);

    const auto data = parsed(showConfig(folders(), Form::Json));
    CHECK(data["settings"]["mute.mode"] ==
          nlohmann::json{{"value", "sever"}, {"origin", system + ":2"}, {"final", system + ":4"}});
    CHECK(data["settings"]["mute.led"] ==
          nlohmann::json{{"value", true}, {"origin", "built-in"}, {"final", nullptr}});
    CHECK(data["rules"][0]["match"] == nlohmann::json{{"app", "x"}});
    CHECK(data["rules"][0]["file"] == user);
    CHECK(data["rules"][0]["line"] == 4);
    CHECK(data["rules"][0]["layer"] == "user");
}

TEST_CASE_METHOD(Files, "a user's line that a final key makes idle is warned of beside what is shown") {
    write("etc/micguard/micguard.toml", "[policy]\nfinal = ['mute.mode']\n");
    write("xdg/micguard/micguard.toml", "[mute]\nmode = 'sever'\n");
    const auto report = showConfig(folders(), Form::Text);
    CHECK(report.code == Exit::Ok);
    CHECK(report.error.find("micguard.toml:2:8: warning: mute.mode is final") != std::string::npos);
    CHECK(report.out.find("mode = \"silence\" # built-in, final by ") != std::string::npos);
}

TEST_CASE_METHOD(Files, "config check finds every mistake in all files, and no file is none") {
    CHECK(checkConfig(folders(), Form::Text).out == "no files, the built-in settings are in force\n");
    const auto system = write("etc/micguard/micguard.toml", "[mute]\nmod = 'sever'\n");
    const auto user = write("xdg/micguard/conf.d/10.toml", "[[rule]]\naction = 'dney'\n");
    const auto report = checkConfig(folders(), Form::Text);
    CHECK(report.code == Exit::No);
    CHECK(
        report.out ==
        system +
            ":2:1: unknown key 'mod' in [mute]; did you mean 'mode'? The keys known here: mode, "
            "bluetooth, led, on-lock, on-suspend, start, follow-desktop, desktop-lifts and privacy-switch\n" +
            user + ":2:10: action cannot be 'dney'; did you mean \"deny\"?\n");
    CHECK(showConfig(folders(), Form::Text).code == Exit::No);
    CHECK(showConfig(folders(), Form::Text).out.empty());
    const auto data = parsed(checkConfig(folders(), Form::Json));
    CHECK(data["ok"] == false);
    REQUIRE(data["findings"].size() == 2);
    CHECK(data["findings"][1] == nlohmann::json{{"file", user},
                                                {"line", 2},
                                                {"column", 10},
                                                {"severity", "error"},
                                                {"text", "action cannot be 'dney'"},
                                                {"mend", "did you mean \"deny\"?"}});

    write("etc/micguard/micguard.toml", "");
    write("xdg/micguard/conf.d/10.toml", "[[rule]]\naction = 'deny'\nwhen = { days = [] }\n");
    const auto fine = checkConfig(folders(), Form::Text);
    CHECK(fine.code == Exit::Ok);
    CHECK(fine.out == user +
                          ":3:17: warning: a rule on no day never holds; name the days, or leave days out\n"
                          "no mistake in 2 files with 1 rule\n");
}

TEST_CASE_METHOD(Files,
                 "config check of one file goes by its place, and what lies elsewhere may be the system's") {
    const std::string final = "[policy]\nfinal = ['mute.mode']\n";
    CHECK(checkConfigFile(folders(), write("xdg/micguard/micguard.toml", final), Form::Text).code ==
          Exit::No);
    const auto elsewhere = write("draft.toml", final);
    const auto report = checkConfigFile(folders(), elsewhere, Form::Text);
    CHECK(report.code == Exit::Ok);
    CHECK(report.out == "no mistake in " + elsewhere + " with 0 rules, read as the system's\n");
    CHECK(
        checkConfigFile(folders(), (root / "xdg/../xdg/micguard/micguard.toml").string(), Form::Text).code ==
        Exit::No);
    const auto none = checkConfigFile(folders(), (root / "none.toml").string(), Form::Text);
    CHECK(none.code == Exit::No);
    CHECK(none.out.find("No such file") != std::string::npos);
}

TEST_CASE_METHOD(Files, "config path names every place, what is in force and what is refused") {
    write("etc/micguard/micguard.toml", "");
    write("xdg/micguard/conf.d/90-micguard.toml", "[[rule]]\naction = 'deny'\n");
    write("xdg/micguard/conf.d/bad.toml", "nonsense");
    const auto data = parsed(configPaths(folders(), Form::Json, plain));
    std::vector<std::string> lines;
    for (const auto& file : data["files"])
        lines.push_back(file["layer"].get<std::string>() + " " + file["state"].get<std::string>() + " " +
                        file["path"].get<std::string>().substr(root.string().size()));
    CHECK(lines == std::vector<std::string>{
                       "vendor missing /share/micguard/micguard.toml",
                       "system read /etc/micguard/micguard.toml", "system missing /etc/micguard/conf.d",
                       "user missing /xdg/micguard/micguard.toml", "user read /xdg/micguard/conf.d",
                       "user read /xdg/micguard/conf.d/90-micguard.toml",
                       "user refused /xdg/micguard/conf.d/bad.toml"});
    CHECK(data["own"] == (root / "xdg/micguard/conf.d/90-micguard.toml").string());
    const auto text = configPaths(folders(), Form::Text, plain).out;
    CHECK(text.find("90-micguard.toml  (the guard's own)") != std::string::npos);
    CHECK(text.find("not there") != std::string::npos);
}

TEST_CASE_METHOD(Files, "config check warns of rules that never decide, of all files and of one alone") {
    const auto system = write("etc/micguard/micguard.toml",
                              "[[rule]]\nmatch = { app = 'x' }\naction = 'deny'\nfinal = true\n");
    const auto user =
        write("xdg/micguard/micguard.toml", "\n[[rule]]\nmatch = { app = 'x' }\naction = 'allow'\n");
    const auto report = checkConfig(folders(), Form::Text);
    CHECK(report.code == Exit::Ok);
    CHECK(report.out == user + ":2:1: warning: this rule never decides: always outranked by a final rule (" +
                            system + ":1); remove it\nno mistake in 2 files with 2 rules\n");
    const auto findings = parsed(checkConfig(folders(), Form::Json))["findings"];
    REQUIRE(findings.size() == 1);
    CHECK(findings[0]["line"] == 2);
    CHECK(findings[0]["severity"] == "warning");

    CHECK(checkConfigFile(folders(), user, Form::Text).out.find("never decides") == std::string::npos);
    write("xdg/micguard/micguard.toml", "[[rule]]\naction = 'deny'\n[[rule]]\naction = 'deny'\n");
    CHECK(checkConfigFile(folders(), user, Form::Text).out.find(":3:1: warning: this rule never decides") !=
          std::string::npos);
}

TEST_CASE_METHOD(Files, "nothing in a file reaches the terminal as a command to it") {
    write("xdg/micguard/micguard.toml",
          "[[rule]]\nmatch = { claims = \"\\u001bc\\u202e\\u009b\" }\naction = 'deny'\n");
    const auto text = showConfig(folders(), Form::Text).out;
    CHECK(text.find("\"\\u001bc\\u202e\\u009b\"") != std::string::npos);
}

TEST_CASE("the words behind config are checked") {
    const auto outcome = [](std::vector<const char*> words) {
        const auto how = parse(words, allVerbs());
        return how ? std::string("fine") : how.error().line.substr(0, how.error().line.find(';'));
    };
    CHECK(outcome({"config", "check"}) == "fine");
    CHECK(outcome({"config", "check", "file"}) == "fine");
    CHECK(outcome({"config", "show", "--json"}) == "fine");
    CHECK(outcome({"config", "path"}) == "fine");
    CHECK(outcome({"config"}) == "micguardctl: 'config' needs to know what to do");
    CHECK(outcome({"config", "chekc"}) == "micguardctl: unknown 'config chekc' (did you mean 'check'?)");
    CHECK(outcome({"config", "show", "x"}) == "micguardctl: unexpected 'x'");
    CHECK(outcome({"config", "check", "a", "b"}) == "micguardctl: unexpected 'b'");
    CHECK(outcome({"mode", "silence", "x"}) == "micguardctl: unexpected 'x'");
    CHECK(outcome({"status", "x"}) == "micguardctl: unexpected 'x'");
}
