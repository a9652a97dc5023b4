// SPDX-License-Identifier: GPL-3.0-or-later
// micguardd as a D-Bus client of the private session sees it. Blocking; one thread.
#pragma once

#include "tests/support/session.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

struct sd_bus;

namespace micguard::test {

// As the bus shows it.
struct ShownApplication {
    std::string path, appId, name, executable, identity, state, reason;
    bool muted = false;
};

class Guard {
  public:
    explicit Guard(const PrivateSession& session);
    ~Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

    // Throw with the D-Bus error's name and message when refused.
    void setMuted(bool muted);
    void setMode(const std::string& mode);
    void release();
    void setConfig(const std::string& key, const std::string& word);
    // The user's rules from now on, as micguard.toml says them; returns once they are in force.
    void setRules(const std::string& toml);
    // "" on success, else the error's name.
    std::string trySetMuted(bool muted);
    std::string tryReload();
    std::string trySetApplicationMuted(const std::string& path, bool muted);
    std::string tryAnswer(const std::string& path, bool allow, const std::string& scope);

    std::vector<ShownApplication> applications();
    // Waits until one that runs this program, or has this id, is as wanted; throws when time is up.
    ShownApplication waitApplication(const std::string& program,
                                     const std::function<bool(const ShownApplication&)>& isSo);
    // The applications that Asked and Blocked have named so far, in order.
    const std::vector<std::string>& asked();
    const std::vector<std::string>& blocked();
    // What PropertiesChanged has said of Muted so far, in order.
    const std::vector<bool>& mutedTold();

    bool muted();
    std::string state();
    std::string admission();
    // What it says of itself for people, by key.
    std::map<std::string, std::string> diagnostics();
    // id and text. Without that about the tests themselves, who watch the server over its manager socket.
    std::vector<std::pair<std::string, std::string>> warnings();
    bool hasWarning(const std::string& id);
    // Waits until there is one, or none; false when time is up.
    bool waitWarning(const std::string& id, bool present = true, Milliseconds timeout = kPatience);
    // Waits until State reads so; false when time is up.
    bool waitState(const std::string& state, Milliseconds timeout = kPatience);
    // How many programs are on the session's bus. Once one that ended is no longer among them, the guard has been told of it before
    // whatever is asked afterwards.
    std::size_t connections();
    bool waitConnections(std::size_t most, Milliseconds timeout = kPatience);
    bool waitName(bool present, Milliseconds timeout = kPatience);

    // Reads what has come. Whoever times a call does so first: sd_bus_call() reads all of it before it waits for the reply.
    void readSignals();
    // The bus there and back, and nothing of the guard's: sd-bus answers by itself. Throws if nobody does.
    void ping();

    // CLOCK_MONOTONIC at the return of the last call, and how long it took.
    std::int64_t repliedNsec() const { return replied_; }
    std::int64_t callNsec() const { return replied_ - called_; }

  private:
    template <typename... Args>
    std::string call(const char* member, const char* types, Args... args);
    template <typename... Args>
    std::string callApplication(const std::string& application, const char* member, const char* types,
                                Args... args);
    bool waitUntil(const std::function<bool()>& isSo, Milliseconds timeout);

    std::string text(const char* property);

    const PrivateSession& session_;
    sd_bus* bus_ = nullptr;
    std::int64_t called_ = 0, replied_ = 0;
    std::vector<std::string> asked_, blocked_;
    std::vector<bool> mutedTold_;
};

} // namespace micguard::test
