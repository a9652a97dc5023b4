// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the session manager links whoever asks for no source in particular: "default.audio.source" in the metadata "default".
#pragma once

#include "daemon/model/event.hpp"
#include "daemon/pipewire/proxy.hpp"

#include <cstdint>
#include <functional>
#include <memory>

namespace micguard {

bool isDefaultMetadata(const spa_dict* properties);

class DefaultSource {
  public:
    // nullptr if there is no proxy, which is taken.
    static std::unique_ptr<DefaultSource> bind(pw_proxy* proxy, std::uint32_t id,
                                               std::function<void(const Event&)> tell);

    std::uint32_t id() const { return id_; }

  private:
    DefaultSource(pw_proxy* proxy, std::uint32_t id, std::function<void(const Event&)> tell);
    static int onProperty(void* data, std::uint32_t subject, const char* key, const char* type,
                          const char* value) noexcept;

    std::uint32_t id_;
    std::function<void(const Event&)> tell_;
    Proxy proxy_;
};

} // namespace micguard
