// SPDX-License-Identifier: GPL-3.0-or-later
//
// What callers on the bus ask of the App: who may, what event it is, and when the answer is due.
#include "daemon/app.hpp"

#include "config/keys.hpp"
#include "config/wording.hpp"
#include "daemon/bus/stop_job.hpp"
#include "daemon/desktop/priority.hpp"
#include "daemon/loop/loop_watch.hpp"
#include "daemon/memory_use.hpp"
#include "daemon/permitted.hpp"
#include "daemon/policy/admission.hpp"
#include "daemon/policy/classify.hpp"
#include "daemon/policy/plan.hpp"
#include "daemon/policy/why.hpp"
#include "daemon/process/process.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unistd.h>

#include "micguard-config.h"

namespace micguard {
namespace {

// A caller is told what is not confirmed rather than kept waiting.
constexpr guint guaranteeMs = 1000;

bool environmentIs(const char* name, const std::string& value) {
    const char* set = g_getenv(name);
    return set && value == set;
}

// Is this the process that systemd started for a unit?
bool ofUnit() {
    return environmentIs("SYSTEMD_EXEC_PID", std::to_string(getpid()));
}

std::string join(const std::vector<std::string>& names) {
    std::string text;
    for (const auto& name : names)
        text += (text.empty() ? "" : ", ") + name;
    return text;
}

// The microphones for which a mute does not hold yet; where there is none, or nothing was to be muted, who has not answered.
std::string unconfirmed(const std::vector<std::string>& sources, const std::vector<std::string>& owing) {
    const std::string text = "not confirmed in time";
    if (!sources.empty())
        return text + ": " + join(sources);
    if (owing.empty())
        return text;
    return text + ": " + join(owing) + (owing.size() == 1 ? " has" : " have") + " not answered";
}

// What the history cannot answer, for whoever asked over the bus.
template <typename T>
history::History::Reply<T> orUnavailable(std::function<void(Result<T>)> reply) {
    return [reply = std::move(reply)](tl::expected<T, std::string> answer) {
        reply(std::move(answer).map_error([](const std::string& why) {
            return RequestError{"Unavailable", why};
        }));
    };
}

} // namespace

// Whoever is told no is named where people look for it. How often is limited by what the journal bears, so that nobody
// fills a disk by asking; but what somebody is refused for the first time is in the history whatever he was refused before.
void App::refused(const Caller& caller, const std::string& why) {
    const std::string id = idOf(caller);
    const auto lines = telling_.refused(id, caller.pid, why, instant());
    tell(lines);
    // Without the process's number: each would be an entry of its own.
    std::string reason = why;
    if (const auto name = nameOf(caller) + ": "; reason.starts_with(name))
        reason.erase(0, name.size());
    constexpr std::size_t mostRefusals = 256;
    const bool first = refusals_.size() < mostRefusals && refusals_.insert({id, reason}).second;
    if (first || !lines.empty())
        history_.record({history::Refused{now(), id, reason}});
}

Result<void> App::noteRefusal(const Caller& caller, Result<void> allowed) {
    if (!allowed)
        refused(caller, allowed.error().message);
    return allowed;
}

Result<void> App::mayControl(const Caller& caller, const char* what) {
    return noteRefusal(caller, controlledBy(caller, what));
}

// Read anew each time: it may have become another program since its first call.
Result<void> App::mayLoosen(const Caller& caller, const char* what) {
    if (auto allowed = mayControl(caller, what); !allowed)
        return allowed;
    return noteRefusal(caller, loosenedNow(caller, what));
}

Result<void> App::loosenedNow(const Caller& caller, const char* what) const {
    const auto& bus = configuration_.settings.bus;
    return loosenedBy(caller, bus, bus.trustedOnly ? readProcess(caller.pid) : ProcessFacts{}, what);
}

// Not by a call of its own: a button of the notification server's, a key of the portal's. Whoever has their names says what was
// pressed.
Result<void> App::mayLoosenBy(std::uint32_t pid, const char* what) {
    if (!configuration_.settings.bus.trustedOnly)
        return {};
    Caller caller;
    caller.pid = pid;
    caller.executable = readProcess(pid).executable;
    return noteRefusal(caller, loosenedNow(caller, what));
}

void App::waitFor(bool forMute, ReplyVoid done) {
    auto& waiter = waiters_.emplace_back(Waiter{forMute, std::move(done), 0, this});
    waiter.timer = g_timeout_add(
        guaranteeMs,
        [](gpointer data) -> gboolean {
            auto* late = static_cast<Waiter*>(data);
            App* app = late->app;
            late->timer = 0;
            const auto it = std::find_if(app->waiters_.begin(), app->waiters_.end(),
                                         [&](const Waiter& w) { return &w == late; });
            const ReplyVoid reply = std::move(it->done);
            const bool mute = it->forMute;
            app->waiters_.erase(it);
            const std::string text = unconfirmed(mute ? app->guarantee_.waiting : std::vector<std::string>{},
                                                 app->enforcer_.owing());
            // Nothing is promised of what is to be loosened, or of rules: who asked for it is told.
            if (mute)
                app->receive(event::Warned{"degraded:guarantee", text});
            reply(tl::unexpected(RequestError{"NotGuaranteed", text}));
            return G_SOURCE_REMOVE;
        },
        &waiter);
    settleSoon();
}

bool App::answerWaiters() {
    if (guarantee_.holds && model_.warnings.contains("degraded:guarantee"))
        model_.apply(event::Warned{"degraded:guarantee", ""});
    // Whoever is answered may come back at once, even to here: first all of them are taken off the list.
    std::vector<std::pair<ReplyVoid, Result<void>>> ready;
    for (auto it = waiters_.begin(); it != waiters_.end();) {
        const bool muted = model_.mute.muted();
        Result<void> answer;
        if (it->forMute && !muted)
            answer = tl::unexpected(RequestError{"NotGuaranteed", "unmuted again before it was in force"});
        else if (it->forMute ? !guarantee_.holds : !enforcer_.quiet()) {
            ++it;
            continue;
        }
        cancelTimer(it->timer);
        ready.emplace_back(std::move(it->done), answer);
        it = waiters_.erase(it);
    }
    for (const auto& [done, answer] : ready)
        done(answer);
    return !ready.empty();
}

// false: the desktop's privacy switch is on and stays so.
bool App::pressButton(bool muted, const std::string& who) {
    // Whoever unmutes turns the desktop's switch off, as he would there.
    if (!muted && model_.mute.privacy && !privacy_.turnOff())
        return false;
    receive(event::UserMute{muted, who, "", now()});
    return true;
}

void App::setMuted(const Caller& caller, bool muted, ReplyVoid reply) {
    if (const auto allowed = muted ? mayControl(caller, "mute everybody") : mayLoosen(caller, "unmute");
        !allowed)
        return reply(allowed);
    if (!muted)
        if (const auto open = unlessLocked(caller); !open)
            return reply(open);
    if (!pressButton(muted, nameOf(caller)))
        return reply(noteRefusal(
            caller, tl::unexpected(RequestError{
                        "AccessDenied",
                        "the desktop's privacy switch is on, and the settings do not let us turn it off"})));
    waitFor(muted, std::move(reply));
}

void App::toggleMuted(const Caller& caller, ReplyBool reply) {
    const bool muted = model_.mute.nextPressMutes();
    setMuted(caller, muted, [reply = std::move(reply), muted](Result<void> result) {
        if (result)
            reply(muted);
        else
            reply(tl::unexpected(result.error()));
    });
}

Result<void> App::setMode(const Caller& caller, const std::string& mode) {
    if (auto allowed = mayControl(caller, "choose the mode"); !allowed)
        return allowed;
    const auto chosen = modeFromString(mode);
    if (!chosen)
        return tl::unexpected(
            RequestError{"InvalidArgument", "mode is \"silence\" or \"sever\", not \"" + mode + "\""});
    // What `silence` leaves linked can be turned up by who may write there.
    if (*chosen != Mode::Sever && model_.mute.mode == Mode::Sever)
        if (auto allowed = mayLoosen(caller, "give up the mode sever"); !allowed)
            return allowed;
    if (const auto final = configuration_.finals.find("mute.mode");
        final != configuration_.finals.end() && *chosen != configuration_.settings.mute.mode)
        return tl::unexpected(
            RequestError{"InvalidConfig", "mute.mode is final, by " + toString(final->second)});
    modeChosen_ = true;
    receive(event::ModeChosen{*chosen});
    settle();
    return {};
}

void App::holdMute(const Caller& caller, const std::string& reason,
                   std::function<void(Result<std::uint64_t>)> reply) {
    if (const auto allowed = mayControl(caller, "mute everybody"); !allowed)
        return reply(tl::unexpected(allowed.error()));
    const std::uint64_t number = nextHold_++;
    receive(event::HoldTaken{{number, true, caller.uniqueName, nameOf(caller), reason, 0}, now()});
    waitFor(true, [this, number, reply = std::move(reply)](Result<void> result) {
        if (result)
            return reply(number);
        receive(event::HoldDropped{number, now()});
        reply(tl::unexpected(result.error()));
    });
}

void App::holdUnmute(const Caller& caller, const std::string& reason,
                     std::function<void(Result<std::uint64_t>)> reply) {
    if (const auto allowed = mayLoosen(caller, "unmute"); !allowed)
        return reply(tl::unexpected(allowed.error()));
    if (const auto open = unlessLocked(caller); !open)
        return reply(tl::unexpected(open.error()));
    if (model_.mute.suspended || model_.mute.privacy || model_.mute.heldMuted()) {
        const RequestError held{"AccessDenied", "the microphones are " + whyMuted(model_)};
        refused(caller, held.message);
        return reply(tl::unexpected(held));
    }
    const std::uint64_t number = takeLive(caller.uniqueName, nameOf(caller), reason);
    waitFor(false, [this, number, reply = std::move(reply)](Result<void> result) {
        // It may have been ended meanwhile, by the button, its limit, or the desktop; there was nobody to tell yet.
        const auto& holds = model_.mute.holds;
        const bool ended =
            std::none_of(holds.begin(), holds.end(), [&](const Hold& hold) { return hold.number == number; });
        if (result && !ended)
            return reply(number);
        dropHold(number);
        reply(tl::unexpected(
            result ? RequestError{"NotGuaranteed",
                                  "ended before it began: the microphones are " + whyMuted(model_)}
                   : result.error()));
    });
}

// In force at once; told in the next turn of the loop, once for all that a process held when it went.
void App::dropHold(std::uint64_t number) {
    receive(event::HoldDropped{number, now()});
}

void App::release(const Caller& caller, ReplyVoid reply) {
    if (const auto allowed = mayLoosen(caller, "release the guard"); !allowed)
        return reply(allowed);
    if (const auto open = unlessLocked(caller); !open)
        return reply(open);
    releaseReplies_.push_back(std::move(reply));
    startRelease(releasedExitCode);
}

// A restart of the unit, after an upgrade for one, is handed over as a crash is: the server keeps what is in force, and the
// next guard takes it over by the marker. Given back in between, a microphone would be open to whoever turns it up at that
// moment, and under strict admission everything to everybody.
void App::end() {
    // Who lets in leaves nothing behind: at the end of a release he would only begin to.
    if (options_.letIn)
        return g_main_loop_quit(loop_.get());
    if (!releasing_ && ofUnit() && unitIsBeingRestarted()) {
        journal::notify("STOPPING=1");
        g_main_loop_quit(loop_.get());
        return;
    }
    startRelease(0);
}

void App::startRelease(int exitCode) {
    if (releasing_)
        return;
    releasing_ = true;
    exitCode_ = exitCode;
    journal::notify("STOPPING=1");
    // Anew: the one from the start of a passing run is for a server that never comes or never tells.
    cancelTimer(releaseTimer_);
    releaseTimer_ = g_timeout_add(
        longestReleaseMs,
        [](gpointer self) -> gboolean {
            auto* app = static_cast<App*>(self);
            app->releaseTimer_ = 0;
            app->endRelease(
                tl::unexpected(RequestError{"NotGuaranteed", "not everything could be given back in time"}));
            return G_SOURCE_REMOVE;
        },
        this);
    if (options_.releaseLeftovers)
        enforcer_.adoptProtection();
    receive(event::Released{true, options_.releaseLeftovers});
    settle();
}

void App::finishRelease() {
    // Of a connection that was cut and is being made anew it is not known yet what there is.
    if (model_.trying || (model_.connected && !model_.listComplete))
        return;
    // A mute that comes meanwhile is answered when the ordinary mutes that take its place are confirmed.
    if (!waiters_.empty())
        return;
    // Late is better than lost: what a process was asked goes with the connection over which it was.
    if (!enforcer_.allAnswered() || !plan(model_, enforcer_.verdicts()).empty())
        return;
    // The stand-in mutes are confirmed by readings that may still be on their way.
    if (model_.mute.muted())
        for (const auto& verdict : enforcer_.verdicts().sources) {
            const Node* node = model_.graph.node(verdict.node);
            const auto knob = node ? model_.applied.knobs.find(node->serial) : model_.applied.knobs.end();
            if (knob != model_.applied.knobs.end() && knob->second.silent && !verdict.silent)
                return;
        }
    endRelease({});
}

void App::endRelease(const Result<void>& result) {
    if (!result)
        g_warning("%s", result.error().message.c_str());
    // The bus sends what is queued before it goes.
    for (const auto& reply : std::exchange(releaseReplies_, {}))
        reply(result);
    // By the settings: the session manager may have been restarted with its fragment, and the server not with its own.
    if (model_.connected && (model_.graph.admissionOurs || model_.settings.admission.strict)) {
        if (options_.letIn)
            return letIn();
        leaveDoorOpen();
    }
    g_main_loop_quit(loop_.get());
}

// Who lets in while there is no guard goes with the server, or for a guard that comes. Of one whose connection is there already
// it is not known whether he stays (this may have been started because he goes): that is looked at a while later. A connection
// that is cut while the server goes on is made anew.
bool App::isOver(const Event& event) const {
    if (const auto* seen = std::get_if<event::ClientSeen>(&event))
        return model_.listComplete && isAnotherGuard(seen->client);
    if (const auto* gone = std::get_if<event::Disconnected>(&event))
        return !gone->trying;
    const auto* connected = std::get_if<event::Connected>(&event);
    return connected && connected->cookie != lastCookie_;
}

void App::letIn() {
    lettingIn_ = true;
    cancelTimer(releaseTimer_);
    constexpr guint longestGoodbyeMs = 2000;
    releaseTimer_ = g_timeout_add(
        longestGoodbyeMs,
        [](gpointer self) -> gboolean {
            auto* app = static_cast<App*>(self);
            app->releaseTimer_ = 0;
            const auto& clients = app->model_.graph.clients;
            if (std::any_of(clients.begin(), clients.end(),
                            [](const auto& entry) { return isAnotherGuard(entry.second); }))
                g_main_loop_quit(app->loop_.get());
            return G_SOURCE_REMOVE;
        },
        this);
}

// A server that was started for strict admission lets every new client wait and bears its microphones silent, guard or no guard:
// unless another one is about to come, somebody has to stay who lets them in, and opens these. Of the unit's processes that is for
// the last one to see to (ExecStopPost=).
void App::leaveDoorOpen() const {
    if (ofUnit() && options_.releaseLeftovers) {
        const bool forGood =
            environmentIs("EXIT_STATUS", std::to_string(releasedExitCode)) || unitIsBeingStopped();
        if (forGood && !startUnit("micguard-let-in.service"))
            g_warning("nobody lets PipeWire's new clients in: micguard-let-in.service does not start");
        return;
    }
    if (ofUnit() || options_.releaseLeftovers)
        return;
    const std::unique_ptr<gchar, decltype(&g_free)> program(g_file_read_link("/proc/self/exe", nullptr),
                                                            g_free);
    const std::unique_ptr<gchar*, decltype(&g_strfreev)> variables(
        g_environ_unsetenv(g_get_environ(), "NOTIFY_SOCKET"), g_strfreev);
    char option[] = "--let-in";
    gchar* argv[] = {program.get(), option, nullptr};
    GError* error = nullptr;
    if (!program ||
        !g_spawn_async(nullptr, argv, variables.get(), G_SPAWN_DEFAULT, nullptr, nullptr, nullptr, &error))
        g_warning("nobody lets PipeWire's new clients in: %s", error ? error->message : "no executable");
    g_clear_error(&error);
}

Result<std::vector<ShownSetting>> App::config(const Caller& caller) {
    if (auto allowed = mayControl(caller, "see the settings"); !allowed)
        return tl::unexpected(allowed.error());
    return shownSettings(configuration_);
}

ConfigSource::Done App::onceInForce(ReplyVoid reply) {
    return [this, reply = std::move(reply)](const std::optional<ConfigRefusal>& refusal) {
        if (refusal)
            return reply(tl::unexpected(RequestError{refusal->error, refusal->message}));
        settle();
        waitFor(false, reply);
    };
}

void App::setConfig(const Caller& caller, const std::string& key, const SettingValue& value,
                    ReplyVoid reply) {
    if (auto allowed = mayLoosen(caller, "change the settings"); !allowed)
        return reply(allowed);
    const SettingKey* known = findKey(key);
    if (!known)
        return reply(tl::unexpected(RequestError{"InvalidArgument", "there is no setting " + cited(key)}));
    const bool takeBack = value == SettingValue(std::string());
    if (const auto fault = valueFault(*known, value); fault && !takeBack)
        return reply(tl::unexpected(
            RequestError{"InvalidArgument", fault->what + (fault->mend.empty() ? "" : "; " + fault->mend)}));
    // What would open a microphone by itself.
    if (key == "mute.on-lock" || key == "mute.privacy-switch" || key == "sources.exempt")
        if (const auto open = unlessLocked(caller); !open)
            return reply(open);
    // The word of now goes over what SetMode has chosen before.
    config_.change(settingChange(key, value),
                   [this, key, done = onceInForce(std::move(reply))](const auto& refusal) {
                       if (!refusal && key == "mute.mode") {
                           modeChosen_ = false;
                           receive(event::ModeChosen{configuration_.settings.mute.mode});
                       }
                       done(refusal);
                   });
}

void App::reload(const Caller& caller, ReplyVoid reply) {
    if (auto allowed = mayLoosen(caller, "reload the settings"); !allowed)
        return reply(allowed);
    config_.reload(onceInForce(std::move(reply)));
}

void App::readHistory(const Caller& caller, const history::Filter& filter,
                      std::function<void(Result<std::vector<history::Entry>>)> reply) {
    if (auto allowed = mayControl(caller, "see the history"); !allowed)
        return reply(tl::unexpected(allowed.error()));
    history_.entries(filter, orUnavailable(std::move(reply)));
}

void App::report(const Caller& caller, const history::ReportFilter& filter,
                 std::function<void(Result<std::vector<history::ReportRow>>)> reply) {
    if (auto allowed = mayControl(caller, "see the report"); !allowed)
        return reply(tl::unexpected(allowed.error()));
    history_.report(filter, orUnavailable(std::move(reply)));
}

void App::clearHistory(const Caller& caller, const history::ClearFilter& filter,
                       std::function<void(Result<std::uint64_t>)> reply) {
    if (auto allowed = mayLoosen(caller, "clear the history"); !allowed)
        return reply(tl::unexpected(allowed.error()));
    history_.clear(filter, orUnavailable(std::move(reply)));
}

std::vector<std::pair<std::string, std::string>> App::diagnostics() {
    std::vector<std::pair<std::string, std::string>> facts;
    facts.emplace_back("daemon.version", MICGUARD_VERSION);
    facts.emplace_back("daemon.pid", std::to_string(getpid()));
    facts.emplace_back("daemon.nice", std::to_string(priority()));
    facts.emplace_back("daemon.realtime", runsInRealTime() ? "yes" : "no");
    // The longest that anything had to wait for its turn since the start, and how much of that was our own work, and our own
    // doing.
    const LoopTimes loop = loopTimes();
    facts.emplace_back("loop.longest-turn-us", std::to_string(loop.longestTurnUsec));
    facts.emplace_back("loop.longest-work-us", std::to_string(loop.longestWorkUsec));
    facts.emplace_back("loop.longest-away-us", std::to_string(loop.longestAwayUsec));
    facts.emplace_back("loop.turns-by-work-us", turnsText(loop.turnsByWork));
    facts.emplace_back("loop.turns-by-away-us", turnsText(loop.turnsByAway));
    if (const auto memory = memoryUse()) {
        facts.emplace_back("memory.allocated-kib", std::to_string(memory->allocatedKib));
        facts.emplace_back("memory.from-system-kib", std::to_string(memory->fromSystemKib));
    }
    facts.emplace_back("session.locked", session_.state());
    facts.emplace_back("talk.shortcut", shortcuts_.state());
    facts.emplace_back("notify.server", notifications_.state());
    facts.emplace_back("desktop.privacy-switch", privacy_.state());
    facts.emplace_back("desktop.permission-store",
                       model_.settings.policy.permissionStore ? permissions_.state() : "not asked for");
    facts.emplace_back("pipewire.connected", model_.connected ? "yes" : "no");
    if (model_.connected) {
        facts.emplace_back("pipewire.version", model_.graph.serverVersion);
        facts.emplace_back("pipewire.library-version", model_.graph.libraryVersion);
        facts.emplace_back("pipewire.pid", std::to_string(model_.graph.serverPid));
    }
    if (model_.graph.admissionOurs) {
        const auto& clients = model_.graph.clients;
        const auto waiting = std::count_if(clients.begin(), clients.end(), [&](const auto& entry) {
            return isUndecided(model_, entry.second);
        });
        facts.emplace_back("admission.waiting", std::to_string(waiting));
    }
    const auto managers = sessionManagers(model_.graph);
    for (const auto id : managers)
        if (const Client* client = model_.graph.client(id)) {
            facts.emplace_back("session-manager.executable", client->executable);
            facts.emplace_back("session-manager.version", client->applicationVersion); // its own word
            facts.emplace_back("session-manager.pid", std::to_string(client->pid));
            facts.emplace_back("session-manager.unit", client->unit);
            break;
        }
    if (managers.empty())
        facts.emplace_back("session-manager.executable", "");
    for (const auto& verdict : enforcer_.verdicts().sources) {
        const Node* node = model_.graph.node(verdict.node);
        if (!node || !isSource(model_.graph, *node))
            continue;
        const KnobState knob = knobState(model_, *node);
        const std::string key = "source." + node->name + ".";
        facts.emplace_back(key + "method", !verdict.guarded           ? "none"
                                           : knob == KnobState::Fails ? "sever"
                                                                      : "volume");
        facts.emplace_back(key + "why", !verdict.guarded ? "exempt by [sources] exempt"
                                        : knob == KnobState::Fails
                                            ? "has no volume that the server could turn down; "
                                              "clients are kept from it instead"
                                            : "obeys the server's volume limit");
    }
    return facts;
}

} // namespace micguard
