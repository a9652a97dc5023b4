// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/reload/rule_check.hpp"

#include <system_error>
#include <utility>

#include <glib.h>

namespace micguard {

RuleCheck::RuleCheck(Look look, std::function<void(const Diagnostics&)> told)
    : look_(std::move(look))
    , told_(std::move(told)) {}

RuleCheck::~RuleCheck() {
    if (thread_.joinable())
        thread_.join();
    while (g_idle_remove_by_data(this)) {
    }
}

void RuleCheck::check(Settings settings) {
    if (busy_)
        next_ = std::move(settings);
    else
        begin(std::move(settings));
}

void RuleCheck::begin(Settings settings) {
    busy_ = true;
    auto work = [this, settings = std::move(settings)] {
        found_ = look_(settings);
        g_idle_add(
            [](gpointer self) -> gboolean {
                static_cast<RuleCheck*>(self)->finish();
                return G_SOURCE_REMOVE;
            },
            this);
    };
    try {
        thread_ = std::thread(std::move(work));
    } catch (const std::system_error&) {
        busy_ = false; // no more threads are to be had: it is only a hint, and the next reading asks again
    }
}

void RuleCheck::finish() {
    thread_.join();
    busy_ = false;
    const Diagnostics found = std::exchange(found_, {});
    if (next_)
        begin(*std::exchange(next_, std::nullopt));
    else
        told_(found);
}

} // namespace micguard
