// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/app.hpp"

#include "daemon/desktop/priority.hpp"
#include "daemon/loop/end_signal.hpp"
#include "daemon/loop/loop_watch.hpp"
#include "daemon/model/pulse_clients.hpp"
#include "daemon/policy/admission.hpp"
#include "daemon/policy/classify.hpp"
#include "daemon/policy/plan.hpp"
#include "daemon/policy/rule_notes.hpp"

#include <fmt/format.h>
#include <glib-unix.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <unistd.h>

#include "micguard-config.h"

namespace micguard {
namespace {

// A source in another process that has not confirmed its knob by then, or whose process has not answered at all, is severed
// instead.
constexpr guint evidenceMs = 25;
// A stream that the session manager has not linked by then is shown to it once more.
constexpr guint shownMs = 1500;
// So long after a device's route has appeared the session manager has restored the user's mute of it, if it stored one.
constexpr guint settleMs = 2000;
// As long may it be unsaid that a mute is under way.
constexpr guint publishMs = 25;
// So long a reply has to reach who waits for it, before everybody else is told.
constexpr guint replyMs = 2;
constexpr guint busRetryMs = 1000;
// Who starts waits so long to hear that there is no other guard. A bus that does not answer at all keeps no microphone open.
constexpr std::chrono::milliseconds busPatience{1000};
// At the end, for the history to be written.
constexpr std::chrono::milliseconds historyPatience{1000};

// With more descriptors open than it may have from now on (prlimit), poll(2) refuses every time: the loop would spin, deaf to
// everything but its timers, the watchdog's among them. A new process begins with fewer.
gint pollOrEnd(GPollFD* descriptors, guint count, gint timeout) {
    const gint ready = g_poll(descriptors, count, timeout);
    if (ready < 0 && errno == EINVAL) {
        g_critical("the loop cannot wait for its descriptors any more; ending, so that a new process can");
        std::_Exit(EXIT_FAILURE);
    }
    return ready;
}

// Presses or lets go what mutes the microphones.
bool mayMute(const Event& event) {
    return std::holds_alternative<event::UserMute>(event) ||
           std::holds_alternative<event::HoldTaken>(event) ||
           std::holds_alternative<event::HoldDropped>(event) ||
           std::holds_alternative<event::SessionLocked>(event) ||
           std::holds_alternative<event::MachineSleeps>(event) ||
           std::holds_alternative<event::PrivacySwitched>(event);
}

std::string environment(const char* name) {
    const char* value = g_getenv(name);
    return value ? value : "";
}

} // namespace

App::App(Options options)
    : options_(std::move(options))
    , loop_(g_main_loop_new(nullptr, FALSE), g_main_loop_unref)
    , server_([this](const Event& event) { receive(event); },
              [this](bool nothingLeft) { return answerRead(nothingLeft); }, options_.releaseLeftovers)
    , enforcer_(model_, server_)
    , bypass_([this](const Bypasses& found) { receive(event::BypassesSeen{found}); }, bypassPlaces(options_))
    , journal_(journalSocket(options_))
    , store_(Store::defaultRuntimeFolder(), Store::defaultStateFolder(),
             [this](const std::string& error) {
                 // From the writer's thread: over to the main context.
                 auto* told = new std::pair<App*, std::string>(this, error);
                 g_idle_add(
                     [](gpointer data) -> gboolean {
                         const std::unique_ptr<std::pair<App*, std::string>> message(
                             static_cast<std::pair<App*, std::string>*>(data));
                         message->first->receive(event::Warned{"state-file", message->second});
                         return G_SOURCE_REMOVE;
                     },
                     told);
             })
    , history_({Store::defaultStateFolder() + "/history.db", historyStamp()},
               {[this](const std::string& fault) {
                    receive(event::Warned{"history", fault});
                },
                [this](std::uint64_t lost) {
                    historyLost_ += lost;
                    receive(event::Warned{"history-lost",
                                          fmt::format("{} events are missing in the history: it could not be "
                                                      "written as fast as they came",
                                                      historyLost_)});
                },
                [this] { recordAnew(); }})
    , ruleCheck_(idleRules, [this](const Diagnostics& idle) { warnOf("rules-idle", idleRulesTold_, idle); })
    , contradictionCheck_(
          contradictoryRules,
          [this](const Diagnostics& found) { warnOf("rules-contradict", contradictionsTold_, found); })
    , config_(configPlaces(options_), [this](const Loaded& loaded) { useConfiguration(loaded); }) {}

std::string App::historyStamp() {
    return Store::defaultRuntimeFolder() + "/history-alive";
}

App::~App() {
    for (auto& waiter : waiters_)
        cancelTimer(waiter.timer);
    cancelTimer(settleSource_);
    cancelTimer(evidenceTimer_);
    cancelTimer(shownTimer_);
    cancelTimer(releaseTimer_);
    cancelTimer(busTimer_);
    cancelTimer(publishTimer_);
    cancelTimer(routesTimer_);
    cancelTimer(questionsTimer_);
    cancelTimer(omittedTimer_);
    cancelTimer(watchdog_);
    for (auto& [number, timer] : liveLimits_)
        cancelTimer(timer);
}

ConfigSource::Places App::configPlaces(const Options& options) {
    const std::string lastGood = Store::defaultStateFolder() + "/last-good";
    if (options.configFile)
        return {{{*options.configFile, false, LayerRank::System, false}}, "", lastGood};
    const ConfigFolders folders{MICGUARD_DATADIR, MICGUARD_SYSCONFDIR, environment("XDG_CONFIG_HOME"),
                                environment("HOME")};
    return {settingsFiles(folders), ownFilePath(folders), lastGood};
}

BypassPlaces App::bypassPlaces(const Options& options) {
    BypassPlaces places;
    if (options.machine.empty())
        return places;
    places.devices = options.machine + places.devices;
    places.asound = options.machine + places.asound;
    places.snapProfiles = options.machine + places.snapProfiles;
    return places;
}

// However often it is found.
void App::journalOnce(Diagnostics& told, const Diagnostics& found) {
    if (told == found)
        return;
    for (const auto& one : found)
        g_warning("%s", toString(one).c_str());
    told = found;
}

void App::warnOf(const char* id, Diagnostics& told, const Diagnostics& found) {
    journalOnce(told, found);
    receive(event::Warned{id, summary(found)});
}

void App::useConfiguration(const Loaded& loaded) {
    if (!loaded.errors.empty()) {
        journalOnce(configErrorsTold_, loaded.errors);
        std::string text =
            "the configuration is refused, what was in force before stays: " + summary(loaded.errors);
        // At start that is the last good one; without one, what the sound files say is more than nothing.
        const auto lastGood = configured_ ? std::nullopt : config_.lastGood();
        if (lastGood && !lastGood->errors.empty())
            text += "; not all of that can be read any more, so whoever no rule speaks of is asked about: " +
                    summary(lastGood->errors);
        receive(event::Warned{"config", text});
        if (configured_)
            return;
        configuration_ = lastGood ? lastGood->configuration : loaded.configuration;
    } else {
        receive(event::Warned{"config", ""});
        configErrorsTold_.clear();
        configuration_ = loaded.configuration;
    }
    configured_ = true;
    warnOf("config-notes", configNotesTold_, configuration_.warnings);
    if (ready_)
        checkRules();
    receive(event::Warned{"config-watch", config_.watchFault()});
    tellTime(clock_.now());
    receive(event::SettingsLoaded{configuration_.settings});
    if (!options_.releaseLeftovers) {
        linkAdmission();
        useDesktop();
    }
    if (keepsHistory_)
        useHistory();
    auto [minutes, untils] = enforcer_.rules().boundaries();
    clock_.setBoundaries(std::move(minutes), std::move(untils));
    // Since it was looked at it may have passed one of them, and nobody would be woken for that.
    tellTime(clock_.now());
    if (configuration_.finals.contains("mute.mode"))
        modeChosen_ = false;
    if (!modeChosen_)
        receive(event::ModeChosen{configuration_.settings.mute.mode});
}

void App::useHistory() {
    const auto& wanted = configuration_.settings.history;
    history_.use({wanted.enabled, wanted.keepDays, wanted.maxMegabytes << 20},
                 model_.mute.muted() ? model_.mute.since : 0);
}

// All that goes on, as if it had just begun.
void App::recordAnew() {
    chronicle_.forget();
    history_.record(chronicle_.follow(view_, now()));
}

// The server is as it was started; the link says how it will be started next.
void App::linkAdmission() {
    const auto links = admissionLinks(environment, MICGUARD_DATADIR);
    const bool strict = configuration_.settings.admission.strict;
    const std::string fault = strict ? makeAdmissionLinks(links) : removeAdmissionLinks(links);
    receive(event::Warned{"admission-link", fault.empty() ? "" : "strict admission: " + fault});
    tellAdmission();
}

void App::tellAdmission() {
    const bool wished = model_.settings.admission.strict;
    std::string text;
    if (model_.connected && wished && !model_.graph.admissionOurs)
        text = "strict admission begins when PipeWire is restarted";
    else if (model_.connected && !wished && model_.graph.admissionOurs)
        text =
            "everybody is let in; until PipeWire is restarted new clients still wait for the guard to say so";
    receive(event::Warned{"admission-restart", text});
}

void App::tellTime(const LocalTime& time) {
    receive(event::TimeCame{time.now, time.weekday, time.minute});
}

void App::connectBus(std::chrono::milliseconds patience) {
    auto bus = Bus::connect(*this);
    if (!bus) {
        g_message("no session bus yet: %s", bus.error().c_str());
        connectBusLater();
        return;
    }
    bus_ = std::move(*bus);
    bus_->onDisconnected = [this] {
        // The guard goes on guarding; it is found again once there is a bus. Those who held the microphones muted
        // can no longer be seen to let go, and losing them opens nothing.
        if (model_.mute.heldMuted())
            receive(event::UserMute{true, "", "held when the bus was lost", now()});
        for (const auto holds = model_.mute.holds; const auto& hold : holds)
            receive(event::HoldDropped{hold.number, now()});
        keepOwnMutes();
        connectBusLater();
    };
    bus_->takeName(patience, [this](const tl::expected<void, std::string>& taken) {
        if (taken)
            return startHistory();
        g_printerr("micguardd: %s\n", taken.error().c_str());
        exitCode_ = 1;
        g_main_loop_quit(loop_.get());
    });
    if (exitCode_ == 0)
        publish();
}

void App::connectBusLater() {
    if (busTimer_)
        return;
    busTimer_ = g_timeout_add(
        busRetryMs,
        [](gpointer self) -> gboolean {
            auto* app = static_cast<App*>(self);
            app->busTimer_ = 0;
            app->bus_.reset();
            app->connectBus(std::chrono::milliseconds(0));
            return G_SOURCE_REMOVE;
        },
        this);
}

// Not before it is known that there is no other guard, whose history it would be; without a bus nobody can say so, and there is none.
void App::startHistory() {
    if (std::exchange(keepsHistory_, true))
        return;
    useHistory();
    recordAnew();
}

int App::run() {
    g_main_context_set_poll_func(nullptr, pollOrEnd);
    const EndSignal terminated([this] { end(); });
    const Found found = store_.load();
    model_.remembered = found.memory.remembered;
    rememberPermissions();
    for (const auto& [application, by] : found.memory.appMutes)
        model_.apply(event::AppMuted{application, {by, {}}});
    if (found.memory.mode) {
        model_.mute.mode = *found.memory.mode;
        modeChosen_ = true;
    }
    if (found.memory.muted) {
        model_.apply(event::UserMute{true, "", "muted before the last start", now()});
        if (found.memory.since)
            model_.mute.since = found.memory.since;
    }
    model_.mute.desktop = found.memory.desktop;
    if (found.memory.desktop && !model_.mute.since)
        model_.mute.since = found.memory.since ? found.memory.since : now();
    // As it was when somebody last looked, until it is known anew.
    model_.apply(event::SessionLocked{found.memory.locked, now()});
    mutedTold_ = model_.mute.muted();
    const bool sessionBegins = !options_.releaseLeftovers && store_.beginsSession();
    if (!found.warning.empty())
        model_.apply(event::Warned{"memory", found.warning});
    config_.start();
    if (sessionBegins && model_.settings.mute.startMuted)
        receive(event::StartedMuted{now()});
    if (!options_.releaseLeftovers) {
        desktop_.start();
        session_.start(found.memory.locked);
        receive(event::Warned{"privacy-switch", privacy_.start()});
        connectBus(busPatience);
        if (exitCode_ != 0)
            return exitCode_;
        if (!bus_)
            startHistory();
    }
    const auto onInterrupt = [](gpointer self) -> gboolean {
        static_cast<App*>(self)->end();
        return G_SOURCE_CONTINUE;
    };
    const auto onHangUp = [](gpointer self) -> gboolean {
        journal::notify(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", g_get_monotonic_time()));
        static_cast<App*>(self)->config_.reload([](const auto&) { journal::notify("READY=1"); });
        return G_SOURCE_CONTINUE;
    };
    const guint signals[] = {g_unix_signal_add(SIGINT, onInterrupt, this),
                             g_unix_signal_add(SIGHUP, onHangUp, this)};
    if (const unsigned interval = journal::watchdogIntervalMs())
        watchdog_ = g_timeout_add(
            interval,
            [](gpointer self) -> gboolean {
                journal::notify("WATCHDOG=1");
                keepPriority();
                static_cast<App*>(self)->history_.tick();
                return G_SOURCE_CONTINUE;
            },
            this);
    raisePriority();
    server_.start();
    if (!options_.releaseLeftovers)
        receive(event::Warned{"bypass-watch", bypass_.start()});
    settle();
    if (options_.releaseLeftovers) {
        // Whatever is found once the list is complete is given back; without a server there is nothing.
        if (!model_.connected)
            releaseTimer_ = g_timeout_add(
                longestReleaseMs,
                [](gpointer self) -> gboolean {
                    auto* app = static_cast<App*>(self);
                    app->releaseTimer_ = 0;
                    if (app->model_.connected)
                        g_warning("PipeWire does not tell what there is: nothing was given back");
                    app->endRelease({});
                    return G_SOURCE_REMOVE;
                },
                this);
    }
    watchLoop();
    g_main_loop_run(loop_.get());
    aboutToServe(); // what has been promised is also said
    history_.record(chronicle_.endAll(now()));
    store_.drain();
    history_.close(historyPatience);
    // Not before: a second SIGTERM would end us with nothing written down.
    for (const guint signal : signals)
        g_source_remove(signal);
    return exitCode_;
}

void App::receive(const Event& event) {
    // These may be the desktop's key.
    const bool byDesktop =
        std::holds_alternative<event::NodeKnob>(event) || std::holds_alternative<event::DefaultSource>(event);
    const bool wasLive = byDesktop && !model_.mute.muted();
    // Whose descriptor is closed has let go himself.
    const bool letGo = std::holds_alternative<event::HoldDropped>(event);
    const auto holds = letGo ? std::vector<Hold>{} : model_.mute.holds;
    // A change that was replied to is told as it was before the next one came over it, and after that one is enforced: putting
    // it into signals for everybody takes longer than muting.
    std::optional<View> owed;
    if (replied_ && view_.guard.muted != model_.mute.muted() && mayMute(event)) {
        announceMute();
        owed = describe();
    }
    model_.apply(event);
    tellTalkEnded(holds);
    if (wasLive && model_.mute.muted())
        enforce();
    if (const auto* seen = std::get_if<event::ClientSeen>(&event); seen && !model_.appeals.own.empty())
        readLineages(seen->client.id);
    if (std::holds_alternative<event::Removed>(event) ||
        std::holds_alternative<event::InitialListComplete>(event))
        endAnswers();
    if (releasing_ && options_.letIn && isOver(event))
        return g_main_loop_quit(loop_.get());
    if (const auto* connected = std::get_if<event::Connected>(&event)) {
        if (connected->cookie == lastCookie_)
            receive(event::Warned{"connection-lost",
                                  "our connection to PipeWire was cut while PipeWire went on; "
                                  "everything was put in force again"});
        lastCookie_ = connected->cookie;
        ready_ = ready_ && model_.listComplete;
    }
    if (std::holds_alternative<event::Connected>(event))
        tellAdmission();
    if (model_.blinded) {
        model_.blinded = false;
        receive(event::Warned{"blinded", "somebody took our sight of a microphone; looking anew"});
        server_.reconnect();
        return;
    }
    if (std::holds_alternative<event::InitialListComplete>(event) && options_.releaseLeftovers) {
        startRelease(0);
        return;
    }
    // Whoever presses the button is answered at once. A new node or client is as soon as what the server sent in one go has been
    // read, for before that nothing goes out: of a crowd not each by itself. All else waits until that answer is on its way.
    newcomers_ |=
        model_.listComplete && (std::holds_alternative<event::NodeSeen>(event) ||
                                std::holds_alternative<event::ClientGranted>(event) || isNewClient(event));
    if (mayMute(event) || std::holds_alternative<event::Answered>(event) ||
        std::holds_alternative<event::AppMuted>(event) ||
        std::holds_alternative<event::PermissionsRead>(event) ||
        std::holds_alternative<event::OwnStreamsMuted>(event))
        enforce();
    if (owed)
        show(std::move(*owed));
    settleSoon();
}

// One that waits is judged as soon as all of it is known; before that there is nothing to do for it.
bool App::isNewClient(const Event& event) const {
    const auto* seen = std::get_if<event::ClientSeen>(&event);
    return seen && !isUndecided(model_, seen->client);
}

void App::settleSoon() {
    if (settleSource_)
        return;
    // After PipeWire's own turn, should there be one: what was sent is then on its way before we go on thinking.
    settleSource_ = g_idle_add_full(
        G_PRIORITY_DEFAULT,
        [](gpointer self) -> gboolean {
            static_cast<App*>(self)->settleSource_ = 0;
            static_cast<App*>(self)->settle();
            return G_SOURCE_REMOVE;
        },
        this, nullptr);
}

// What the server had to say has been read. Newcomers are answered before anything else is thought about; who waits for us is not
// kept waiting for another turn of the loop.
bool App::answerRead(bool nothingLeft) {
    if (std::exchange(newcomers_, false))
        return enforce();
    if (!nothingLeft || !settleSource_)
        return false;
    cancelTimer(settleSource_);
    settle();
    return true;
}

// What was enforced is not vouched for by what held before it: whoever reads before the next turn is told that it is on its way.
bool App::enforce() {
    const bool said = enforcer_.settle() != 0;
    guarantee_ = guarantee(model_, enforcer_.verdicts());
    return said;
}

void App::settle() {
    enforce();
    persist();
    forgetLimits();
    const bool answered = answerWaiters();
    watchEvidence();
    watchShown();
    watchRoutes();
    watchPulse();
    // Whoever waits for the reply is not kept waiting by what everybody else is told: describing and announcing hundreds of
    // streams takes longer than muting them, and the bus may share a processor with us. Who reads sooner is served after it
    // (aboutToServe). Of those who wait to be let in nobody has to read.
    if (answered) {
        cancelTimer(publishTimer_);
        publishIn(replyMs);
        replied_ = true;
    } else if (!replied_ && waiters_.empty() && !anyUndecided(model_)) {
        publish();
    } else {
        publishIn(publishMs);
    }
    notifyReady();
    if (releasing_ && !lettingIn_)
        finishRelease();
}

// Begins anew for those that appear while it runs: none is given less than the whole time.
void App::watchRoutes() {
    std::vector<std::pair<Serial, std::uint32_t>> fresh;
    for (const auto& [id, device] : model_.graph.devices)
        for (const auto& route : device.routes)
            if (!device.settledRoutes.contains(route.index))
                fresh.emplace_back(device.serial, route.index);
    std::vector<Serial> nodes;
    if (model_.settings.mute.followDesktop || !model_.remembered.panel.empty() ||
        !model_.remembered.userMuted.empty())
        for (const auto& [id, node] : model_.graph.nodes)
            if (!node.settled && node.knob.present)
                nodes.push_back(node.serial);
    if ((fresh.empty() && nodes.empty()) || routesTimer_)
        return;
    unsettled_ = std::move(fresh);
    unsettledNodes_ = std::move(nodes);
    routesTimer_ = g_timeout_add(
        settleMs,
        [](gpointer self) -> gboolean {
            auto* app = static_cast<App*>(self);
            app->routesTimer_ = 0;
            app->receive(event::RoutesSettled{std::exchange(app->unsettled_, {}),
                                              std::exchange(app->unsettledNodes_, {}), now()});
            return G_SOURCE_REMOVE;
        },
        this);
}

// Who is behind the Pulse server's clients, as often as they change.
void App::watchPulse() {
    if (std::exchange(pulseAsked_, model_.pulseChanges) != model_.pulseChanges)
        pulse_.look(model_.pulseChanges, pulseServers(model_.graph));
}

void App::usePulsePeers(std::uint64_t generation, const PulsePeers& peers) {
    const bool settled = generation == model_.pulseChanges;
    receive(event::PulsePeersRead{generation, peers.server, peers.connections});
    if (!settled)
        return; // asked anew already
    if (!model_.appeals.own.empty())
        for (const auto& [id, client] : model_.graph.clients)
            if (client.peer)
                readLineages(id);
    if (!anyUnproven(model_.graph))
        return;
    // A connection that has not said its name yet, or a client that is about to go; or they came and went all the while.
    const bool told = peers.server != 0;
    if (told ? nameless(model_.graph, peers.server, peers.connections.size()) != 0
             : !pulseServers(model_.graph).empty())
        pulse_.lookAgain();
}

void App::notifyReady() {
    if (ready_ || model_.trying || (model_.connected && !model_.listComplete) ||
        (model_.mute.muted() && !guarantee_.holds))
        return;
    ready_ = true;
    journal::notify("READY=1");
    checkRules();
}

// Not before the guard is ready: with ten thousand rules both keep a processor busy for a while.
void App::checkRules() {
    ruleCheck_.check(configuration_.settings);
    contradictionCheck_.check(configuration_.settings);
}

void App::persist() {
    const std::string error = store_.setMarker(writeMarker(model_, modeChosen_));
    const auto known = model_.warnings.find("marker");
    if (!error.empty() && (known == model_.warnings.end() || known->second != error))
        model_.apply(event::Warned{"marker", error});
    else if (error.empty() && known != model_.warnings.end())
        model_.apply(event::Warned{"marker", ""});
}

void App::aboutToServe() {
    if (replied_)
        publish();
}

void App::publishIn(guint milliseconds) {
    if (!publishTimer_)
        publishTimer_ = g_timeout_add(
            milliseconds,
            [](gpointer self) -> gboolean {
                auto* app = static_cast<App*>(self);
                app->publishTimer_ = 0;
                app->publish();
                return G_SOURCE_REMOVE;
            },
            this);
}

View App::describe() {
    View view = describer_.describe(model_, enforcer_.verdicts(), guarantee_, now());
    view.guard.version = MICGUARD_VERSION;
    return view;
}

void App::publish() {
    announceMute();
    show(describe());
}

void App::show(View view) {
    cancelTimer(publishTimer_);
    replied_ = false;
    if (bus_)
        bus_->publish(view);
    view_ = std::move(view);
    tellBlocked(view_);
    tellRuledOut(view_);
    tellAsked();
    tellNotices();
    if (!options_.releaseLeftovers)
        tell(telling_.warnings(view_.guard.warnings, instant()));
    store_.setState(writeState(model_, modeChosen_));
    watchSandboxes();
    history_.record(chronicle_.follow(view_, now()));
}

// Nobody is given less than the whole time, and nobody is late for as long as the server itself is: it has to have had time for us
// twice after that. What a client had it make answers when it does, and would otherwise be taken for a process that answers
// nobody, at the price of its source.
void App::watchEvidence() {
    const auto awaited = enforcer_.awaited();
    if (awaited.empty()) {
        cancelTimer(evidenceTimer_);
        lateness_.reset();
        return;
    }
    if (evidenceTimer_)
        return;
    if (!lateness_) {
        awaited_ = awaited;
        evidenceTimer_ = g_timeout_add(
            evidenceMs,
            [](gpointer self) -> gboolean {
                auto* app = static_cast<App*>(self);
                app->evidenceTimer_ = 0;
                app->lateness_ = {app->enforcer_.ask(), 2};
                return G_SOURCE_REMOVE;
            },
            this);
        return;
    }
    if (!enforcer_.answered(lateness_->asked))
        return;
    if (--lateness_->left > 0) {
        lateness_->asked = enforcer_.ask();
        return;
    }
    lateness_.reset();
    for (const Serial node : awaited.nodes)
        if (std::count(awaited_.nodes.begin(), awaited_.nodes.end(), node))
            receive(event::EvidenceOverdue{node});
    for (const auto& [client, batch] : awaited_.clients)
        receive(event::ProcessOverdue{client, batch});
    settleSoon();
}

void App::watchShown() {
    if (model_.applied.shown.empty())
        cancelTimer(shownTimer_);
    if (model_.applied.shown.empty() || shownTimer_)
        return;
    shownTimer_ = g_timeout_add(
        shownMs,
        [](gpointer self) -> gboolean {
            auto* app = static_cast<App*>(self);
            app->shownTimer_ = 0;
            app->receive(event::StreamsOverdue{});
            return G_SOURCE_REMOVE;
        },
        this);
}

} // namespace micguard
