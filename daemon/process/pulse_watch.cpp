// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/process/pulse_watch.hpp"

#include <algorithm>
#include <chrono>
#include <system_error>
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
    if (thread_.joinable())
        thread_.join();
    while (g_idle_remove_by_data(this)) {
    }
    if (timer_)
        g_source_remove(timer_);
}

void PulseWatch::look(std::uint64_t generation, std::vector<std::uint32_t> candidates) {
    question_ = {generation, std::move(candidates)};
    wait_ = 0;
    if (timer_)
        g_source_remove(std::exchange(timer_, 0));
    again_ = running_;
    if (!running_)
        begin();
}

void PulseWatch::lookAgain() {
    if (timer_ || running_)
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
    running_ = true;
    asked_ = question_.generation;
    const auto work = [this, candidates = question_.candidates] {
        found_ = readSettled(candidates, socketPath_, ending_);
        // After whatever PipeWire has told in the meantime.
        g_idle_add_full(
            G_PRIORITY_DEFAULT_IDLE,
            [](gpointer self) -> gboolean {
                static_cast<PulseWatch*>(self)->finish();
                return G_SOURCE_REMOVE;
            },
            this, nullptr);
    };
    try {
        thread_ = std::thread(work);
    } catch (const std::system_error&) {
        running_ = false; // without a thread nobody is vouched for, until there is one
        lookAgain();
    }
}

void PulseWatch::finish() {
    thread_.join();
    running_ = false;
    const PulsePeers found = std::move(found_);
    const auto asked = asked_;
    if (std::exchange(again_, false))
        begin();
    // Also where something has changed since: that it was looked for is worth knowing.
    told_(asked, found);
}

} // namespace micguard
