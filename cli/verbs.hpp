// SPDX-License-Identifier: GPL-3.0-or-later
//
// The verbs of micguardctl: the one table that dispatch, help, completions' test and man page's test go by.
#pragma once

#include "cli/arguments.hpp"
#include "cli/output.hpp"

#include <span>
#include <string>

namespace micguard::cli {

// Each does its work and returns the exit status. Implemented in verbs/NAME.cpp.
namespace verbs {
int status(const Invocation& how, const Terminal& terminal);
int mute(const Invocation& how, const Terminal& terminal);
int unmute(const Invocation& how, const Terminal& terminal);
int toggle(const Invocation& how, const Terminal& terminal);
int isMuted(const Invocation& how, const Terminal& terminal);
int hold(const Invocation& how, const Terminal& terminal);
int talk(const Invocation& how, const Terminal& terminal);
int apps(const Invocation& how, const Terminal& terminal);
int app(const Invocation& how, const Terminal& terminal);
int answer(const Invocation& how, const Terminal& terminal);
int sources(const Invocation& how, const Terminal& terminal);
int rule(const Invocation& how, const Terminal& terminal); // allow, deny, silence, ask
int forget(const Invocation& how, const Terminal& terminal);
int rules(const Invocation& how, const Terminal& terminal);
int explain(const Invocation& how, const Terminal& terminal);
int report(const Invocation& how, const Terminal& terminal);
int mode(const Invocation& how, const Terminal& terminal);
int admission(const Invocation& how, const Terminal& terminal);
int config(const Invocation& how, const Terminal& terminal);
int history(const Invocation& how, const Terminal& terminal);
int monitor(const Invocation& how, const Terminal& terminal);
int verify(const Invocation& how, const Terminal& terminal);
int release(const Invocation& how, const Terminal& terminal);
int doctor(const Invocation& how, const Terminal& terminal);
int version(const Invocation& how, const Terminal& terminal);
int help(const Invocation& how, const Terminal& terminal);
} // namespace verbs

std::span<const VerbSpec> allVerbs();

// Runs what was parsed. `how.verb` is one of allVerbs(), or null with `help` or `version` set.
int dispatch(const Invocation& how, const Terminal& terminal);

std::string helpText();                     // all verbs
std::string helpText(const VerbSpec& verb); // one

} // namespace micguard::cli
