// SPDX-License-Identifier: GPL-3.0-or-later
//
// micguardctl report against a stand-in for the guard.
#include "tests/session/cli_fake.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

using namespace micguard::test;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

// Removed with what is in it.
class Folder {
  public:
    Folder() {
        std::string name = (fs::temp_directory_path() / "micguard-report-XXXXXX").string();
        if (!mkdtemp(name.data()))
            throw std::runtime_error("no folder");
        path_ = name;
    }
    ~Folder() { fs::remove_all(path_); }
    const fs::path& path() const { return path_; }

  private:
    fs::path path_;
};

std::string contents(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

} // namespace

TEST_CASE("the report as a table, with what it can know") {
    PrivateBus bus;
    Fake fake(bus);
    const Ran ran = bus.run({"report"});
    CHECK(ran.status == 0);
    CHECK(ran.err.empty());
    CHECK(contains(ran.out, "Evil <b>App</b>"));
    CHECK_FALSE(contains(ran.out, "\x1b"));
    CHECK(contains(ran.out, "continuous"));
    CHECK(contains(ran.out, "org.evil.App (claimed)"));
    CHECK(contains(ran.out, "does not see that the system holds the mute"));
}

TEST_CASE("the report is about the last seven days, unless it is said of when") {
    PrivateBus bus;
    Fake fake(bus);
    const auto asked = [&](std::vector<std::string> words) {
        words.insert(words.begin(), "report");
        words.emplace_back("--json");
        const Ran ran = bus.run(words);
        INFO(ran.err);
        REQUIRE(ran.status == 0);
        return json::parse(ran.out);
    };
    CHECK(asked({})["rows"][0]["samples"] == 7ULL * 86'400'000'000);
    const json day = asked({"--since", "2h", "--until=1h"});
    CHECK(day["rows"][0]["samples"] == 3'600'000'000);
    CHECK(day["until"].get<std::uint64_t>() - day["since"].get<std::uint64_t>() == 3'600'000'000);
    CHECK(asked({"--app", "nobody"})["rows"].empty());
    CHECK(bus.run({"report", "--app", "nobody"}).out.starts_with("No application"));
}

TEST_CASE("a time that is none, and two shapes at once, are mistakes of usage") {
    PrivateBus bus;
    Fake fake(bus);
    const Ran time = bus.run({"report", "--since", "soon"});
    CHECK(time.status == 2);
    CHECK(contains(time.err, "--since 'soon' is no time"));
    CHECK(time.out.empty());
    CHECK(bus.run({"report", "--csv", "--json"}).status == 2);
    CHECK(bus.run({"report", "--csv", "--html", "/nowhere"}).status == 2);
}

TEST_CASE("the report for spreadsheets") {
    PrivateBus bus;
    Fake fake(bus);
    const Ran ran = bus.run({"report", "--csv", "--since", "1h"});
    CHECK(ran.status == 0);
    CHECK(ran.out.starts_with("app_id,name,"));
    CHECK(contains(
        ran.out,
        "\n\"org.evil.App\",\"Evil <b>App</b>\",\"claimed\",\"continuous\",2,2,0,0,0,20.000000,19.500000,"));
}

TEST_CASE("the page takes the place of the one before, whole") {
    PrivateBus bus;
    Fake fake(bus);
    const Folder folder;
    const auto file = folder.path() / "page.html";
    std::ofstream(file) << "the one before";
    const Ran ran = bus.run({"report", "--html", file.string()});
    CHECK(ran.status == 0);
    CHECK(ran.out.empty());
    const std::string page = contents(file);
    CHECK(page.starts_with("<!doctype html>"));
    CHECK(page.ends_with("</html>\n"));
    CHECK(contains(page, "Evil &lt;b&gt;App&lt;/b&gt;"));
    CHECK_FALSE(contains(page, "<b>App"));
    CHECK(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()) == 1);
    CHECK((fs::status(file).permissions() & (fs::perms::group_all | fs::perms::others_all)) ==
          fs::perms::none);

    // Others may write into the folder, and what is no file stays what it is.
    const auto link = folder.path() / "link.html";
    fs::create_symlink(file, link);
    std::ofstream(folder.path() / "link.html.new") << "somebody's";
    CHECK(bus.run({"report", "--html", link.string()}).status == 0);
    CHECK(fs::is_symlink(link));
    CHECK(contents(folder.path() / "link.html.new") == "somebody's");
    CHECK(contents(file).ends_with("</html>\n"));
    CHECK(bus.run({"report", "--html", "/dev/fd/1"}).out.ends_with("</html>\n"));
    CHECK(bus.run({"report", "--html", "-"}).out.ends_with("</html>\n"));
    CHECK(bus.run({"report", "--html", ""}).status == 2);
    CHECK(bus.run({"report", "--since", "now", "--until", "yesterday"}).status == 2);

    const Ran nowhere = bus.run({"report", "--html", (folder.path() / "no" / "page.html").string()});
    CHECK(nowhere.status == 4);
    CHECK(contains(nowhere.err, "cannot write"));
}

TEST_CASE("the report without a guard") {
    PrivateBus bus;
    CHECK(bus.run({"report"}).status == 3);
}
