// SPDX-License-Identifier: GPL-3.0-or-later
//
// The session bus side of the daemon: owns the name org.micguard.MicGuard1, mirrors a View as D-Bus objects
// and turns method calls into Requests. It decides nothing; who may do what is answered by Requests.
#pragma once

#include "config/value.hpp"
#include "daemon/history/query.hpp"
#include "daemon/history/report.hpp"
#include "daemon/model/rule_view.hpp"
#include "daemon/model/verify_view.hpp"
#include "daemon/model/view.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

struct sd_bus;

namespace micguard {

// Who calls, as the bus daemon's credentials say (never what the caller says of itself).
struct Caller {
    std::string uniqueName; // ":1.42"
    std::uint32_t pid = 0;  // 0: the bus could not tell
    std::uint32_t uid = 0xffffffff;
    bool uidKnown = false;
    std::string
        executable; // /proc/PID/exe; "" if unreadable, or in a mount namespace of its own, where a path lies
    std::string
        sandbox; // "" none, "flatpak", "snap", or "unknown" when it could not be told: treated as sandboxed
    std::string sandboxId; // application id of that sandbox, "" if only claimed
};

// A D-Bus error of the contract: `name` without the prefix org.micguard.MicGuard1.Error.
struct RequestError {
    std::string name; // NotGuaranteed AccessDenied NoSuchObject InvalidArgument InvalidConfig SessionLocked
                      // LimitExceeded Unavailable
    std::string message;
};

template <typename T>
using Result = tl::expected<T, RequestError>;

// Called once, now or later from the main context. Copies of it may outlive the caller and the Bus; answering
// a caller that has left the bus is harmless, a second answer is ignored, and destroying the last copy
// without an answer tells the caller that its call was dropped (org.freedesktop.DBus.Error.NoReply). The
// contract promises that whoever reads the properties after a reply finds what it says: see aboutToServe().
using ReplyVoid = std::function<void(Result<void>)>;
using ReplyBool = std::function<void(Result<bool>)>;
using ReplyVerify = std::function<void(Result<std::vector<VerifyResult>>)>;

// What SetRule may be told beside whom and what.
struct RuleOptions {
    std::optional<std::string> source;  // all if absent
    std::optional<std::uint64_t> until; // µs since the epoch; for ever if absent
    bool operator==(const RuleOptions&) const = default;
};

// The decisions behind the contract's methods. Implemented by the app. Main context only.
class Requests {
  public:
    virtual ~Requests() = default;

    // A call is about to be served, reads of properties too, that does more than mute: what the replies so far have promised
    // has to be published by now.
    virtual void aboutToServe() {}

    // Answers once the promise holds (or, for unmute, once the sources are open again).
    virtual void setMuted(const Caller& caller, bool muted, ReplyVoid reply) = 0;
    virtual void toggleMuted(const Caller& caller, ReplyBool reply) = 0;
    virtual Result<void> setMode(const Caller& caller, const std::string& mode) = 0;

    // Hands out a number for a hold that is in effect (hold-mute: once `reply` is called) until
    // dropHold(number). The bus keeps one end of a pipe and drops the hold, once, when the other end is
    // closed; one to unmute also when its holder leaves the bus. Limits (16 per process, 256 in all) and the reason's characters
    // have been checked.
    virtual void holdMute(const Caller& caller, const std::string& reason,
                          std::function<void(Result<std::uint64_t>)> reply) = 0;
    virtual void holdUnmute(const Caller& caller, const std::string& reason,
                            std::function<void(Result<std::uint64_t>)> reply) = 0;
    virtual void dropHold(std::uint64_t number) = 0;

    // Stop guarding in order: everything given back, the user's own mute set if it was muted. Then the daemon
    // exits.
    virtual void release(const Caller& caller, ReplyVoid reply) = 0;

    // The settings in force; a change to one, in the guard's own file; reading all files anew. The latter two answer
    // once what came of it is in force.
    virtual Result<std::vector<ShownSetting>> config(const Caller& caller) = 0;
    virtual void setConfig(const Caller& caller, const std::string& key, const SettingValue& value,
                           ReplyVoid reply) = 0;
    virtual void reload(const Caller& caller, ReplyVoid reply) = 0;

    // One application, by its view's key: muted by itself, and the question about it answered. Both answer
    // once what was said is in force.
    virtual void setApplicationMuted(const Caller& caller, std::uint64_t application, bool muted,
                                     ReplyVoid reply) = 0;
    virtual void answer(const Caller& caller, std::uint64_t application, bool allow, const std::string& scope,
                        ReplyVoid reply) = 0;
    // The caller's own application, until it lifts that or leaves the bus.
    virtual void muteOwnStreams(const Caller& caller, bool muted, ReplyVoid reply) = 0;
    // Somebody who called has left the bus.
    virtual void callerLeft(const std::string& uniqueName) = 0;
    // Rules about one application, in the guard's own file. Both answer once what came of it is in force. `app` is printable
    // and not empty, and so is a source.
    virtual void setRule(const Caller& caller, const std::string& app, const std::string& action,
                         const RuleOptions& options, ReplyVoid reply) = 0;
    virtual void forget(const Caller& caller, const std::string& app, ReplyVoid reply) = 0;
    virtual Result<std::vector<RuleView>> rules(const Caller& caller) = 0;
    virtual Result<Explanation> explain(const Caller& caller, const std::string& app) = 0;

    // What was written down, what follows from it, and its end. All three answer once the disk has.
    virtual void readHistory(const Caller& caller, const history::Filter& filter,
                             std::function<void(Result<std::vector<history::Entry>>)> reply) = 0;
    virtual void report(const Caller& caller, const history::ReportFilter& filter,
                        std::function<void(Result<std::vector<history::ReportRow>>)> reply) = 0;
    virtual void clearHistory(const Caller& caller, const history::ClearFilter& filter,
                              std::function<void(Result<std::uint64_t>)> reply) = 0;
    // A proof, by a program that listens; takes as long as it records.
    virtual void verify(const Caller& caller, const VerifyOptions& options, ReplyVerify reply) = 0;

    // A caller was turned away before any of the above was asked: for the journal.
    virtual void refused(const Caller&, const std::string& /*why*/) {}

    // What doctor shows: free-form facts as key, value ("pipewire.version", "source.<name>.method" …).
    virtual std::vector<std::pair<std::string, std::string>> diagnostics() = 0;
};

class Bus {
  public:
    // Connects to the session bus. Waits for nothing: a bus that does not answer, or goes again before it has, is a lost one
    // (onDisconnected). Does not take the name yet. `requests` must outlive the Bus. Destroying a Bus sends what is queued (waiting 200 ms at most), closes the holds'
    // pipes and calls dropHold for none of them. Error: a sentence for the log.
    static tl::expected<std::unique_ptr<Bus>, std::string> connect(Requests& requests);
    virtual ~Bus() = default;
    Bus(const Bus&) = delete;
    Bus& operator=(const Bus&) = delete;

    // Takes the well-known name without queueing or replacing, and says how that went: before this returns, if the bus answers
    // within `patience` (for the start, not for the loop), else whenever it does. Not at all if the connection is lost first. Error: a
    // sentence that names the owner (unique name and pid) if somebody else has it.
    using Named = std::function<void(const tl::expected<void, std::string>&)>;
    virtual void takeName(std::chrono::milliseconds patience, Named named) = 0;

    // The state to show from now on. Emits PropertiesChanged, InterfacesAdded/Removed and
    // CaptureStarted/CaptureStopped for every difference to the one before.
    virtual void publish(const View& view) = 0;

    // Of an application in the View shown last.
    virtual void blocked(std::uint64_t applicationKey, const std::string& reason) = 0;
    virtual void asked(std::uint64_t applicationKey) = 0;

    // A hold ended by itself (its time limit, SetMuted(true) over a HoldUnmute): tells its holder by closing
    // the pipe. dropHold is not called for it.
    virtual void holdEnded(std::uint64_t number) = 0;

    // Called when the connection to the bus is lost; may destroy the Bus. Every HoldUnmute has been dropped
    // by then. A HoldMute goes on until its descriptor is closed or the Bus is destroyed.
    std::function<void()> onDisconnected;

  protected:
    Bus() = default;
};

} // namespace micguard
