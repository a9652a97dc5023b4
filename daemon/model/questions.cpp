// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/model/questions.hpp"

namespace micguard {

void forgetClient(Appeals& appeals, Serial client) {
    for (auto& [application, clients] : appeals.questions)
        clients.erase(client);
    for (auto& answer : appeals.answers)
        answer.clients.erase(client);
    for (auto& [application, mute] : appeals.muted)
        mute.clients.erase(client);
}

void forgetRun(Appeals& appeals) {
    appeals.questions.clear();
    appeals.answers.clear();
    for (auto& [application, mute] : appeals.muted)
        mute.clients.clear();
}

void takeAnswer(Appeals& appeals, const Answer& answer) {
    appeals.questions.erase(answer.application);
    std::erase_if(appeals.answers, [&](const Answer& old) {
        return old.application == answer.application && (answer.known || !answer.allow);
    });
    appeals.answers.push_back(answer);
}

} // namespace micguard
