// SPDX-License-Identifier: GPL-3.0-or-later
//
// What outlives the daemon, as text. The marker ($XDG_RUNTIME_DIR/micguard/marker.json) lives as long as the
// session and holds what a successor needs to take over from a guard that was killed; the state file
// ($XDG_STATE_HOME/micguard/state.json) outlives a reboot. Pure: text in, values out.
#pragma once

#include "daemon/model/model.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace micguard {

struct Memory {
    bool muted = false;
    bool desktop = false; // by the desktop's means, so that these lift it
    bool locked = false;  // the session was: muted or not, nobody may unmute until it is known to be open
    std::uint64_t since = 0;
    std::optional<Mode> mode;                    // chosen at run time; none: as configured
    std::map<std::string, std::string> appMutes; // application, who muted it
    Remembered remembered;
};

// The marker of the model as it is; "" when there is nothing a successor would have to know. `modeChosen`: the mode was
// chosen at run time and is kept; a configured one is not, or the settings would be without effect from then on.
std::string writeMarker(const Model& model, bool modeChosen);
// The state file.
std::string writeState(const Model& model, bool modeChosen);

// Nothing if the text is not a complete one of ours.
std::optional<Memory> readMemory(std::string_view text);

} // namespace micguard
