// SPDX-License-Identifier: GPL-3.0-or-later
//
// The running guard as micguardctl sees it: one connection to the session bus and the calls of the contract,
// each a single round trip. Prints nothing; errors come back as an exit code and a sentence for people.
#pragma once

#include "cli/exit_code.hpp"
#include "config/value.hpp"

#include <chrono>
#include <memory>
#include <string>

#include <nlohmann/json_fwd.hpp>
#include <tl/expected.hpp>

struct sd_bus;
struct sd_bus_message;

namespace micguard::cli {

// May a call start the guard through D-Bus activation? Asking how things are must not change them.
enum class Start { Never, Allowed };

struct CallError {
    Exit code = Exit::Failed;
    std::string message; // one line, fit for a terminal
};

// What the guard said (its `what`) is not as it should be.
tl::unexpected<CallError> unreadable(const std::string& what, const std::string& why);

template <typename T>
using Answer = tl::expected<T, CallError>;

// A file descriptor that closes itself.
class Descriptor {
  public:
    Descriptor() = default;
    explicit Descriptor(int fd)
        : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept
        : fd_(other.fd_) {
        other.fd_ = -1;
    }
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~Descriptor() { close(); }

    int get() const { return fd_; }
    bool open() const { return fd_ >= 0; }
    void close();

  private:
    int fd_ = -1;
};

struct BusCloser {
    void operator()(sd_bus* bus) const;
};
using BusHandle = std::unique_ptr<sd_bus, BusCloser>;

struct MessageUnref {
    void operator()(sd_bus_message* message) const;
};
using MessageHandle = std::unique_ptr<sd_bus_message, MessageUnref>;

// How long reading calls wait. A guard that is stopped or hangs must not hang every status bar with it.
constexpr std::chrono::microseconds readPatience = std::chrono::seconds(5);
// Calls that change something may wait for hardware, and for the guard to be started.
constexpr std::chrono::microseconds changePatience = std::chrono::seconds(25);

// What a D-Bus error (or a negative errno from sd-bus) means for us.
CallError callError(const char* name, const char* message, int errnum);

class Guard {
  public:
    static Answer<Guard> connect();

    // All properties of org.micguard.MicGuard1, by name.
    Answer<nlohmann::json> properties();
    // One of them, where one is enough: the guard counts all as eight calls.
    Answer<nlohmann::json> property(const char* name);
    // Path -> interface -> properties of everything below the guard's object.
    Answer<nlohmann::json> objects();
    // Free-form facts, key -> text.
    Answer<nlohmann::json> diagnostics();

    Answer<void> mute();
    Answer<void> unmute();
    Answer<bool> toggle(); // what it is now: true is muted
    Answer<void> setMode(const std::string& mode);
    // Of an application, by its path.
    Answer<void> setApplicationMuted(const std::string& path, bool muted);
    Answer<void> answer(const std::string& path, bool allow, const std::string& scope);
    Answer<void> setConfig(const std::string& key, const SettingValue& value);
    // Also waits until the guard has left the bus: only then is everything given back.
    Answer<void> release();

    // In effect while the descriptor is open. It is close-on-exec.
    Answer<Descriptor> holdMute(const std::string& reason);
    Answer<Descriptor> holdUnmute(const std::string& reason);

    // The unique name and process of whoever owns the guard's bus name; pid 0 if the bus does not tell.
    struct Owner {
        std::string uniqueName;
        unsigned pid = 0;
    };
    Answer<Owner> owner();

    sd_bus* bus() const { return bus_.get(); }

  private:
    explicit Guard(BusHandle bus)
        : bus_(std::move(bus)) {}

    BusHandle bus_;
};

// A call on the guard's main interface that the caller may append to and send as it likes.
Answer<MessageHandle> guardCall(sd_bus* bus, const char* member, Start start);

// Sends and waits. The reply is never null.
Answer<MessageHandle> send(sd_bus* bus, sd_bus_message* call, std::chrono::microseconds patience);

// The descriptor in a hold's reply, duplicated so that it outlives the message.
Answer<Descriptor> holdOf(sd_bus_message* reply);

} // namespace micguard::cli
