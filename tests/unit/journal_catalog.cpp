// SPDX-License-Identifier: GPL-3.0-or-later
//
// Ids, catalog, documentation and the fields that are sent belong together.
#include "daemon/journal/line.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

using namespace micguard::journal;

namespace {

std::string contents(const std::string& path) {
    std::ifstream file(std::string(MICGUARD_SOURCE) + "/" + path);
    REQUIRE(file);
    return {std::istreambuf_iterator<char>(file), {}};
}

// MESSAGE_ID -> what the catalog says.
std::map<std::string, std::string> catalog() {
    std::map<std::string, std::string> entries;
    std::istringstream lines(contents("systemd/micguard.catalog"));
    std::string* entry = nullptr;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("-- ")) {
            const auto [it, fresh] = entries.try_emplace(line.substr(3));
            CHECK(fresh);
            entry = &it->second;
        } else if (entry) {
            *entry += line + "\n";
        }
    }
    return entries;
}

std::set<std::string> fieldsNamedIn(const std::string& text, const char* pattern) {
    const std::regex field(pattern);
    std::set<std::string> found;
    for (std::sregex_iterator it(text.begin(), text.end(), field), end; it != end; ++it)
        found.insert((*it)[1]);
    return found;
}

} // namespace

TEST_CASE("every kind of line has an id of its own, and the catalog a subject for it") {
    auto entries = catalog();
    std::set<std::string_view> ids, words;
    for (const auto& kind : kinds()) {
        INFO(kind.word);
        CHECK(ids.insert(kind.messageId).second);
        CHECK(words.insert(kind.word).second);
        CHECK(kind.messageId.size() == 32);
        CHECK(kind.messageId.find_first_not_of("0123456789abcdef") == std::string_view::npos);
        const auto entry = entries.find(std::string(kind.messageId));
        REQUIRE(entry != entries.end());
        CHECK(entry->second.starts_with("Subject: "));
        CHECK(entry->second.find("Defined-By: micguard\n") != std::string::npos);
        entries.erase(entry);
    }
    CHECK(entries.empty()); // none that nobody sends
    for (int kind = 0; kind <= static_cast<int>(Kind::Omitted); kind++)
        CHECK(factsOf(static_cast<Kind>(kind)).kind == static_cast<Kind>(kind));
}

TEST_CASE("the catalog names no field that its kind does not send") {
    const auto entries = catalog();
    for (const auto& kind : kinds()) {
        INFO(kind.word);
        for (const auto& field : fieldsNamedIn(entries.at(std::string(kind.messageId)), "@([A-Z_]+)@")) {
            INFO(field);
            CHECK(std::find(kind.fields.begin(), kind.fields.end(), field) != kind.fields.end());
        }
    }
}

TEST_CASE("the documentation has every id, and every field of each kind") {
    const std::string page = contents("docs/journal-fields.md");
    std::set<std::string> sent;
    for (const auto& kind : kinds()) {
        INFO(kind.word);
        const auto row = page.find("`" + std::string(kind.messageId) + "`");
        REQUIRE(row != std::string::npos);
        const auto line = page.substr(row, page.find('\n', row) - row);
        for (const auto field : kind.fields) {
            CHECK(line.find("`" + std::string(field.substr(9)) + "`") != std::string::npos);
            sent.insert(std::string(field));
        }
    }
    for (const auto& field : sent)
        CHECK(page.find("| `" + field + "` |") != std::string::npos);
    for (const auto& field : fieldsNamedIn(page, "(MICGUARD_[A-Z_]+)"))
        CHECK(sent.contains(field));
}

TEST_CASE("journalctl takes the catalog") {
    if (std::system("command -v journalctl > /dev/null") != 0)
        SKIP("there is no journalctl here");
    std::string root = (std::filesystem::temp_directory_path() / "micguard-catalog-XXXXXX").native();
    REQUIRE(mkdtemp(root.data()) != nullptr);
    std::filesystem::create_directories(root + "/usr/lib/systemd/catalog");
    std::filesystem::create_directories(root + "/var/lib/systemd/catalog");
    std::filesystem::copy_file(std::string(MICGUARD_SOURCE) + "/systemd/micguard.catalog",
                               root + "/usr/lib/systemd/catalog/micguard.catalog");
    CHECK(std::system(("journalctl --root=" + root + " --update-catalog > " + root + "/said 2>&1").c_str()) ==
          0);
    CHECK(std::filesystem::file_size(root + "/said") == 0); // a line that it does not understand is named
    CHECK(std::system(("journalctl --root=" + root + " --list-catalog > " + root + "/list").c_str()) == 0);
    std::ifstream list(root + "/list");
    std::size_t entries = 0;
    for (std::string line; std::getline(list, line);)
        entries++;
    CHECK(entries == kinds().size());
    std::filesystem::remove_all(root);
}
