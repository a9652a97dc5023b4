// SPDX-License-Identifier: GPL-3.0-or-later
#include "bench/bare_knob.hpp"

#include <pipewire/pipewire.h>
#include <spa/param/props.h>
#include <spa/pod/builder.h>

#include <array>
#include <cstring>
#include <stdexcept>

namespace micguard::bench {

struct BareKnob::Impl {
    pw_main_loop* loop = nullptr;
    pw_context* context = nullptr;
    pw_core* core = nullptr;
    pw_registry* registry = nullptr;
    pw_proxy* proxy = nullptr;
    spa_hook coreHook{}, registryHook{};
    std::string wanted;
    std::uint32_t nodeId = PW_ID_ANY;
    int answered = -1;
    bool isLost = false;

    static const pw_core_events coreEvents;
    static const pw_registry_events registryEvents;

    void sync() {
        const int seq = pw_core_sync(core, PW_ID_CORE, 0);
        while (answered != seq && !isLost)
            pw_loop_iterate(pw_main_loop_get_loop(loop), -1);
        if (isLost)
            throw std::runtime_error("the server is gone");
    }
    ~Impl() {
        if (core != nullptr) {
            if (proxy != nullptr)
                pw_proxy_destroy(proxy);
            spa_hook_remove(&registryHook);
            pw_proxy_destroy(reinterpret_cast<pw_proxy*>(registry));
            spa_hook_remove(&coreHook);
            pw_core_disconnect(core);
        }
        pw_loop_leave(pw_main_loop_get_loop(loop));
        pw_context_destroy(context);
        pw_main_loop_destroy(loop);
    }
};

const pw_core_events BareKnob::Impl::coreEvents = {
    .version = PW_VERSION_CORE_EVENTS,
    .done =
        [](void* data, std::uint32_t id, int seq) noexcept {
            if (id == PW_ID_CORE)
                static_cast<Impl*>(data)->answered = seq;
        },
    .error =
        [](void* data, std::uint32_t id, int, int result, const char*) noexcept {
            if (id == PW_ID_CORE && result == -EPIPE)
                static_cast<Impl*>(data)->isLost = true;
        },
};

const pw_registry_events BareKnob::Impl::registryEvents = {
    .version = PW_VERSION_REGISTRY_EVENTS,
    .global =
        [](void* data, std::uint32_t id, std::uint32_t, const char* type, std::uint32_t,
           const spa_dict* properties) noexcept {
            auto& self = *static_cast<Impl*>(data);
            const char* name =
                properties != nullptr ? spa_dict_lookup(properties, PW_KEY_NODE_NAME) : nullptr;
            if (std::strcmp(type, PW_TYPE_INTERFACE_Node) == 0 && name != nullptr && self.wanted == name)
                self.nodeId = id;
        },
};

BareKnob::BareKnob(const std::string& socket, const std::string& node)
    : impl_(std::make_unique<Impl>()) {
    pw_init(nullptr, nullptr);
    impl_->wanted = node;
    impl_->loop = pw_main_loop_new(nullptr);
    pw_loop_enter(pw_main_loop_get_loop(impl_->loop));
    impl_->context = pw_context_new(pw_main_loop_get_loop(impl_->loop), nullptr, 0);
    impl_->core =
        pw_context_connect(impl_->context, pw_properties_new(PW_KEY_REMOTE_NAME, socket.c_str(), nullptr), 0);
    if (impl_->core == nullptr)
        throw std::runtime_error("no server at " + socket);
    pw_core_add_listener(impl_->core, &impl_->coreHook, &Impl::coreEvents, impl_.get());
    impl_->registry = pw_core_get_registry(impl_->core, PW_VERSION_REGISTRY, 0);
    pw_registry_add_listener(impl_->registry, &impl_->registryHook, &Impl::registryEvents, impl_.get());
    impl_->sync();
    if (impl_->nodeId != PW_ID_ANY)
        impl_->proxy = static_cast<pw_proxy*>(
            pw_registry_bind(impl_->registry, impl_->nodeId, PW_TYPE_INTERFACE_Node, PW_VERSION_NODE, 0));
    if (impl_->proxy == nullptr)
        throw std::runtime_error("no node " + node);
    impl_->sync();
}

BareKnob::~BareKnob() = default;

void BareKnob::set(float maxVolume, bool monitorMute) {
    std::array<std::byte, 512> memory{};
    spa_pod_builder b{};
    spa_pod_builder_init(&b, memory.data(), sizeof(memory));
    spa_pod_frame object{}, params{};
    spa_pod_builder_push_object(&b, &object, SPA_TYPE_OBJECT_Props, SPA_PARAM_Props);
    spa_pod_builder_add(&b, SPA_PROP_monitorMute, SPA_POD_Bool(monitorMute), 0);
    spa_pod_builder_prop(&b, SPA_PROP_params, 0);
    spa_pod_builder_push_struct(&b, &params);
    spa_pod_builder_string(&b, "channelmix.max-volume");
    spa_pod_builder_float(&b, maxVolume);
    spa_pod_builder_pop(&b, &params);
    const auto* pod = static_cast<const spa_pod*>(spa_pod_builder_pop(&b, &object));
    pw_node_set_param(reinterpret_cast<pw_node*>(impl_->proxy), SPA_PARAM_Props, 0, pod);
    impl_->sync();
}

} // namespace micguard::bench
