// SPDX-License-Identifier: GPL-3.0-or-later
//
// micguardctl mode: shows or chooses what an application meets while muted.
#include "cli/ask.hpp"
#include "cli/text.hpp"
#include "cli/verbs.hpp"
#include "protocol/names.hpp"

#include <nlohmann/json.hpp>

namespace micguard::cli {

int verbs::mode(const Invocation& how, const Terminal&) {
    auto guard = Guard::connect();
    if (!guard)
        return failed(guard.error());
    if (!how.operands.empty()) {
        const std::string& mode = how.operands.front();
        if (const auto done = guard->setMode(mode); !done)
            return failed(done.error());
        return how.json ? print(written({{"mode", mode}}) + "\n") : raw(Exit::Ok);
    }
    const auto mode = askText(*guard, names::guard::property::mode);
    if (!mode)
        return failed(mode.error());
    return print(how.json ? written({{"mode", *mode}}) + "\n" : shown(*mode) + "\n");
}

} // namespace micguard::cli
