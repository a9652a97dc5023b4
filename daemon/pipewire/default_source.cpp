// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/pipewire/default_source.hpp"

#include <glib.h>
#include <pipewire/extensions/metadata.h>
#include <spa/utils/dict.h>
#include <spa/utils/json.h>
#include <spa/utils/string.h>

#include <array>
#include <cstring>
#include <string>

namespace micguard {
namespace {

// {"name":"alsa_input.usb"}
std::string nameIn(const char* value) {
    std::array<spa_json, 2> json{};
    std::array<char, 64> key{};
    std::array<char, 1024> name{};
    spa_json_init(&json[0], value, std::strlen(value));
    if (spa_json_enter_object(&json[0], &json[1]) <= 0)
        return {};
    while (spa_json_get_string(&json[1], key.data(), static_cast<int>(key.size())) > 0) {
        if (spa_streq(key.data(), "name"))
            return spa_json_get_string(&json[1], name.data(), static_cast<int>(name.size())) > 0 ? name.data()
                                                                                                 : "";
        const char* other = nullptr;
        if (spa_json_next(&json[1], &other) <= 0)
            break;
    }
    return {};
}

constexpr pw_metadata_events eventsOf(decltype(pw_metadata_events::property) onProperty) {
    pw_metadata_events events{};
    events.version = PW_VERSION_METADATA_EVENTS;
    events.property = onProperty;
    return events;
}

} // namespace

bool isDefaultMetadata(const spa_dict* properties) {
    return properties && spa_streq(spa_dict_lookup(properties, PW_KEY_METADATA_NAME), "default");
}

std::unique_ptr<DefaultSource> DefaultSource::bind(pw_proxy* proxy, std::uint32_t id,
                                                   std::function<void(const Event&)> tell) {
    if (proxy == nullptr)
        return nullptr;
    return std::unique_ptr<DefaultSource>(new DefaultSource(proxy, id, std::move(tell)));
}

DefaultSource::DefaultSource(pw_proxy* proxy, std::uint32_t id, std::function<void(const Event&)> tell)
    : id_(id)
    , tell_(std::move(tell))
    , proxy_(
          proxy,
          [] {
              static constexpr pw_metadata_events events = eventsOf(onProperty);
              return &events;
          }(),
          this) {}

int DefaultSource::onProperty(void* data, std::uint32_t subject, const char* key, const char*,
                              const char* value) noexcept {
    auto* self = static_cast<DefaultSource*>(data);
    // No key: everything of the subject is gone.
    if (subject == PW_ID_CORE && (!key || spa_streq(key, "default.audio.source")))
        self->tell_(
            event::DefaultSource{value ? nameIn(value) : "", static_cast<std::uint64_t>(g_get_real_time())});
    return 0;
}

} // namespace micguard
