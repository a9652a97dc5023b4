// SPDX-License-Identifier: GPL-3.0-or-later
//
// Single applications: which of them are to be asked about, what was answered, who is muted by itself. Pure.
#pragma once

#include "daemon/model/model.hpp"
#include "daemon/policy/evaluate.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace micguard {

// What somebody has answered about a client, or about what a stream of it claims to be; nullptr: about the
// client. Takes the place of a rule's `ask` and of nothing else.
std::optional<Decision> answerTo(const Model& model, const Client& client, const Node* stream);

// Why a client is muted by itself, apart from everybody else.
// What the permission store says of the client's application, which has to be proven to be that sandbox; as it names it.
std::optional<Permission> permissionOf(const Model& model, const Client& client);
std::string storeName(const std::string& sandbox, const std::string& appId);

std::optional<Decision> muteOf(const Model& model, const Client& client);

// One of those that muted their own streams.
bool isMutedByItself(const Model& model, const Client& client);

// The caller's own: told by its sandbox, else by its process. Programs are together that run the same file
// and descend from each other without another one between them; to them belongs what the caller itself
// started (a wrapper's program), and what started it where both are in one unit of an application (a
// browser's native host).
bool isOwn(const OwnMute& mute, const Client& client);
// Nobody can tell whether it is: it is in a sandbox that says so, and what it runs there is not to be proven (a Flatpak whose program
// is the runtime's).
bool isPerhapsOwn(const OwnMute& mute, const Client& client);

// The answers in force about an application of this id, or executable.
std::vector<std::uint64_t> answersAbout(const Model& model, const std::string& app);

// What a client is, and what its streams say that they are.
std::set<std::string> applicationsOf(const Graph& graph, const Client& client);

// The clients of an application that its rules, mutes and answers are about: all but those that nothing
// binds.
std::set<Serial> clientsOf(const Model& model, const std::string& application);

// Applications with a stream that waits for an answer, and the clients that it belongs to.
std::map<std::string, std::set<Serial>> waitingForAnswer(const Model& model, const Verdicts& verdicts);

// Answers that have served: nobody is left for whom they were given.
std::vector<std::uint64_t> endedAnswers(const Model& model);

// What is written down for whoever answered `always`. Nothing: no such rule would win over the one that asks.
std::optional<Rule> ruleToRemember(const Model& model, const RuleBook& book, const Subject& subject,
                                   bool allow);

} // namespace micguard
