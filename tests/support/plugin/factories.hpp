// SPDX-License-Identifier: GPL-3.0-or-later
// The factories of libspa-micguard-test.so.
#pragma once

#include <spa/support/plugin.h>

namespace micguard::test {

extern const spa_handle_factory sourceFactory;  // micguard.test.source: a live microphone
extern const spa_handle_factory cardFactory;    // micguard.test.acp: a sound card with one such microphone
extern const spa_handle_factory monitorFactory; // micguard.test.monitor: cards that come and go as files do

} // namespace micguard::test
