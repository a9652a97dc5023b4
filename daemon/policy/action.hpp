// SPDX-License-Identifier: GPL-3.0-or-later
//
// What can be done to the server, as values. Each is one message; none of them waits. `process` is the client by whose
// process it is carried out, in which the object is, so that others need not wait for its answer; none: by the server.
#pragma once

#include "daemon/model/ids.hpp"

#include <cstdint>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

namespace micguard::action {

// channelmix.max-volume and monitorMute of a source, in one Props. The adapter clamps its volume and every
// channel's to the former, whatever volume controls write (PipeWire 1.0 to 1.6, audioconvert.c, set_volume()).
struct SetKnob {
    GlobalId node{};
    bool silent = true;
    float maxVolume = 0.0f;
    bool monitorMute = true;
    std::optional<GlobalId> process = std::nullopt;
    bool operator==(const SetKnob&) const = default;
};

// In this order and in one message: a source before its ports, because the server looks at the node's
// permission when a port's changes (PipeWire 1.4.2, impl-link.c, check_permission()).
struct UpdatePermissions {
    GlobalId client{};
    std::vector<std::pair<GlobalId, std::uint32_t>> objects;
    bool operator==(const UpdatePermissions&) const = default;
};

// Lets a client in that waited, or changes what it may do with everything that nothing more particular was said of, things to
// come included.
struct Admit {
    GlobalId client{};
    std::uint32_t any = 0;
    bool operator==(const Admit&) const = default;
};

// Other clients' objects, of which a client may know and which it can neither destroy nor change; not `on`: as its own default
// says. `upTo`: the arrival of the newest of them.
struct Shield {
    GlobalId client{};
    std::vector<GlobalId> others;
    bool on = true;
    std::uint64_t upTo = 0;
    bool operator==(const Shield&) const = default;
};

// A link, or a source that nothing else keeps from its maker.
struct Destroy {
    GlobalId object{};
    bool operator==(const Destroy&) const = default;
};

struct CreateLink {
    GlobalId outputNode{}, outputPort{}, inputNode{}, inputPort{};
    bool lingers = true; // outlives us
    bool operator==(const CreateLink&) const = default;
};

// The device's own switch and LED, through its Route. `save`: the session manager is to keep the route and what it then is, as
// it does of the user's own choice.
struct SetRouteMute {
    GlobalId device{};
    std::uint32_t route = 0;
    std::int32_t profileDevice = 0;
    bool mute = true;
    bool save = false;
    std::optional<GlobalId> process = std::nullopt;
    bool operator==(const SetRouteMute&) const = default;
};

// The user's own mute of a source, set on his behalf when the guard goes and lifted when it is back.
struct SetUserMute {
    GlobalId node{};
    bool mute = true;
    std::optional<GlobalId> process = std::nullopt;
    std::optional<GlobalId> card = std::nullopt; // the process of its device, which first tells of its routes
    bool operator==(const SetUserMute&) const = default;
};

// The mute of a source that the desktop's volume controls show, and which they and the microphone key change: the route's where
// there is one. Lifted, it is lifted on the node as well.
struct SetPanelMute {
    struct OfRoute {
        GlobalId device{};
        std::uint32_t index = 0;
        std::int32_t profileDevice = 0;
        bool save = false;
        std::optional<GlobalId> process = std::nullopt;
        bool operator==(const OfRoute&) const = default;
    };
    GlobalId node{};
    bool mute = true;
    std::optional<GlobalId> process = std::nullopt;
    std::optional<OfRoute> route = std::nullopt;
    bool operator==(const SetPanelMute&) const = default;
};

// Has a node allocate its buffers anew: whoever kept those that he was given while he was linked reads nothing new. Its
// listeners pause for a moment. In one go with it, on the same connection, `again`: links that are taken down before and made anew
// after; and `along`: nodes that are suspended after it (policy/renewal says why).
struct Suspend {
    struct Again {
        GlobalId link{};
        CreateLink made;
        bool operator==(const Again&) const = default;
    };
    GlobalId node{};
    std::optional<GlobalId> process = std::nullopt;
    std::vector<GlobalId> along = {};
    std::vector<Again> again = {};
    bool operator==(const Suspend&) const = default;
};

// The guard's own source, which plays silence to those that may hear nothing else and are to go on.
struct MakeSilence {
    bool operator==(const MakeSilence&) const = default;
};

// Has a node make its ports, as the session manager would: an input, and what goes into it out again where it `monitors`.
struct OpenPorts {
    GlobalId node{};
    bool monitors = false;
    std::optional<GlobalId> process = std::nullopt;
    bool operator==(const OpenPorts&) const = default;
};

} // namespace micguard::action

namespace micguard {

using Action = std::variant<action::SetKnob, action::UpdatePermissions, action::Admit, action::Shield,
                            action::Destroy, action::CreateLink, action::SetRouteMute, action::SetUserMute,
                            action::SetPanelMute, action::Suspend, action::MakeSilence, action::OpenPorts>;

} // namespace micguard
