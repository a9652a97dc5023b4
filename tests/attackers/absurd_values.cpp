// SPDX-License-Identifier: GPL-3.0-or-later
// Tier 3: a client whose every word is made to hurt who reads it: names with newlines, terminal escapes,
// markup, broken UTF-8, a megabyte each; --reuse: object ids that mean something else within the millisecond;
// --crowd N: N objects of one client.
#include "tests/attackers/client.hpp"

#include <pipewire/extensions/metadata.h>

#include <array>
#include <cstdlib>

namespace micguard::attack {
namespace {

// What would stand at the beginning of a line of its own, were a name obeyed.
constexpr const char* forged = "FORGED";

std::vector<std::string> absurdities() {
    const std::string line = forged;
    return {"plain\n" + line + " live",
            "\r\n" + line + " microphones are live again\nState: live",
            "\x1b[2J\x1b[1;1H" + line,
            "\x1b]0;owned\x07" + line + "\x1b]8;;file:///etc/passwd\x1b\\click\x1b]8;;\x1b\\",
            "\xc2\x9b[31m\xc2\x85" + line,
            "\xe2\x80\xae" + line + "\xe2\x80\xa8\xe2\x80\xa9" + line,
            "<b>bold</b><a href='x'>&amp;\"'`$(reboot)",
            "\xff\xfe\xc0\x80\xed\xa0\x80\xf4\x90\x80\x80 " + line,
            "%s%s%n%1000000d",
            std::string(1 << 20, 'M'),
            std::string(1 << 19, '\n') + line,
            "\" MICGUARD_APP=\"" + line,
            "'; DROP TABLE entry; --",
            ""};
}

Properties wordsOf(const std::string& value) {
    Properties words;
    for (const char* key :
         {PW_KEY_NODE_NAME, PW_KEY_NODE_DESCRIPTION, PW_KEY_NODE_NICK, PW_KEY_MEDIA_NAME, PW_KEY_APP_NAME,
          PW_KEY_APP_ID, PW_KEY_APP_ICON_NAME, PW_KEY_APP_PROCESS_BINARY, PW_KEY_APP_PROCESS_ID,
          "pipewire.access.portal.app_id", "pipewire.snap.id", PW_KEY_NODE_LINK_GROUP, PW_KEY_NODE_GROUP})
        words[key] = value;
    return words;
}

void sayOf(Connection& connection, const Properties& words) {
    std::vector<spa_dict_item> items;
    for (const auto& [key, value] : words)
        items.push_back({key.c_str(), value.c_str()});
    const spa_dict dict = SPA_DICT_INIT(items.data(), static_cast<std::uint32_t>(items.size()));
    pw_client_update_properties(pw_core_get_client(connection.core()), &dict);
}

pw_proxy* metadataOf(const Connection& connection, const std::string& name) {
    const std::array<spa_dict_item, 1> items = {spa_dict_item{PW_KEY_METADATA_NAME, name.c_str()}};
    const spa_dict dict = SPA_DICT_INIT(items.data(), items.size());
    return static_cast<pw_proxy*>(pw_core_create_object(
        connection.core(), "metadata", PW_TYPE_INTERFACE_Metadata, PW_VERSION_METADATA, &dict, 0));
}

void pause(Loop& loop, std::chrono::milliseconds time) {
    loop.runUntil([] { return false; }, time);
}

void names(Loop& loop, const Options& options, Report& report) {
    while (!loop.ended())
        for (const auto& value : absurdities()) {
            if (loop.ended())
                return;
            const auto connection = Connection::open(loop, options, value.substr(0, 100));
            if (!connection)
                return;
            const Properties words = wordsOf(value);
            sayOf(*connection, words);
            StreamEar ear(*connection, report, options.source, words);
            report.attempts++;
            pause(loop, std::chrono::milliseconds(120));
            if (!connection->lost())
                report.accepted++;
        }
}

void reuse(Loop& loop, const Options& options, Report& report) {
    const auto connection = Connection::open(loop, options, "reuse");
    while (connection && !loop.ended() && !connection->lost()) {
        // Without waiting for an answer: the ids are free again before anybody has looked at them.
        for (int count = 0; count < 4; count++) {
            if (pw_proxy* other = metadataOf(*connection, "reuse"))
                pw_proxy_destroy(other);
            StreamEar brief(*connection, report, options.source);
            report.attempts++;
        }
        StreamEar ear(*connection, report, options.source);
        report.attempts++;
        if (!connection->roundTrip())
            return;
        report.accepted++;
        pause(loop, std::chrono::milliseconds(1));
    }
}

void crowd(Loop& loop, const Options& options, Report& report, unsigned count) {
    const auto connection = Connection::open(loop, options, "crowd");
    if (!connection)
        return;
    std::vector<pw_proxy*> others;
    std::list<StreamEar> ears;
    for (unsigned made = 0; made < count && !loop.ended() && !connection->lost(); made++) {
        report.attempts++;
        others.push_back(metadataOf(*connection, "crowd " + std::to_string(made) + std::string(200, 'c')));
        if (made % 200 == 0) {
            ears.emplace_back(*connection, report, options.source);
            connection->roundTrip();
        }
    }
    if (connection->roundTrip())
        report.accepted = others.size();
    loop.run();
}

int attack(const Options& options) {
    Report report(options, 3);
    Loop loop(options);
    if (options.has("reuse"))
        reuse(loop, options, report);
    else if (const auto count = std::strtoul(options.value("crowd", "0").c_str(), nullptr, 10); count > 0)
        crowd(loop, options, report, static_cast<unsigned>(count));
    else
        names(loop, options, report);
    report.print();
    return 0;
}

} // namespace
} // namespace micguard::attack

int main(int argc, char** argv) {
    using namespace micguard::attack;
    const Options options = parseOptions(argc, argv, {"reuse"}, {"crowd"});
    return runAttack(argc, argv, options, [&] { return attack(options); });
}
