// SPDX-License-Identifier: GPL-3.0-or-later
//
// HoldMute and HoldUnmute: a hold lives exactly as long as its descriptor and its holder.
#include "protocol/names.hpp"
#include "tests/unit/bus_fixture.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using namespace micguard::test;

namespace {

const std::string limitExceeded = std::string(names::error::prefix) + names::error::limitExceeded;

bool called(const FakeRequests& requests, const std::string& call) {
    return std::find(requests.calls.begin(), requests.calls.end(), call) != requests.calls.end();
}

int hold(Client& client, const char* member, const char* reason) {
    const Answer answer = client.guard(member, g_variant_new("(s)", reason));
    INFO(answer.error << " " << answer.message);
    REQUIRE(answer.value);
    REQUIRE(answer.fds.size() == 1);
    return answer.fds[0];
}

} // namespace

TEST_CASE_METHOD(BusFixture, "a hold lasts until its descriptor is closed", "[bus]") {
    const int first = hold(*client, "HoldMute", "meeting");
    const int second = hold(*client, "HoldUnmute", "");
    CHECK(requests.calls == std::vector<std::string>{"holdMute meeting -> 1", "holdUnmute  -> 2"});
    CHECK((fcntl(first, F_GETFD) & FD_CLOEXEC) != 0);

    const int copy = dup(first);
    close(first);
    client->signals(); // a round trip: the daemon has been through its loop
    CHECK_FALSE(called(requests, "dropHold 1"));
    close(copy);
    REQUIRE(runUntil([&] { return called(requests, "dropHold 1"); }));
    CHECK_FALSE(called(requests, "dropHold 2"));
    close(second);
    REQUIRE(runUntil([&] { return called(requests, "dropHold 2"); }));
    CHECK(requests.calls.size() == 4); // each dropped once
}

TEST_CASE_METHOD(BusFixture, "writing into the descriptor changes nothing", "[bus]") {
    const int descriptor = hold(*client, "HoldMute", "");
    const char byte = 'x';
    CHECK(write(descriptor, &byte, 1) == 1);
    client->signals();
    CHECK_FALSE(called(requests, "dropHold 1"));
    close(descriptor);
    REQUIRE(runUntil([&] { return called(requests, "dropHold 1"); }));
}

TEST_CASE_METHOD(BusFixture, "a hold to unmute ends when its holder leaves the bus, one to mute does not",
                 "[bus]") {
    Client other(privateBus.address());
    const int descriptor = hold(other, "HoldUnmute", "");
    const int kept = hold(other, "HoldMute", "");
    other.leave();
    REQUIRE(runUntil([&] { return called(requests, "dropHold 1"); }));
    close(descriptor);
    client->signals();
    CHECK(std::ranges::count(requests.calls, "dropHold 1") == 1);
    CHECK_FALSE(called(requests, "dropHold 2"));
    close(kept);
    REQUIRE(runUntil([&] { return called(requests, "dropHold 2"); }));
}

// Run by the next test in a process of its own; takes a hold and waits to be killed.
TEST_CASE("holder process", "[.holder]") {
    const char* address = getenv("DBUS_SESSION_BUS_ADDRESS");
    REQUIRE(address);
    Client client(address);
    hold(client, "HoldUnmute", "child");
    for (;;)
        pause();
}

TEST_CASE_METHOD(BusFixture, "a hold ends when its holder is killed", "[bus]") {
    const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
    std::string program = self, test = "holder process";
    char* arguments[] = {program.data(), test.data(), nullptr};
    pid_t child = 0;
    REQUIRE(posix_spawn(&child, self.c_str(), nullptr, nullptr, arguments, environ) == 0);
    const bool taken = runUntil([&] { return called(requests, "holdUnmute child -> 1"); });
    if (taken) {
        CHECK(requests.callers.back().pid == static_cast<std::uint32_t>(child));
        CHECK_FALSE(called(requests, "dropHold 1"));
    }
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    REQUIRE(taken);
    REQUIRE(runUntil([&] { return called(requests, "dropHold 1"); }));
}

TEST_CASE_METHOD(BusFixture, "a holder that leaves before the hold is granted gets none", "[bus]") {
    requests.keepReplies = true;
    auto other = std::make_unique<Client>(privateBus.address());
    std::optional<Answer> answer;
    other->send("HoldMute", g_variant_new("(s)", ""), answer);
    REQUIRE(runUntil([&] { return requests.kept.size() == 1; }));
    other->leave();
    REQUIRE(runUntil([&] {
        return printed(client->guard("Diagnostics").value.get()).find("'bus.callers': '1'") !=
               std::string::npos;
    }));
    requests.kept[0]();
    CHECK(called(requests, "dropHold 1"));
    requests.kept.clear();
}

TEST_CASE_METHOD(BusFixture, "a hold that ends by itself is told to its holder and not dropped", "[bus]") {
    const int descriptor = hold(*client, "HoldUnmute", "");
    pollfd state = {descriptor, 0, 0};
    CHECK(poll(&state, 1, 0) == 0);
    bus->holdEnded(1);
    CHECK(poll(&state, 1, 5000) == 1);
    CHECK((state.revents & POLLERR) != 0);
    close(descriptor);
    client->signals();
    CHECK_FALSE(called(requests, "dropHold 1"));
}

TEST_CASE_METHOD(BusFixture, "a process has at most sixteen holds, asked-for ones counted", "[bus]") {
    std::vector<int> descriptors;
    Client second(privateBus.address()); // another connection of the same process
    for (int index = 0; index < 14; ++index)
        descriptors.push_back(hold(index % 2 == 0 ? *client : second, "HoldMute", ""));
    requests.keepReplies = true;
    std::optional<Answer> pending[2];
    client->send("HoldMute", g_variant_new("(s)", ""), pending[0]);
    client->send("HoldUnmute", g_variant_new("(s)", ""), pending[1]);
    REQUIRE(runUntil([&] { return requests.kept.size() == 2; }));
    CHECK(second.guard("HoldMute", g_variant_new("(s)", "")).error == limitExceeded);

    // A refused one gives its place back, as a closed one does.
    requests.refusal = RequestError{names::error::accessDenied, ""};
    for (const auto& answer : requests.kept)
        answer();
    REQUIRE(runUntil([&] { return pending[0].has_value() && pending[1].has_value(); }));
    requests.kept.clear();
    requests.refusal.reset();
    requests.keepReplies = false;
    for (int index = 0; index < 2; ++index)
        descriptors.push_back(hold(second, "HoldMute", ""));
    CHECK(client->guard("HoldMute", g_variant_new("(s)", "")).error == limitExceeded);
    close(descriptors.back());
    descriptors.pop_back();
    REQUIRE(runUntil([&] {
        return std::ranges::any_of(requests.calls,
                                   [](const auto& call) { return call.starts_with("dropHold"); });
    }));
    descriptors.push_back(hold(*client, "HoldMute", ""));
    for (const int descriptor : descriptors)
        close(descriptor);
    REQUIRE(runUntil([&] {
        return std::ranges::count_if(requests.calls,
                                     [](const auto& call) { return call.starts_with("dropHold"); }) == 17;
    }));
}

TEST_CASE_METHOD(BusFixture, "the bus dies: what opens microphones ends, what shuts them goes on", "[bus]") {
    const int mute = hold(*client, "HoldMute", "");
    const int unmute = hold(*client, "HoldUnmute", "");
    bool noticed = false;
    bus->onDisconnected = [&] { noticed = true; };
    privateBus.end();
    REQUIRE(runUntil([&] { return noticed; }));
    CHECK(called(requests, "dropHold 2"));
    CHECK_FALSE(called(requests, "dropHold 1"));
    close(mute);
    REQUIRE(runUntil([&] { return called(requests, "dropHold 1"); }));
    close(unmute);
}

TEST_CASE_METHOD(BusFixture, "the guard's end closes the pipes and drops nothing", "[bus]") {
    const int descriptor = hold(*client, "HoldMute", "");
    bus.reset();
    pollfd state = {descriptor, 0, 0};
    CHECK(poll(&state, 1, 5000) == 1);
    CHECK_FALSE(called(requests, "dropHold 1"));
    close(descriptor);
}
