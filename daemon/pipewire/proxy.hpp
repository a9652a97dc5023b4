// SPDX-License-Identifier: GPL-3.0-or-later
//
// A proxy with one listener on its object. The library keeps the addresses of the hooks, so this neither moves
// nor is copied. Should the library destroy the proxy first, there is nothing left to destroy.
#pragma once

#include <pipewire/pipewire.h>

#include <cstdint>

namespace micguard {

class Proxy {
  public:
    // `proxy` must not be null; it belongs to this from now on. `events` and `data` outlive it.
    Proxy(pw_proxy* proxy, const void* events, void* data)
        : proxy_(proxy) {
        static constexpr pw_proxy_events proxyEvents = [] {
            pw_proxy_events table{};
            table.version = PW_VERSION_PROXY_EVENTS;
            table.destroy = onDestroyed;
            table.removed = onRemoved;
            return table;
        }();
        pw_proxy_add_listener(proxy, &proxyHook_, &proxyEvents, this);
        pw_proxy_add_object_listener(proxy, &objectHook_, events, data);
    }
    ~Proxy() {
        if (proxy_ == nullptr)
            return;
        pw_proxy* proxy = proxy_;
        onDestroyed(this);
        pw_proxy_destroy(proxy);
    }
    Proxy(const Proxy&) = delete;
    Proxy& operator=(const Proxy&) = delete;

    // Null if the library has destroyed it.
    pw_proxy* get() const { return proxy_; }
    // The server has destroyed what it stood for (PipeWire 1.4.2, proxy.c, pw_proxy_remove(): it stays until it is destroyed here).
    bool removed() const { return removed_; }
    pw_node* node() const { return reinterpret_cast<pw_node*>(proxy_); }
    pw_device* device() const { return reinterpret_cast<pw_device*>(proxy_); }
    pw_client* client() const { return reinterpret_cast<pw_client*>(proxy_); }

  private:
    static void onDestroyed(void* data) noexcept {
        auto* self = static_cast<Proxy*>(data);
        spa_hook_remove(&self->objectHook_);
        spa_hook_remove(&self->proxyHook_);
        self->proxy_ = nullptr;
    }

    static void onRemoved(void* data) noexcept { static_cast<Proxy*>(data)->removed_ = true; }

    pw_proxy* proxy_;
    bool removed_ = false;
    spa_hook proxyHook_{};
    spa_hook objectHook_{};
};

} // namespace micguard
