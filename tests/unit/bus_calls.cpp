// SPDX-License-Identifier: GPL-3.0-or-later
//
// Method calls: what reaches Requests, who is said to call, what the caller gets back.
#include "protocol/names.hpp"
#include "tests/unit/bus_fixture.hpp"

#include <algorithm>
#include <filesystem>

#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using namespace micguard::test;

namespace {

const std::string prefix = names::error::prefix;
constexpr char invalidArgs[] = "org.freedesktop.DBus.Error.InvalidArgs";

} // namespace

TEST_CASE_METHOD(BusFixture, "calls reach Requests with who called, and answers come back", "[bus]") {
    CHECK(client->guard("SetMuted", g_variant_new("(b)", TRUE)).value);
    CHECK(client->guard("SetMuted", g_variant_new("(b)", FALSE)).value);
    const Answer toggled = client->guard("ToggleMuted");
    REQUIRE(toggled.value);
    CHECK(printed(toggled.value.get()) == "(true,)");
    CHECK(client->guard("SetMode", g_variant_new("(s)", "sever")).value);
    CHECK(client->guard("Release").value);
    CHECK(requests.calls == std::vector<std::string>{"setMuted true", "setMuted false", "toggleMuted",
                                                     "setMode sever", "release"});
    for (const Caller& caller : requests.callers) {
        CHECK(caller.uniqueName == client->uniqueName());
        CHECK(caller.pid == static_cast<std::uint32_t>(getpid()));
        CHECK(caller.uidKnown);
        CHECK(caller.uid == getuid());
        CHECK(caller.executable == std::filesystem::read_symlink("/proc/self/exe").string());
    }
}

TEST_CASE_METHOD(BusFixture, "what is still to be published is, before anything but a mute is served",
                 "[bus]") {
    int published = 0;
    View view;
    view.guard.mode = "silence";
    requests.whenServing = [&] {
        published++;
        view.guard.mode = "sever";
        bus->publish(view);
    };
    bus->publish(view);
    CHECK(client->guard("SetMuted", g_variant_new("(b)", TRUE)).value);
    CHECK(client->guard("HoldMute", g_variant_new("(s)", "")).value);
    CHECK(published == 0);
    const Variant mode = client->get(names::rootPath, names::guard::interface, "Mode");
    REQUIRE(mode);
    CHECK(published == 1);
    CHECK(printed(mode.get()) == "'sever'");
    CHECK(client->guard("SetMuted", g_variant_new("(b)", FALSE)).value);
    CHECK(published == 2);
}

TEST_CASE_METHOD(BusFixture, "errors of Requests carry the contract's names", "[bus]") {
    for (const char* name :
         {names::error::notGuaranteed, names::error::accessDenied, names::error::sessionLocked}) {
        requests.refusal = RequestError{name, "because \xff\n"};
        for (const Answer& answer :
             {client->guard("SetMuted", g_variant_new("(b)", TRUE)), client->guard("ToggleMuted"),
              client->guard("SetMode", g_variant_new("(s)", "x")),
              client->guard("HoldMute", g_variant_new("(s)", "")),
              client->guard("HoldUnmute", g_variant_new("(s)", ""))}) {
            CHECK(answer.error == prefix + name);
            CHECK(answer.message == "because \uFFFD\uFFFD");
        }
    }
}

TEST_CASE_METHOD(BusFixture, "arguments of the wrong type have a named error and reach nobody", "[bus]") {
    CHECK(client->guard("SetMuted", g_variant_new("(s)", "yes")).error == invalidArgs);
    CHECK(client->guard("SetMuted").error == invalidArgs);
    CHECK(client->guard("SetMuted", g_variant_new("(bb)", TRUE, TRUE)).error == invalidArgs);
    CHECK(client->guard("ToggleMuted", g_variant_new("(b)", TRUE)).error == invalidArgs);
    CHECK(client->guard("SetMode", g_variant_new("(u)", 1)).error == invalidArgs);
    CHECK(client->guard("HoldMute", g_variant_new("(b)", TRUE)).error == invalidArgs);
    CHECK(client->guard("Unheard").error == "org.freedesktop.DBus.Error.UnknownMethod");
    CHECK(client
              ->call(names::rootPath, "org.freedesktop.DBus.Properties", "Set",
                     g_variant_new("(ssv)", names::guard::interface, "Muted", g_variant_new_boolean(FALSE)))
              .error == "org.freedesktop.DBus.Error.PropertyReadOnly");
    CHECK(requests.calls.empty());
}

TEST_CASE_METHOD(BusFixture, "strings out of bounds are refused by name", "[bus]") {
    const std::string long_(257, 'x');
    for (const char* member : {"HoldMute", "HoldUnmute"}) {
        for (const char* reason : {"a\nb", "\x1b[2J", "\u202Ex", long_.c_str()})
            CHECK(client->guard(member, g_variant_new("(s)", reason)).error == prefix + "InvalidArgument");
    }
    CHECK(client->guard("SetMode", g_variant_new("(s)", "si\nlence")).error == prefix + "InvalidArgument");
    CHECK(requests.calls.empty());
}

TEST_CASE_METHOD(BusFixture, "a reply may come later, and others are served meanwhile", "[bus]") {
    requests.keepReplies = true;
    std::optional<Answer> muted;
    client->send("SetMuted", g_variant_new("(b)", TRUE), muted);
    REQUIRE(runUntil([&] { return requests.kept.size() == 1; }));
    Client other(privateBus.address());
    CHECK(other.guard("Diagnostics").value);
    CHECK_FALSE(muted);
    requests.kept[0]();
    requests.kept[0](); // a second answer is ignored
    REQUIRE(runUntil([&] { return muted.has_value(); }));
    CHECK(muted->value);
}

TEST_CASE_METHOD(BusFixture, "calls of one sender are taken in their order", "[bus]") {
    // The first call has to wait for the sender's identity; those behind it must not overtake.
    std::optional<Answer> answers[20];
    std::vector<std::string> expected;
    for (int index = 0; index < 20; ++index) {
        const bool mute = index % 3 == 0;
        client->send("SetMuted", g_variant_new("(b)", mute ? TRUE : FALSE), answers[index]);
        expected.push_back(mute ? "setMuted true" : "setMuted false");
    }
    REQUIRE(runUntil([&] { return answers[19].has_value(); }));
    CHECK(requests.calls == expected);
}

TEST_CASE_METHOD(BusFixture, "too many calls before the sender is known are refused, the rest is served",
                 "[bus]") {
    Client stranger(privateBus.address());
    std::vector<std::optional<Answer>> answers(400);
    for (auto& answer : answers)
        stranger.send("ToggleMuted", nullptr, answer);
    stranger.delivered(); // so that all of them lie before the answer about their sender
    REQUIRE(runUntil(
        [&] { return std::ranges::all_of(answers, [](const auto& answer) { return answer.has_value(); }); }));
    for (std::size_t index = 0; index < answers.size(); ++index) {
        INFO(index);
        CHECK(answers[index]->error == (index < 64 ? "" : prefix + "LimitExceeded"));
    }
    CHECK(requests.calls.size() == 64);
    CHECK(stranger.guard("ToggleMuted").value);
}

TEST_CASE_METHOD(BusFixture, "a call that Requests forgets is told so", "[bus]") {
    requests.keepReplies = true;
    std::optional<Answer> muted;
    client->send("SetMuted", g_variant_new("(b)", TRUE), muted);
    REQUIRE(runUntil([&] { return requests.kept.size() == 1; }));
    requests.kept.clear();
    REQUIRE(runUntil([&] { return muted.has_value(); }));
    CHECK(muted->error == "org.freedesktop.DBus.Error.NoReply");
}

TEST_CASE_METHOD(BusFixture, "answering a caller that has left, or after the bus, is harmless", "[bus]") {
    requests.keepReplies = true;
    auto other = std::make_unique<Client>(privateBus.address());
    std::optional<Answer> left, holding, muting;
    other->send("SetMuted", g_variant_new("(b)", TRUE), left);
    REQUIRE(runUntil([&] { return requests.kept.size() == 1; }));
    other->leave();
    REQUIRE(runUntil([&] { return left.has_value(); }));
    requests.kept[0]();
    requests.kept.clear();
    CHECK(client->guard("Diagnostics").value);

    client->send("HoldMute", g_variant_new("(s)", ""), holding);
    client->send("SetMuted", g_variant_new("(b)", TRUE), muting);
    REQUIRE(runUntil([&] { return requests.kept.size() == 2; }));
    bus.reset();
    for (const auto& answer : requests.kept)
        answer();
    requests.kept.clear();
    REQUIRE(runUntil([&] { return muting.has_value() && holding.has_value(); }));
    CHECK(muting->error == "org.freedesktop.DBus.Error.NoReply");
    CHECK(holding->error == "org.freedesktop.DBus.Error.NoReply");
    CHECK(requests.calls.size() == 3); // nothing dropped
}

TEST_CASE_METHOD(BusFixture, "the reply to Release is out before the bus is closed", "[bus]") {
    requests.keepReplies = true;
    std::optional<Answer> released;
    client->send("Release", nullptr, released);
    REQUIRE(runUntil([&] { return requests.kept.size() == 1; }));
    requests.kept[0]();
    bus.reset();
    REQUIRE(runUntil([&] { return released.has_value(); }));
    CHECK(released->value);
    requests.kept.clear();
}

TEST_CASE_METHOD(BusFixture, "Diagnostics has the guard's facts and the bus's own, printable", "[bus]") {
    const Answer answer = client->guard("Diagnostics");
    REQUIRE(answer.value);
    const std::string text = printed(answer.value.get());
    CHECK(text.find("'pipewire.version': '1.4.2'") != std::string::npos);
    CHECK(text.find("'source.bad\uFFFD.method': 'vol\uFFFDume'") != std::string::npos);
    CHECK(text.find("'bus.holds': '0'") != std::string::npos);
}

TEST_CASE_METHOD(BusFixture, "callers are forgotten when they leave", "[bus]") {
    for (int index = 0; index < 10; ++index) {
        Client other(privateBus.address());
        CHECK(other.guard("ToggleMuted").value);
    }
    CHECK(client->guard("ToggleMuted").value);
    std::string text;
    REQUIRE(runUntil([&] {
        text = printed(client->guard("Diagnostics").value.get());
        return text.find("'bus.callers': '1'") != std::string::npos;
    }));
}

TEST_CASE_METHOD(BusFixture, "the bus dies: it is noticed at once, and once", "[bus]") {
    int noticed = 0;
    bus->onDisconnected = [&] {
        ++noticed;
        bus.reset(); // allowed
    };
    privateBus.end();
    REQUIRE(runUntil([&] { return noticed > 0; }));
    CHECK(noticed == 1);
    CHECK_FALSE(bus);
}
