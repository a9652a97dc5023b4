// SPDX-License-Identifier: GPL-3.0-or-later
// mg-listen: a native PipeWire client that captures and keeps count of what it hears, in a file that its
// starter maps. An honest application by default; with --link it links its own ports, as one without a
// session manager does; with --leave-at N it is gone, without a word, at the Nth thing that it is told of itself and its source
// once it hears.
#include "tests/support/analyser.hpp"

#include <fcntl.h>
#include <pipewire/pipewire.h>
#include <spa/param/audio/format-utils.h>
#include <sys/mman.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <string>

namespace micguard::test {
namespace {

struct Arguments {
    std::string remote, target, name = "mg-listen", latency, statsPath;
    Coding coding = Coding::dc;
    float threshold = 0;
    unsigned rate = 48000;
    bool autoconnect = true;
    bool realTime = true;
    bool link = false;
    bool relink = false;
    bool reconnect = true;
    unsigned leaveAt = 0; // 0: never
};

class Listening {
  public:
    Listening(const Arguments& arguments, StreamStats& stats)
        : arguments_(arguments)
        , stats_(stats)
        , analyser_(stats, arguments.coding, arguments.rate, arguments.threshold) {}
    int run();

  private:
    void onRegistryGlobal(uint32_t id, const char* type, const spa_dict* props);
    void tryLink();
    void onProcess();
    void hears();
    void told();
    bool concernsUs(uint32_t id) const; // our node's and our source's, as far as they are known

    static const pw_stream_events kStreamEvents;
    static const pw_registry_events kRegistryEvents;
    static const pw_core_events kCoreEvents;
    static const pw_proxy_events kLinkEvents;

    const Arguments& arguments_;
    StreamStats& stats_;
    Analyser analyser_;
    pw_main_loop* loop_ = nullptr;
    pw_stream* stream_ = nullptr;
    pw_core* core_ = nullptr;
    pw_registry* registry_ = nullptr;
    pw_proxy* link_ = nullptr;
    bool linkedOnce_ = false;
    int hearsSeq_ = -1; // of the question whose answer says that what came before it has been told
    bool counting_ = false;
    unsigned told_ = 0;
    std::set<uint32_t> links_; // of ours
    spa_hook streamHook_{}, registryHook_{}, coreHook_{}, linkHook_{};
    uint32_t targetNode_ = PW_ID_ANY;
    uint32_t asked_ = PW_ID_ANY;   // the output port of the last attempt
    uint32_t refused_ = PW_ID_ANY; // one that was refused, not asked for again until it is announced anew
    struct Port {
        uint32_t node;
        bool output;
    };
    std::map<uint32_t, Port> ports_;
};

const pw_stream_events Listening::kStreamEvents = {
    .version = PW_VERSION_STREAM_EVENTS,
    .state_changed =
        [](void* data, pw_stream_state old, pw_stream_state state, const char* error) noexcept {
            auto& self = *static_cast<Listening*>(data);
            self.stats_.nodeId = pw_stream_get_node_id(self.stream_);
            self.stats_.streaming = state == PW_STREAM_STATE_STREAMING ? 1 : 0;
            if (old == PW_STREAM_STATE_STREAMING && state != PW_STREAM_STATE_STREAMING)
                self.stats_.pauses.fetch_add(1);
            std::fprintf(stderr, "mg-listen %s: %s -> %s %s\n", self.arguments_.name.c_str(),
                         pw_stream_state_as_string(old), pw_stream_state_as_string(state),
                         error != nullptr ? error : "");
            if (state == PW_STREAM_STATE_ERROR)
                self.stats_.failed = 1;
            wakeWaiters(self.stats_);
            if (state == PW_STREAM_STATE_UNCONNECTED && old != PW_STREAM_STATE_UNCONNECTED)
                pw_main_loop_quit(self.loop_);
            self.told();
            if (state == PW_STREAM_STATE_STREAMING)
                self.hears();
        },
    .param_changed =
        [](void* data, uint32_t id, const spa_pod* param) noexcept {
            auto& self = *static_cast<Listening*>(data);
            self.told();
            if (param == nullptr || id != SPA_PARAM_Format)
                return;
            spa_audio_info_raw info{};
            if (spa_format_audio_raw_parse(param, &info) >= 0 && info.rate > 0)
                self.analyser_.setRate(info.rate);
        },
    .process = [](void* data) noexcept { static_cast<Listening*>(data)->onProcess(); },
};

void Listening::hears() {
    if (arguments_.leaveAt != 0 && hearsSeq_ < 0)
        hearsSeq_ = pw_core_sync(core_, PW_ID_CORE, 0);
}

void Listening::told() {
    if (counting_ && ++told_ == arguments_.leaveAt)
        ::_exit(0);
}

bool Listening::concernsUs(uint32_t id) const {
    const auto port = ports_.find(id);
    return id == targetNode_ || links_.contains(id) ||
           (port != ports_.end() &&
            (port->second.node == targetNode_ || port->second.node == pw_stream_get_node_id(stream_)));
}

void Listening::onProcess() {
    while (pw_buffer* buffer = pw_stream_dequeue_buffer(stream_)) {
        const spa_data& data = buffer->buffer->datas[0];
        if (data.data != nullptr) {
            const uint32_t offset = std::min(data.chunk->offset, data.maxsize);
            const uint32_t size = std::min(data.chunk->size, data.maxsize - offset);
            const auto* samples =
                reinterpret_cast<const float*>(static_cast<const std::byte*>(data.data) + offset);
            analyser_.feed({samples, size / sizeof(float)}, monotonicNsec());
        }
        pw_stream_queue_buffer(stream_, buffer);
    }
}

const pw_proxy_events Listening::kLinkEvents = {
    .version = PW_VERSION_PROXY_EVENTS,
    .destroy =
        [](void* data) noexcept {
            auto& self = *static_cast<Listening*>(data);
            spa_hook_remove(&self.linkHook_);
            self.link_ = nullptr;
        },
    .removed = [](void* data) noexcept { pw_proxy_destroy(static_cast<Listening*>(data)->link_); },
    .error =
        [](void* data, int, int, const char* message) noexcept {
            auto& self = *static_cast<Listening*>(data);
            std::fprintf(stderr, "mg-listen: link refused: %s\n", message != nullptr ? message : "");
            if (self.link_ != nullptr)
                pw_proxy_destroy(self.link_);
            // A port that is there no more: its successor may have been announced meanwhile.
            self.refused_ = self.asked_;
            self.tryLink();
        },
};

void Listening::tryLink() {
    if (!arguments_.link || link_ != nullptr || targetNode_ == PW_ID_ANY ||
        (linkedOnce_ && !arguments_.relink))
        return;
    const uint32_t own = pw_stream_get_node_id(stream_);
    uint32_t from = PW_ID_ANY;
    uint32_t to = PW_ID_ANY;
    for (const auto& [id, port] : ports_) {
        if (port.node == targetNode_ && port.output && from == PW_ID_ANY && id != refused_)
            from = id;
        if (port.node == own && !port.output)
            to = id;
    }
    if (from == PW_ID_ANY || to == PW_ID_ANY)
        return;
    const std::string output = std::to_string(from);
    const std::string input = std::to_string(to);
    const spa_dict_item items[] = {{"link.output.port", output.c_str()}, {"link.input.port", input.c_str()}};
    const spa_dict props{0, 2, items};
    link_ = static_cast<pw_proxy*>(
        pw_core_create_object(core_, "link-factory", PW_TYPE_INTERFACE_Link, PW_VERSION_LINK, &props, 0));
    asked_ = from;
    linkedOnce_ = true;
    if (link_ != nullptr)
        pw_proxy_add_listener(link_, &linkHook_, &kLinkEvents, this);
}

void Listening::onRegistryGlobal(uint32_t id, const char* type, const spa_dict* props) {
    if (props == nullptr)
        return;
    const auto value = [props](const char* key) {
        const char* found = spa_dict_lookup(props, key);
        return std::string(found != nullptr ? found : "");
    };
    if (std::strcmp(type, PW_TYPE_INTERFACE_Node) == 0 && value("node.name") == arguments_.target)
        targetNode_ = id;
    if (std::strcmp(type, PW_TYPE_INTERFACE_Port) == 0 && !value("node.id").empty())
        ports_[id] =
            Port{static_cast<uint32_t>(std::stoul(value("node.id"))), value("port.direction") == "out"};
    const std::string own = std::to_string(pw_stream_get_node_id(stream_));
    if (value("link.input.node") == own || value("link.output.node") == own)
        links_.insert(id);
    if (concernsUs(id))
        told();
    if (id == refused_)
        refused_ = PW_ID_ANY;
    tryLink();
}

const pw_registry_events Listening::kRegistryEvents = {
    .version = PW_VERSION_REGISTRY_EVENTS,
    .global =
        [](void* data, uint32_t id, uint32_t, const char* type, uint32_t, const spa_dict* props) noexcept {
            static_cast<Listening*>(data)->onRegistryGlobal(id, type, props);
        },
    .global_remove =
        [](void* data, uint32_t id) noexcept {
            auto& self = *static_cast<Listening*>(data);
            if (self.concernsUs(id))
                self.told();
            self.links_.erase(id);
            self.ports_.erase(id);
            if (self.targetNode_ == id)
                self.targetNode_ = PW_ID_ANY;
            self.tryLink();
        },
};

const pw_core_events Listening::kCoreEvents = {
    .version = PW_VERSION_CORE_EVENTS,
    .done =
        [](void* data, uint32_t id, int seq) noexcept {
            auto& self = *static_cast<Listening*>(data);
            if (id == PW_ID_CORE && seq == self.hearsSeq_)
                self.counting_ = true;
        },
    .error =
        [](void* data, uint32_t id, int, int result, const char* message) noexcept {
            auto& self = *static_cast<Listening*>(data);
            std::fprintf(stderr, "mg-listen: error on object %u: %s\n", id,
                         message != nullptr ? message : "");
            if (id == PW_ID_CORE && result == -EPIPE) {
                self.stats_.failed = 1;
                wakeWaiters(self.stats_);
                pw_main_loop_quit(self.loop_);
            }
        },
};

int Listening::run() {
    loop_ = pw_main_loop_new(nullptr);
    const auto quit = [](void* data, int) noexcept { pw_main_loop_quit(static_cast<pw_main_loop*>(data)); };
    pw_loop_add_signal(pw_main_loop_get_loop(loop_), SIGTERM, quit, loop_);
    pw_loop_add_signal(pw_main_loop_get_loop(loop_), SIGINT, quit, loop_);
    pw_properties* contextProps =
        arguments_.realTime ? nullptr : pw_properties_new("module.rt", "false", nullptr);
    pw_context* context = pw_context_new(pw_main_loop_get_loop(loop_), contextProps, 0);
    pw_properties* coreProps = pw_properties_new("application.name", arguments_.name.c_str(), nullptr);
    if (!arguments_.remote.empty())
        pw_properties_set(coreProps, "remote.name", arguments_.remote.c_str());
    core_ = pw_context_connect(context, coreProps, 0);
    if (core_ == nullptr) {
        std::perror("mg-listen: connect");
        stats_.failed = 1;
        wakeWaiters(stats_);
        return 1;
    }
    pw_core_add_listener(core_, &coreHook_, &kCoreEvents, this);

    pw_properties* props = pw_properties_new("media.type", "Audio", "media.category", "Capture", "media.role",
                                             "Communication", "node.name", arguments_.name.c_str(), nullptr);
    if (!arguments_.target.empty()) {
        pw_properties_set(props, "target.object", arguments_.target.c_str());
        // It waits for this source and for no other. Left to itself WirePlumber 0.5.8 gives it the next best one, makes
        // it a follower of the default source when the two are the same (linking-utils.lua, checkFollowDefault), and
        // may lose it on the way (the link to a node whose ports are configured anew fails and is not tried again).
        for (const char* key : {"node.dont-fallback", "node.linger", "node.dont-move"})
            pw_properties_set(props, key, "true");
    }
    if (!arguments_.latency.empty())
        pw_properties_set(props, "node.latency", arguments_.latency.c_str());
    if (!arguments_.reconnect)
        pw_properties_set(props, "node.dont-reconnect", "true");
    stream_ = pw_stream_new(core_, arguments_.name.c_str(), props);
    pw_stream_add_listener(stream_, &streamHook_, &kStreamEvents, this);

    uint8_t buffer[1024];
    spa_pod_builder builder{};
    spa_pod_builder_init(&builder, buffer, sizeof(buffer));
    spa_audio_info_raw info{};
    info.format = SPA_AUDIO_FORMAT_F32;
    info.channels = 1;
    info.rate = arguments_.rate;
    info.position[0] = SPA_AUDIO_CHANNEL_MONO;
    const spa_pod* format = spa_format_audio_raw_build(&builder, SPA_PARAM_EnumFormat, &info);
    int flags = PW_STREAM_FLAG_MAP_BUFFERS | PW_STREAM_FLAG_RT_PROCESS;
    if (arguments_.autoconnect)
        flags |= PW_STREAM_FLAG_AUTOCONNECT;
    if (pw_stream_connect(stream_, PW_DIRECTION_INPUT, PW_ID_ANY, static_cast<pw_stream_flags>(flags),
                          &format, 1) < 0) {
        std::fprintf(stderr, "mg-listen: cannot connect the stream\n");
        return 1;
    }
    if (arguments_.link || arguments_.leaveAt != 0) {
        registry_ = pw_core_get_registry(core_, PW_VERSION_REGISTRY, 0);
        pw_registry_add_listener(registry_, &registryHook_, &kRegistryEvents, this);
    }
    pw_main_loop_run(loop_);

    if (link_ != nullptr)
        pw_proxy_destroy(link_);
    if (registry_ != nullptr) {
        spa_hook_remove(&registryHook_);
        pw_proxy_destroy(reinterpret_cast<pw_proxy*>(registry_));
    }
    spa_hook_remove(&streamHook_);
    pw_stream_destroy(stream_);
    spa_hook_remove(&coreHook_);
    pw_core_disconnect(core_);
    pw_context_destroy(context);
    pw_main_loop_destroy(loop_);
    return stats_.failed != 0 ? 1 : 0;
}

void printSummary(const StreamStats& stats) {
    const StreamSnapshot seen = snapshotOf(stats);
    std::printf("samples %llu nonzero %llu phase0 %llu phase1 %llu peak0 %.4f peak1 %.4f gap-ms %.1f\n",
                static_cast<unsigned long long>(seen.samples), static_cast<unsigned long long>(seen.nonZero),
                static_cast<unsigned long long>(seen.audible[0]),
                static_cast<unsigned long long>(seen.audible[1]), static_cast<double>(seen.peak[0]),
                static_cast<double>(seen.peak[1]), static_cast<double>(seen.largestGapNsec) / 1e6);
}

StreamStats* mapStats(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ::ftruncate(fd, sizeof(StreamStats)) < 0)
        return nullptr;
    void* memory = ::mmap(nullptr, sizeof(StreamStats), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    ::close(fd);
    return memory == MAP_FAILED ? nullptr : static_cast<StreamStats*>(memory);
}

int usage() {
    std::fprintf(
        stderr,
        "usage: mg-listen [--target NODE] [--rate HZ] [--latency FRAMES/RATE] [--name NAME] [--remote "
        "SOCKET]\n"
        "                 [--coding dc|tone|speech] [--threshold LEVEL] [--stats FILE] [--no-autoconnect]\n"
        "                 [--link] [--relink] [--dont-reconnect] [--no-real-time] [--leave-at N]\n");
    return 2;
}

} // namespace
} // namespace micguard::test

int main(int argc, char** argv) {
    using namespace micguard::test;
    Arguments arguments;
    for (int i = 1; i < argc; ++i) {
        const std::string option = argv[i];
        if (option == "--no-autoconnect")
            arguments.autoconnect = false;
        else if (option == "--no-real-time")
            arguments.realTime = false;
        else if (option == "--link")
            arguments.link = true;
        else if (option == "--relink")
            arguments.link = arguments.relink = true;
        else if (option == "--dont-reconnect")
            arguments.reconnect = false;
        else if (i + 1 >= argc)
            return usage();
        else if (option == "--target")
            arguments.target = argv[++i];
        else if (option == "--rate")
            arguments.rate = static_cast<unsigned>(std::atoi(argv[++i]));
        else if (option == "--latency")
            arguments.latency = argv[++i];
        else if (option == "--name")
            arguments.name = argv[++i];
        else if (option == "--remote")
            arguments.remote = argv[++i];
        else if (option == "--leave-at")
            arguments.leaveAt = static_cast<unsigned>(std::atoi(argv[++i]));
        else if (option == "--stats")
            arguments.statsPath = argv[++i];
        else if (option == "--threshold")
            arguments.threshold = std::strtof(argv[++i], nullptr);
        else if (option == "--coding") {
            const std::string coding = argv[++i];
            if (coding == "dc")
                arguments.coding = Coding::dc;
            else if (coding == "tone")
                arguments.coding = Coding::tone;
            else if (coding == "speech")
                arguments.coding = Coding::speech;
            else
                return usage();
        } else
            return usage();
    }
    if (arguments.rate == 0)
        return usage();
    if (arguments.threshold <= 0)
        arguments.threshold = arguments.coding == Coding::dc ? kDefaultThreshold : kDefaultToneThreshold;
    static StreamStats ownStats;
    StreamStats* stats = arguments.statsPath.empty() ? &ownStats : mapStats(arguments.statsPath);
    if (stats == nullptr) {
        std::perror(arguments.statsPath.c_str());
        return 1;
    }
    pw_init(&argc, &argv);
    int code = 1;
    {
        Listening listening(arguments, *stats);
        code = listening.run();
    }
    pw_deinit();
    printSummary(*stats);
    return code;
}
