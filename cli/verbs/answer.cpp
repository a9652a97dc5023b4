// SPDX-License-Identifier: GPL-3.0-or-later
//
// micguardctl answer: whether an application that asks may listen, and for how long that is said.
#include "cli/ask.hpp"
#include "cli/verbs.hpp"

namespace micguard::cli {

int verbs::answer(const Invocation& how, const Terminal&) {
    std::string scope = "once";
    for (const auto& [name, value] : how.options)
        scope = name.substr(2);
    auto guard = Guard::connect();
    if (!guard)
        return failed(guard.error());
    const auto application = askApplication(*guard, how.operands[0]);
    if (!application)
        return failed(application.error());
    if (const auto done = guard->answer(application->path, how.operands[1] == "allow", scope); !done)
        return failed(done.error());
    return raw(Exit::Ok);
}

} // namespace micguard::cli
