// SPDX-License-Identifier: GPL-3.0-or-later
// A guard that is none: what the proof must not fall for.
#pragma once

#include "tests/support/session.hpp"

#include <catch2/catch_test_macros.hpp>
#include <systemd/sd-bus.h>

#include <atomic>
#include <cstdint>
#include <fcntl.h>
#include <poll.h>
#include <string>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace micguard::test {

// Says that it mutes, shows every sign of it, and silences all but one source.
class CheatingGuard {
  public:
    CheatingGuard(PrivateSession& session, std::vector<std::uint32_t> silenced)
        : graph_(session.graph())
        , silenced_(std::move(silenced)) {
        REQUIRE(sd_bus_new(&bus_) >= 0);
        REQUIRE(sd_bus_set_address(bus_, session.busAddress().c_str()) >= 0);
        REQUIRE(sd_bus_set_bus_client(bus_, 1) >= 0);
        REQUIRE(sd_bus_start(bus_) >= 0);
        REQUIRE(sd_bus_add_object(bus_, nullptr, path, handle, this) >= 0);
        REQUIRE(sd_bus_request_name(bus_, name, 0) >= 0);
        REQUIRE(pipe2(wake_, O_CLOEXEC) == 0);
        thread_ = std::thread([this] { serve(); });
    }
    ~CheatingGuard() {
        ::close(wake_[1]);
        thread_.join();
        ::close(wake_[0]);
        sd_bus_flush_close_unref(bus_);
    }
    CheatingGuard(const CheatingGuard&) = delete;
    CheatingGuard& operator=(const CheatingGuard&) = delete;

    unsigned holds() const { return holds_; }

  private:
    static constexpr const char* name = "org.micguard.MicGuard1";
    static constexpr const char* path = "/org/micguard/MicGuard1";

    void serve() {
        for (;;) {
            while (sd_bus_process(bus_, nullptr) > 0) {
            }
            pollfd fds[] = {{sd_bus_get_fd(bus_), POLLIN, 0}, {wake_[0], POLLIN, 0}, {hold_, 0, 0}};
            ::poll(fds, 3, 1000);
            if (fds[1].revents != 0)
                return;
            if (hold_ >= 0 && fds[2].revents != 0) { // the other end is closed
                ::close(hold_);
                hold_ = -1;
                silence(1.0F);
            }
        }
    }

    void silence(float volume) {
        for (const std::uint32_t id : silenced_)
            graph_.setNodeVolume(id, volume);
    }

    static int handle(sd_bus_message* call, void* userdata, sd_bus_error*) {
        auto& self = *static_cast<CheatingGuard*>(userdata);
        sd_bus_message* reply = nullptr;
        const std::string member = sd_bus_message_get_member(call);
        if (sd_bus_message_new_method_return(call, &reply) < 0)
            return 0;
        if (member == "GetAll") {
            const bool muted = self.hold_ >= 0;
            sd_bus_message_append(reply, "a{sv}", 10, "State", "s", muted ? "muted" : "live", "Muted", "b",
                                  int(muted), "MutedSince", "t", std::uint64_t{0}, "Mode", "s", "silence",
                                  "Holds", "a(sss)", 0, "Connected", "b", 1, "Capturing", "u", 0U,
                                  "Admission", "s", "relaxed", "Warnings", "a(ss)", 0, "Version", "s", "0");
        } else if (member == "GetManagedObjects") {
            sd_bus_message_append(reply, "a{oa{sa{sv}}}", 0);
        } else if (member == "HoldMute") {
            int ends[2];
            if (pipe2(ends, O_CLOEXEC) == 0) {
                self.silence(0.0F);
                self.holds_++;
                self.hold_ = ends[1];
                sd_bus_message_append(reply, "h", ends[0]);
                ::close(ends[0]);
            }
        } else {
            sd_bus_message_unref(reply);
            return 0;
        }
        sd_bus_message_send(reply);
        sd_bus_message_unref(reply);
        return 1;
    }

    Graph& graph_;
    std::vector<std::uint32_t> silenced_;
    sd_bus* bus_ = nullptr;
    int wake_[2]{};
    int hold_ = -1;
    std::atomic<unsigned> holds_ = 0;
    std::thread thread_;
};

} // namespace micguard::test
