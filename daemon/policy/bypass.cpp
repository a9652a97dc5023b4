// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/policy/bypass.hpp"

#include "config/wording.hpp"
#include "daemon/model/path.hpp"
#include "daemon/policy/admission.hpp"
#include "daemon/policy/classify.hpp"
#include "daemon/policy/identity.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace micguard {
namespace {

// Each process can be one, and any user can start many.
constexpr std::size_t mostListed = 16;

// pw-dump, pw-mon and pw-top prefer the manager socket (1.4.2; since then more of them do), and do nothing there but look; wpctl
// turns volumes and chooses defaults. pw-cli, pw-link, pw-loopback and pw-metadata are not among them, whichever socket they
// prefer: what they do to the graph is to be told of.
constexpr std::array onlookers{std::string_view{"pw-dump"}, std::string_view{"pw-mon"},
                               std::string_view{"pw-top"},  std::string_view{"pw-profiler"},
                               std::string_view{"pw-dot"},  std::string_view{"pw-mididump"},
                               std::string_view{"wpctl"},   std::string_view{"micguardd"}};

// By what the kernel says; what it calls itself only where that says nothing.
std::string nameOf(const std::string& claimed, std::uint32_t pid, const std::string& executable) {
    std::string text = printable(executable.empty() ? claimed : baseName(executable), 60);
    if (text.empty())
        text = "an unknown program";
    return text + " (pid " + std::to_string(pid) + (executable.empty() ? "" : ", " + printable(executable)) +
           ")";
}

const std::string& appOf(const std::string& sandboxId, const std::string& executable) {
    return sandboxId.empty() ? executable : sandboxId;
}

// It is how sound gets into PipeWire: the server plays and records, the session manager tries what a card can
// do.
bool mayHoldCards(const Model& model, const std::set<GlobalId>& managers, const ProcessFacts& process) {
    if (process.pid == 0)
        return false;
    if (!model.connected || !model.listComplete)
        return isPipeWire(process) ||
               isSessionManager(process); // which one it is will be known once we are connected
    if (process.pid == model.graph.serverPid)
        return true;
    return std::any_of(managers.begin(), managers.end(), [&](GlobalId id) {
        const Client* manager = model.graph.client(id);
        return manager && manager->pid == process.pid;
    });
}

WarningView warningOf(const CardHolder& holder) {
    const auto& process = holder.process;
    const std::string card =
        holder.device + (holder.card.empty() ? "" : " (" + printable(holder.card, 40) + ")");
    WarningView warning{"bypass:alsa:" + holder.device, "", process.pid,
                        appOf(process.sandboxId, process.executable), holder.device};
    warning.text = (process.pid == 0 ? "a process that cannot be told"
                                     : nameOf(holder.name, process.pid, process.executable)) +
                   " has the sound card's capture device " + card + " open past PipeWire; no mute reaches it";
    return warning;
}

WarningView warningOf(const Client& client) {
    WarningView warning{"bypass:manager:" + std::to_string(client.pid), "", client.pid,
                        appOf(client.sandboxId, client.executable), ""};
    warning.text =
        nameOf(client.applicationName, client.pid, client.executable) +
        " is on PipeWire's manager socket, where nothing keeps it from undoing what the guard does";
    return warning;
}

WarningView warningOf(const SandboxWithCards& sandbox) {
    const std::string name = sandbox.id.empty() ? "a " + sandbox.sandbox : printable(sandbox.id, 60);
    WarningView warning{"bypass:sandbox:" + printable(sandbox.id), "", sandbox.pid, sandbox.id, ""};
    warning.text = name + " (pid " + std::to_string(sandbox.pid) +
                   ") was given the sound cards themselves (" +
                   (sandbox.sandbox == "snap" ? "its interface alsa is connected"
                                              : "devices=all among its permissions") +
                   "): it could open them past PipeWire, where no mute reaches it";
    return warning;
}

} // namespace

bool belongsOnManagerSocket(const Model& model, const std::set<GlobalId>& managers, const Client& client) {
    if (client.self || client.inServer || managers.contains(client.id) || isPortal(client) ||
        isMixer(model.settings, client))
        return true;
    // Only root can have put it there under its name.
    if (!client.executableTrue || client.executableWritable || !client.sandbox.empty())
        return false;
    const auto name = baseName(client.executable);
    // Session managers can be several, each with a part of the work, as units of one template (WirePlumber's
    // manual, "multi instance").
    const bool instance = name == "wireplumber" && client.unit.starts_with("wireplumber@");
    return instance || std::find(onlookers.begin(), onlookers.end(), name) != onlookers.end();
}

std::vector<WarningView> bypassWarnings(const Model& model) {
    const auto managers = sessionManagers(model.graph);
    std::vector<WarningView> warnings;
    std::uint64_t more = model.bypasses.omitted;
    const auto add = [&](std::size_t& listed, const auto& bypass) {
        if (listed++ < mostListed)
            warnings.push_back(warningOf(bypass));
        else
            more++;
    };
    std::size_t cards = 0, connections = 0, sandboxes = 0;
    for (const auto& holder : model.bypasses.holders)
        if (!mayHoldCards(model, managers, holder.process))
            add(cards, holder);
    std::set<std::uint32_t> told;
    for (const auto& [id, client] : model.graph.clients)
        if (model.listComplete && client.socket.ends_with("-manager") &&
            !belongsOnManagerSocket(model, managers, client) && told.insert(client.pid).second)
            add(connections, client);
    for (const auto& sandbox : model.bypasses.sandboxes)
        add(sandboxes, sandbox);
    if (more > 0)
        warnings.push_back({"bypass:more", std::to_string(more) + " more go around PipeWire, or could"});
    return warnings;
}

} // namespace micguard
