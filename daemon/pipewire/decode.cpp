// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/pipewire/decode.hpp"

#include "daemon/model/applied.hpp"

#include <pipewire/keys.h>
#include <pipewire/permission.h>
#include <spa/param/audio/format-utils.h>
#include <spa/param/param.h>
#include <spa/param/port-config.h>
#include <spa/param/props.h>
#include <spa/param/route.h>
#include <spa/pod/builder.h>
#include <spa/pod/iter.h>
#include <spa/pod/parser.h>
#include <spa/utils/dict.h>
#include <spa/utils/string.h>

#include <cstdlib>

namespace micguard {

static_assert(permission::readOnly == PW_PERM_R && permission::byDefault == PW_PERM_INVALID &&
              permission::readExecute == (PW_PERM_R | PW_PERM_X) && permission::all == PW_PERM_ALL);

namespace decode {
namespace {

// Values come from clients: a name of a megabyte is cut where it enters.
constexpr std::size_t longestText = 1024;

std::string text(const spa_dict* properties, const char* key) {
    const char* value = properties ? spa_dict_lookup(properties, key) : nullptr;
    if (!value)
        return {};
    std::string result(value, strnlen(value, longestText));
    return result;
}

bool flag(const spa_dict* properties, const char* key) {
    const char* value = properties ? spa_dict_lookup(properties, key) : nullptr;
    return value && spa_atob(value);
}

std::optional<std::uint32_t> number(const spa_dict* properties, const char* key) {
    const char* value = properties ? spa_dict_lookup(properties, key) : nullptr;
    std::uint32_t result = 0;
    if (!value || !spa_atou32(value, &result, 0))
        return std::nullopt;
    return result;
}

std::uint32_t numberOr(const spa_dict* properties, const char* key, std::uint32_t otherwise) {
    return number(properties, key).value_or(otherwise);
}

Serial serial(const spa_dict* properties, std::uint32_t id) {
    const char* value = properties ? spa_dict_lookup(properties, PW_KEY_OBJECT_SERIAL) : nullptr;
    std::uint64_t result = 0;
    return Serial{value && spa_atou64(value, &result, 0) ? result : id};
}

} // namespace

Client client(std::uint32_t id, const spa_dict* properties) {
    Client c;
    c.id = GlobalId{id};
    c.serial = serial(properties, id);
    c.pid = numberOr(properties, PW_KEY_SEC_PID, 0);
    c.uid = numberOr(properties, PW_KEY_SEC_UID, 0xffffffff);
    c.socket = text(properties, PW_KEY_SEC_SOCKET);
    c.clientApi = text(properties, PW_KEY_CLIENT_API);
    c.access = text(properties, PW_KEY_ACCESS);
    c.portalAppId = text(properties, "pipewire.access.portal.app_id");
    c.snapId = text(properties, "pipewire.snap.id");
    c.applicationName = text(properties, PW_KEY_APP_NAME);
    c.applicationId = text(properties, PW_KEY_APP_ID);
    c.applicationIcon = text(properties, PW_KEY_APP_ICON_NAME);
    c.applicationBinary = text(properties, PW_KEY_APP_PROCESS_BINARY);
    c.applicationVersion = text(properties, PW_KEY_APP_VERSION);
    c.applicationPid = numberOr(properties, PW_KEY_APP_PROCESS_ID, 0);
    return c;
}

std::string securityLabel(const spa_dict* properties) {
    return text(properties, PW_KEY_SEC_LABEL);
}

Device device(std::uint32_t id, const spa_dict* properties) {
    Device d;
    d.id = GlobalId{id};
    d.serial = serial(properties, id);
    d.name = text(properties, PW_KEY_DEVICE_NAME);
    if (const auto owner = number(properties, PW_KEY_CLIENT_ID))
        d.client = GlobalId{*owner};
    d.api = text(properties, PW_KEY_DEVICE_API);
    return d;
}

Node node(std::uint32_t id, const spa_dict* properties) {
    Node n;
    n.id = GlobalId{id};
    n.serial = serial(properties, id);
    if (const auto owner = number(properties, PW_KEY_CLIENT_ID))
        n.client = GlobalId{*owner};
    if (const auto device = number(properties, PW_KEY_DEVICE_ID))
        n.device = GlobalId{*device};
    n.profileDevice = static_cast<std::int32_t>(numberOr(properties, "card.profile.device", 0xffffffff));
    n.name = text(properties, PW_KEY_NODE_NAME);
    n.description = text(properties, PW_KEY_NODE_DESCRIPTION);
    n.mediaClass = text(properties, PW_KEY_MEDIA_CLASS);
    n.mediaName = text(properties, PW_KEY_MEDIA_NAME);
    n.factory = text(properties, "factory.name");
    n.lingers = flag(properties, PW_KEY_OBJECT_LINGER);
    n.deviceApi = text(properties, PW_KEY_DEVICE_API);
    n.linkGroup = text(properties, PW_KEY_NODE_LINK_GROUP);
    n.applicationName = text(properties, PW_KEY_APP_NAME);
    n.applicationId = text(properties, PW_KEY_APP_ID);
    n.applicationIcon = text(properties, PW_KEY_APP_ICON_NAME);
    n.applicationBinary = text(properties, PW_KEY_APP_PROCESS_BINARY);
    n.applicationPid = numberOr(properties, PW_KEY_APP_PROCESS_ID, 0);
    n.network = flag(properties, PW_KEY_NODE_NETWORK);
    n.virtualNode = flag(properties, PW_KEY_NODE_VIRTUAL);
    n.autoconnect = flag(properties, PW_KEY_NODE_AUTOCONNECT);
    const char* pauses = properties ? spa_dict_lookup(properties, PW_KEY_NODE_PAUSE_ON_IDLE) : nullptr;
    n.runsOn = flag(properties, PW_KEY_NODE_ALWAYS_PROCESS) || (pauses && !spa_atob(pauses));
    n.target = text(properties, PW_KEY_TARGET_OBJECT);
    n.peaks = flag(properties, "resample.peaks");
    n.capturesSink = flag(properties, PW_KEY_STREAM_CAPTURE_SINK);
    if (properties && spa_dict_lookup(properties, "pulse.corked"))
        n.corked = flag(properties, "pulse.corked");
    float configured = 0.0f;
    const char* maxVolume = properties ? spa_dict_lookup(properties, "channelmix.max-volume") : nullptr;
    if (maxVolume && spa_atof(maxVolume, &configured))
        n.configuredMaxVolume = configured;
    n.bornSilent = text(properties, "micguard.born") == "silent";
    return n;
}

std::uint32_t factoryOf(const spa_dict* nodeProperties) {
    return numberOr(nodeProperties, PW_KEY_FACTORY_ID, 0xffffffff);
}

bool makesNodesInServer(const spa_dict* factoryProperties) {
    const std::string name = text(factoryProperties, PW_KEY_FACTORY_NAME);
    return name == "adapter" || name == "spa-node-factory";
}

bool makesAdapters(const spa_dict* factoryProperties) {
    return text(factoryProperties, PW_KEY_FACTORY_NAME) == "adapter";
}

Port port(std::uint32_t id, const spa_dict* properties) {
    Port p;
    p.id = GlobalId{id};
    p.serial = serial(properties, id);
    p.node = GlobalId{numberOr(properties, PW_KEY_NODE_ID, 0xffffffff)};
    p.output = text(properties, PW_KEY_PORT_DIRECTION) == "out";
    p.monitor = flag(properties, PW_KEY_PORT_MONITOR);
    p.physical = flag(properties, PW_KEY_PORT_PHYSICAL) || flag(properties, PW_KEY_PORT_TERMINAL);
    p.format = text(properties, PW_KEY_FORMAT_DSP);
    return p;
}

Link link(std::uint32_t id, const spa_dict* properties) {
    Link l;
    l.id = GlobalId{id};
    l.serial = serial(properties, id);
    if (const auto maker = number(properties, PW_KEY_CLIENT_ID))
        l.client = GlobalId{*maker};
    l.outputNode = GlobalId{numberOr(properties, PW_KEY_LINK_OUTPUT_NODE, 0xffffffff)};
    l.outputPort = GlobalId{numberOr(properties, PW_KEY_LINK_OUTPUT_PORT, 0xffffffff)};
    l.inputNode = GlobalId{numberOr(properties, PW_KEY_LINK_INPUT_NODE, 0xffffffff)};
    l.inputPort = GlobalId{numberOr(properties, PW_KEY_LINK_INPUT_PORT, 0xffffffff)};
    return l;
}

std::optional<KnobReading> knob(const spa_pod* props) {
    if (!props || !spa_pod_is_object_type(props, SPA_TYPE_OBJECT_Props))
        return std::nullopt;
    KnobReading reading;
    reading.monitorVolumes = false;
    const auto* object = reinterpret_cast<const spa_pod_object*>(props);
    const spa_pod_prop* prop = nullptr;
    SPA_POD_OBJECT_FOREACH(object, prop) {
        switch (prop->key) {
        case SPA_PROP_mute:
            spa_pod_get_bool(&prop->value, &reading.mute);
            break;
        case SPA_PROP_monitorMute:
            spa_pod_get_bool(&prop->value, &reading.monitorMute);
            break;
        case SPA_PROP_params: {
            spa_pod_parser parser{};
            spa_pod_frame frame{};
            spa_pod_parser_pod(&parser, &prop->value);
            if (spa_pod_parser_push_struct(&parser, &frame) < 0)
                break;
            const char* key = nullptr;
            spa_pod* value = nullptr;
            while (spa_pod_parser_get_string(&parser, &key) >= 0 &&
                   spa_pod_parser_get_pod(&parser, &value) >= 0) {
                if (spa_streq(key, "channelmix.max-volume"))
                    reading.present = spa_pod_get_float(value, &reading.maxVolume) >= 0 || reading.present;
                else if (spa_streq(key, "channelmix.lock-volumes"))
                    spa_pod_get_bool(value, &reading.locked);
                else if (spa_streq(key, "monitor.channel-volumes"))
                    spa_pod_get_bool(value, &reading.monitorVolumes);
            }
            break;
        }
        default:
            break;
        }
    }
    if (!reading.present)
        return std::nullopt;
    return reading;
}

std::optional<Route> route(const spa_pod* param) {
    std::int32_t index = -1, device = -1;
    std::uint32_t direction = 0;
    const spa_pod* info = nullptr;
    const spa_pod* props = nullptr;
    bool save = false;
    if (!param || spa_pod_parse_object(param, SPA_TYPE_OBJECT_ParamRoute, nullptr, SPA_PARAM_ROUTE_index,
                                       SPA_POD_Int(&index), SPA_PARAM_ROUTE_direction, SPA_POD_Id(&direction),
                                       SPA_PARAM_ROUTE_device, SPA_POD_Int(&device), SPA_PARAM_ROUTE_info,
                                       SPA_POD_OPT_Pod(&info), SPA_PARAM_ROUTE_props, SPA_POD_OPT_Pod(&props),
                                       SPA_PARAM_ROUTE_save, SPA_POD_OPT_Bool(&save)) < 0)
        return std::nullopt;
    Route result;
    result.index = static_cast<std::uint32_t>(index);
    result.profileDevice = device;
    result.input = direction == SPA_DIRECTION_INPUT;
    result.save = save;
    if (props)
        spa_pod_parse_object(props, SPA_TYPE_OBJECT_Props, nullptr, SPA_PROP_mute,
                             SPA_POD_OPT_Bool(&result.mute));
    if (info) {
        spa_pod_parser parser{};
        spa_pod_frame frame{};
        spa_pod_parser_pod(&parser, info);
        std::int32_t count = 0;
        if (spa_pod_parser_push_struct(&parser, &frame) >= 0 && spa_pod_parser_get_int(&parser, &count) >= 0)
            for (std::int32_t i = 0; i < count; i++) {
                const char* key = nullptr;
                const char* value = nullptr;
                if (spa_pod_parser_get_string(&parser, &key) < 0 ||
                    spa_pod_parser_get_string(&parser, &value) < 0)
                    break;
                if (spa_streq(key, "route.hw-mute"))
                    result.hardwareMute = spa_atob(value);
            }
    }
    return result;
}

} // namespace decode

namespace encode {
namespace {

spa_pod_builder builder(Pod& pod) {
    return spa_pod_builder{pod.buffer().data(), static_cast<std::uint32_t>(pod.buffer().size()), 0, {}, {}};
}

} // namespace

Pod knob(float maxVolume, bool monitorMute) {
    Pod pod;
    auto b = builder(pod);
    spa_pod_frame object{}, params{};
    spa_pod_builder_push_object(&b, &object, SPA_TYPE_OBJECT_Props, SPA_PARAM_Props);
    spa_pod_builder_prop(&b, SPA_PROP_monitorMute, 0);
    spa_pod_builder_bool(&b, monitorMute);
    spa_pod_builder_prop(&b, SPA_PROP_params, 0);
    spa_pod_builder_push_struct(&b, &params);
    spa_pod_builder_string(&b, "channelmix.max-volume");
    spa_pod_builder_float(&b, maxVolume);
    spa_pod_builder_pop(&b, &params);
    spa_pod_builder_pop(&b, &object);
    return pod;
}

Pod userMute(bool mute) {
    Pod pod;
    auto b = builder(pod);
    spa_pod_builder_add_object(&b, SPA_TYPE_OBJECT_Props, SPA_PARAM_Props, SPA_PROP_mute, SPA_POD_Bool(mute));
    return pod;
}

Pod routeMute(std::uint32_t index, std::int32_t profileDevice, bool mute, bool save) {
    Pod pod;
    auto b = builder(pod);
    spa_pod_frame object{}, props{};
    spa_pod_builder_push_object(&b, &object, SPA_TYPE_OBJECT_ParamRoute, SPA_PARAM_Route);
    spa_pod_builder_prop(&b, SPA_PARAM_ROUTE_index, 0);
    spa_pod_builder_int(&b, static_cast<std::int32_t>(index));
    spa_pod_builder_prop(&b, SPA_PARAM_ROUTE_device, 0);
    spa_pod_builder_int(&b, profileDevice);
    spa_pod_builder_prop(&b, SPA_PARAM_ROUTE_props, 0);
    spa_pod_builder_push_object(&b, &props, SPA_TYPE_OBJECT_Props, SPA_PARAM_Route);
    spa_pod_builder_prop(&b, SPA_PROP_mute, 0);
    spa_pod_builder_bool(&b, mute);
    spa_pod_builder_pop(&b, &props);
    spa_pod_builder_prop(&b, SPA_PARAM_ROUTE_save, 0);
    spa_pod_builder_bool(&b, save);
    spa_pod_builder_pop(&b, &object);
    return pod;
}

Pod monoInput(bool monitor) {
    Pod pod;
    auto b = builder(pod);
    spa_pod_frame object{};
    spa_audio_info_raw info{};
    info.format = SPA_AUDIO_FORMAT_F32P;
    info.rate = 48000;
    info.channels = 1;
    info.position[0] = SPA_AUDIO_CHANNEL_MONO;
    spa_pod_builder_push_object(&b, &object, SPA_TYPE_OBJECT_ParamPortConfig, SPA_PARAM_PortConfig);
    spa_pod_builder_add(&b, SPA_PARAM_PORT_CONFIG_direction, SPA_POD_Id(SPA_DIRECTION_INPUT),
                        SPA_PARAM_PORT_CONFIG_mode, SPA_POD_Id(SPA_PARAM_PORT_CONFIG_MODE_dsp),
                        SPA_PARAM_PORT_CONFIG_monitor, SPA_POD_Bool(monitor), 0);
    spa_pod_builder_prop(&b, SPA_PARAM_PORT_CONFIG_format, 0);
    spa_format_audio_raw_build(&b, SPA_PARAM_Format, &info);
    spa_pod_builder_pop(&b, &object);
    return pod;
}

} // namespace encode
} // namespace micguard
