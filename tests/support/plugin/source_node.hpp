// SPDX-License-Identifier: GPL-3.0-or-later
// The node behind micguard.test.source. Made and destroyed on the server's main thread; process() and the
// timer run in the data thread; everything else is called with the node paused or through the data loop, as
// SPA demands.
#pragma once

#include "tests/support/plugin/source.hpp"

#include <spa/node/io.h>
#include <spa/node/node.h>
#include <spa/node/utils.h>
#include <spa/param/audio/format-utils.h>
#include <spa/param/param.h>
#include <spa/support/loop.h>
#include <spa/support/system.h>

#include <array>

namespace micguard::test {

class SourceNode {
  public:
    SourceNode(spa_loop* dataLoop, spa_system* dataSystem, const spa_dict* info);
    ~SourceNode();
    SourceNode(const SourceNode&) = delete;
    SourceNode& operator=(const SourceNode&) = delete;

    [[nodiscard]] void* interface() { return &node_; }

  private:
    static constexpr uint32_t kMaxBuffers = 16;

    void initInterfaces();
    void emitNode();
    void emitPort();
    int enumParams(int seq, uint32_t id, uint32_t start, uint32_t num, const spa_pod* filter);
    int enumPortParams(int seq, uint32_t id, uint32_t start, uint32_t num, const spa_pod* filter);
    spa_pod* buildFormat(spa_pod_builder* builder) const;
    spa_pod* buildPortParam(spa_pod_builder* builder, uint32_t id, uint32_t index, int& result) const;

    void start();
    void stop();
    int setIo(uint32_t id, void* data, std::size_t size);
    int setPortIo(uint32_t id, void* data);
    int setFormat(const spa_pod* format);
    int useBuffers(spa_buffer** buffers, uint32_t count);
    void clearBuffers();
    int process();
    int produce();
    std::uint32_t framesWanted();

    [[nodiscard]] bool isFollowing() const;
    void applyTimers();
    void setTimers();
    void setTimeout(std::uint64_t nsec);
    static void onTimeout(spa_source* source);

    static const spa_node_methods kMethods;

    spa_node node_{};
    spa_hook_list hooks_{};
    spa_callbacks callbacks_{};
    spa_loop* dataLoop_;
    spa_system* dataSystem_;
    Renderer renderer_;

    spa_source timer_{};
    std::uint64_t nextTime_ = 0;
    bool running_ = false;
    bool following_ = false;
    spa_io_clock* clock_ = nullptr;
    spa_io_position* position_ = nullptr;
    spa_io_buffers* io_ = nullptr;
    spa_io_rate_match* rateMatch_ = nullptr;

    uint32_t quantumLimit_ = 8192;
    uint32_t fixedRate_ = 0;      // 0: whatever the graph has
    uint32_t wantedChannels_ = 0; // 0: any
    bool s16Wanted_ = false;
    bool offersDsp_ =
        false; // the port of a node without an adapter: float mono at the graph's rate, and nothing else
    bool air_ = false; // it stands for the sound before a microphone, and is none

    std::array<spa_param_info, 4> portParams_{};
    bool haveFormat_ = false;
    bool dsp_ = false;
    bool s16_ = false;
    uint32_t rate_ = 48000;
    uint32_t channels_ = 1;
    uint32_t frameBytes_ = sizeof(float);
    double owed_ = 0;
    spa_audio_info_raw rawInfo_{};

    std::array<spa_buffer*, kMaxBuffers> buffers_{};
    std::array<bool, kMaxBuffers> used_{};
    uint32_t bufferCount_ = 0;
};

} // namespace micguard::test
