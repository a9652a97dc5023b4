// SPDX-License-Identifier: GPL-3.0-or-later
//
// The whole daemon on one screen: who owns what, and the order in which an event goes through the house.
//
//   PipeWireServer, Bus, signals, timers ──> receive(event) ──> Model ──> Enforcer (evaluate, plan, perform)
//                                                                 └──> marker, state, bus, waiting callers
#pragma once

#include "config/settings.hpp"
#include "daemon/bus/bus.hpp"
#include "daemon/bypass/bypass_watch.hpp"
#include "daemon/clock/clock.hpp"
#include "daemon/desktop/bus_link.hpp"
#include "daemon/desktop/desktop_watch.hpp"
#include "daemon/desktop/notification_server.hpp"
#include "daemon/desktop/permission_store.hpp"
#include "daemon/desktop/portal_shortcuts.hpp"
#include "daemon/desktop/privacy_switch.hpp"
#include "daemon/desktop/session_watch.hpp"
#include "daemon/enforce/enforcer.hpp"
#include "daemon/history/chronicle.hpp"
#include "daemon/history/history.hpp"
#include "daemon/journal/journal.hpp"
#include "daemon/journal/telling.hpp"
#include "daemon/model/model.hpp"
#include "daemon/notify/notices.hpp"
#include "daemon/pipewire/pipewire_server.hpp"
#include "daemon/policy/describe.hpp"
#include "daemon/process/pulse_watch.hpp"
#include "daemon/reload/config_source.hpp"
#include "daemon/reload/rule_check.hpp"
#include "daemon/state/admission_links.hpp"
#include "daemon/state/store.hpp"
#include "daemon/verify/verifier.hpp"
#include "proof/program.hpp"

#include <chrono>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include <glib.h>

namespace micguard {

class App final : public Requests {
  public:
    struct Options {
        std::optional<std::string> configFile; // instead of the usual files
        bool releaseLeftovers = false;         // give back what a killed guard left, then end
        // The same, and end only with the server, if that lets new clients wait.
        bool letIn = false;
        // For tests: sound cards and journal are looked for in this folder; "": the machine's.
        std::string machine;
    };

    explicit App(Options options);
    ~App() override;

    // Its time is when the guard was last alive, for the history.
    static std::string historyStamp();

    // Until a signal or Release(). The process's exit code.
    int run();

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
    void verify(const Caller& caller, const VerifyOptions& options, ReplyVerify reply) override;
    std::vector<std::pair<std::string, std::string>> diagnostics() override;
    void refused(const Caller& caller, const std::string& why) override;
    void aboutToServe() override;

  private:
    // Somebody waits until the promise holds (or, unmuting, until everything sent is carried out).
    struct Waiter {
        bool forMute;
        ReplyVoid done;
        guint timer = 0;
        App* app = nullptr;
    };

    void receive(const Event& event);
    bool enforce(); // true: something was sent
    void settle();
    void settleSoon();
    bool answerRead(bool nothingLeft);
    void publishIn(guint milliseconds);
    void publish();
    View describe();
    void show(View view); // as publish(), where it was described before
    void persist();
    bool answerWaiters(); // true if anybody was answered
    void waitFor(bool forMute, ReplyVoid done);
    void watchEvidence();
    void announceMute();
    void tellBlocked(const View& view);
    void tellRuledOut(const View& view);
    void tellAsked();
    bool isOwnProof(const std::string& application) const;
    void watchQuestions(const std::set<std::string>& waiting);
    void endAnswers();
    void readLineages(GlobalId client);
    void keepOwnMutes();
    void writeDown(const Answer& answer, const Rule& rule, ReplyVoid reply);
    void sendBlocked(const ApplicationView& application, const std::string& source,
                     const std::string& reason);
    void useHistory();
    void tell(const std::vector<journal::Line>& lines);
    void tellOmitted();
    void tellQuestionsClosed();
    std::string microphoneAsked(const std::string& application) const;
    void noteAnswer(const Answer& answer, const std::string& by);
    std::string whyUnmuted() const;
    void watchSandboxes();
    void recordAnew();
    Result<void> mayControl(const Caller& caller, const char* what);
    Result<void> mayLoosen(const Caller& caller, const char* what);
    Result<void> loosenedNow(const Caller& caller, const char* what) const;
    Result<void> mayLoosenBy(std::uint32_t pid, const char* what);
    Result<void> noteRefusal(const Caller& caller, Result<void> allowed);
    const ApplicationView* shownApplication(std::uint64_t key) const;
    static ConfigSource::Places configPlaces(const Options& options);
    static BypassPlaces bypassPlaces(const Options& options);
    static std::string journalSocket(const Options& options);
    void useConfiguration(const Loaded& loaded);
    static void journalOnce(Diagnostics& told, const Diagnostics& found);
    void warnOf(const char* id, Diagnostics& told, const Diagnostics& found);
    ConfigSource::Done onceInForce(ReplyVoid reply);
    void end(); // ordered by a signal
    void startRelease(int exitCode);
    void finishRelease();
    void endRelease(const Result<void>& result);
    bool isOver(const Event& event) const;
    void letIn();
    void leaveDoorOpen() const;
    void watchShown();
    void watchRoutes();
    void watchPulse();
    void usePulsePeers(std::uint64_t generation, const PulsePeers& peers);
    void tellTime(const LocalTime& time);
    void useLink(GDBusConnection* bus);
    void useDesktop();
    void tellNotices();
    void useNotice(const std::string& key, const std::string& action);
    void answerBy(const std::string& by, std::uint64_t application, bool allow, const std::string& scope,
                  ReplyVoid reply);
    bool pressButton(bool muted, const std::string& who);
    void useTalkKey(bool down);
    void useToggleKey();
    std::uint64_t takeLive(const std::string& owner, const std::string& ownerText, const std::string& reason);
    void endLive(std::uint64_t number);
    void tellTalkEnded(const std::vector<Hold>& before);
    void forgetLimits();
    void useLock(bool locked);
    void useSleep(bool asleep);
    void usePrivacy(bool on);
    void rememberPermissions();
    void usePermissions(const PermissionStore::Words& words);
    void storePermission(const Rule& rule);
    void dropPermission(const std::string& app);
    std::string nameInStore(const std::string& app) const;
    void forgetStricter(const std::string& app);
    Result<void> unlessLocked() const;
    Result<void> unlessLocked(const Caller& caller);
    void linkAdmission();
    void tellAdmission();
    bool isNewClient(const Event& event) const;
    void connectBus(std::chrono::milliseconds patience);
    void connectBusLater();
    void startHistory();
    void notifyReady();
    void checkRules();

    static journal::Instant instant() { return static_cast<journal::Instant>(g_get_monotonic_time()); }
    static std::uint64_t now() { return static_cast<std::uint64_t>(g_get_real_time()); } // µs since the epoch
    static void cancelTimer(guint& source) {
        if (source)
            g_source_remove(std::exchange(source, 0));
    }

    static constexpr guint longestReleaseMs = 2000;
    // Asked to go for good: systemd must not restart what the user released (RestartPreventExitStatus=).
    static constexpr int releasedExitCode = 77;

    Options options_;
    std::unique_ptr<GMainLoop, decltype(&g_main_loop_unref)> loop_;
    Model model_;
    PipeWireServer server_;
    Enforcer enforcer_;
    Clock clock_{[this](const LocalTime& time) { tellTime(time); }};
    DesktopWatch desktop_{[this](std::vector<DesktopEntry> entries) {
        receive(event::DesktopEntriesRead{std::move(entries)});
    }};
    SessionWatch session_{
        {[this](bool locked) { useLock(locked); }, [this](bool asleep) { useSleep(asleep); }}};
    Notices notices_;
    NotificationServer notifications_{
        [this](const std::string& key, const std::string& action) { useNotice(key, action); }};
    std::map<std::uint64_t, Notices::Question> notTaken_; // answers, by application
    PortalShortcuts shortcuts_{{[this](bool down) { useTalkKey(down); }, [this] { useToggleKey(); }}};
    BusLink link_{[this](GDBusConnection* bus) { useLink(bus); }};
    std::optional<std::uint64_t> talkHold_;     // while the key is down
    std::map<std::uint64_t, guint> liveLimits_; // timers, by hold
    PrivacySwitch privacy_{[this](bool on) { usePrivacy(on); }};
    PermissionStore permissions_{[this](const PermissionStore::Words& words) { usePermissions(words); }};
    PermissionStore::Words
        permissionsBefore_; // what the store said before, also to the guard before this one
    PulseWatch pulse_{
        [this](std::uint64_t generation, const PulsePeers& peers) { usePulsePeers(generation, peers); }};
    std::uint64_t pulseAsked_ = 0;
    Verifier verifier_{proof::programPath()};
    BypassWatch bypass_;
    journal::Journal journal_;
    journal::Telling telling_;
    std::set<std::pair<std::string, std::string>> refusals_; // who was refused, and what: the first ones
    struct OpenQuestion {
        journal::About about;
        std::string answer, by; // once there is one
    };
    std::map<std::string, OpenQuestion> questionsTold_; // to the journal, by application
    Describer describer_;
    Store store_;
    history::Chronicle chronicle_;
    history::History history_;
    std::uint64_t historyLost_ = 0;
    bool keepsHistory_ = false;
    Configuration configuration_; // in force
    bool configured_ = false;
    Diagnostics configErrorsTold_, configNotesTold_, idleRulesTold_, contradictionsTold_; // to the journal
    RuleCheck ruleCheck_, contradictionCheck_;
    ConfigSource config_;
    std::unique_ptr<Bus> bus_;
    View view_;
    Guarantee guarantee_;
    Enforcer::Awaited awaited_; // when the timer for it was started
    // Its time is up; the server is being asked whether that is its own doing.
    struct Lateness {
        std::uint64_t asked = 0;
        unsigned left = 0; // answers
    };
    std::optional<Lateness> lateness_;
    std::list<Waiter> waiters_;
    std::vector<std::pair<Serial, std::uint32_t>> unsettled_; // routes, when the timer for them was started
    std::set<std::uint64_t> streamsAtMute_, blockedTold_;
    std::set<std::tuple<std::string, std::uint64_t, std::string>> ruledOutTold_; // application, source, why
    std::set<std::string> lapsing_; // questions that nobody waited for when the timer for them was started
    std::uint64_t nextAnswer_ = 1;
    std::uint64_t nextHold_ = 1;
    std::string lastCookie_;
    bool modeChosen_ = false;
    bool mutedTold_ = false; // to the journal
    bool ready_ = false;
    bool replied_ = false; // and not published yet
    bool releasing_ = false;
    // Everything is given back, and who waits is let in until a guard comes or the server goes.
    bool lettingIn_ = false;
    bool newcomers_ = false; // seen, and not answered yet
    int exitCode_ = 0;
    std::vector<ReplyVoid> releaseReplies_;
    std::vector<Serial> unsettledNodes_; // sources, likewise
    guint settleSource_ = 0, evidenceTimer_ = 0, shownTimer_ = 0, releaseTimer_ = 0, busTimer_ = 0,
          publishTimer_ = 0, routesTimer_ = 0, questionsTimer_ = 0, omittedTimer_ = 0, watchdog_ = 0;
};

} // namespace micguard
