// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/report_picture.hpp"

#include "cli/report_words.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace micguard::cli {

namespace {

constexpr double whole = 1000, gap = 10, height = 28;

// One place behind the point, whatever the locale.
std::string number(double value) {
    const auto tenths = static_cast<long long>(std::llround(value * 10));
    return std::to_string(tenths / 10) + (tenths % 10 ? "." + std::to_string(tenths % 10) : "");
}

std::string rectangle(const char* kind, double left, double top, double width, double high) {
    return "<rect class=\"" + std::string(kind) + "\" x=\"" + number(left) + "\" y=\"" + number(top) +
           "\" width=\"" + number(width) + "\" height=\"" + number(high) + "\"/>";
}

} // namespace

ExposurePicture::ExposurePicture(const std::vector<Exposure>& rows) {
    // The same mute may end for one application where the report's period does: the longest counts.
    std::map<std::uint64_t, std::uint64_t> all;
    for (const auto& row : rows)
        for (const auto& period : row.periods)
            if (period.end > period.start)
                all[period.start] = std::max(all[period.start], period.end);
    of_ = all.size();
    for (const auto& [start, end] : all)
        mutes_.push_back({start, end, 0, 0});
    if (mutes_.size() > mostMutes)
        mutes_.erase(mutes_.begin(), mutes_.end() - mostMutes);
    if (mutes_.empty())
        return;
    // As wide as they are long, but none too narrow to be seen.
    const double room = whole - gap * static_cast<double>(mutes_.size() - 1);
    const double least = room / static_cast<double>(mutes_.size()) / 3;
    double total = 0;
    for (const auto& mute : mutes_)
        total += static_cast<double>(mute.end - mute.start);
    double given = 0;
    for (auto& mute : mutes_) {
        mute.width = std::max(least, room * static_cast<double>(mute.end - mute.start) / total);
        given += mute.width;
    }
    double left = 0;
    for (auto& mute : mutes_) {
        mute.width *= room / given;
        mute.left = left;
        left += mute.width + gap;
    }
}

std::string ExposurePicture::drawn(const Exposure& row, const std::string& name) const {
    std::string shapes;
    for (const auto& mute : mutes_) {
        const auto was =
            std::find_if(row.periods.begin(), row.periods.end(),
                         [&](const ExposurePeriod& period) { return period.start == mute.start; });
        if (was == row.periods.end())
            continue;
        // A line where there is nothing else: it was there, and had let go.
        shapes += rectangle("mute", mute.left, 0, mute.width, height) +
                  rectangle("none", mute.left, height / 2 - 1, mute.width, 2);
        const double length = static_cast<double>(mute.end - mute.start);
        for (const auto& stretch : row.stretches) {
            const auto start = std::max(stretch.start, mute.start), end = std::min(stretch.end, mute.end);
            if (start >= end)
                continue;
            const double left = mute.left + mute.width * static_cast<double>(start - mute.start) / length;
            // A wake-up of a moment is to be seen.
            const double width = std::max(1.5, mute.width * static_cast<double>(end - start) / length);
            const bool asks = stretch.doing == "asking";
            const std::string kind =
                std::string(asks ? "asks" : "holds") + (stretch.assumed ? " assumed" : "");
            shapes += asks ? rectangle(kind.c_str(), left, 2, width, height - 4)
                           : rectangle(kind.c_str(), left, height / 2 - 4, width, 8);
        }
    }
    const std::string words = name + ": " + (row.judged.empty() ? "not judged" : escaped(row.judged)) +
                              ". Asked for samples for " + timeSpent(row.askedUsec) +
                              " and held a paused stream for " + timeSpent(row.heldUsec) + " of " +
                              timeSpent(row.mutedUsec) + " muted; woke " + std::to_string(row.wakeups) +
                              (row.wakeups == 1 ? " time." : " times.");
    return "<svg class=\"line\" role=\"img\" viewBox=\"0 0 1000 28\" preserveAspectRatio=\"none\"><title>" +
           words + "</title>" + shapes + "</svg>";
}

std::string ExposurePicture::drawnNumbers() const {
    std::string out;
    for (std::size_t i = 0; i < mutes_.size(); ++i)
        out += "<span style=\"left:" + number(mutes_[i].left / 10) +
               "%;width:" + number(mutes_[i].width / 10) + "%\">" + std::to_string(i + 1) + "</span>";
    return out;
}

} // namespace micguard::cli
