// SPDX-License-Identifier: GPL-3.0-or-later
//
// Rules, applications and moments as a line of text each, so that a test reads like what it is about. Throws
// std::invalid_argument on what it does not know.
#pragma once

#include "daemon/policy/rules.hpp"

#include <string>
#include <string_view>

namespace micguard::test {

// A line per rule; "default deny" for [policy] default; # begins a comment. For instance:
//
//   allow  app=us.zoom.* source=alsa_input.* kind=hardware  priority=10 layer=system final
//   deny   claims=ZOOM   days=mon,tue hours=09:00-17:30 locked=yes capturing=org.gnome.* until=5000000
//
// The file is "t", the line that of the text, from 1, without empty lines. Facts: app executable unit flatpak
// snap process claims. Layers: builtin vendor system user (without: user).
Settings rulesOf(std::string_view text);

// "app=us.zoom executable~/usr/bin/zoom claims~ZOOM": = is known, ~ is what the application says.
Subject subjectOf(std::string_view text);

// "tue 10:05 locked capturing=org.a capturing~org.b now=5000000"; without: Monday, midnight, unlocked.
Circumstances momentOf(std::string_view text);

// In one go, on a hardware source "mic" unless the subject's text ends in "@name" or "@name/kind".
Decision decide(const Settings& settings, std::string_view subject, std::string_view moment = "");
// "allow 3": the ruling and the line of the rule that decides, or "allow default".
std::string verdict(const Settings& settings, std::string_view subject, std::string_view moment = "");

} // namespace micguard::test
