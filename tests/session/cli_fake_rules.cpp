// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/session/cli_fake_rules.hpp"

#include "protocol/names.hpp"

#include <cstring>

namespace {

namespace names = micguard::names;

int refusal(sd_bus_error* error, const char* name, const char* text) {
    return sd_bus_error_set(error, (std::string(names::error::prefix) + name).c_str(), text);
}

int refused(const FakeRules& rules, sd_bus_error* error) {
    return rules.refuse ? refusal(error, "AccessDenied", "not for the \x1b[31mlikes of you") : 0;
}

int setRule(sd_bus_message* call, void* data, sd_bus_error* error) {
    FakeRules& rules = *static_cast<FakeRules*>(data);
    if (const int r = refused(rules, error); r < 0)
        return r;
    const char *app = nullptr, *action = nullptr;
    sd_bus_message_read(call, "ss", &app, &action);
    FakeRules::Entry entry{app, action, "", 0};
    sd_bus_message_enter_container(call, 'a', "{sv}");
    while (sd_bus_message_enter_container(call, 'e', "sv") > 0) {
        const char* key = nullptr;
        sd_bus_message_read(call, "s", &key);
        if (std::strcmp(key, "source") == 0) {
            const char* source = nullptr;
            sd_bus_message_read(call, "v", "s", &source);
            entry.source = source;
        } else {
            sd_bus_message_read(call, "v", "t", &entry.until);
        }
        sd_bus_message_exit_container(call);
    }
    rules.entries.push_back(entry);
    return sd_bus_reply_method_return(call, "");
}

int forget(sd_bus_message* call, void* data, sd_bus_error* error) {
    FakeRules& rules = *static_cast<FakeRules*>(data);
    if (const int r = refused(rules, error); r < 0)
        return r;
    const char* app = nullptr;
    sd_bus_message_read(call, "s", &app);
    if (std::erase_if(rules.entries, [&](const auto& entry) { return entry.app == app; }) == 0)
        return refusal(error, "NoSuchObject", "nothing is remembered");
    return sd_bus_reply_method_return(call, "");
}

int listRules(sd_bus_message* call, void* data, sd_bus_error* error) {
    const FakeRules& rules = *static_cast<FakeRules*>(data);
    if (const int r = refused(rules, error); r < 0)
        return r;
    sd_bus_message* answer = nullptr;
    sd_bus_message_new_method_return(call, &answer);
    sd_bus_message_open_container(answer, 'a', "a{sv}");
    unsigned line = 0;
    for (const auto& entry : rules.entries) {
        ++line;
        const std::string id = "/home/u/90.toml:" + std::to_string(line);
        sd_bus_message_open_container(answer, 'a', "{sv}");
        sd_bus_message_append(answer, "{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}", "id", "s", id.c_str(), "action",
                              "s", entry.action.c_str(), "priority", "i", 7, "final", "b", 0, "until", "t",
                              entry.until, "file", "s", "/home/u/90.toml", "line", "u", line, "warning", "s",
                              entry.action == "ask" ? "never\x1b[2J decides" : "");
        if (entry.source.empty())
            sd_bus_message_append(answer, "{sv}", "match", "a{ss}", 1, "app", entry.app.c_str());
        else
            sd_bus_message_append(answer, "{sv}", "match", "a{ss}", 2, "app", entry.app.c_str(), "source",
                                  entry.source.c_str());
        sd_bus_message_append(answer, "{sv}", "when", "a{ss}", 0);
        sd_bus_message_close_container(answer);
    }
    sd_bus_message_close_container(answer);
    const int r = sd_bus_send(nullptr, answer, nullptr);
    sd_bus_message_unref(answer);
    return r;
}

int explain(sd_bus_message* call, void* data, sd_bus_error* error) {
    const FakeRules& rules = *static_cast<FakeRules*>(data);
    if (const int r = refused(rules, error); r < 0)
        return r;
    const char* app = nullptr;
    sd_bus_message_read(call, "s", &app);
    const std::string text = app;
    if (text == "several")
        return refusal(error, "InvalidArgument", "several are called so: A (a), B\x1b[2J (b)");
    if (text == "nobody")
        return refusal(error, "NoSuchObject", "nobody is called so");
    sd_bus_message* answer = nullptr;
    sd_bus_message_new_method_return(call, &answer);
    sd_bus_message_open_container(answer, 'a', "{sv}");
    const bool runs = text == "evil";
    sd_bus_message_append(answer, "{sv}{sv}{sv}", "app", "s", runs ? "org.evil.App" : app, "name", "s",
                          runs ? "Evil\x1b[2J\x07 App" : "", "identity", "s", runs ? "claimed" : "");
    sd_bus_message_open_container(answer, 'e', "sv");
    sd_bus_message_append(answer, "s", "verdicts");
    sd_bus_message_open_container(answer, 'v', "aa{sv}");
    sd_bus_message_open_container(answer, 'a', "a{sv}");
    sd_bus_message_open_container(answer, 'a', "{sv}");
    sd_bus_message_append(answer, "{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}", "source", "s", "alsa_input.pci",
                          "verdict", "s", "deny", "reason", "s", "denied by /etc/m.toml:3", "muted", "s",
                          "muted: lunch", "rule", "s", "/etc/m.toml:3", "file", "s", "/etc/m.toml", "line",
                          "u", 3u, "others", "as", 1,
                          "/home/u/90.toml:1: would allow; outranked by a final rule (/etc/m.toml:3)");
    sd_bus_message_close_container(answer);
    sd_bus_message_close_container(answer);
    sd_bus_message_close_container(answer);
    sd_bus_message_close_container(answer);
    sd_bus_message_close_container(answer);
    const int r = sd_bus_send(nullptr, answer, nullptr);
    sd_bus_message_unref(answer);
    return r;
}

} // namespace

int attachRules(sd_bus* bus, FakeRules& rules) {
    namespace method = names::guard::method;
    static const sd_bus_vtable table[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD(method::setRule, "ssa{sv}", "", setRule, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD(method::forget, "s", "", forget, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD(method::rules, "", "aa{sv}", listRules, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD(method::explain, "s", "a{sv}", explain, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END};
    return sd_bus_add_object_vtable(bus, nullptr, names::rootPath, names::guard::interface, table, &rules);
}
