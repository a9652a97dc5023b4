// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/process/pulse_peers.hpp"

#include "daemon/process/process.hpp"
#include "daemon/process/socket_diagnosis.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <dirent.h>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace micguard {
namespace {

struct CloseFolder {
    void operator()(DIR* folder) const { closedir(folder); }
};
using Folder = std::unique_ptr<DIR, CloseFolder>;

std::optional<std::uint32_t> numberIn(std::string_view text) {
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

// The inodes of the sockets that a process has open; none if it cannot be looked at.
std::set<std::uint32_t> socketsOf(std::uint32_t pid) {
    const Folder folder(opendir(("/proc/" + std::to_string(pid) + "/fd").c_str()));
    std::set<std::uint32_t> inodes;
    while (const dirent* entry = folder ? readdir(folder.get()) : nullptr) {
        std::array<char, 64> target{};
        const ssize_t size = readlinkat(dirfd(folder.get()), entry->d_name, target.data(), target.size());
        std::string_view text(target.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
        if (!text.starts_with("socket:[") || !text.ends_with(']'))
            continue;
        text.remove_prefix(8);
        text.remove_suffix(1);
        if (const auto inode = numberIn(text))
            inodes.insert(*inode);
    }
    return inodes;
}

// Who holds each of these sockets; 0: several processes do.
std::map<std::uint32_t, std::uint32_t> holdersOf(const std::set<std::uint32_t>& wanted,
                                                 std::uint32_t server) {
    std::map<std::uint32_t, std::uint32_t> holders;
    const Folder processes(opendir("/proc"));
    while (const dirent* entry = processes ? readdir(processes.get()) : nullptr) {
        const auto pid = numberIn(entry->d_name);
        if (!pid || *pid == server)
            continue;
        for (const auto inode : socketsOf(*pid))
            if (wanted.contains(inode))
                if (const auto [it, first] = holders.emplace(inode, *pid); !first)
                    it->second = 0;
    }
    return holders;
}

// The one socket that listens at this path, in the file system: its name alone could be that of a file that
// was replaced.
const UnixSocket* listenerAt(const std::vector<UnixSocket>& sockets, const std::string& path) {
    struct stat file {};
    if (lstat(path.c_str(), &file) != 0 || !S_ISSOCK(file.st_mode))
        return nullptr;
    const auto found = std::find_if(sockets.begin(), sockets.end(), [&](const UnixSocket& socket) {
        return socket.listening && socket.device == file.st_dev &&
               socket.file == static_cast<std::uint32_t>(file.st_ino);
    });
    return found == sockets.end() ? nullptr : &*found;
}

// The process, if it is the same one all the while and holds the socket at the end as well.
ProcessFacts readHolder(std::uint32_t pid, std::uint32_t socket) {
    const auto started = readStartTime(pid);
    const auto facts = readProcess(pid, "/proc", readSecurityLabel(pid));
    const bool same = started != 0 && socketsOf(pid).contains(socket) && readStartTime(pid) == started;
    return same ? facts : ProcessFacts{};
}

} // namespace

std::string pulseSocketPath() {
    const auto in = [](const char* variable, const char* rest) {
        const char* folder = std::getenv(variable);
        return folder && *folder ? folder + std::string(rest) : std::string{};
    };
    const auto own = in("PULSE_RUNTIME_PATH", "/native");
    return own.empty() ? in("XDG_RUNTIME_DIR", "/pulse/native") : own;
}

PulsePeers readPulsePeers(const std::vector<std::uint32_t>& candidates, const std::string& socketPath) {
    const auto sockets = listUnixSockets();
    const UnixSocket* listener = sockets ? listenerAt(*sockets, socketPath) : nullptr;
    if (!listener)
        return {};
    PulsePeers peers;
    std::set<std::uint32_t> own;
    for (const auto pid : candidates)
        if (auto held = socketsOf(pid); held.contains(listener->inode)) {
            if (peers.server != 0)
                return {};
            peers.server = pid;
            own = std::move(held);
        }
    if (peers.server == 0)
        return {};

    std::map<std::uint32_t, const UnixSocket*> known;
    std::set<std::string_view> addresses; // it may listen at several
    for (const auto& socket : *sockets) {
        known[socket.inode] = &socket;
        if (socket.listening && own.contains(socket.inode))
            addresses.insert(socket.name);
    }
    std::set<std::uint32_t> wanted;
    std::map<std::uint32_t, std::uint32_t> peerOf;
    for (const auto inode : own) {
        const auto it = known.find(inode);
        // Not in the list: of another network namespace, where its client made it, over a network, or too
        // new. It counts as a connection of somebody unknown.
        const UnixSocket* socket = it == known.end() ? nullptr : it->second;
        if (socket && (!socket->connected || !addresses.contains(socket->name)))
            continue;
        peers.sockets.push_back(inode);
        peerOf[inode] = socket ? socket->peer : 0;
        if (peerOf[inode] != 0)
            wanted.insert(peerOf[inode]);
    }
    const auto holders = holdersOf(wanted, peers.server);
    std::map<std::uint32_t, ProcessFacts> read;
    for (const auto inode : peers.sockets) {
        const auto holder = holders.find(peerOf[inode]);
        const std::uint32_t pid = holder == holders.end() ? 0 : holder->second;
        if (pid != 0 && !read.contains(pid))
            read[pid] = readHolder(pid, holder->first);
        peers.connections.push_back(pid != 0 ? read[pid] : ProcessFacts{});
    }
    return peers;
}

} // namespace micguard
