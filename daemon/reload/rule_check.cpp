// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/reload/rule_check.hpp"

#include <utility>

namespace micguard {

RuleCheck::RuleCheck(Look look, std::function<void(const Diagnostics&)> told)
    : look_(std::move(look))
    , told_(std::move(told)) {}

void RuleCheck::check(Settings settings) {
    if (errand_.underWay())
        next_ = std::move(settings);
    else
        begin(std::move(settings));
}

// Without a thread it is not looked: it is only a hint, and the next reading asks again.
void RuleCheck::begin(Settings settings) {
    errand_.begin([this, settings = std::move(settings)] { found_ = look_(settings); }, [this] { finish(); });
}

void RuleCheck::finish() {
    const Diagnostics found = std::exchange(found_, {});
    if (next_)
        begin(*std::exchange(next_, std::nullopt));
    else
        told_(found);
}

} // namespace micguard
