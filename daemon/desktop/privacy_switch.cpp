// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/desktop/privacy_switch.hpp"

#include <memory>
#include <utility>

namespace micguard {
namespace {

constexpr const char* schemaId = "org.gnome.desktop.privacy";
constexpr const char* key = "disable-microphone";

} // namespace

PrivacySwitch::PrivacySwitch(std::function<void(bool on)> changed)
    : changed_(std::move(changed)) {}

PrivacySwitch::~PrivacySwitch() {
    if (!settings_)
        return;
    g_signal_handlers_disconnect_by_data(settings_, this);
    g_object_unref(settings_);
}

// Looked for first: g_settings_new() ends the process where a schema is missing, and so does reading a key
// that it does not have.
std::string PrivacySwitch::start() {
    GSettingsSchemaSource* source = g_settings_schema_source_get_default();
    if (!source)
        return {};
    const std::unique_ptr<GSettingsSchema, decltype(&g_settings_schema_unref)> schema(
        g_settings_schema_source_lookup(source, schemaId, TRUE), g_settings_schema_unref);
    if (!schema || !g_settings_schema_has_key(schema.get(), key))
        return {};
    const std::unique_ptr<GSettingsSchemaKey, decltype(&g_settings_schema_key_unref)> known(
        g_settings_schema_get_key(schema.get(), key), g_settings_schema_key_unref);
    if (!g_variant_type_equal(g_settings_schema_key_get_value_type(known.get()), G_VARIANT_TYPE_BOOLEAN))
        return "the desktop's privacy switch is of a kind that is not known here, and not followed";
    settings_ = g_settings_new_full(schema.get(), nullptr, nullptr);
    g_signal_connect(settings_, "changed::disable-microphone", G_CALLBACK(onChanged), this);
    tell();
    return {};
}

bool PrivacySwitch::turnOff() {
    if (!settings_ || !g_settings_is_writable(settings_, key))
        return false;
    return g_settings_set_boolean(settings_, key, FALSE) != FALSE;
}

std::string PrivacySwitch::state() const {
    return !settings_ ? "there is none" : on_ ? "on" : "off";
}

void PrivacySwitch::onChanged(GSettings*, const char*, gpointer self) noexcept {
    static_cast<PrivacySwitch*>(self)->tell();
}

void PrivacySwitch::tell() {
    const bool on = g_settings_get_boolean(settings_, key) != FALSE;
    if (std::exchange(on_, on) != on)
        changed_(on);
}

} // namespace micguard
