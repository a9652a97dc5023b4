// SPDX-License-Identifier: GPL-3.0-or-later
#include "proof/meter.hpp"

#include <algorithm>
#include <cmath>
#include <ctime>

namespace micguard::proof {

namespace {

// One writer: a load and a store are enough, and cost no bus lock in the data thread.
template <typename T>
void grow(std::atomic<T>& value, T by) {
    value.store(value.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
}

} // namespace

std::int64_t nowNsec() noexcept {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

std::optional<Part> Course::partOf(const Cycle& cycle) const {
    for (std::size_t i = partCount; i-- > 0;)
        if (cycle.began > windows_[i].from && cycle.arrived <= windows_[i].to)
            return static_cast<Part>(i);
    return std::nullopt;
}

Figures operator+(const Figures& a, const Figures& b) {
    Figures sum;
    sum.samples = a.samples + b.samples;
    sum.audible = a.audible + b.audible;
    sum.residue = a.residue + b.residue;
    sum.lively = std::max(a.lively, b.lively); // not in turns: three cycles of one of them
    sum.peak = std::max(a.peak, b.peak);
    sum.firstAudible = a.firstAudible == 0   ? b.firstAudible
                       : b.firstAudible == 0 ? a.firstAudible
                                             : std::min(a.firstAudible, b.firstAudible);
    sum.lastAudible = std::max(a.lastAudible, b.lastAudible);
    return sum;
}

void Meter::feed(std::span<const float> samples, const Cycle& cycle) noexcept {
    const auto part = course_.partOf(cycle);
    if (!part || samples.empty())
        return;
    Counts& counts = counts_[static_cast<std::size_t>(*part)];
    std::uint64_t audible = 0;
    float peak = 0;
    bool level = true;
    for (const float sample : samples) {
        audible += sample != 0.0F ? 1 : 0; // what is no number, too
        peak = std::max(peak, std::fabs(sample));
        level = level && sample == samples.front();
    }
    grow<std::uint64_t>(counts.samples, samples.size());
    if (!level)
        grow<std::uint64_t>(counts.lively, 1);
    if (audible == 0)
        return;
    if (*part == Part::Muted &&
        cycle.began - course_.begun(Part::Muted) < std::max(settlingNsec, cycle.length))
        return grow(counts.residue, audible);
    grow(counts.audible, audible);
    if (peak > counts.peak.load(std::memory_order_relaxed))
        counts.peak.store(peak, std::memory_order_relaxed);
    if (counts.firstAudible.load(std::memory_order_relaxed) == 0)
        counts.firstAudible.store(cycle.began, std::memory_order_relaxed);
    counts.lastAudible.store(cycle.began, std::memory_order_relaxed);
}

Figures Meter::figures(Part part) const {
    const Counts& counts = counts_[static_cast<std::size_t>(part)];
    return {counts.samples, counts.audible,      counts.residue,    counts.lively,
            counts.peak,    counts.firstAudible, counts.lastAudible};
}

} // namespace micguard::proof
