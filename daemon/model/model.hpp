// SPDX-License-Identifier: GPL-3.0-or-later
//
// The state of the world as the guard knows it, and the one function that changes it. Pure: no clock, no
// I/O, no log. The same events in any order that the server could send lead to the same verdicts.
#pragma once

#include "config/settings.hpp"
#include "daemon/model/applied.hpp"
#include "daemon/model/bypass.hpp"
#include "daemon/model/circumstances.hpp"
#include "daemon/model/desktop_entry.hpp"
#include "daemon/model/event.hpp"
#include "daemon/model/graph.hpp"
#include "daemon/model/mute.hpp"
#include "daemon/model/questions.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace micguard {

// Remembered over a restart of the daemon while the server goes on (marker) or over a reboot (state file).
struct Remembered {
    std::string serverCookie; // the run of the server that the serials below belong to
    std::map<Serial, std::pair<float, bool>> restore; // node -> channelmix.max-volume, monitorMute before us
    std::set<Serial> unsure; // nodes whose process owed an answer to a write of the limit
    std::vector<CutLink> cut;
    std::vector<std::pair<Serial, Serial>> revoked; // client, object: permissions taken away altogether
    std::vector<std::pair<std::string, std::uint32_t>> leds; // device name, route index muted by us
    // Device name, route index: the session manager has stored our mute of it with the user's volume. Owed to whoever
    // plugs it in again.
    std::set<std::pair<std::string, std::uint32_t>> ledsStored;
    // Node or device by name, route's index or noRoute: the mute that the desktop shows of it is the guard's, and is taken
    // back from whoever comes back with it.
    std::set<std::pair<std::string, std::uint32_t>> panel;
    std::set<std::string> userMuted; // node names that release muted on the user's behalf
    // The permission store's own words, last: in force until it answers, and what a switch was before it was turned.
    std::map<std::string, Permission> stored;
};

// Clients that were linked to something since its buffers were allocated and have left the server since. A process can keep memory
// that it was given for longer than its connection.
struct Left {
    std::vector<Client> clients; // as they were; no object is theirs any more
    bool others = false;         // and some of whom it is not known who they were
};

struct Model {
    Graph graph;
    Applied applied;
    MuteState mute;
    Settings settings;
    std::uint64_t settingsLoaded = 0; // how often they were
    Circumstances circumstances;
    Appeals appeals;
    Remembered remembered;
    std::map<std::string, std::string> warnings; // id -> text
    Bypasses bypasses;
    std::map<Serial, Serial> lastFed; // input node -> the output node that was last linked to it
    // What puts out sound -> clients that were linked to it since its buffers were allocated, and may map them still.
    std::map<Serial, std::set<Serial>> mapped;
    std::map<Serial, Left> left; // the same of those who are not there any more
    // node.name of what the session manager links whoever asks for nothing in particular.
    std::string defaultSource;
    bool connected = false;
    bool trying = false;       // not connected, and not known whether there is a server: nothing is promised
    bool listComplete = false; // the initial list was read: what appears from now on is new
    bool released = false;     // giving everything back
    bool mutedLate = false;    // the button was pressed while it was: on microphones that were open
    bool blinded = false;      // a source went out of our sight and is still there: trust nothing, look anew
    // How often clients of a Pulse server have come, gone, or said something else of themselves.
    std::uint64_t pulseChanges = 0;
    DesktopEntries desktop;
    std::uint64_t connections = 0; // how often a server was found: serials start anew with each

    void apply(const Event& event);
};

// Brings `memory` up to what is applied now, so that it can be given back by whoever finds the server again: this
// daemon on another connection, or its successor. Leaves it as it is while the server's list is not complete, for
// then what is applied says less than what is remembered.
void rememberApplied(const Model& model, Remembered& memory);

bool hasMonitorOutput(const Model& model, const Node& node);

// What we had silenced was turned up by somebody else. Only a reading newer than our own write says so.
bool wasTurnedUp(const Model& model, const Node& node, const KnobApplied& knob);

// Routes whose stored mute is ours, those of devices that are away among them.
std::set<std::pair<std::string, std::uint32_t>> storedLeds(const Model& model);

// Notes a link that is cut, to be made again.
void rememberCutLink(Model& model, const Link& link);

} // namespace micguard
