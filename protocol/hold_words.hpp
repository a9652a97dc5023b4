// SPDX-License-Identifier: GPL-3.0-or-later
//
// One entry of the contract's Holds (kind, owner, reason) for people: the daemon's reasons and refusals, and
// all that micguardctl prints, say it in these words. The panels say the same in everybody's own language.
#pragma once

#include <string>
#include <string_view>

namespace micguard {

// "kept muted by obs (pid 12): recording". Begins with what the microphones are, in small letters.
inline std::string holdWords(std::string_view kind, std::string_view owner, std::string_view reason) {
    if (kind == "locked")
        return "muted while the session is locked";
    if (kind == "suspend")
        return "muted while the computer sleeps";
    if (kind == "privacy")
        return "muted by the desktop's privacy switch";
    if (kind == "desktop")
        return "muted by the desktop";
    if (kind == "start")
        return "muted since the session began";
    // Kinds may come that are not known here.
    std::string words(kind == "hold-mute"     ? "kept muted"
                      : kind == "hold-unmute" ? "kept live"
                      : kind == "user"        ? "muted"
                                              : kind);
    if (!owner.empty())
        words.append(" by ").append(owner);
    if (!reason.empty())
        words.append(": ").append(reason);
    return words;
}

} // namespace micguard
