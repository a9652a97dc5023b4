// SPDX-License-Identifier: GPL-3.0-or-later
//
// The stand-in's rules: SetRule, Forget, Rules and Explain, with texts that no terminal should get.
#pragma once

#include <string>
#include <vector>

#include <systemd/sd-bus.h>

struct FakeRules {
    struct Entry {
        std::string app, action, source;
        uint64_t until = 0;
    };
    std::vector<Entry> entries;
    bool refuse = false;
};

// Negative errno. `rules` must outlive the bus.
int attachRules(sd_bus* bus, FakeRules& rules);
