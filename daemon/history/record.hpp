// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is written down, as values: metadata, never a sample. Made by comparing one View with the next (chronicle), stored
// by Store, read back by queries and the report.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

namespace micguard::history {

using Moment = std::uint64_t; // µs since the epoch

struct Who {
    std::string appId;
    std::string name;
    std::string identity; // kernel sandbox claimed
    auto operator<=>(const Who&) const = default;
};

// What begins and ends has a number of its own, never used twice in a daemon's life; the Store makes it a row for good.
enum class Key : std::uint64_t {};

// One to a line.
// clang-format off

// An application captures from a source, or would, were it not silenced: what CaptureStarted and CaptureStopped say.
struct SessionBegan { Key key{}; Moment at = 0; Who who; std::string source; bool levelMeter = false; };
struct SessionEnded { Key key{}; Moment at = 0; };

// The global mute, whoever keeps it.
struct MuteBegan { Key key{}; Moment at = 0; std::string by; std::string reason; };
struct MuteEnded { Key key{}; Moment at = 0; };

struct Blocked { Moment at = 0; Who who; std::string source; std::string reason; };
struct Answered { Moment at = 0; Who who; std::string by; std::string answer; };

// A caller on the bus was told no. `by`: its executable or its sandbox's id.
struct Refused { Moment at = 0; std::string by; std::string reason; };

struct WarningBegan { Key key{}; Moment at = 0; std::string id; std::string text; };
struct WarningEnded { Key key{}; Moment at = 0; };

// What the streams of one application did, while the system held the mute or the application had muted itself
// (MuteOwnStreams). What has another value is another one; while there is none, it had no stream.
enum class Doing {
    Holding, // open, but paused or corked
    Asking   // a stream runs, or would: it asks for samples
};
struct ActivityBegan {
    Key key{};
    Moment at = 0;
    Who who;
    std::string source;        // of its liveliest stream
    Doing doing = Doing::Holding;
    bool muted = false;        // by the system
    bool ownMute = false;      // by the application itself
    bool assumed = false;      // not known: as it was known last, or the worst
    bool levelMeter = false;   // it has nothing else
    std::uint32_t rate = 0;    // samples per second, of all its asking streams and channels together
};
struct ActivityEnded { Key key{}; Moment at = 0; };
// clang-format on

using Record = std::variant<SessionBegan, SessionEnded, MuteBegan, MuteEnded, Blocked, Answered, Refused,
                            WarningBegan, WarningEnded, ActivityBegan, ActivityEnded>;

} // namespace micguard::history
