// SPDX-License-Identifier: GPL-3.0-or-later
// A sound card with one microphone behind either of two capture routes, which behaves as PipeWire's ACP
// devices do: a Route carries the user's mute and volume, and each change of it sends mute, or channelVolumes
// and softVolumes, to the node.
#pragma once

#include "tests/support/control.hpp"

#include <spa/monitor/device.h>
#include <spa/monitor/utils.h>
#include <spa/param/param.h>
#include <spa/pod/builder.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

namespace micguard::test {

// Lives on the main loop of the session manager; no other thread touches it.
class Card {
  public:
    explicit Card(const spa_dict* info);
    ~Card();
    Card(const Card&) = delete;
    Card& operator=(const Card&) = delete;
    [[nodiscard]] void* interface() { return &device_; }

  private:
    static constexpr uint32_t kOff = 0; // profiles
    static constexpr uint32_t kOn = 1;
    static constexpr uint32_t kNode = 0; // the only sub-device
    static constexpr std::array<const char*, 2> kRoutes{"analog-input-mic", "analog-input-headset-mic"};

    void emitInfo(bool full);
    void emitNode();
    int enumParams(int seq, uint32_t id, uint32_t start, uint32_t num, const spa_pod* filter);
    int setParam(uint32_t id, const spa_pod* param);
    int setProfile(const spa_pod* param);
    int setRoute(const spa_pod* param);
    void applyProps(const spa_pod* props);
    spa_pod* buildProfile(spa_pod_builder* builder, uint32_t id, uint32_t profile, bool current) const;
    spa_pod* buildRoute(spa_pod_builder* builder, uint32_t id, uint32_t route, bool current) const;
    void routeProps(spa_pod_builder* builder, uint32_t id) const;
    void sendVolume();
    void sendMute();
    void report();

    static const spa_device_methods kMethods;

    spa_device device_{};
    spa_hook_list hooks_{};
    std::array<spa_param_info, 4> params_{};
    std::vector<std::pair<std::string, std::string>> properties_;
    ControlLayout* control_ = nullptr;
    uint32_t profile_ = kOn;
    bool profileSave_ = false;
    uint32_t route_ = 0;
    bool routeSave_ = false;
    uint32_t channels_ = 1;
    bool mute_ = false;
    std::array<float, 2> volumes_{1.0F, 1.0F};
    std::array<float, 2> softVolumes_{1.0F, 1.0F};
};

} // namespace micguard::test
