// SPDX-License-Identifier: GPL-3.0-or-later
// The demo's results as text, with colours if wanted.
#pragma once

#include "tests/demo/trial_run.hpp"

#include <string>

namespace micguard::test {

enum class Paint { plain, colours };

// One line that says what is going on, on a terminal only, and vanishes.
void progress(const std::string& text);

std::string bold(const std::string& text, Paint paint);
std::string good(const std::string& text, Paint paint);
std::string bad(const std::string& text, Paint paint);
std::string faint(const std::string& text, Paint paint);

std::string tableHead(Paint paint);
std::string tableOf(const RunResult& run, Paint paint);
// A line for each client that received what it should not; empty if there is none.
std::string leakDetails(const RunResult& run, Paint paint);
std::string decibels(float peak);
std::string milliseconds(std::int64_t nsec);

} // namespace micguard::test
