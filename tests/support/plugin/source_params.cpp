// SPDX-License-Identifier: GPL-3.0-or-later
// The parameters of micguard.test.source (formats, buffers, io areas) and the table of SPA methods.
#include "tests/support/plugin/source_node.hpp"

#include <spa/pod/filter.h>
#include <spa/utils/dict.h>

#include <cerrno>
#include <climits>

namespace micguard::test {

void SourceNode::emitNode() {
    // No media.class: that is for whoever has the node made. Whatever only puts out and is of a plug-in that it does not know the guard
    // takes for a microphone; what is none passes for one of PipeWire's own.
    const spa_dict_item items[] = {{"node.driver", "true"}, {"factory.name", "support.micguard-test-air"}};
    const spa_dict props{0, air_ ? 2U : 1U, items};
    spa_param_info params[] = {SPA_PARAM_INFO(SPA_PARAM_IO, SPA_PARAM_INFO_READ)};
    spa_node_info info{};
    info.max_output_ports = 1;
    info.change_mask = SPA_NODE_CHANGE_MASK_FLAGS | SPA_NODE_CHANGE_MASK_PROPS | SPA_NODE_CHANGE_MASK_PARAMS;
    info.flags = SPA_NODE_FLAG_RT;
    info.props = const_cast<spa_dict*>(&props);
    info.params = params;
    info.n_params = 1;
    spa_node_emit_info(&hooks_, &info);
}

void SourceNode::emitPort() {
    const auto set = [this](std::size_t index, uint32_t id, uint32_t flags) {
        const uint32_t serial = portParams_[index].flags & SPA_PARAM_INFO_SERIAL;
        const bool changed =
            (portParams_[index].flags & ~static_cast<uint32_t>(SPA_PARAM_INFO_SERIAL)) != flags;
        portParams_[index].id = id;
        portParams_[index].flags = flags | (changed ? serial ^ SPA_PARAM_INFO_SERIAL : serial);
    };
    set(0, SPA_PARAM_EnumFormat, SPA_PARAM_INFO_READ);
    set(1, SPA_PARAM_IO, SPA_PARAM_INFO_READ);
    set(2, SPA_PARAM_Format, haveFormat_ ? SPA_PARAM_INFO_READWRITE : SPA_PARAM_INFO_WRITE);
    set(3, SPA_PARAM_Buffers, haveFormat_ ? SPA_PARAM_INFO_READ : 0);

    const spa_dict_item items[] = {
        {"format.dsp", "32 bit float mono audio"}, {"audio.channel", "MONO"}, {"port.name", "capture_MONO"}};
    const spa_dict props{0, 3, items};
    spa_port_info info{};
    info.change_mask = SPA_PORT_CHANGE_MASK_FLAGS | SPA_PORT_CHANGE_MASK_PARAMS;
    info.flags = SPA_PORT_FLAG_NO_REF | SPA_PORT_FLAG_LIVE;
    if (haveFormat_ && !dsp_) {
        info.change_mask |= SPA_PORT_CHANGE_MASK_RATE;
        info.rate = spa_fraction{1, rate_};
    }
    if (offersDsp_) {
        info.change_mask |= SPA_PORT_CHANGE_MASK_PROPS;
        info.props = &props;
    }
    info.params = portParams_.data();
    info.n_params = static_cast<uint32_t>(portParams_.size());
    spa_node_emit_port_info(&hooks_, SPA_DIRECTION_OUTPUT, 0, &info);
}

int SourceNode::enumParams(int seq, uint32_t id, uint32_t start, uint32_t num, const spa_pod* filter) {
    if (id != SPA_PARAM_IO)
        return -ENOENT;
    const struct {
        uint32_t type;
        int32_t size;
    } areas[] = {{SPA_IO_Clock, sizeof(spa_io_clock)}, {SPA_IO_Position, sizeof(spa_io_position)}};
    uint32_t count = 0;
    for (uint32_t index = start; index < 2 && count < num; ++index) {
        uint8_t buffer[1024];
        spa_pod_builder builder{};
        spa_pod_builder_init(&builder, buffer, sizeof(buffer));
        auto* param = static_cast<spa_pod*>(spa_pod_builder_add_object(
            &builder, SPA_TYPE_OBJECT_ParamIO, id, SPA_PARAM_IO_id, SPA_POD_Id(areas[index].type),
            SPA_PARAM_IO_size, SPA_POD_Int(areas[index].size)));
        spa_result_node_params result{id, index, index + 1, nullptr};
        if (spa_pod_filter(&builder, &result.param, param, filter) < 0)
            continue;
        spa_node_emit_result(&hooks_, seq, 0, SPA_RESULT_TYPE_NODE_PARAMS, &result);
        ++count;
    }
    return 0;
}

spa_pod* SourceNode::buildFormat(spa_pod_builder* builder) const {
    if (offersDsp_)
        return static_cast<spa_pod*>(spa_pod_builder_add_object(
            builder, SPA_TYPE_OBJECT_Format, SPA_PARAM_EnumFormat, SPA_FORMAT_mediaType,
            SPA_POD_Id(SPA_MEDIA_TYPE_audio), SPA_FORMAT_mediaSubtype, SPA_POD_Id(SPA_MEDIA_SUBTYPE_dsp),
            SPA_FORMAT_AUDIO_format, SPA_POD_Id(SPA_AUDIO_FORMAT_DSP_F32)));

    spa_pod_frame frame{};
    spa_pod_builder_push_object(builder, &frame, SPA_TYPE_OBJECT_Format, SPA_PARAM_EnumFormat);
    spa_pod_builder_add(builder, SPA_FORMAT_mediaType, SPA_POD_Id(SPA_MEDIA_TYPE_audio),
                        SPA_FORMAT_mediaSubtype, SPA_POD_Id(SPA_MEDIA_SUBTYPE_raw), 0);
    // One value, not a choice: an adapter that configures itself does not look into choices.
    spa_pod_builder_add(builder, SPA_FORMAT_AUDIO_format,
                        SPA_POD_Id(s16Wanted_ ? SPA_AUDIO_FORMAT_S16 : SPA_AUDIO_FORMAT_F32), 0);
    if (fixedRate_ != 0)
        spa_pod_builder_add(builder, SPA_FORMAT_AUDIO_rate, SPA_POD_Int(fixedRate_), 0);
    else
        spa_pod_builder_add(builder, SPA_FORMAT_AUDIO_rate, SPA_POD_CHOICE_RANGE_Int(48000, 1, INT32_MAX), 0);
    if (wantedChannels_ == 1 || wantedChannels_ == 2) {
        // Without positions a session manager takes the port for an unpositioned one and remixes what it
        // links to it.
        const uint32_t positions[] = {wantedChannels_ == 1 ? SPA_AUDIO_CHANNEL_MONO : SPA_AUDIO_CHANNEL_FL,
                                      SPA_AUDIO_CHANNEL_FR};
        spa_pod_builder_add(builder, SPA_FORMAT_AUDIO_channels, SPA_POD_Int(wantedChannels_),
                            SPA_FORMAT_AUDIO_position,
                            SPA_POD_Array(sizeof(uint32_t), SPA_TYPE_Id, wantedChannels_, positions), 0);
    } else if (wantedChannels_ != 0)
        spa_pod_builder_add(builder, SPA_FORMAT_AUDIO_channels, SPA_POD_Int(wantedChannels_), 0);
    else
        spa_pod_builder_add(builder, SPA_FORMAT_AUDIO_channels, SPA_POD_CHOICE_RANGE_Int(1, 1, 64), 0);
    return static_cast<spa_pod*>(spa_pod_builder_pop(builder, &frame));
}

spa_pod* SourceNode::buildPortParam(spa_pod_builder* builder, uint32_t id, uint32_t index,
                                    int& result) const {
    result = 0;
    switch (id) {
    case SPA_PARAM_EnumFormat:
        return index == 0 ? buildFormat(builder) : nullptr;
    case SPA_PARAM_Format:
        if (!haveFormat_) {
            result = -EIO;
            return nullptr;
        }
        if (index > 0)
            return nullptr;
        if (dsp_)
            return static_cast<spa_pod*>(spa_pod_builder_add_object(
                builder, SPA_TYPE_OBJECT_Format, id, SPA_FORMAT_mediaType, SPA_POD_Id(SPA_MEDIA_TYPE_audio),
                SPA_FORMAT_mediaSubtype, SPA_POD_Id(SPA_MEDIA_SUBTYPE_dsp), SPA_FORMAT_AUDIO_format,
                SPA_POD_Id(SPA_AUDIO_FORMAT_DSP_F32)));
        return spa_format_audio_raw_build(builder, id, &rawInfo_);
    case SPA_PARAM_Buffers:
        if (!haveFormat_) {
            result = -EIO;
            return nullptr;
        }
        if (index > 0)
            return nullptr;
        return static_cast<spa_pod*>(spa_pod_builder_add_object(
            builder, SPA_TYPE_OBJECT_ParamBuffers, id, SPA_PARAM_BUFFERS_buffers,
            SPA_POD_CHOICE_RANGE_Int(2, 1, static_cast<int>(kMaxBuffers)), SPA_PARAM_BUFFERS_blocks,
            SPA_POD_Int(1), SPA_PARAM_BUFFERS_size,
            SPA_POD_CHOICE_RANGE_Int(static_cast<int>(quantumLimit_ * frameBytes_),
                                     static_cast<int>(16 * frameBytes_), INT32_MAX),
            SPA_PARAM_BUFFERS_stride, SPA_POD_Int(static_cast<int>(frameBytes_))));
    case SPA_PARAM_IO: {
        if (index > 1)
            return nullptr;
        const uint32_t type = index == 0 ? SPA_IO_Buffers : SPA_IO_RateMatch;
        const auto size =
            static_cast<int32_t>(index == 0 ? sizeof(spa_io_buffers) : sizeof(spa_io_rate_match));
        return static_cast<spa_pod*>(spa_pod_builder_add_object(builder, SPA_TYPE_OBJECT_ParamIO, id,
                                                                SPA_PARAM_IO_id, SPA_POD_Id(type),
                                                                SPA_PARAM_IO_size, SPA_POD_Int(size)));
    }
    default:
        result = -ENOENT;
        return nullptr;
    }
}

int SourceNode::enumPortParams(int seq, uint32_t id, uint32_t start, uint32_t num, const spa_pod* filter) {
    uint32_t count = 0;
    for (uint32_t index = start; count < num; ++index) {
        uint8_t buffer[1024];
        spa_pod_builder builder{};
        spa_pod_builder_init(&builder, buffer, sizeof(buffer));
        int error = 0;
        spa_pod* param = buildPortParam(&builder, id, index, error);
        if (param == nullptr)
            return error;
        spa_result_node_params result{id, index, index + 1, nullptr};
        if (spa_pod_filter(&builder, &result.param, param, filter) < 0)
            continue;
        spa_node_emit_result(&hooks_, seq, 0, SPA_RESULT_TYPE_NODE_PARAMS, &result);
        ++count;
    }
    return 0;
}

// SPA calls these with the pointer given in initInterfaces(); nothing may be thrown through its frames.
const spa_node_methods SourceNode::kMethods = {
    .version = SPA_VERSION_NODE_METHODS,
    .add_listener = [](void* object, spa_hook* listener, const spa_node_events* events,
                       void* data) noexcept -> int {
        auto& self = *static_cast<SourceNode*>(object);
        spa_hook_list save{};
        spa_hook_list_isolate(&self.hooks_, &save, listener, events, data);
        self.emitNode();
        self.emitPort();
        spa_hook_list_join(&self.hooks_, &save);
        return 0;
    },
    .set_callbacks = [](void* object, const spa_node_callbacks* callbacks, void* data) noexcept -> int {
        static_cast<SourceNode*>(object)->callbacks_ = spa_callbacks{callbacks, data};
        return 0;
    },
    .sync = nullptr,
    .enum_params = [](void* object, int seq, uint32_t id, uint32_t start, uint32_t max,
                      const spa_pod* filter) noexcept -> int {
        return static_cast<SourceNode*>(object)->enumParams(seq, id, start, max, filter);
    },
    .set_param = [](void*, uint32_t, uint32_t, const spa_pod*) noexcept -> int { return -ENOENT; },
    .set_io = [](void* object, uint32_t id, void* data, size_t size) noexcept -> int {
        return static_cast<SourceNode*>(object)->setIo(id, data, size);
    },
    .send_command = [](void* object, const spa_command* command) noexcept -> int {
        auto& self = *static_cast<SourceNode*>(object);
        switch (SPA_NODE_COMMAND_ID(command)) {
        case SPA_NODE_COMMAND_Start:
            if (!self.haveFormat_ || self.bufferCount_ == 0)
                return -EIO;
            self.start();
            return 0;
        case SPA_NODE_COMMAND_Suspend:
        case SPA_NODE_COMMAND_Pause:
            self.stop();
            return 0;
        default:
            return -ENOTSUP;
        }
    },
    .add_port = [](void*, spa_direction, uint32_t, const spa_dict*) noexcept -> int { return -ENOTSUP; },
    .remove_port = [](void*, spa_direction, uint32_t) noexcept -> int { return -ENOTSUP; },
    .port_enum_params = [](void* object, int seq, spa_direction direction, uint32_t port, uint32_t id,
                           uint32_t start, uint32_t max, const spa_pod* filter) noexcept -> int {
        if (direction != SPA_DIRECTION_OUTPUT || port != 0)
            return -EINVAL;
        return static_cast<SourceNode*>(object)->enumPortParams(seq, id, start, max, filter);
    },
    .port_set_param = [](void* object, spa_direction direction, uint32_t port, uint32_t id, uint32_t,
                         const spa_pod* param) noexcept -> int {
        if (direction != SPA_DIRECTION_OUTPUT || port != 0)
            return -EINVAL;
        return id == SPA_PARAM_Format ? static_cast<SourceNode*>(object)->setFormat(param) : -ENOENT;
    },
    .port_use_buffers = [](void* object, spa_direction direction, uint32_t port, uint32_t,
                           spa_buffer** buffers, uint32_t count) noexcept -> int {
        if (direction != SPA_DIRECTION_OUTPUT || port != 0)
            return -EINVAL;
        return static_cast<SourceNode*>(object)->useBuffers(buffers, count);
    },
    .port_set_io = [](void* object, spa_direction direction, uint32_t port, uint32_t id, void* data,
                      size_t) noexcept -> int {
        if (direction != SPA_DIRECTION_OUTPUT || port != 0)
            return -EINVAL;
        return static_cast<SourceNode*>(object)->setPortIo(id, data);
    },
    .port_reuse_buffer = [](void* object, uint32_t port, uint32_t buffer) noexcept -> int {
        auto& self = *static_cast<SourceNode*>(object);
        if (port != 0 || buffer >= self.bufferCount_)
            return -EINVAL;
        self.used_[buffer] = false;
        return 0;
    },
    .process = [](void* object) noexcept -> int { return static_cast<SourceNode*>(object)->process(); },
};

void SourceNode::initInterfaces() {
    node_.iface.type = SPA_TYPE_INTERFACE_Node;
    node_.iface.version = SPA_VERSION_NODE;
    node_.iface.cb.funcs = &kMethods;
    node_.iface.cb.data = this;
}

} // namespace micguard::test
