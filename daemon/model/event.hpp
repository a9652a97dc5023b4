// SPDX-License-Identifier: GPL-3.0-or-later
//
// The one door: everything that can change what is allowed enters as one of these. Values only; what an event
// means for the model is written in model.cpp and nowhere else.
#pragma once

#include "config/settings.hpp"
#include "daemon/model/bypass.hpp"
#include "daemon/model/desktop_entry.hpp"
#include "daemon/model/graph.hpp"
#include "daemon/model/mute.hpp"
#include "daemon/model/process_facts.hpp"
#include "daemon/model/questions.hpp"

#include <map>
#include <string>
#include <variant>

namespace micguard::event {

// The server. A connection starts with an empty graph.
struct Connected {
    std::uint32_t serverPid = 0;
    std::string name, version, cookie;
    bool admissionOurs = false; // see Graph
    std::uint32_t clockRate = 48000;
    std::string libraryVersion; // of the library that the guard speaks to it with
};
// One to a line.
// clang-format off

// `trying`: it may be there all the same, and is being connected to; the other one follows if it is not.
struct Disconnected { bool trying = false; };
struct InitialListComplete {}; // everything that existed at Connected has been seen

struct ClientSeen { Client client; };
struct ClientGranted { GlobalId client; Granted granted; }; // of one whose admission is ours
struct DeviceSeen { Device device; };
struct NodeSeen { Node node; };     // as far as the registry tells
struct NodeInfo { Node node; };     // all properties and the state; knob fields are ignored
struct NodeKnob { GlobalId node; KnobReading reading; std::uint64_t now = 0; };
// Of a node whose first reading was due: everything that was asked about it is answered, and there was none.
struct NodeUnread { Serial node; };
struct PortSeen { Port port; };
struct LinkSeen { Link link; };
// Of the session manager's choice; "" if there is none.
struct DefaultSource { std::string name; std::uint64_t now = 0; };
struct RoutesRead { GlobalId device; std::vector<Route> routes; };
// They have changed and its process is asked for them; and it has told all of them.
struct RoutesReading { GlobalId device; bool begins; std::uint64_t now = 0; };
struct Removed { GlobalId id; };
struct EvidenceOverdue { Serial node; };
// The session manager has had its time to restore these: device, route's index; and nodes.
struct RoutesSettled {
    std::vector<std::pair<Serial, std::uint32_t>> routes;
    std::vector<Serial> nodes = {};
    std::uint64_t now = 0;
};
struct StreamsOverdue {}; // what was shown to the session manager has had its time
// Every action up to this batch is carried out, by the server or by the process that was asked; what either has to tell of
// it has been told.
struct Acknowledged { std::uint64_t batch; std::optional<GlobalId> process = std::nullopt; };
// What a client's process was asked and has not answered is lost with the connection over which it was asked.
struct ProcessLost { GlobalId client; };
// A client's process has not answered what it was asked in this batch.
struct ProcessOverdue { Serial client; std::uint64_t batch; };
// Who holds the connections that this Pulse server has accepted (daemon/process/pulse_peers.hpp), as it was while
// Model::pulseChanges was this.
struct PulsePeersRead { std::uint64_t generation; std::uint32_t server; std::vector<ProcessFacts> connections; };
struct DesktopEntriesRead { std::vector<DesktopEntry> entries; }; // what is installed, anew

// People and programs.
struct UserMute { bool muted; std::string owner; std::string reason; std::uint64_t now; };
struct HoldTaken { Hold hold; std::uint64_t now; };
struct HoldDropped { std::uint64_t number; std::uint64_t now; };
struct ModeChosen { Mode mode; };
struct SettingsLoaded { Settings settings; };
struct TimeCame { std::uint64_t now; unsigned weekday; unsigned minute; }; // see Circumstances
struct SessionLocked { bool locked; std::uint64_t now; };
struct MachineSleeps { bool asleep; std::uint64_t now; }; // true: it is about to
// The desktop's own switch, whether or not it is heeded.
struct PrivacySwitched { bool on; std::uint64_t now; };
struct StartedMuted { std::uint64_t now; };
// Give everything back and guard no longer. `leftovers`: by whoever comes after a guard, so that what no guard has seen is late.
struct Released { bool on; bool leftovers = false; };

// Single applications (Identity::key).
struct QuestionAsked { std::string application; std::set<Serial> clients; };
struct QuestionLapsed { std::string application; }; // it no longer wants to know
struct Answered { Answer answer; };                 // closes the question
struct AnswerEnded { std::uint64_t number; };
struct AppMuted { std::string application; AppMute mute; };
struct AppUnmuted { std::string application; };
struct OwnStreamsMuted { std::string connection; OwnMute mute; };
struct OwnStreamsUnmuted { std::string connection; };
// All that the portals' permission store says of microphones.
struct PermissionsRead {
    std::map<std::string, Permission> permissions; // what counts, with what it was told and has not confirmed
    std::map<std::string, Permission> stored;      // its own words
};
struct LineagesRead { GlobalId client; std::vector<Lineage> lineages; };

struct BypassesSeen { Bypasses seen; }; // all there are now

struct Warned { std::string id; std::string text; }; // text "" withdraws it
// clang-format on

} // namespace micguard::event

namespace micguard {

using Event =
    std::variant<event::Connected, event::Disconnected, event::InitialListComplete, event::ClientSeen,
                 event::ClientGranted, event::DeviceSeen, event::NodeSeen, event::NodeInfo, event::NodeKnob,
                 event::NodeUnread, event::PortSeen, event::LinkSeen, event::DefaultSource, event::RoutesRead,
                 event::RoutesReading, event::Removed, event::EvidenceOverdue, event::ProcessOverdue,
                 event::ProcessLost, event::RoutesSettled, event::StreamsOverdue, event::PulsePeersRead,
                 event::DesktopEntriesRead, event::Acknowledged, event::UserMute, event::HoldTaken,
                 event::HoldDropped, event::ModeChosen, event::SettingsLoaded, event::TimeCame,
                 event::SessionLocked, event::MachineSleeps, event::PrivacySwitched, event::StartedMuted,
                 event::Released, event::QuestionAsked, event::QuestionLapsed, event::Answered,
                 event::AnswerEnded, event::AppMuted, event::AppUnmuted, event::PermissionsRead,
                 event::OwnStreamsMuted, event::OwnStreamsUnmuted, event::LineagesRead, event::BypassesSeen,
                 event::Warned>;

} // namespace micguard
