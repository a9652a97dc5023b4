// SPDX-License-Identifier: GPL-3.0-or-later
// Tier 3: a client whose every word is made to hurt who reads it: names with newlines, terminal escapes,
// markup, broken UTF-8, a megabyte each; --reuse: object ids that mean something else within the millisecond;
// --crowd N: N objects of one client, each of a kind that nobody looks at; --devices: devices, which a guard asks for their routes.
#include "tests/attackers/client.hpp"

#include <pipewire/extensions/metadata.h>
#include <spa/monitor/device.h>
#include <spa/monitor/utils.h>

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

// A sound card that says that it has routes, and none when it is asked.
struct Card {
    Card() {
        spa_hook_list_init(&hooks);
        device.iface = SPA_INTERFACE_INIT(SPA_TYPE_INTERFACE_Device, SPA_VERSION_DEVICE, &methods, this);
    }
    Card(const Card&) = delete;
    Card& operator=(const Card&) = delete;

    static int onAddListener(void* object, spa_hook* listener, const spa_device_events* events, void* data) {
        auto* self = static_cast<Card*>(object);
        spa_hook_list save{};
        spa_hook_list_isolate(&self->hooks, &save, listener, events, data);
        spa_param_info route = SPA_PARAM_INFO(SPA_PARAM_Route, SPA_PARAM_INFO_READWRITE);
        const std::array<spa_dict_item, 2> items = {spa_dict_item{PW_KEY_DEVICE_NAME, self->name.c_str()},
                                                    spa_dict_item{PW_KEY_MEDIA_CLASS, "Audio/Device"}};
        const spa_dict dict = SPA_DICT_INIT(items.data(), items.size());
        spa_device_info info = SPA_DEVICE_INFO_INIT();
        info.change_mask = SPA_DEVICE_CHANGE_MASK_PROPS | SPA_DEVICE_CHANGE_MASK_PARAMS;
        info.props = &dict;
        info.params = &route;
        info.n_params = 1;
        spa_device_emit_info(&self->hooks, &info);
        spa_hook_list_join(&self->hooks, &save);
        return 0;
    }
    static int onSync(void* object, int seq) {
        spa_device_emit_result(&static_cast<Card*>(object)->hooks, seq, 0, 0, nullptr);
        return 0;
    }
    static int onEnumParams(void*, int, std::uint32_t, std::uint32_t, std::uint32_t, const spa_pod*) {
        return 0;
    }
    static int onSetParam(void*, std::uint32_t, std::uint32_t, const spa_pod*) { return 0; }

    static constexpr spa_device_methods methods{SPA_VERSION_DEVICE_METHODS, onAddListener, onSync,
                                                onEnumParams, onSetParam};
    spa_device device{};
    spa_hook_list hooks{};
    std::string name;
};

void crowd(Loop& loop, const Options& options, Report& report, unsigned count) {
    std::list<Card> cards; // for as long as the connection
    const auto connection = Connection::open(loop, options, "crowd");
    if (!connection)
        return;
    std::vector<pw_proxy*> others;
    std::list<StreamEar> ears;
    for (unsigned made = 0; made < count && !loop.ended() && !connection->lost(); made++) {
        report.attempts++;
        const std::string name = "crowd " + std::to_string(made) + std::string(200, 'c');
        if (options.has("devices")) {
            cards.emplace_back().name = name;
            others.push_back(pw_core_export(connection->core(), SPA_TYPE_INTERFACE_Device, nullptr,
                                            &cards.back().device, 0));
        } else {
            others.push_back(metadataOf(*connection, name));
        }
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
    const Options options = parseOptions(argc, argv, {"reuse", "devices"}, {"crowd"});
    return runAttack(argc, argv, options, [&] { return attack(options); });
}
