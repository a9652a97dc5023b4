// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is installed, by the desktop's files, and how it is found. Values only; read in daemon/desktop.
#pragma once

#include "daemon/model/process_facts.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace micguard {

struct DesktopEntry {
    std::string id; // without .desktop
    std::string name;
    std::string icon;
    std::string executable; // the file that it starts, without symbolic links, "" if it is not found
    std::string wmClass;
    std::string flatpak; // X-Flatpak
    std::string snap;    // X-SnapInstanceName
    bool system = false; // root's, in a folder of root's: no application can have put it there
    bool operator==(const DesktopEntry&) const = default;
};

// What the desktop knows of a client's application.
struct Recognised {
    std::string id; // the entry's
    std::string name;
    std::string icon;
    bool certain = false; // root says that this entry starts the very file that runs
    bool operator==(const Recognised&) const = default;
};

// Of several that say the same thing of themselves root's come first, then the first by its id.
class DesktopEntries {
  public:
    DesktopEntries() = default;
    explicit DesktopEntries(std::vector<DesktopEntry> entries);

    // nullptr: none, or "" was looked for.
    const DesktopEntry* ofId(const std::string& id) const { return find(ids_, id); }
    const DesktopEntry* ofExecutable(const std::string& path) const { return find(executables_, path); }
    const DesktopEntry* ofFlatpak(const std::string& id) const { return find(flatpaks_, id); }
    const DesktopEntry* ofSnap(const std::string& name) const { return find(snaps_, name); }
    const DesktopEntry* ofWmClass(const std::string& name) const { return find(wmClasses_, name); }

    const std::vector<DesktopEntry>& all() const { return entries_; }

    // `process`: of the application itself. Empty if nothing is known of it.
    Recognised recognise(const ProcessFacts& process) const;

  private:
    using Index = std::map<std::string, std::size_t>;
    const DesktopEntry* find(const Index& index, const std::string& key) const {
        const auto it = index.find(key);
        return it == index.end() ? nullptr : &entries_[it->second];
    }

    std::vector<DesktopEntry> entries_;
    Index ids_, executables_, flatpaks_, snaps_, wmClasses_;
};

} // namespace micguard
