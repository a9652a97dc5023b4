// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/session/cli_fake_report.hpp"

#include "protocol/names.hpp"

#include <cstdint>
#include <cstring>
#include <string>

namespace {

namespace names = micguard::names;

struct Asked {
    std::uint64_t since = 0, until = 0;
    std::string app;
};

Asked readFilter(sd_bus_message* call) {
    Asked asked;
    sd_bus_message_enter_container(call, 'a', "{sv}");
    while (sd_bus_message_enter_container(call, 'e', "sv") > 0) {
        const char* key = nullptr;
        sd_bus_message_read(call, "s", &key);
        if (std::strcmp(key, "app") == 0) {
            const char* app = nullptr;
            sd_bus_message_read(call, "v", "s", &app);
            asked.app = app;
        } else {
            sd_bus_message_read(call, "v", "t", std::strcmp(key, "since") == 0 ? &asked.since : &asked.until);
        }
        sd_bus_message_exit_container(call);
    }
    return asked;
}

int report(sd_bus_message* call, void*, sd_bus_error*) {
    const Asked asked = readFilter(call);
    sd_bus_message* answer = nullptr;
    sd_bus_message_new_method_return(call, &answer);
    sd_bus_message_open_container(answer, 'a', "a{sv}");
    if (asked.app != "nobody") {
        sd_bus_message_open_container(answer, 'a', "{sv}");
        sd_bus_message_append(answer, "{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}", "app", "s", "org.evil.App",
                              "name", "s", "Evil\x1b[2J <b>App</b>", "identity", "s", "claimed", "class", "s",
                              "continuous", "mutes", "u", 2, "wakeups", "u", 0, "level-meter", "b", 0,
                              "muted-usec", "t", uint64_t{20'000'000}, "asked-usec", "t",
                              uint64_t{19'500'000}, "held-usec", "t", uint64_t{0});
        sd_bus_message_append(answer, "{sv}{sv}{sv}{sv}", "assumed-usec", "t", uint64_t{0}, "samples", "t",
                              asked.until - asked.since, "classes", "a{su}", 1, "continuous", 2, "sources",
                              "as", 1, "alsa_input.pci");
        sd_bus_message_append(answer, "{sv}{sv}", "periods", "a(tts)", 1, asked.since, asked.until,
                              "continuous", "stretches", "a(ttsb)", 1, asked.since, asked.until, "asking", 0);
        sd_bus_message_close_container(answer);
    }
    sd_bus_message_close_container(answer);
    const int r = sd_bus_send(nullptr, answer, nullptr);
    sd_bus_message_unref(answer);
    return r;
}

} // namespace

int attachReport(sd_bus* bus) {
    static const sd_bus_vtable table[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD(names::guard::method::report, "a{sv}", "aa{sv}", report, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END};
    return sd_bus_add_object_vtable(bus, nullptr, names::rootPath, names::guard::interface, table, nullptr);
}
