// SPDX-License-Identifier: GPL-3.0-or-later
// Links and ears of the attackers.
#include "tests/attackers/client.hpp"

#include <spa/param/audio/format-utils.h>

#include <algorithm>
#include <cstddef>
#include <stdexcept>

namespace micguard::attack {

const pw_proxy_events Links::proxyEvents = {
    .version = PW_VERSION_PROXY_EVENTS,
    .destroy =
        [](void* data) noexcept {
            auto& link = *static_cast<Link*>(data);
            spa_hook_remove(&link.hook);
            link.proxy = nullptr;
        },
    .bound =
        [](void* data, std::uint32_t) noexcept {
            auto& link = *static_cast<Link*>(data);
            link.made = true;
            link.owner->report_.accepted++;
        },
    .removed = [](void* data) noexcept { pw_proxy_destroy(static_cast<Link*>(data)->proxy); },
    .error =
        [](void* data, int, int, const char*) noexcept {
            auto& link = *static_cast<Link*>(data);
            link.owner->report_.refused++;
            if (link.proxy != nullptr)
                pw_proxy_destroy(link.proxy);
        },
};

Links::~Links() {
    dropAll();
}

void Links::dropAll() {
    for (Link& link : links_)
        if (link.proxy != nullptr)
            pw_proxy_destroy(link.proxy);
    links_.clear();
}

void Links::sweep() {
    links_.remove_if([](const Link& link) { return link.proxy == nullptr; });
}

std::size_t Links::standing() const {
    return static_cast<std::size_t>(std::count_if(
        links_.begin(), links_.end(), [](const Link& link) { return link.made && link.proxy != nullptr; }));
}

void Links::request(const std::string& outputNode, const std::string& outputPort,
                    const std::string& inputNode, const std::string& inputPort) {
    sweep();
    report_.attempts++;
    std::vector<spa_dict_item> items;
    for (const auto& [key, value] :
         {std::pair{PW_KEY_LINK_OUTPUT_NODE, &outputNode}, std::pair{PW_KEY_LINK_OUTPUT_PORT, &outputPort},
          std::pair{PW_KEY_LINK_INPUT_NODE, &inputNode}, std::pair{PW_KEY_LINK_INPUT_PORT, &inputPort}})
        if (!value->empty())
            items.push_back({key, value->c_str()});
    const spa_dict properties{0, static_cast<std::uint32_t>(items.size()), items.data()};
    auto* proxy = static_cast<pw_proxy*>(pw_core_create_object(
        connection_.core(), "link-factory", PW_TYPE_INTERFACE_Link, PW_VERSION_LINK, &properties, 0));
    if (proxy == nullptr)
        return;
    Link& link = links_.emplace_back();
    link.owner = this;
    link.proxy = proxy;
    pw_proxy_add_listener(proxy, &link.hook, &proxyEvents, &link);
}

void Links::requestAll(const std::string& source, const std::string& ownNode) {
    const auto node = connection_.formerNode(source);
    const auto own = connection_.node(ownNode);
    const auto inputs = own ? connection_.formerPorts(own->id, "in") : std::vector<std::uint32_t>{};
    // "0" is the port's own number within its node; the server looks for a global of that id first and finds its core.
    const std::string input = inputs.empty() ? "0" : std::to_string(inputs.front());
    const auto outputs = node ? connection_.formerPorts(node->id, "out") : std::vector<std::uint32_t>{};
    for (const std::uint32_t output : outputs)
        request("", std::to_string(output), ownNode, input);
    if (outputs.empty())
        request(source, "0", ownNode, input);
}

namespace {

pw_properties* toProperties(const Properties& from) {
    pw_properties* properties = pw_properties_new(nullptr, nullptr);
    for (const auto& [key, value] : from)
        pw_properties_set(properties, key.c_str(), value.c_str());
    return properties;
}

constexpr double kGraphRate = 48000; // only the codings with tones would care

} // namespace

const pw_filter_events FilterEar::events = {
    .version = PW_VERSION_FILTER_EVENTS,
    .process =
        [](void* data, spa_io_position* position) noexcept {
            auto& self = *static_cast<FilterEar*>(data);
            const auto count = static_cast<std::uint32_t>(position->clock.duration);
            const auto* samples = static_cast<const float*>(pw_filter_get_dsp_buffer(self.port_, count));
            if (samples != nullptr)
                self.analyser_.feed({samples, count}, test::monotonicNsec());
        },
};

FilterEar::FilterEar(Connection& connection, Report& report, const std::string& name, const Properties& more)
    : analyser_(report.stats(), test::Coding::dc, kGraphRate, test::kDefaultThreshold)
    , stats_(report.stats()) {
    Properties properties{{"node.name", name}, {"media.type", "Audio"}, {"media.role", "DSP"}};
    for (const auto& [key, value] : more)
        properties[key] = value;
    filter_ = pw_filter_new(connection.core(), name.c_str(), toProperties(properties));
    if (filter_ == nullptr)
        throw std::runtime_error("no filter");
    pw_filter_add_listener(filter_, &hook_, &events, this);
    port_ = pw_filter_add_port(
        filter_, PW_DIRECTION_INPUT, PW_FILTER_PORT_FLAG_MAP_BUFFERS, 1,
        pw_properties_new(PW_KEY_FORMAT_DSP, "32 bit float mono audio", PW_KEY_PORT_NAME, "in", nullptr),
        nullptr, 0);
    if (port_ == nullptr || pw_filter_connect(filter_, PW_FILTER_FLAG_RT_PROCESS, nullptr, 0) < 0)
        throw std::runtime_error("cannot connect the filter");
}

FilterEar::~FilterEar() {
    spa_hook_remove(&hook_);
    pw_filter_destroy(filter_);
}

const pw_stream_events StreamEar::events = {
    .version = PW_VERSION_STREAM_EVENTS,
    .state_changed =
        [](void* data, pw_stream_state old, pw_stream_state state, const char*) noexcept {
            auto& self = *static_cast<StreamEar*>(data);
            self.stats_.nodeId = pw_stream_get_node_id(self.stream_);
            self.stats_.streaming = state == PW_STREAM_STATE_STREAMING ? 1 : 0;
            if (old == PW_STREAM_STATE_STREAMING)
                self.stats_.pauses.fetch_add(1);
            test::wakeWaiters(self.stats_);
        },
    .process =
        [](void* data) noexcept {
            auto& self = *static_cast<StreamEar*>(data);
            if (!self.holdBack)
                self.drain();
        },
};

StreamEar::StreamEar(Connection& connection, Report& report, const std::string& target,
                     const Properties& more)
    : analyser_(report.stats(), test::Coding::dc, kGraphRate, test::kDefaultThreshold)
    , stats_(report.stats()) {
    Properties properties{
        {"media.type", "Audio"}, {"media.category", "Capture"}, {"media.role", "Communication"}};
    if (!target.empty())
        properties["target.object"] = target;
    for (const auto& [key, value] : more)
        properties[key] = value;
    stream_ = pw_stream_new(connection.core(), "attacker", toProperties(properties));
    if (stream_ == nullptr)
        throw std::runtime_error("no stream");
    pw_stream_add_listener(stream_, &hook_, &events, this);
    std::byte memory[1024];
    spa_pod_builder builder{};
    spa_pod_builder_init(&builder, memory, sizeof(memory));
    spa_audio_info_raw info{};
    info.format = SPA_AUDIO_FORMAT_F32;
    info.channels = 1;
    info.position[0] = SPA_AUDIO_CHANNEL_MONO;
    const spa_pod* format = spa_format_audio_raw_build(&builder, SPA_PARAM_EnumFormat, &info);
    constexpr int flags = PW_STREAM_FLAG_AUTOCONNECT | PW_STREAM_FLAG_MAP_BUFFERS | PW_STREAM_FLAG_RT_PROCESS;
    if (pw_stream_connect(stream_, PW_DIRECTION_INPUT, PW_ID_ANY, static_cast<pw_stream_flags>(flags),
                          &format, 1) < 0)
        throw std::runtime_error("cannot connect the stream");
}

StreamEar::~StreamEar() {
    spa_hook_remove(&hook_);
    pw_stream_destroy(stream_);
}

void StreamEar::drain() {
    while (pw_buffer* buffer = pw_stream_dequeue_buffer(stream_)) {
        const spa_data& data = buffer->buffer->datas[0];
        if (data.data != nullptr) {
            const std::uint32_t offset = std::min(data.chunk->offset, data.maxsize);
            const std::uint32_t size = std::min(data.chunk->size, data.maxsize - offset);
            const auto* samples =
                reinterpret_cast<const float*>(static_cast<const std::byte*>(data.data) + offset);
            analyser_.feed({samples, size / sizeof(float)}, test::monotonicNsec());
        }
        pw_stream_queue_buffer(stream_, buffer);
    }
}

} // namespace micguard::attack
