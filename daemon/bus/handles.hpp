// SPDX-License-Identifier: GPL-3.0-or-later
//
// RAII for what sd-bus and the kernel hand out, and the errors of the contract on their way to a caller. Only
// for files of this folder.
#pragma once

#include "daemon/bus/bus.hpp"

#include <memory>
#include <string>
#include <utility>

#include <systemd/sd-bus.h>
#include <unistd.h>

namespace micguard {

struct SlotUnref {
    void operator()(sd_bus_slot* slot) const { sd_bus_slot_unref(slot); }
};
using Slot = std::unique_ptr<sd_bus_slot, SlotUnref>;

struct CredsUnref {
    void operator()(sd_bus_creds* creds) const { sd_bus_creds_unref(creds); }
};
using Creds = std::unique_ptr<sd_bus_creds, CredsUnref>;

// A counted reference to a message; a copy is another reference.
class Message {
  public:
    Message() = default;
    explicit Message(sd_bus_message* borrowed)
        : message_(sd_bus_message_ref(borrowed)) {}
    Message(const Message& other)
        : message_(sd_bus_message_ref(other.message_)) {}
    Message(Message&& other) noexcept
        : message_(std::exchange(other.message_, nullptr)) {}
    Message& operator=(Message other) noexcept {
        std::swap(message_, other.message_);
        return *this;
    }
    ~Message() { sd_bus_message_unref(message_); }

    // For functions that make one.
    sd_bus_message** fill() {
        message_ = sd_bus_message_unref(message_);
        return &message_;
    }
    sd_bus_message* get() const { return message_; }

  private:
    sd_bus_message* message_ = nullptr;
};

class UniqueFd {
  public:
    UniqueFd() = default;
    explicit UniqueFd(int fd)
        : fd_(fd) {}
    UniqueFd(UniqueFd&& other) noexcept
        : fd_(std::exchange(other.fd_, -1)) {}
    UniqueFd& operator=(UniqueFd&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~UniqueFd() {
        if (fd_ >= 0)
            close(fd_);
    }
    int get() const { return fd_; }

  private:
    int fd_ = -1;
};

// "Connection refused" for -ECONNREFUSED.
std::string errnoText(int negative);

// One call that is waiting for its answer. Answers once; what comes later is ignored. One that is destroyed
// unanswered says so to the caller, so that nobody waits for a time-out.
class PendingCall {
  public:
    explicit PendingCall(sd_bus_message* call)
        : call_(call) {}
    PendingCall(const PendingCall&) = delete;
    PendingCall& operator=(const PendingCall&) = delete;
    ~PendingCall();

    sd_bus_message* message() const { return call_.get(); }

    void answer();
    void answer(bool value);
    void answer(const UniqueFd& descriptor); // the message takes a copy of its own
    void answer(const Message& reply);       // made as a return of message()
    void refuse(const RequestError& error);

  private:
    void send(sd_bus_message* reply);

    Message call_;
    bool answered_ = false;
};

} // namespace micguard
