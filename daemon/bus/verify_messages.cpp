// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/bus/verify_messages.hpp"

#include "daemon/bus/dictionary.hpp"
#include "daemon/bus/rule_messages.hpp"

#include <string_view>

#include <fmt/format.h>

namespace micguard {

namespace {

// More than anybody has microphones.
constexpr std::size_t mostSources = 64;

struct Known {
    std::string_view key;
    const char *type, *meaning;
};
constexpr Known options[] = {{"seconds", "u", "how long to record"},
                             {"sources", "as", "names of sources"},
                             {"bluetooth", "b", "whether to open Bluetooth microphones"},
                             {"tone", "b", "whether to play a tone into test sources"}};

Result<void> readSources(sd_bus_message* message, std::vector<std::string>& sources) {
    sd_bus_message_enter_container(message, 'a', "s");
    for (const char* name = nullptr; sd_bus_message_read_basic(message, 's', &name) > 0;) {
        if (auto fault = nameFault(name, "one of the sources"))
            return tl::unexpected(std::move(*fault));
        if (sources.size() == mostSources)
            return tl::unexpected(invalid(fmt::format("sources: at most {}", mostSources)));
        sources.emplace_back(name);
    }
    sd_bus_message_exit_container(message);
    return {};
}

Result<void> readOption(sd_bus_message* message, const std::string& key, VerifyOptions& into) {
    const Known* known = nullptr;
    for (const Known& option : options)
        if (option.key == key)
            known = &option;
    if (!known)
        return tl::unexpected(invalid(fmt::format(
            "there is no option {}; there are seconds, sources, bluetooth and tone", busText(key, 60))));
    if (const auto type = typeOf(message); type != known->type)
        return tl::unexpected(invalid(
            fmt::format("option {} is of type {}, wants {}, {}", key, type, known->type, known->meaning)));
    sd_bus_message_enter_container(message, 'v', known->type);
    if (key == "sources") {
        if (auto read = readSources(message, into.sources); !read)
            return read;
    } else if (key == "seconds") {
        sd_bus_message_read_basic(message, 'u', &into.seconds);
        if (into.seconds == 0 || into.seconds > VerifyOptions::mostSeconds)
            return tl::unexpected(invalid(fmt::format("seconds is 1 to {}", VerifyOptions::mostSeconds)));
    } else {
        int flag = 0;
        sd_bus_message_read_basic(message, 'b', &flag);
        (key == "tone" ? into.tone : into.bluetooth) = flag != 0;
    }
    sd_bus_message_exit_container(message);
    return {};
}

int append(sd_bus_message* message, const VerifyResult& result) {
    Entries entries(message);
    entries.path("source", sd_bus_object_path_is_valid(result.source.c_str()) > 0 ? result.source : "/");
    entries.text("name", result.name);
    entries.text("verdict", result.verdict);
    entries.text("why", result.why);
    entries.number("peak", 'd', result.peak);
    entries.number("samples", 't', result.samples);
    return entries.end();
}

} // namespace

Result<VerifyOptions> readVerifyOptions(sd_bus_message* message) {
    VerifyOptions wanted;
    sd_bus_message_enter_container(message, 'a', "{sv}");
    while (sd_bus_message_enter_container(message, 'e', "sv") > 0) {
        const char* key = "";
        sd_bus_message_read_basic(message, 's', &key);
        if (auto read = readOption(message, key, wanted); !read)
            return tl::unexpected(read.error());
        sd_bus_message_exit_container(message);
    }
    return wanted;
}

int appendVerifyResults(sd_bus_message* message, const std::vector<VerifyResult>& results) {
    int written = sd_bus_message_open_container(message, 'a', "a{sv}");
    for (const auto& result : results)
        if (written >= 0)
            written = append(message, result);
    return written < 0 ? written : sd_bus_message_close_container(message);
}

} // namespace micguard
