// SPDX-License-Identifier: GPL-3.0-or-later
//
// A private dbus-daemon, the daemon's Bus on it with Requests that record, and clients that are not sd-bus
// (GDBus), all on one main context. Waits for events, never for time; whatever does not come within the
// watchdog's time fails.
#pragma once

#include "daemon/bus/bus.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gio/gio.h>

namespace micguard::test {

struct VariantUnref {
    void operator()(GVariant* variant) const { g_variant_unref(variant); }
};
using Variant = std::unique_ptr<GVariant, VariantUnref>;

// Iterates the default main context until `done`; false after five seconds without.
bool runUntil(const std::function<bool()>& done);

// dbus-daemon as a child, ended by its pid. Sets DBUS_SESSION_BUS_ADDRESS.
class PrivateBus {
  public:
    PrivateBus();
    ~PrivateBus();
    PrivateBus(const PrivateBus&) = delete;
    PrivateBus& operator=(const PrivateBus&) = delete;

    const std::string& address() const { return address_; }
    void end(); // kills it now

  private:
    std::string folder_;
    std::string address_;
    GPid pid_ = 0;
};

// Records what is asked and answers at once, unless told to keep the reply for later.
class FakeRequests : public Requests {
  public:
    void aboutToServe() override {
        if (whenServing)
            whenServing();
    }
    void setMuted(const Caller& caller, bool muted, ReplyVoid reply) override;
    void toggleMuted(const Caller& caller, ReplyBool reply) override;
    Result<void> setMode(const Caller& caller, const std::string& mode) override;
    void holdMute(const Caller& caller, const std::string& reason,
                  std::function<void(Result<std::uint64_t>)> reply) override;
    void holdUnmute(const Caller& caller, const std::string& reason,
                    std::function<void(Result<std::uint64_t>)> reply) override;
    void dropHold(std::uint64_t number) override;
    void release(const Caller& caller, ReplyVoid reply) override;
    Result<std::vector<ShownSetting>> config(const Caller& caller) override;
    void setConfig(const Caller& caller, const std::string& key, const SettingValue& value,
                   ReplyVoid reply) override;
    void reload(const Caller& caller, ReplyVoid reply) override;
    void setApplicationMuted(const Caller& caller, std::uint64_t application, bool muted,
                             ReplyVoid reply) override;
    void answer(const Caller& caller, std::uint64_t application, bool allow, const std::string& scope,
                ReplyVoid reply) override;
    void muteOwnStreams(const Caller& caller, bool muted, ReplyVoid reply) override;
    void callerLeft(const std::string& uniqueName) override;
    void setRule(const Caller& caller, const std::string& app, const std::string& action,
                 const RuleOptions& options, ReplyVoid reply) override;
    void forget(const Caller& caller, const std::string& app, ReplyVoid reply) override;
    Result<std::vector<RuleView>> rules(const Caller& caller) override;
    Result<Explanation> explain(const Caller& caller, const std::string& app) override;
    void readHistory(const Caller& caller, const history::Filter& filter,
                     std::function<void(Result<std::vector<history::Entry>>)> reply) override;
    void report(const Caller& caller, const history::ReportFilter& filter,
                std::function<void(Result<std::vector<history::ReportRow>>)> reply) override;
    void clearHistory(const Caller& caller, const history::ClearFilter& filter,
                      std::function<void(Result<std::uint64_t>)> reply) override;
    void verify(const Caller& caller, const VerifyOptions& wanted, ReplyVerify reply) override;
    std::vector<std::pair<std::string, std::string>> diagnostics() override;

    std::vector<ShownSetting> settings;   // what config() answers
    std::vector<SettingValue> values;     // what setConfig() got
    std::vector<RuleOptions> options;     // what setRule() got
    std::vector<RuleView> shownRules;     // what rules() answers
    Explanation explanation;              // what explain() answers
    std::vector<history::Filter> filters; // what readHistory() got
    std::vector<history::ReportFilter> reportFilters;
    std::vector<history::ReportRow> rows; // what report() answers
    std::vector<history::ClearFilter> clearFilters;
    std::vector<history::Entry> entries; // what readHistory() answers
    std::vector<VerifyOptions> proofs;   // what verify() got
    std::vector<VerifyResult> proven;    // what it answers
    std::vector<std::string> calls;      // "setMuted true", "holdMute why -> 1", "dropHold 1" …
    std::vector<Caller> callers;
    std::vector<std::string> left;       // unique names
    std::optional<RequestError> refusal; // answered instead
    std::function<void()> whenServing;
    bool keepReplies = false;                // into `kept`, not answered
    std::vector<std::function<void()>> kept; // answers as it would have
    std::uint64_t nextHold = 1;

  private:
    void record(const Caller& caller, std::string call);
    void answer(std::function<void()> now);
};

struct Signal {
    std::string path;
    std::string member; // without the interface
    std::string text;   // the arguments, as g_variant_print writes them
};

struct Answer {
    Variant value;     // null on error
    std::string error; // D-Bus error name
    std::string message;
    std::vector<int> fds; // the caller's to close
};

class Client {
  public:
    explicit Client(const std::string& address);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    // `arguments` may be floating or null. Waits for the answer.
    Answer call(const std::string& path, const std::string& interface, const std::string& member,
                GVariant* arguments = nullptr);
    Answer guard(const std::string& member, GVariant* arguments = nullptr);
    // Sends a call and does not wait; the answer comes into `into`.
    void send(const std::string& member, GVariant* arguments, std::optional<Answer>& into);

    // Waits until the bus has handed on all that was sent, without letting the daemon's side run.
    void delivered();

    Variant get(const std::string& path, const std::string& interface, const std::string& property);

    // Everything that the daemon has emitted since the last time, in order. Waits until all that was sent
    // before is here (a call's answer cannot overtake it).
    std::vector<Signal> signals();

    std::string uniqueName() const;
    void leave(); // closes the connection

  private:
    GDBusConnection* connection_;
    guint subscription_;
    std::vector<Signal> signals_;
};

// Takes the name, and waits for the answer.
tl::expected<void, std::string> nameTaken(Bus& bus);

struct BusFixture {
    PrivateBus privateBus;
    FakeRequests requests;
    std::unique_ptr<Bus> bus;
    std::unique_ptr<Client> client;

    BusFixture(); // connected, named, with an empty View shown
};

std::string printed(GVariant* variant);

} // namespace micguard::test
