// SPDX-License-Identifier: GPL-3.0-or-later
//
// micguardctl forget APP: takes back what allow, deny, silence, ask and answers have said about an
// application.
#include "cli/rule_calls.hpp"
#include "cli/snapshot.hpp"
#include "cli/text.hpp"
#include "cli/verbs.hpp"

#include <nlohmann/json.hpp>

namespace micguard::cli {

int verbs::forget(const Invocation& how, const Terminal&) {
    auto guard = Guard::connect();
    if (!guard)
        return failed(guard.error());
    const auto app = askExplanation(*guard, how.operands.front());
    if (!app)
        return failed(app.error());
    if (const auto done = forgetRules(*guard, app->appId); !done)
        return failed(done.error());
    return print(how.json ? written({{"app_id", app->appId}}) + "\n"
                          : "forgot " + shown(app->appId, 300) + "\n");
}

} // namespace micguard::cli
