// SPDX-License-Identifier: GPL-3.0-or-later
//
// Where marker and state are kept. The marker is on a memory file system and is written at once, before the
// reply that depends on it; the state goes to disk on a thread of its own, so that a slow or full disk delays
// nothing. Failures come back as one sentence, never as an exception.
#pragma once

#include "daemon/state/memory.hpp"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace micguard {

// What was found at start. Unknown means muted: files that are there but unreadable never open a microphone.
struct Found {
    Memory memory;
    std::string warning; // "" or what was unreadable
};

class Store {
  public:
    // `failed` is called on the writer's thread with "" after a success that follows a failure.
    Store(std::string runtimeFolder, std::string stateFolder, std::function<void(const std::string&)> failed);
    ~Store(); // what was handed over is written first
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    Found load() const;

    // The first time in this session that it is asked, and whenever that cannot be known.
    bool beginsSession() const;

    // Replaces or, with "", removes the marker. Returns "" or what went wrong. Nothing is done if it is the
    // same text as before.
    std::string setMarker(const std::string& text);

    // Hands the state to the writer; the newest wins. Returns at once.
    void setState(std::string text);

    // Waits until what was handed over is on disk (only at the end of the daemon's life).
    void drain();

    static std::string defaultRuntimeFolder();
    static std::string defaultStateFolder();

  private:
    void writeLoop();
    std::string markerPath() const { return runtimeFolder_ + "/marker.json"; }
    std::string statePath() const { return stateFolder_ + "/state.json"; }

    const std::string runtimeFolder_;
    const std::string stateFolder_;
    std::optional<std::string> marker_; // as on disk
    std::function<void(const std::string&)> failed_;
    std::mutex mutex_; // guards what follows
    std::condition_variable changed_;
    std::optional<std::string> next_;
    bool writing_ = false;
    bool end_ = false;
    std::thread writer_;
};

} // namespace micguard
