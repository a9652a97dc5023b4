// SPDX-License-Identifier: GPL-3.0-or-later
//
// How often one process may call, what becomes of more, and what is too long to be looked at.
#include "daemon/bus/call_limits.hpp"
#include "daemon/bus/callers.hpp"
#include "protocol/names.hpp"
#include "tests/unit/bus_fixture.hpp"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using namespace micguard::test;

namespace {

const std::string limit = std::string(names::error::prefix) + "LimitExceeded";
constexpr Allowance::Instant second = 1'000'000;

} // namespace

TEST_CASE("an allowance is spent, comes back with time, and never to more than it was", "[bus]") {
    Allowance allowance(10, 5);
    CHECK(allowance.take(10, second));
    CHECK_FALSE(allowance.take(1, second));
    CHECK(allowance.take(5, 2 * second));
    CHECK_FALSE(allowance.take(1, 2 * second));
    CHECK(allowance.full(100 * second));
    CHECK(allowance.take(10, 100 * second));
    CHECK_FALSE(allowance.take(1, 100 * second));
    allowance.charge(1000, 100 * second);
    CHECK_FALSE(allowance.halfFull(102 * second)); // a debt, but one that ends
    CHECK(allowance.take(10, 104 * second));
    CHECK_FALSE(allowance.take(1, 0)); // a clock that goes back gives nothing
}

TEST_CASE("who has called too much is refused, then not answered, and may still mute", "[bus]") {
    ProcessCalls calls;
    int served = 0, refused = 0;
    Admission last = Admission::Serve;
    for (int count = 0; count < 5000; count++) {
        last = calls.admit(1, false, true, second);
        served += last == Admission::Serve;
        refused += last == Admission::Refuse;
    }
    CHECK(served == 1000);
    CHECK(refused == 512);
    CHECK(last == Admission::Drop);
    CHECK(calls.isNews(second));
    CHECK_FALSE(calls.isNews(second));
    CHECK(calls.admit(1, true, true, second) == Admission::Serve);
    // Nor is it asked of one whose connections are too many.
    CHECK(calls.admit(1, true, false, second) == Admission::Serve);
    CHECK(calls.admit(1, false, false, 100 * second) == Admission::Refuse);
    CHECK(calls.admit(1, false, true, 100 * second) == Admission::Serve);
}

TEST_CASE("a process that comes back has what it had left, and those long gone are forgotten", "[bus]") {
    ProcessTable table;
    table.of(1, second).connections = 1;
    CHECK(table.of(1, second).admit(1000, false, true, second) == Admission::Serve);
    table.of(1, second).connections = 0;
    CHECK(table.of(1, second).admit(1, false, true, second) == Admission::Refuse);
    for (std::uint32_t pid = 2; pid < 20'000; pid++)
        table.of(pid, 100 * second);
    CHECK(table.size() < 10'000);
}

TEST_CASE_METHOD(BusFixture, "a flood is refused, another caller is served, and he who floods may still mute",
                 "[bus]") {
    CHECK(client->guard("SetMode", g_variant_new("(s)", "silence")).value); // so that he is known
    std::vector<std::optional<Answer>> answers(700);
    for (auto& answer : answers)
        client->send("ToggleMuted", nullptr, answer);
    // Right behind, before anything can have come back to him.
    std::optional<Answer> unmute, read, mute;
    client->send("SetMuted", g_variant_new("(b)", FALSE), unmute);
    client->send("Diagnostics", nullptr, read);
    client->send("SetMuted", g_variant_new("(b)", TRUE), mute);
    client->delivered();
    REQUIRE(runUntil([&] {
        return mute && std::ranges::all_of(answers, [](const auto& answer) { return answer.has_value(); });
    }));
    const auto refused =
        std::ranges::count_if(answers, [](const auto& answer) { return answer->error == limit; });
    CHECK(refused > 100);
    CHECK(unmute->error == limit);
    CHECK(read->error == limit); // reading counts as well
    CHECK(mute->value);
    CHECK(requests.calls.size() == 2 + answers.size() - static_cast<std::size_t>(refused));
    CHECK(requests.calls.back() == "setMuted true");
}

TEST_CASE_METHOD(BusFixture, "arguments that are too long, too many or too deep reach nobody", "[bus]") {
    CHECK(client->guard("Explain", g_variant_new("(s)", std::string(100'000, 'x').c_str())).error == limit);
    CHECK(client->guard("SetMode", g_variant_new("(s)", std::string(1 << 20, 'x').c_str())).error == limit);
    GVariantBuilder many;
    g_variant_builder_init(&many, G_VARIANT_TYPE("as"));
    for (int count = 0; count < 10'000; count++)
        g_variant_builder_add(&many, "s", "");
    CHECK(client->guard("SetConfig", g_variant_new("(sv)", "sources.exempt", g_variant_builder_end(&many)))
              .error == limit);
    GVariant* deep = g_variant_new_boolean(TRUE);
    for (int depth = 0; depth < 20; depth++)
        deep = g_variant_new_variant(deep);
    CHECK(client->guard("SetConfig", g_variant_new("(sv)", "mute.led", deep)).error == limit);
    CHECK(requests.calls.empty());
    CHECK(client->guard("SetMode", g_variant_new("(s)", "silence")).value);
}
