// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/state/store.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace micguard {
namespace {

constexpr std::size_t largestFile = 4U << 20;

std::string systemError(const std::string& what) {
    return what + ": " + std::strerror(errno);
}

bool makeFolders(const std::string& path) {
    for (std::size_t at = 1; at != std::string::npos;) {
        at = path.find('/', at);
        const std::string part = path.substr(0, at);
        if (mkdir(part.c_str(), 0700) != 0 && errno != EEXIST)
            return false;
        if (at != std::string::npos)
            at++;
    }
    return true;
}

// A reader sees the old file or the new one, never half of one.
std::string replaceFile(const std::string& folder, const std::string& path, const std::string& text,
                        bool durable) {
    const std::string temporary = path + ".new";
    const auto create = [&] {
        return open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    };
    int fd = create();
    if (fd < 0 && errno == ENOENT) {
        if (!makeFolders(folder))
            return systemError("cannot make " + folder);
        fd = create();
    }
    if (fd < 0)
        return systemError("cannot write " + temporary);
    std::size_t done = 0;
    while (done < text.size()) {
        const ssize_t size = write(fd, text.data() + done, text.size() - done);
        if (size < 0 && errno == EINTR)
            continue;
        if (size <= 0) {
            const auto error = systemError("cannot write " + temporary);
            close(fd);
            unlink(temporary.c_str());
            return error;
        }
        done += static_cast<std::size_t>(size);
    }
    const bool synced = !durable || fsync(fd) == 0;
    if (close(fd) != 0 || !synced || rename(temporary.c_str(), path.c_str()) != 0)
        return systemError("cannot write " + path);
    return {};
}

// Nothing: there is no such file. An empty text: it is there and cannot be read.
std::optional<std::string> readFile(const std::string& path) {
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            return std::nullopt;
        return std::string{};
    }
    std::string text;
    std::array<char, 16384> buffer{};
    for (;;) {
        const ssize_t size = read(fd, buffer.data(), buffer.size());
        if (size < 0 && errno == EINTR)
            continue;
        if (size <= 0 || text.size() > largestFile)
            break;
        text.append(buffer.data(), static_cast<std::size_t>(size));
    }
    close(fd);
    return text;
}

std::string fromEnvironment(const char* variable, const char* homeFolder) {
    if (const char* folder = std::getenv(variable); folder && *folder == '/')
        return std::string(folder) + "/micguard";
    const char* home = std::getenv("HOME");
    return std::string(home && *home == '/' ? home : "/tmp") + homeFolder + "/micguard";
}

} // namespace

Store::Store(std::string runtimeFolder, std::string stateFolder,
             std::function<void(const std::string&)> failed)
    : runtimeFolder_(std::move(runtimeFolder))
    , stateFolder_(std::move(stateFolder))
    , failed_(std::move(failed))
    , writer_([this] { writeLoop(); }) {}

Store::~Store() {
    {
        const std::lock_guard lock(mutex_);
        end_ = true;
    }
    changed_.notify_all();
    writer_.join();
}

Found Store::load() const {
    Found found;
    const auto marker = readFile(markerPath());
    const auto state = readFile(statePath());
    const auto before = readFile(statePath() + ".old");
    const auto markerMemory = marker ? readMemory(*marker) : std::nullopt;
    auto stateMemory = state ? readMemory(*state) : std::nullopt;
    if (state && !stateMemory)
        found.warning = statePath() + " is unreadable";
    // Also without a state: the power went, or the disk was full, while it was being replaced.
    if (!stateMemory && before)
        stateMemory = readMemory(*before);
    if (marker && !markerMemory)
        found.warning = markerPath() + " is unreadable";
    if (stateMemory)
        found.memory = *stateMemory;
    if (markerMemory) {
        const Memory onDisk = std::exchange(found.memory, *markerMemory);
        found.memory.remembered.userMuted = onDisk.remembered.userMuted;
        found.memory.remembered.ledsStored = onDisk.remembered.ledsStored;
        found.memory.remembered.stored = onDisk.remembered.stored;
        // Either is enough: the state is written a moment after the marker.
        found.memory.muted = markerMemory->muted || onDisk.muted;
        found.memory.desktop = markerMemory->desktop || onDisk.desktop;
        found.memory.remembered.panel.insert(onDisk.remembered.panel.begin(), onDisk.remembered.panel.end());
        found.memory.appMutes.insert(onDisk.appMutes.begin(), onDisk.appMutes.end());
        if (!found.memory.mode)
            found.memory.mode = onDisk.mode;
    }
    // What was held or locked is in the marker alone: a state that is readable beside it says nothing of that.
    const bool unknown = !markerMemory && (marker || (!stateMemory && (state || before)));
    if (unknown) {
        found.memory.muted = true;
        found.warning += "; muted until you unmute";
    }
    return found;
}

// A folder that lives as long as the session, so what is in it was put there in this one.
bool Store::beginsSession() const {
    const std::string path = runtimeFolder_ + "/session";
    makeFolders(runtimeFolder_);
    const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0)
        close(fd);
    return fd >= 0 || errno != EEXIST;
}

std::string Store::setMarker(const std::string& text) {
    if (marker_ == text)
        return {};
    if (text.empty()) {
        if (unlink(markerPath().c_str()) != 0 && errno != ENOENT && errno != ENOTDIR)
            return systemError("cannot remove " + markerPath());
        marker_ = text;
        return {};
    }
    auto error = replaceFile(runtimeFolder_, markerPath(), text, false);
    if (error.empty())
        marker_ = text;
    return error;
}

void Store::setState(std::string text) {
    {
        const std::lock_guard lock(mutex_);
        next_ = std::move(text);
    }
    changed_.notify_all();
}

void Store::drain() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(2), [this] { return !next_ && !writing_; });
}

void Store::writeLoop() {
    bool failing = false;
    std::string last;
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return next_ || end_; });
        if (!next_)
            return;
        const std::string text = *std::exchange(next_, std::nullopt);
        writing_ = true;
        lock.unlock();
        std::string error;
        // Nobody but us takes it away, but somebody may all the same: as long as anything happens it is put back.
        if (failing || text != last || access(statePath().c_str(), F_OK) != 0) {
            // The one before stays as the newest readable should this one be damaged.
            rename(statePath().c_str(), (statePath() + ".old").c_str());
            error = replaceFile(stateFolder_, statePath(), text, true);
            last = text;
        }
        if (!error.empty() || failing)
            failed_(error);
        failing = !error.empty();
        lock.lock();
        writing_ = false;
        changed_.notify_all();
    }
}

std::string Store::defaultRuntimeFolder() {
    if (const char* folder = std::getenv("XDG_RUNTIME_DIR"); folder && *folder == '/')
        return std::string(folder) + "/micguard";
    return "/run/user/" + std::to_string(getuid()) + "/micguard";
}

std::string Store::defaultStateFolder() {
    return fromEnvironment("XDG_STATE_HOME", "/.local/state");
}

} // namespace micguard
