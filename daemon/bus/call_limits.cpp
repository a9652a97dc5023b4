// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/bus/call_limits.hpp"

#include <algorithm>

namespace micguard {

double Allowance::leftAt(Instant now) const {
    const double since = now > at_ ? static_cast<double>(now - at_) : 0;
    return std::min(most_, left_ + since / 1'000'000 * perSecond_);
}

bool Allowance::take(double tokens, Instant now) {
    left_ = leftAt(now);
    at_ = std::max(at_, now);
    if (left_ < tokens)
        return false;
    left_ -= tokens;
    return true;
}

void Allowance::charge(double tokens, Instant now) {
    left_ = std::max(-most_, leftAt(now) - tokens);
    at_ = std::max(at_, now);
}

Admission ProcessCalls::admit(double weight, bool onlyMutes, bool served, Allowance::Instant now) {
    // First what is for muting alone: whoever has called too much can still do that.
    if (onlyMutes && muting_.take(1, now))
        return Admission::Serve;
    if (served && calls_.take(weight, now))
        return Admission::Serve;
    return refusals_.take(1, now) ? Admission::Refuse : Admission::Drop;
}

bool ProcessCalls::isNews(Allowance::Instant now) {
    const bool news = !told_ || calls_.halfFull(now);
    told_ = true;
    return news;
}

ProcessCalls& ProcessTable::of(std::uint32_t pid, Allowance::Instant now) {
    if (processes_.size() >= sweepAt_) {
        std::erase_if(processes_, [now](const auto& entry) { return entry.second.idle(now); });
        // Not again for each of many that are busy; beyond that, who is gone begins anew.
        if (processes_.size() >= 8 * sweepAt)
            std::erase_if(processes_, [](const auto& entry) { return entry.second.connections == 0; });
        sweepAt_ = std::max(sweepAt, 2 * processes_.size());
    }
    return processes_[pid];
}

} // namespace micguard
