// SPDX-License-Identifier: GPL-3.0-or-later
//
// micguardctl config: the settings as the files have them, and changed, with or without a running guard.
#include "cli/config_change.hpp"
#include "cli/config_report.hpp"
#include "cli/verbs.hpp"
#include "micguard-config.h"

#include <cstdio>
#include <cstdlib>

namespace micguard::cli {

namespace {

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value ? value : "";
}

} // namespace

int verbs::config(const Invocation& how, const Terminal& terminal) {
    const ConfigFolders folders{MICGUARD_DATADIR, MICGUARD_SYSCONFDIR, environment("XDG_CONFIG_HOME"),
                                environment("HOME")};
    const Form form = how.json ? Form::Json : Form::Text;
    const std::string& what = how.operands.front();
    if (what == "set" || what == "unset")
        return changeConfig(folders, how.operands[1], {how.operands.begin() + 2, how.operands.end()},
                            how.json);
    const auto report = what == "path"             ? configPaths(folders, form, terminal)
                        : what == "show"           ? showConfig(folders, form)
                        : how.operands.size() == 2 ? checkConfigFile(folders, how.operands[1], form)
                                                   : checkConfig(folders, form);
    std::fwrite(report.error.data(), 1, report.error.size(), stderr);
    return print(report.out, report.code);
}

} // namespace micguard::cli
