// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the user can set, as plain values. Where they come from (files, layers, TOML) is the readers'
// business; model and policy see only this.
#pragma once

#include "config/rule.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace micguard {

// What a client meets while muted: a stream of zeros, or no stream at all.
enum class Mode { Silence, Sever };

constexpr std::string_view toString(Mode mode) {
    return mode == Mode::Sever ? "sever" : "silence";
}

constexpr std::optional<Mode> modeFromString(std::string_view text) {
    if (text == "silence")
        return Mode::Silence;
    if (text == "sever")
        return Mode::Sever;
    return std::nullopt;
}

constexpr std::string_view captureWords[] = {"off", "first", "always"};

// A default-constructed Settings is the built-in default.
struct Settings {
    struct Mute {
        Mode mode = Mode::Silence;
        std::optional<Mode> bluetooth; // for Bluetooth sources; none: the same as `mode`
        bool led = true;               // also set the hardware's own switch where it has one
        bool onLock = false;           // muted while the session is locked
        bool onSuspend = true;         // muted before the machine sleeps, until it is awake again
        bool startMuted = false;       // each login starts muted
        // The default source's own mute, as the desktop shows it, and the guard's are one.
        bool followDesktop = false;
        bool desktopLiftsAll = false; // followed, the desktop lifts also what it did not mute itself
        bool privacySwitch = true;    // GNOME's disable-microphone mutes
        bool operator==(const Mute&) const = default;
    } mute;

    struct Sources {
        std::vector<std::string> exempt; // globs over node.name (config/glob.hpp): never muted
        bool operator==(const Sources&) const = default;
    } sources;

    struct Policy {
        Ruling fallback = Ruling::Allow; // [policy] default: for what no rule speaks of
        // What the portals' permission store says of Flatpaks and Snaps is heeded and kept.
        bool permissionStore = true;
        bool operator==(const Policy&) const = default;
    } policy;

    struct Admission {
        bool strict = false; // new clients of PipeWire wait for the guard's word
        // Globs over executables and the ids of Flatpaks and Snaps: who may change volumes, routes and
        // defaults under it.
        std::vector<std::string> mixers = {"/usr/bin/gnome-shell",    "/usr/libexec/gsd-media-keys",
                                           "/usr/bin/plasmashell",    "/usr/bin/kmix",
                                           "/usr/bin/pavucontrol",    "/usr/bin/pavucontrol-qt",
                                           "/usr/bin/xfce4-panel",    "/usr/bin/cinnamon",
                                           "/usr/bin/easyeffects",    "org.pulseaudio.pavucontrol",
                                           "com.saivert.pwvucontrol", "com.github.wwmm.easyeffects"};
        bool operator==(const Admission&) const = default;
    } admission;

    // Who may make anything looser over the bus, among those who are in no sandbox.
    struct Bus {
        bool trustedOnly = false; // unmute = "trusted"
        // Globs over executables, by their whole path, and names of service units.
        std::vector<std::string> trusted = {"/usr/bin/gnome-shell", "/usr/bin/plasmashell"};
        bool operator==(const Bus&) const = default;
    } bus;

    // What is written down of who listened; off leaves no file.
    struct History {
        bool enabled = true;
        std::uint64_t keepDays = 365; // 0: for ever
        std::uint64_t maxMegabytes = 50;
        bool operator==(const History&) const = default;
    } history;

    // Push-to-talk.
    struct Talk {
        bool shortcut = false;              // keys by the desktop's portal
        std::string trigger, toggleTrigger; // the ones to propose there
        std::uint64_t limitSeconds = 600;   // a hold to unmute ends by itself
        bool operator==(const Talk&) const = default;
    } talk;

    // What is told through the desktop's notifications.
    struct Notify {
        enum class Capture { Off, First, Always };
        bool questions = true;
        Capture capture = Capture::Off;
        bool blocked = true; // a muted microphone was asked for
        bool bypass = true;
        bool operator==(const Notify&) const = default;
    } notify;

    std::vector<Rule> rules; // in no order that means anything

    bool operator==(const Settings&) const = default;
};

} // namespace micguard
