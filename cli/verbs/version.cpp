// SPDX-License-Identifier: GPL-3.0-or-later
//
// micguardctl version and --version. The option asks nobody, so that it works everywhere.
#include "cli/ask.hpp"
#include "cli/text.hpp"
#include "cli/verbs.hpp"
#include "micguard-config.h"
#include "protocol/names.hpp"

#include <nlohmann/json.hpp>

namespace micguard::cli {

int verbs::version(const Invocation& how, const Terminal&) {
    nlohmann::json versions = {{"micguardctl", MICGUARD_VERSION}};
    std::string text = "micguardctl " MICGUARD_VERSION "\n";
    if (how.verb != nullptr) {
        auto guard = Guard::connect();
        const auto running = guard ? askText(*guard, names::guard::property::version)
                                   : Answer<std::string>(tl::unexpected(guard.error()));
        if (!running && running.error().code != Exit::NotRunning)
            return failed(running.error());
        versions["micguardd"] = running ? nlohmann::json(*running) : nlohmann::json(nullptr);
        text += "micguardd " + (running ? shown(*running) : "is not running") + "\n";
    }
    return print(how.json ? written(versions) + "\n" : text);
}

} // namespace micguard::cli
