// SPDX-License-Identifier: GPL-3.0-or-later
//
// Single applications: the questions about them, the answers, their mutes, and what is told when one is kept
// from a microphone.
#include "daemon/app.hpp"

#include "daemon/model/pulse_clients.hpp"
#include "daemon/permitted.hpp"
#include "daemon/policy/identity.hpp"
#include "daemon/policy/questions.hpp"
#include "daemon/process/lineage.hpp"
#include "daemon/process/process.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unistd.h>

namespace micguard {
namespace {

// A question stays open so long when nobody waits for its answer any more: who opens his stream anew is not
// asked about anew.
constexpr guint lapseMs = 10000;

// Any client can make up names to be asked about; the further ones wait, in silence, for others to be answered.
constexpr std::size_t mostQuestions = 64;
constexpr std::size_t mostAppMutes = 256;
constexpr std::size_t mostOwnMutes = 256;
constexpr std::size_t mostOwnMutesOfOne = 16;

bool isOfSameCaller(const OwnMute& a, const OwnMute& b) {
    if (!a.sandbox.empty() || !b.sandbox.empty())
        return a.sandbox == b.sandbox && a.sandboxId == b.sandboxId;
    return a.lineage.front().sameProcess(b.lineage.front());
}

Result<OwnMute> ownMuteOf(const Caller& caller) {
    OwnMute mute;
    mute.by = nameOf(caller);
    mute.sandbox = caller.sandbox;
    mute.sandboxId = caller.sandboxId;
    if (mute.sandbox.empty()) {
        mute.lineage = readLineage(caller.pid);
        mute.unit = readProcess(caller.pid).unit;
    }
    const bool told = mute.sandbox.empty() ? !mute.lineage.empty() : !mute.sandboxId.empty();
    if (!told || (caller.uidKnown && caller.uid != getuid()))
        return tl::unexpected(RequestError{"NoSuchObject", "which application the caller is cannot be told"});
    return mute;
}

// The microphone that one of its streams wants, "" if none of them has one.
std::string sourceOf(const View& view, const ApplicationView& application) {
    for (const auto& stream : view.streams)
        for (const auto& source : view.sources)
            if (stream.application == application.key && stream.source == source.key)
                return source.name;
    return {};
}

} // namespace

const ApplicationView* App::shownApplication(std::uint64_t key) const {
    const auto it = std::find_if(view_.applications.begin(), view_.applications.end(),
                                 [&](const ApplicationView& application) { return application.key == key; });
    return it == view_.applications.end() ? nullptr : &*it;
}

void App::setApplicationMuted(const Caller& caller, std::uint64_t key, bool muted, ReplyVoid reply) {
    if (const auto allowed = muted ? mayControl(caller, "mute another application")
                                   : mayLoosen(caller, "unmute an application");
        !allowed)
        return reply(allowed);
    if (!muted)
        if (const auto open = unlessLocked(caller); !open)
            return reply(open);
    const std::string application = describer_.identityOf(key);
    if (!shownApplication(key))
        return reply(tl::unexpected(RequestError{"NoSuchObject", "the application is gone"}));
    const auto clients = clientsOf(model_, application);
    if (!muted) {
        // Also what was muted under another name that it bore then.
        for (const auto before = model_.appeals.muted; const auto& [name, mute] : before)
            if (name == application ||
                std::any_of(clients.begin(), clients.end(),
                            [&, &mine = mute.clients](Serial client) { return mine.contains(client); }))
                receive(event::AppUnmuted{name});
        return waitFor(false, std::move(reply));
    }
    if (clients.empty())
        return reply(tl::unexpected(
            RequestError{"NotGuaranteed", "it is a part of the sound server, which nothing binds"}));
    if (model_.appeals.muted.size() >= mostAppMutes && !model_.appeals.muted.contains(application))
        return reply(tl::unexpected(RequestError{"LimitExceeded", "256 applications are muted already"}));
    receive(event::AppMuted{application, {nameOf(caller), clients}});
    waitFor(false, std::move(reply));
}

void App::answer(const Caller& caller, std::uint64_t key, bool allow, const std::string& scopeText,
                 ReplyVoid reply) {
    if (const auto allowed =
            allow ? mayLoosen(caller, "allow for the user") : mayControl(caller, "answer for the user");
        !allowed)
        return reply(allowed);
    if (allow)
        if (const auto open = unlessLocked(caller); !open)
            return reply(open);
    answerBy(nameOf(caller), key, allow, scopeText, std::move(reply));
}

void App::answerBy(const std::string& by, std::uint64_t key, bool allow, const std::string& scopeText,
                   ReplyVoid reply) {
    if (const auto open = unlessLocked(); allow && !open)
        return reply(open);
    const auto scope = scopeFromString(scopeText);
    if (!scope)
        return reply(tl::unexpected(RequestError{
            "InvalidArgument", "scope is \"once\", \"run\" or \"always\", not \"" + scopeText + "\""}));
    const ApplicationView* shown = shownApplication(key);
    const auto question = model_.appeals.questions.find(describer_.identityOf(key));
    if (!shown || question == model_.appeals.questions.end())
        return reply(
            tl::unexpected(RequestError{"NoSuchObject", "nothing was asked about this application"}));
    const auto noted = [this, who = history::whoIs(*shown), &by, allow, &scopeText] {
        history_.record({history::Answered{now(), who, by,
                                           fmt::format("{} {}", allow ? "allowed" : "denied", scopeText)}});
    };
    Answer answer{nextAnswer_++, question->first, shown->identity != "claimed",
                  allow,         *scope,          question->second};
    if (*scope != Scope::Always) {
        noteAnswer(answer, by);
        receive(event::Answered{answer});
        noted();
        return waitFor(false, std::move(reply));
    }
    if (allow && !answer.known)
        return reply(tl::unexpected(RequestError{
            "InvalidArgument",
            shown->name +
                " is known only by what it says of itself, which anybody can say: it can be allowed "
                "once, or for this run, but not always"}));
    std::optional<Subject> asked;
    for (const auto& [id, decision] : enforcer_.verdicts().ruled) {
        const Node* stream = model_.graph.node(id);
        const Client* client = stream ? model_.graph.owner(*stream) : nullptr;
        if (client && decision.ruling == Ruling::Ask &&
            identify(model_.graph, *stream).key == answer.application)
            asked = subjectOf(*client, stream);
    }
    const auto rule = asked ? ruleToRemember(model_, enforcer_.rules(), *asked, allow) : std::nullopt;
    if (!rule)
        return reply(tl::unexpected(RequestError{
            "InvalidConfig",
            "no rule in the guard's own file would win over the one that asks (" + shown->reason + ")"}));
    // In force at once, until the rule is.
    noteAnswer(answer, by);
    receive(event::Answered{answer});
    noted();
    writeDown(answer, *rule, std::move(reply));
}

void App::writeDown(const Answer& answer, const Rule& rule, ReplyVoid reply) {
    ConfigSource::Change change;
    change.make = [rule, at = now()](Layer& own) -> std::optional<ConfigRefusal> {
        // What was said of single microphones is not what was asked about.
        if (remember(own, rule, at, Replaces::Same))
            return std::nullopt;
        return ConfigRefusal{"LimitExceeded",
                             fmt::format("the guard's own file has {} rules already", ownRulesLimit)};
    };
    config_.change(std::move(change), [this, number = answer.number, rule,
                                       done = onceInForce(std::move(reply))](const auto& refusal) {
        if (!refusal)
            storePermission(rule);
        receive(event::AnswerEnded{number});
        done(refusal);
    });
}

void App::muteOwnStreams(const Caller& caller, bool muted, ReplyVoid reply) {
    if (!muted) {
        receive(event::OwnStreamsUnmuted{caller.uniqueName});
        return waitFor(false, std::move(reply));
    }
    auto mute = ownMuteOf(caller);
    if (!mute)
        return reply(tl::unexpected(mute.error()));
    // Said rather than found out by who believes to be muted.
    const auto& clients = model_.graph.clients;
    if (std::any_of(clients.begin(), clients.end(),
                    [&](const auto& entry) { return isPerhapsOwn(*mute, entry.second); }))
        return reply(tl::unexpected(RequestError{
            "NoSuchObject", "what captures as " + mute->sandboxId +
                                " runs a program that is not this application's own but its runtime's: "
                                "whose it is cannot be told"}));
    const auto& own = model_.appeals.own;
    const auto ofOne = std::count_if(own.begin(), own.end(),
                                     [&](const auto& entry) { return isOfSameCaller(entry.second, *mute); });
    if (!own.contains(caller.uniqueName) &&
        (own.size() >= mostOwnMutes || static_cast<std::size_t>(ofOne) >= mostOwnMutesOfOne))
        return reply(tl::unexpected(
            RequestError{"LimitExceeded", "too many connections mute their own streams already"}));
    if (own.empty())
        for (const auto& [id, client] : model_.graph.clients)
            readLineages(id);
    receive(event::OwnStreamsMuted{caller.uniqueName, std::move(*mute)});
    waitFor(false, std::move(reply));
}

void App::callerLeft(const std::string& uniqueName) {
    verifier_.ownerLeft(uniqueName);
    if (model_.appeals.own.contains(uniqueName))
        receive(event::OwnStreamsUnmuted{uniqueName});
}

// With the bus goes the knowledge of who is still on it. Nothing opens by that: the applications stay muted
// until somebody says otherwise.
void App::keepOwnMutes() {
    for (const auto own = model_.appeals.own; const auto& [connection, mute] : own) {
        for (const auto& [id, client] : model_.graph.clients)
            if (isOwn(mute, client))
                for (const auto& application : applicationsOf(model_.graph, client))
                    receive(
                        event::AppMuted{application, {mute.by + ", when the bus was lost", {client.serial}}});
        receive(event::OwnStreamsUnmuted{connection});
    }
}

void App::readLineages(GlobalId id) {
    const Client* client = model_.graph.client(id);
    if (!client || client->self || client->inServer)
        return;
    std::vector<Lineage> lineages{readLineage(client->pid)};
    const auto behind = client->peer ? client->peer->pid : client->applicationPid;
    if (behind != 0 && behind != client->pid)
        lineages.push_back(readLineage(behind));
    model_.apply(event::LineagesRead{id, std::move(lineages)});
}

void App::endAnswers() {
    for (const auto number : endedAnswers(model_))
        model_.apply(event::AnswerEnded{number});
}

void App::tellAsked() {
    tellQuestionsClosed();
    std::set<std::string> waiting;
    for (const auto& [application, clients] : waitingForAnswer(model_, enforcer_.verdicts())) {
        if (isOwnProof(application))
            continue;
        waiting.insert(application);
        const auto& questions = model_.appeals.questions;
        if (questions.contains(application) || questions.size() >= mostQuestions)
            continue;
        model_.apply(event::QuestionAsked{application, clients});
        if (bus_)
            bus_->asked(describer_.keyOf(application));
        if (const auto* shown = shownApplication(describer_.keyOf(application))) {
            const auto about = journal::aboutOf(view_, *shown, microphoneAsked(application));
            questionsTold_[application] = {about, "", ""};
            tell(telling_.asked(about, shown->reason, instant()));
        }
    }
    watchQuestions(waiting);
}

// Nobody is given less than the whole time: who waits again before it is over begins anew.
void App::watchQuestions(const std::set<std::string>& waiting) {
    std::set<std::string> idle;
    for (const auto& [application, clients] : model_.appeals.questions)
        if (!waiting.contains(application))
            idle.insert(application);
    if (questionsTimer_) {
        std::erase_if(lapsing_, [&](const std::string& application) { return !idle.contains(application); });
        return;
    }
    if (idle.empty())
        return;
    lapsing_ = std::move(idle);
    questionsTimer_ = g_timeout_add(
        lapseMs,
        [](gpointer self) -> gboolean {
            auto* app = static_cast<App*>(self);
            app->questionsTimer_ = 0;
            for (const auto& application : std::exchange(app->lapsing_, {}))
                app->receive(event::QuestionLapsed{application});
            app->settleSoon();
            return G_SOURCE_REMOVE;
        },
        this);
}

// Once per application and mute, for those that came while muted: who listened before is shown as silenced.
// What rules say of an application is told apart from that.
void App::tellBlocked(const View& view) {
    if (!view.guard.muted)
        return;
    std::set<std::uint64_t> ruled;
    for (const auto& [id, decision] : enforcer_.verdicts().ruled)
        if (const Node* stream = model_.graph.node(id))
            ruled.insert(describer_.keyOf(identify(model_.graph, *stream).key));
    for (const auto& application : view.applications) {
        if (application.levelMeterOnly || ruled.contains(application.key) ||
            (application.state != "silenced" && application.state != "severed"))
            continue;
        const bool came = std::any_of(application.streams.begin(), application.streams.end(),
                                      [&](std::uint64_t stream) { return !streamsAtMute_.contains(stream); });
        if (!came || !blockedTold_.insert(application.key).second)
            continue;
        sendBlocked(application, sourceOf(view, application), application.reason);
        notices_.blocked(application);
    }
}

// Once per application, microphone and reason, for as long as the application runs. Not for what it wanted
// itself, nor for what somebody is asked about.
void App::tellRuledOut(const View& view) {
    const auto isShown = [&](const std::string& application) {
        const auto key = describer_.keyOf(application);
        return std::any_of(view.applications.begin(), view.applications.end(),
                           [key](const ApplicationView& shown) { return shown.key == key; });
    };
    std::erase_if(ruledOutTold_, [&](const auto& told) {
        return !isShown(std::get<0>(told)) && clientsOf(model_, std::get<0>(told)).empty();
    });
    for (const auto& [id, decision] : enforcer_.verdicts().ruled) {
        const Node* stream = model_.graph.node(id);
        const Node* source = stream ? model_.graph.node(enforcer_.verdicts().keptFrom.at(id)) : nullptr;
        const Client* client = stream ? model_.graph.owner(*stream) : nullptr;
        if (client && isAboutToBeKnown(*client))
            continue;
        const bool told = decision.by == DecidedBy::Rules || decision.by == DecidedBy::Answer ||
                          decision.by == DecidedBy::Store;
        if (!source || stream->peaks || !stream->infoKnown || decision.ruling == Ruling::Ask || !told)
            continue;
        const std::string application = identify(model_.graph, *stream).key;
        if (!ruledOutTold_.emplace(application, raw(source->serial), decision.reason).second)
            continue;
        for (const auto& shown : view.applications)
            if (shown.key == describer_.keyOf(application))
                sendBlocked(shown, source->name, decision.reason);
    }
}

void App::sendBlocked(const ApplicationView& application, const std::string& source,
                      const std::string& reason) {
    tell(telling_.blocked(journal::aboutOf(view_, application, source), reason, instant()));
    if (bus_)
        bus_->blocked(application.key, reason);
    history_.record({history::Blocked{now(), history::whoIs(application), source, reason}});
}

} // namespace micguard
