// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/policy/admission.hpp"

#include "config/glob.hpp"
#include "daemon/policy/evaluate.hpp"
#include "daemon/policy/identity.hpp"

#include <algorithm>

namespace micguard {
namespace {

Admission admissionFor(const Model& model, const Client& client) {
    Admission admission;
    if (model.released || !model.settings.admission.strict || client.inServer) {
        admission.any = permission::all;
        admission.shield = false;
    } else if (isPortal(client)) {
        admission = {permission::all, true, false};
    } else {
        admission.any = isMixer(model.settings, client) ? permission::all : permission::readExecute;
    }
    return admission;
}

// A mixer turns everything but the guard's own knob: the hardware's volume is the device's, and what a
// program in the mixer's clothes could do with the microphone itself nobody else may do either.
void keepKnobs(GlobalId client, Verdicts& verdicts) {
    auto& objects = verdicts.permissions[client];
    for (const auto& source : verdicts.sources)
        if (source.guarded)
            objects.try_emplace(source.node, permission::readExecute);
}

} // namespace

bool isMixer(const Settings& settings, const Client& client) {
    const Subject subject = subjectOf(client, nullptr);
    const auto listed = [&](const Fact& fact) {
        return fact.known && !fact.value.empty() && anyGlobMatches(settings.admission.mixers, fact.value);
    };
    // Not a Flatpak of the user's own installation: anybody could have made one of that name there.
    return listed(subject.executable) || (listed(subject.flatpak) && !processOf(client).executableWritable) ||
           listed(subject.snap);
}

bool isAdmissionOurs(const Client& client) {
    return client.access == admissionAccess;
}

bool isUndecided(const Model& model, const Client& client) {
    return isAdmissionOurs(client) && !model.applied.admitted.contains(client.serial) &&
           !(model.listComplete && client.infoKnown && client.granted);
}

bool anyUndecided(const Model& model) {
    const auto& clients = model.graph.clients;
    return model.graph.admissionOurs && std::any_of(clients.begin(), clients.end(), [&](const auto& entry) {
               return isUndecided(model, entry.second);
           });
}

void admit(const Model& model, const std::set<GlobalId>& managers, Verdicts& verdicts) {
    for (const auto& [id, client] : model.graph.clients) {
        if (!isAdmissionOurs(client) || client.self || managers.contains(id))
            continue;
        if (isUndecided(model, client)) {
            verdicts.permissions.erase(id);
            continue;
        }
        if (!model.listComplete)
            continue;
        const Admission admission = admissionFor(model, client);
        verdicts.admissions[id] = admission;
        if (admission.shield && admission.any == permission::all)
            keepKnobs(id, verdicts);
    }
}

} // namespace micguard
