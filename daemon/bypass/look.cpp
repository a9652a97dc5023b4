// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/bypass/look.hpp"

#include "daemon/bypass/asound.hpp"
#include "daemon/process/process.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <system_error>
#include <vector>

namespace micguard {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t mostHolders = 16, mostSandboxes = 16, mostNamespaces = 256;
constexpr std::size_t longestFile = 1 << 20;
constexpr unsigned mostProcesses = 65536, mostDescriptors = 1 << 20; // of one look

std::string contents(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::string text;
    char part[4096];
    while (text.size() < longestFile && (file.read(part, sizeof part), file.gcount() > 0))
        text.append(part, static_cast<std::size_t>(file.gcount()));
    return text;
}

std::string target(const fs::path& link) {
    std::error_code error;
    return fs::read_symlink(link, error).native();
}

// Of all processes, until `wanted` says that it is enough.
template <typename Wanted>
void eachProcess(const fs::path& proc, Wanted wanted) {
    std::error_code error;
    unsigned seen = 0;
    for (fs::directory_iterator it(proc, error), end; !error && it != end && seen++ < mostProcesses;
         it.increment(error)) {
        const std::string name = it->path().filename().native();
        std::uint32_t pid = 0;
        const auto [rest, fault] = std::from_chars(name.data(), name.data() + name.size(), pid);
        if (fault == std::errc{} && rest == name.data() + name.size() && wanted(pid, it->path()))
            return;
    }
}

// The thread that opened it has ended, or is not ours to see, and the device is open all the same: somebody
// has it, by inheritance or as a gift.
std::uint32_t whoHasOpen(const fs::path& proc, const std::string& device) {
    std::uint32_t found = 0;
    unsigned looked = 0;
    eachProcess(proc, [&](std::uint32_t pid, const fs::path& process) {
        std::error_code error;
        for (fs::directory_iterator it(process / "fd", error), end; !error && it != end;
             it.increment(error)) {
            if (++looked > mostDescriptors)
                return true;
            if (target(it->path()) == device) {
                found = pid;
                return true;
            }
        }
        return false;
    });
    return found;
}

CardHolder described(const CaptureHolder& holder, const BypassPlaces& places) {
    CardHolder card;
    card.device = alsaName(holder);
    card.card = holder.card;
    auto pid = static_cast<std::uint32_t>(holder.process);
    if (pid == 0)
        pid = whoHasOpen(places.proc, places.devices + "/" + nodeName(holder));
    card.process = readProcess(pid, places.proc, readSecurityLabel(pid, places.proc));
    card.name = holder.name;
    if (card.name.empty() && pid != 0) {
        card.name = contents(fs::path(places.proc) / std::to_string(pid) / "comm");
        card.name.erase(std::find(card.name.begin(), card.name.end(), '\n'), card.name.end());
    }
    return card;
}

// "snap.firefox.firefox (enforce)" -> its profile's name; none where nothing is enforced, for then it is no
// sandbox.
std::optional<std::string> enforcedProfile(const std::string& label) {
    constexpr std::string_view enforced = " (enforce)";
    if (!label.starts_with("snap.") || !label.ends_with(enforced) || label.find('/') != std::string::npos)
        return std::nullopt;
    return label.substr(0, label.size() - enforced.size());
}

std::optional<SandboxWithCards> sandboxWithCards(std::uint32_t pid, const BypassPlaces& places) {
    const fs::path process = fs::path(places.proc) / std::to_string(pid);
    if (!seesCards(contents(process / "mountinfo")))
        return std::nullopt;
    const std::string label = readSecurityLabel(pid, places.proc);
    const auto facts = readProcess(pid, places.proc, label);
    // A Snap sees all of /dev; what it may open there is in its profile.
    if (facts.sandbox == "snap") {
        const auto profile = enforcedProfile(label);
        if (!profile || !profileOpensCards(contents(fs::path(places.snapProfiles) / *profile)))
            return std::nullopt;
    } else if (facts.sandbox != "flatpak") {
        return std::nullopt;
    }
    return SandboxWithCards{pid, facts.sandbox, facts.sandboxId};
}

// Each mount namespace is looked at once: the processes of a sandbox share it. A sandbox can make as many as
// it likes.
std::set<std::uint32_t> oneOfEachNamespace(const fs::path& proc, const BypassQuestion& question) {
    std::set<std::string> seen{"", target(proc / "self/ns/mnt")};
    std::set<std::uint32_t> found;
    const auto take = [&](std::uint32_t pid, const fs::path& process) {
        if (seen.insert(target(process / "ns/mnt")).second)
            found.insert(pid);
        return found.size() >= mostNamespaces;
    };
    for (const auto pid : question.sandboxed)
        if (take(pid, proc / std::to_string(pid)))
            break;
    if (question.everyProcess)
        eachProcess(proc, take);
    return found;
}

std::string_view nextWord(std::string_view& line) {
    const auto word = line.substr(0, line.find(' '));
    line.remove_prefix(std::min(line.size(), word.size() + 1));
    return word;
}

std::string_view nextLine(std::string_view& text) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    return line;
}

} // namespace

bool seesCards(std::string_view mountinfo) {
    // "36 35 98:0 /snd /dev/snd rw,noatime master:1 - devtmpfs udev rw": fields 4 and 5 are what is mounted
    // of that file system and where, its type follows " - ". What comes later lies above what came before,
    // except for the root, which may come last.
    constexpr std::string_view folder = "/dev/snd";
    bool sees = false;
    while (!mountinfo.empty()) {
        auto line = nextLine(mountinfo);
        const auto dash = line.find(" - ");
        if (dash == std::string_view::npos)
            continue;
        auto behind = line.substr(dash + 3);
        const bool kernels = nextWord(behind) == "devtmpfs";
        for (int field = 1; field < 4; field++)
            nextWord(line);
        const auto root = nextWord(line);
        const auto point = nextWord(line);
        if (point == "/dev")
            sees = kernels && root == "/";
        else if (point == folder)
            sees = kernels && root == "/snd";
        else if (point.starts_with("/dev/snd/") && isCaptureNode(point.substr(folder.size() + 1)))
            sees = sees || kernels;
    }
    return sees;
}

bool profileOpensCards(std::string_view profile) {
    while (!profile.empty()) {
        auto line = nextLine(profile);
        line.remove_prefix(std::min(line.size(), line.find_first_not_of(" \t")));
        if (line.starts_with("/dev/snd/") && line.find(" r") != std::string_view::npos &&
            line.find('*') != std::string_view::npos)
            return true;
    }
    return false;
}

Bypasses lookForBypasses(const BypassPlaces& places, const BypassQuestion& question) {
    Bypasses found;
    for (const auto& holder : captureHolders(places.asound, places.proc).holders) {
        if (found.holders.size() < mostHolders)
            found.holders.push_back(described(holder, places));
        else
            found.omitted++;
    }
    std::map<std::string, SandboxWithCards> sandboxes;
    for (const auto pid : oneOfEachNamespace(places.proc, question))
        if (auto sandbox = sandboxWithCards(pid, places))
            sandboxes.try_emplace(sandbox->id, *sandbox);
    for (auto& [id, sandbox] : sandboxes) {
        if (found.sandboxes.size() < mostSandboxes)
            found.sandboxes.push_back(std::move(sandbox));
        else
            found.omitted++;
    }
    return found;
}

} // namespace micguard
