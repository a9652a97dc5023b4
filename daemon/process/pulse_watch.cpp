// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/process/pulse_watch.hpp"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

namespace micguard {
namespace {

// A connection that went is gone from the Pulse server at once, its client from PipeWire a moment later. Only
// what was the same for as long can be laid beside PipeWire's list.
constexpr std::chrono::milliseconds settled{20};
constexpr int mostLooks = 10;
constexpr guint firstWaitMs = 100, longestWaitMs = 5000;

PulsePeers readSettled(const std::vector<std::uint32_t>& candidates, const std::string& socketPath,
                       const std::atomic<bool>& ending) {
    PulsePeers before = readPulsePeers(candidates, socketPath);
    for (int looks = 1; looks < mostLooks && before.server != 0 && !ending; looks++) {
        std::this_thread::sleep_for(settled);
        PulsePeers now = readPulsePeers(candidates, socketPath);
        if (now.server == before.server && now.sockets == before.sockets &&
            now.connections == before.connections)
            return now;
        before = std::move(now);
    }
    return {};
}

} // namespace

PulseWatch::PulseWatch(Told told, std::string socketPath)
    : told_(std::move(told))
    , socketPath_(std::move(socketPath)) {}

PulseWatch::~PulseWatch() {
    ending_ = true;
    if (timer_)
        g_source_remove(timer_);
}

void PulseWatch::look(std::uint64_t generation, std::vector<std::uint32_t> candidates) {
    question_ = {generation, std::move(candidates)};
    wait_ = 0;
    if (timer_)
        g_source_remove(std::exchange(timer_, 0));
    again_ = errand_.underWay();
    if (!again_)
        begin();
}

void PulseWatch::lookAgain() {
    if (timer_ || errand_.underWay())
        return;
    wait_ = wait_ == 0 ? firstWaitMs : std::min(wait_ * 2, longestWaitMs);
    timer_ = g_timeout_add(
        wait_,
        [](gpointer self) -> gboolean {
            auto* watch = static_cast<PulseWatch*>(self);
            watch->timer_ = 0;
            watch->begin();
            return G_SOURCE_REMOVE;
        },
        this);
}

void PulseWatch::begin() {
    asked_ = question_.generation;
    // Told after whatever PipeWire has told in the meantime.
    const bool begun = errand_.begin(
        [this, candidates = question_.candidates] { found_ = readSettled(candidates, socketPath_, ending_); },
        [this] { finish(); });
    if (!begun)
        lookAgain(); // without a thread nobody is vouched for, until there is one
}

void PulseWatch::finish() {
    const PulsePeers found = std::move(found_);
    const auto asked = asked_;
    if (std::exchange(again_, false))
        begin();
    // Also where something has changed since: that it was looked for is worth knowing.
    told_(asked, found);
}

} // namespace micguard
