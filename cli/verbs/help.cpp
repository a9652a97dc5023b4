// SPDX-License-Identifier: GPL-3.0-or-later
//
// micguardctl help [VERB]
#include "cli/verbs.hpp"

namespace micguard::cli {

int verbs::help(const Invocation& how, const Terminal&) {
    if (!how.operands.empty())
        for (const VerbSpec& verb : allVerbs())
            if (verb.name == how.operands.front())
                return print(helpText(verb));
    return print(helpText());
}

} // namespace micguard::cli
