// SPDX-License-Identifier: GPL-3.0-or-later
// The parameters of micguard.test.acp: two profiles, two capture routes.
#include "tests/support/plugin/card_device.hpp"

#include <spa/param/audio/raw.h>
#include <spa/param/profile.h>
#include <spa/param/props.h>
#include <spa/param/route.h>
#include <spa/pod/filter.h>

#include <cerrno>
#include <cstddef>

namespace micguard::test {

spa_pod* Card::buildProfile(spa_pod_builder* b, uint32_t id, uint32_t profile, bool current) const {
    const bool on = profile == kOn;
    spa_pod_frame frame[2];
    spa_pod_builder_push_object(b, &frame[0], SPA_TYPE_OBJECT_ParamProfile, id);
    spa_pod_builder_add(b, SPA_PARAM_PROFILE_index, SPA_POD_Int(profile), SPA_PARAM_PROFILE_name,
                        SPA_POD_String(on ? "input:analog-mono" : "off"), SPA_PARAM_PROFILE_description,
                        SPA_POD_String(on ? "Analog Mono Input" : "Off"), SPA_PARAM_PROFILE_priority,
                        SPA_POD_Int(on ? 100 : 0), SPA_PARAM_PROFILE_available,
                        SPA_POD_Id(SPA_PARAM_AVAILABILITY_yes), 0);
    spa_pod_builder_prop(b, SPA_PARAM_PROFILE_classes, 0);
    spa_pod_builder_push_struct(b, &frame[1]);
    spa_pod_builder_int(b, on ? 1 : 0);
    if (on) {
        const uint32_t devices[] = {kNode};
        spa_pod_builder_add_struct(b, SPA_POD_String("Audio/Source"), SPA_POD_Int(1),
                                   SPA_POD_String("card.profile.devices"),
                                   SPA_POD_Array(sizeof(uint32_t), SPA_TYPE_Int, 1, devices));
    }
    spa_pod_builder_pop(b, &frame[1]);
    if (current) {
        spa_pod_builder_prop(b, SPA_PARAM_PROFILE_save, 0);
        spa_pod_builder_bool(b, profileSave_);
    }
    return static_cast<spa_pod*>(spa_pod_builder_pop(b, &frame[0]));
}

void Card::routeProps(spa_pod_builder* b, uint32_t id) const {
    const uint32_t map[] = {channels_ == 1 ? SPA_AUDIO_CHANNEL_MONO : SPA_AUDIO_CHANNEL_FL,
                            SPA_AUDIO_CHANNEL_FR};
    spa_pod_frame frame{};
    spa_pod_builder_prop(b, SPA_PARAM_ROUTE_props, 0);
    spa_pod_builder_push_object(b, &frame, SPA_TYPE_OBJECT_Props, id);
    spa_pod_builder_prop(b, SPA_PROP_mute, SPA_POD_PROP_FLAG_HARDWARE);
    spa_pod_builder_bool(b, mute_);
    spa_pod_builder_prop(b, SPA_PROP_channelVolumes, SPA_POD_PROP_FLAG_HARDWARE);
    spa_pod_builder_array(b, sizeof(float), SPA_TYPE_Float, channels_, volumes_.data());
    spa_pod_builder_prop(b, SPA_PROP_volumeBase, SPA_POD_PROP_FLAG_READONLY);
    spa_pod_builder_float(b, 1.0F);
    spa_pod_builder_prop(b, SPA_PROP_volumeStep, SPA_POD_PROP_FLAG_READONLY);
    spa_pod_builder_float(b, 0.05F);
    spa_pod_builder_prop(b, SPA_PROP_channelMap, 0);
    spa_pod_builder_array(b, sizeof(uint32_t), SPA_TYPE_Id, channels_, map);
    spa_pod_builder_prop(b, SPA_PROP_softVolumes, 0);
    spa_pod_builder_array(b, sizeof(float), SPA_TYPE_Float, channels_, softVolumes_.data());
    spa_pod_builder_prop(b, SPA_PROP_latencyOffsetNsec, 0);
    spa_pod_builder_long(b, 0);
    spa_pod_builder_pop(b, &frame);
}

spa_pod* Card::buildRoute(spa_pod_builder* b, uint32_t id, uint32_t route, bool current) const {
    // Nobody knows whether the headset is plugged in, as on cards without jack detection: it is for the user
    // to choose.
    const bool builtIn = route == 0;
    spa_pod_frame frame[2];
    spa_pod_builder_push_object(b, &frame[0], SPA_TYPE_OBJECT_ParamRoute, id);
    spa_pod_builder_add(b, SPA_PARAM_ROUTE_index, SPA_POD_Int(route), SPA_PARAM_ROUTE_direction,
                        SPA_POD_Id(SPA_DIRECTION_INPUT), SPA_PARAM_ROUTE_name, SPA_POD_String(kRoutes[route]),
                        SPA_PARAM_ROUTE_description,
                        SPA_POD_String(builtIn ? "Microphone" : "Headset Microphone"),
                        SPA_PARAM_ROUTE_priority, SPA_POD_Int(builtIn ? 100 : 50), SPA_PARAM_ROUTE_available,
                        SPA_POD_Id(builtIn ? SPA_PARAM_AVAILABILITY_yes : SPA_PARAM_AVAILABILITY_unknown), 0);
    spa_pod_builder_prop(b, SPA_PARAM_ROUTE_info, SPA_POD_PROP_FLAG_HINT_DICT);
    spa_pod_builder_push_struct(b, &frame[1]);
    spa_pod_builder_int(b, current ? 3 : 1);
    spa_pod_builder_add(b, SPA_POD_String("port.type"), SPA_POD_String("mic"), nullptr);
    if (current) {
        spa_pod_builder_add(b, SPA_POD_String("route.hw-mute"), SPA_POD_String("true"), nullptr);
        spa_pod_builder_add(b, SPA_POD_String("route.hw-volume"), SPA_POD_String("true"), nullptr);
    }
    spa_pod_builder_pop(b, &frame[1]);
    spa_pod_builder_prop(b, SPA_PARAM_ROUTE_profiles, 0);
    spa_pod_builder_push_array(b, &frame[1]);
    spa_pod_builder_int(b, kOn);
    spa_pod_builder_pop(b, &frame[1]);
    if (current) {
        spa_pod_builder_prop(b, SPA_PARAM_ROUTE_device, 0);
        spa_pod_builder_int(b, kNode);
        routeProps(b, id);
    }
    spa_pod_builder_prop(b, SPA_PARAM_ROUTE_devices, 0);
    spa_pod_builder_push_array(b, &frame[1]);
    spa_pod_builder_int(b, kNode);
    spa_pod_builder_pop(b, &frame[1]);
    if (current) {
        spa_pod_builder_prop(b, SPA_PARAM_ROUTE_profile, 0);
        spa_pod_builder_int(b, kOn);
        spa_pod_builder_prop(b, SPA_PARAM_ROUTE_save, 0);
        spa_pod_builder_bool(b, routeSave_);
    }
    return static_cast<spa_pod*>(spa_pod_builder_pop(b, &frame[0]));
}

int Card::enumParams(int seq, uint32_t id, uint32_t start, uint32_t num, const spa_pod* filter) {
    uint32_t count = 0;
    for (uint32_t index = start; count < num; ++index) {
        std::array<uint8_t, 4096> buffer{};
        spa_pod_builder builder{};
        spa_pod_builder_init(&builder, buffer.data(), buffer.size());
        spa_pod* param = nullptr;
        switch (id) {
        case SPA_PARAM_EnumProfile:
            if (index > kOn)
                return 0;
            param = buildProfile(&builder, id, index, false);
            break;
        case SPA_PARAM_Profile:
            if (index > 0)
                return 0;
            param = buildProfile(&builder, id, profile_, true);
            break;
        case SPA_PARAM_EnumRoute:
            if (index >= kRoutes.size())
                return 0;
            param = buildRoute(&builder, id, index, false);
            break;
        case SPA_PARAM_Route:
            if (index > 0 || profile_ != kOn)
                return 0;
            param = buildRoute(&builder, id, route_, true);
            break;
        default:
            return -ENOENT;
        }
        spa_result_device_params result{id, index, index + 1, nullptr};
        if (spa_pod_filter(&builder, &result.param, param, filter) < 0)
            continue;
        spa_device_emit_result(&hooks_, seq, 0, SPA_RESULT_TYPE_DEVICE_PARAMS, &result);
        ++count;
    }
    return 0;
}

} // namespace micguard::test
