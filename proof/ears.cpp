// SPDX-License-Identifier: GPL-3.0-or-later
#include "proof/ears.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <stdexcept>

#include <spa/param/audio/format-utils.h>

namespace micguard::proof {

namespace {

constexpr std::size_t mostInputs = 16;

// Nothing of it is to be remembered for other runs, nor to be moved.
Properties common(const char* what) {
    return {{"media.type", "Audio"}, {"node.name", "micguard-verify"}, {"node.description", what},
            {"media.name", what},    {"state.restore-props", "false"}, {"state.restore-target", "false"}};
}

std::uint32_t node(pw_filter* filter) {
    return pw_filter_get_node_id(filter);
}

std::vector<std::uint32_t> ownPorts(const Connection& connection, std::uint32_t id, bool output) {
    const SeenNode* own = connection.node(id);
    return own == nullptr ? std::vector<std::uint32_t>{} : own->portsOf(output);
}

std::int64_t cycleNsec(const spa_io_position& position) {
    const auto& clock = position.clock;
    if (clock.rate.denom == 0)
        return 0;
    return static_cast<std::int64_t>(clock.duration * 1'000'000'000 * clock.rate.num / clock.rate.denom);
}

Properties between(std::uint32_t output, std::uint32_t input) {
    return {{PW_KEY_LINK_OUTPUT_PORT, std::to_string(output)},
            {PW_KEY_LINK_INPUT_PORT, std::to_string(input)}};
}

} // namespace

const pw_stream_events StreamEar::events = {
    .version = PW_VERSION_STREAM_EVENTS,
    .param_changed =
        [](void* data, std::uint32_t id, const spa_pod* param) noexcept {
            spa_audio_info_raw info{};
            if (param != nullptr && id == SPA_PARAM_Format && spa_format_audio_raw_parse(param, &info) >= 0 &&
                info.rate > 0)
                static_cast<StreamEar*>(data)->rate_ = info.rate;
        },
    .process = [](void* data) noexcept { static_cast<StreamEar*>(data)->process(); },
};

StreamEar::StreamEar(Connection& connection, const Course& course, const std::string& target)
    : meter_(course) {
    Properties properties = common("micguard verify");
    properties.insert({{"media.category", "Capture"},
                       {"target.object", target},
                       {"node.dont-fallback", "true"},
                       {"node.dont-move", "true"},
                       {"node.linger", "true"}});
    stream_ = pw_stream_new(connection.core(), "micguard verify", toProperties(properties));
    if (stream_ == nullptr)
        throw std::runtime_error("no stream can be made");
    pw_stream_add_listener(stream_, &hook_, &events, this);
    std::byte memory[1024];
    spa_pod_builder builder{};
    spa_pod_builder_init(&builder, memory, sizeof memory);
    spa_audio_info_raw info{};
    info.format = SPA_AUDIO_FORMAT_F32;
    info.channels = channels_;
    info.position[0] = SPA_AUDIO_CHANNEL_MONO;
    const spa_pod* format = spa_format_audio_raw_build(&builder, SPA_PARAM_EnumFormat, &info);
    constexpr int flags = PW_STREAM_FLAG_AUTOCONNECT | PW_STREAM_FLAG_MAP_BUFFERS | PW_STREAM_FLAG_RT_PROCESS;
    if (pw_stream_connect(stream_, PW_DIRECTION_INPUT, PW_ID_ANY, static_cast<pw_stream_flags>(flags),
                          &format, 1) < 0) {
        pw_stream_destroy(stream_);
        throw std::runtime_error("no stream can be connected");
    }
}

StreamEar::~StreamEar() {
    spa_hook_remove(&hook_);
    pw_stream_destroy(stream_);
}

void StreamEar::process() {
    pw_time time{};
    if (pw_stream_get_time_n(stream_, &time, sizeof time) < 0)
        return;
    while (pw_buffer* buffer = pw_stream_dequeue_buffer(stream_)) {
        const spa_data& data = buffer->buffer->datas[0];
        if (data.data != nullptr) {
            const std::uint32_t offset = std::min(data.chunk->offset, data.maxsize);
            const std::uint32_t bytes = std::min(data.chunk->size, data.maxsize - offset);
            const auto count = static_cast<std::uint32_t>(bytes / sizeof(float));
            const auto* samples =
                reinterpret_cast<const float*>(static_cast<const std::byte*>(data.data) + offset);
            meter_.feed({samples, count}, {.began = time.now,
                                           .length = std::int64_t{count} * 1'000'000'000 / rate_,
                                           .arrived = nowNsec()});
        }
        pw_stream_queue_buffer(stream_, buffer);
    }
}

const pw_filter_events LinkedEar::events = {
    .version = PW_VERSION_FILTER_EVENTS,
    .process =
        [](void* data, spa_io_position* position) noexcept {
            const auto count = static_cast<std::uint32_t>(position->clock.duration);
            for (Input& input : static_cast<LinkedEar*>(data)->inputs_)
                if (const auto* samples =
                        static_cast<const float*>(pw_filter_get_dsp_buffer(input.port, count)))
                    input.meter.feed({samples, count},
                                     {.began = static_cast<std::int64_t>(position->clock.nsec),
                                      .length = cycleNsec(*position),
                                      .arrived = nowNsec()});
        },
};

LinkedEar::LinkedEar(Connection& connection, const Course& course, std::size_t ports)
    : connection_(connection)
    , links_(connection) {
    Properties properties = common("micguard verify");
    properties["node.autoconnect"] = "false";
    filter_ = pw_filter_new(connection.core(), "micguard verify", toProperties(properties));
    if (filter_ == nullptr)
        throw std::runtime_error("no filter can be made");
    pw_filter_add_listener(filter_, &hook_, &events, this);
    for (std::size_t i = 0; i < std::clamp<std::size_t>(ports, 1, mostInputs); ++i) {
        Input& input = inputs_.emplace_back(course);
        input.port = pw_filter_add_port(filter_, PW_DIRECTION_INPUT, PW_FILTER_PORT_FLAG_MAP_BUFFERS, 1,
                                        toProperties({{PW_KEY_FORMAT_DSP, "32 bit float mono audio"},
                                                      {PW_KEY_PORT_NAME, "in_" + std::to_string(i)}}),
                                        nullptr, 0);
    }
    const bool complete =
        std::all_of(inputs_.begin(), inputs_.end(), [](const Input& input) { return input.port != nullptr; });
    if (!complete || pw_filter_connect(filter_, PW_FILTER_FLAG_RT_PROCESS, nullptr, 0) < 0) {
        pw_filter_destroy(filter_);
        throw std::runtime_error("no filter can be connected");
    }
}

LinkedEar::~LinkedEar() {
    spa_hook_remove(&hook_);
    pw_filter_destroy(filter_);
}

void LinkedEar::tend(const std::string& name, const SeenNode* source) {
    const auto inputs = ownPorts(connection_, node(filter_), false);
    if (inputs.empty())
        return;
    const auto outputs = source ? source->portsOf(true) : std::vector<std::uint32_t>{};
    std::vector<Properties> wishes;
    for (const std::uint32_t output : outputs)
        wishes.push_back(between(output, inputs[wishes.size() % inputs.size()]));
    // Whoever was told a name needs to see nothing: the server knows the node, and may refuse.
    // A number would be taken for an id.
    if (!source && name.find_first_not_of("0123456789") != std::string::npos)
        wishes.push_back({{PW_KEY_LINK_OUTPUT_NODE, name},
                          {PW_KEY_LINK_INPUT_NODE, std::to_string(node(filter_))},
                          {PW_KEY_LINK_INPUT_PORT, std::to_string(inputs.front())}});
    links_.want(wishes);
}

Figures LinkedEar::figures(Part part) const {
    Figures all;
    for (const Input& input : inputs_)
        all = all + input.meter.figures(part);
    return all;
}

const pw_filter_events Tone::events = {
    .version = PW_VERSION_FILTER_EVENTS,
    .process =
        [](void* data, spa_io_position* position) noexcept {
            auto& self = *static_cast<Tone*>(data);
            const auto count = static_cast<std::uint32_t>(position->clock.duration);
            auto* samples = static_cast<float*>(pw_filter_get_dsp_buffer(self.port_, count));
            if (samples == nullptr || position->clock.rate.denom == 0)
                return;
            constexpr double pitch = 440, level = 0.1, round = 2 * 3.14159265358979323846;
            for (std::uint32_t i = 0; i < count; ++i) {
                samples[i] = static_cast<float>(level * std::sin(self.phase_));
                self.phase_ = std::fmod(self.phase_ + round * pitch / position->clock.rate.denom, round);
            }
        },
};

Tone::Tone(Connection& connection)
    : connection_(connection)
    , links_(connection) {
    Properties properties = common("micguard verify tone");
    properties["node.autoconnect"] = "false";
    filter_ = pw_filter_new(connection.core(), "micguard verify tone", toProperties(properties));
    if (filter_ == nullptr)
        throw std::runtime_error("no tone can be made");
    pw_filter_add_listener(filter_, &hook_, &events, this);
    port_ = pw_filter_add_port(
        filter_, PW_DIRECTION_OUTPUT, PW_FILTER_PORT_FLAG_MAP_BUFFERS, 1,
        toProperties({{PW_KEY_FORMAT_DSP, "32 bit float mono audio"}, {PW_KEY_PORT_NAME, "out"}}), nullptr,
        0);
    if (port_ == nullptr || pw_filter_connect(filter_, PW_FILTER_FLAG_RT_PROCESS, nullptr, 0) < 0) {
        pw_filter_destroy(filter_);
        throw std::runtime_error("no tone can be connected");
    }
}

Tone::~Tone() {
    spa_hook_remove(&hook_);
    pw_filter_destroy(filter_);
}

void Tone::tend(const SeenNode& into) {
    const auto outputs = ownPorts(connection_, node(filter_), true);
    std::vector<Properties> wishes;
    if (!outputs.empty())
        for (const std::uint32_t input : into.portsOf(false))
            wishes.push_back(between(outputs.front(), input));
    links_.want(wishes);
}

} // namespace micguard::proof
