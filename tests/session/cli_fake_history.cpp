// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/session/cli_fake_history.hpp"

#include "protocol/names.hpp"

#include <chrono>
#include <vector>

namespace {

namespace names = micguard::names;

// As people would write it: "app=zoom kinds=mute,block".
std::string filterOf(sd_bus_message* call) {
    std::string text;
    sd_bus_message_enter_container(call, 'a', "{sv}");
    while (sd_bus_message_enter_container(call, 'e', "sv") > 0) {
        const char *key = nullptr, *contents = nullptr;
        sd_bus_message_read(call, "s", &key);
        sd_bus_message_peek_type(call, nullptr, &contents);
        const std::string type = contents;
        std::string value;
        if (type == "s") {
            const char* word = nullptr;
            sd_bus_message_read(call, "v", "s", &word);
            value = word;
        } else if (type == "t") {
            uint64_t number = 0;
            sd_bus_message_read(call, "v", "t", &number);
            value = std::to_string(number);
        } else if (type == "u") {
            uint32_t number = 0;
            sd_bus_message_read(call, "v", "u", &number);
            value = std::to_string(number);
        } else {
            char** words = nullptr;
            sd_bus_message_enter_container(call, 'v', "as");
            sd_bus_message_read_strv(call, &words);
            sd_bus_message_exit_container(call);
            for (char** word = words; word && *word; ++word) {
                value += (value.empty() ? "" : ",") + std::string(*word);
                free(*word);
            }
            free(words);
        }
        text += (text.empty() ? "" : " ") + std::string(key) + "=" + value;
        sd_bus_message_exit_container(call);
    }
    return text;
}

int refused(const FakeHistory& history, sd_bus_error* error) {
    return history.refuse
               ? sd_bus_error_set(error, (std::string(names::error::prefix) + "Unavailable").c_str(),
                                  "history.db is \x1b[31mlocked")
               : 0;
}

uint64_t now() {
    return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                     std::chrono::system_clock::now().time_since_epoch())
                                     .count());
}

int read(sd_bus_message* call, void* data, sd_bus_error* error) {
    const FakeHistory& history = *static_cast<FakeHistory*>(data);
    const std::string filter = filterOf(call);
    if (const int r = refused(history, error); r < 0)
        return r;
    constexpr uint64_t hour = 3'600'000'000;
    const uint64_t at = now();
    sd_bus_message* answer = nullptr;
    sd_bus_message_new_method_return(call, &answer);
    sd_bus_message_open_container(answer, 'a', "a{sv}");
    if (!history.empty) {
        // What was asked comes back as a warning.
        if (filter.find("kinds=mute") == std::string::npos)
            sd_bus_message_append(answer, "a{sv}", 5, "kind", "s", "warning", "start", "t", at - hour / 2,
                                  "end", "t", at - hour / 2, "id", "s", "asked", "reason", "s",
                                  filter.c_str());
        sd_bus_message_append(answer, "a{sv}", 5, "kind", "s", "mute", "start", "t", at - hour, "end", "t",
                              uint64_t{0}, "by", "s", "panel (pid 3)", "reason", "s", "a call");
        sd_bus_message_append(answer, "a{sv}", 8, "kind", "s", "session", "start", "t", at - 2 * hour, "end",
                              "t", uint64_t{0}, "app", "s", "org.evil.App", "name", "s", "Evil\x1b[2J App",
                              "identity", "s", "claimed", "source", "s", "alsa_input.pci", "level-meter", "b",
                              0);
        sd_bus_message_append(answer, "a{sv}", 8, "kind", "s", "block", "start", "t", at - 3 * hour, "end",
                              "t", at - 2 * hour, "app", "s", "/usr/bin/call", "name", "s", "call",
                              "identity", "s", "kernel", "source", "s", "", "count", "u", 3u);
    }
    sd_bus_message_close_container(answer);
    const int r = sd_bus_send(nullptr, answer, nullptr);
    sd_bus_message_unref(answer);
    return r;
}

int clear(sd_bus_message* call, void* data, sd_bus_error* error) {
    const FakeHistory& history = *static_cast<FakeHistory*>(data);
    const std::string filter = filterOf(call);
    if (const int r = refused(history, error); r < 0)
        return r;
    // So that the test sees what was asked.
    return sd_bus_reply_method_return(call, "t",
                                      static_cast<uint64_t>(history.empty ? 0 : filter.size() + 1));
}

} // namespace

int attachHistory(sd_bus* bus, FakeHistory& history) {
    namespace method = names::guard::method;
    static const sd_bus_vtable table[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD(method::history, "a{sv}", "aa{sv}", read, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD(method::clearHistory, "a{sv}", "t", clear, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END};
    return sd_bus_add_object_vtable(bus, nullptr, names::rootPath, names::guard::interface, table, &history);
}
