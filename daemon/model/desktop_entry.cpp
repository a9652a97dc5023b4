// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/model/desktop_entry.hpp"

#include "daemon/model/path.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace micguard {
namespace {

const DesktopEntry* first(const DesktopEntry* a, const DesktopEntry* b) {
    return a ? a : b;
}

Recognised recognised(const DesktopEntry* entry, bool certain = false) {
    return entry ? Recognised{entry->id, entry->name, entry->icon, certain && entry->system} : Recognised{};
}

} // namespace

DesktopEntries::DesktopEntries(std::vector<DesktopEntry> entries)
    : entries_(std::move(entries)) {
    // A second entry of a program (a private window, a new document) has a longer id.
    const auto rank = [](const DesktopEntry& entry) {
        return std::tuple<bool, std::size_t, const std::string&>(!entry.system, entry.id.size(), entry.id);
    };
    std::sort(entries_.begin(), entries_.end(),
              [&](const DesktopEntry& a, const DesktopEntry& b) { return rank(a) < rank(b); });
    const auto note = [](Index& index, const std::string& key, std::size_t number) {
        if (!key.empty())
            index.try_emplace(key, number);
    };
    for (std::size_t number = 0; number < entries_.size(); number++) {
        const auto& entry = entries_[number];
        note(ids_, entry.id, number);
        // What a sandbox's entry starts is the program that starts sandboxes.
        if (entry.flatpak.empty() && entry.snap.empty())
            note(executables_, entry.executable, number);
        note(flatpaks_, entry.flatpak, number);
        note(snaps_, entry.snap, number);
        note(wmClasses_, entry.wmClass, number);
    }
}

Recognised DesktopEntries::recognise(const ProcessFacts& process) const {
    if (!process.sandboxId.empty())
        return recognised(process.sandbox == "snap"
                              ? ofSnap(process.sandboxId)
                              : first(ofFlatpak(process.sandboxId), ofId(process.sandboxId)));
    if (isGone(process.executable) && !process.executableTrue)
        return recognised(ofExecutable(std::string(withoutGone(process.executable))));
    if (!process.executableTrue)
        return {};
    if (!process.script.empty())
        return recognised(first(ofExecutable(process.script), ofId(std::string(baseName(process.script)))));
    if (const auto* entry = ofExecutable(process.executable))
        return recognised(entry, !process.executableWritable);
    // What the entry starts is often a launcher. Good enough for a name, if it is not the user's own file
    // that bears it.
    const std::string name(baseName(process.executable));
    return process.executableWritable ? Recognised{} : recognised(first(ofId(name), ofWmClass(name)));
}

} // namespace micguard
