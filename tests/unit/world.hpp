// SPDX-License-Identifier: GPL-3.0-or-later
//
// A guard on a fake server: the model, the enforcer and the describer wired as daemon/app.cpp wires them,
// without its loop. Every event goes through receive(); nothing here decides.
#pragma once

#include "daemon/enforce/enforcer.hpp"
#include "daemon/model/model.hpp"
#include "daemon/policy/describe.hpp"
#include "tests/unit/fake_server.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace micguard::test {

// Prepended to most graphs: the guard's own client 1 and the session manager, client 10.
inline constexpr std::string_view desk = R"(
client 1 self
client 10 pid=100 exe=/usr/bin/wireplumber socket=pipewire-0-manager unit=wireplumber.service links
)";

// A microphone of the session manager's, node 20 with port 21, and a call, client 30 with stream 31 and
// port 32.
inline constexpr std::string_view micAndCall = R"(
client 1 self
client 10 pid=100 exe=/usr/bin/wireplumber socket=pipewire-0-manager unit=wireplumber.service links
node 20 class=Audio/Source name=mic client=10
port 21 of 20 out
client 30 exe=/usr/bin/call name=Call
node 31 class=Stream/Input/Audio name=call client=30 autoconnect running
port 32 of 31 in
)";

// The same, and another application, client 40 with stream 41 and port 42; the microphone is the default.
inline constexpr std::string_view micAndTwoCalls = R"(
client 1 self
client 10 pid=100 exe=/usr/bin/wireplumber socket=pipewire-0-manager unit=wireplumber.service links
node 20 class=Audio/Source name=mic client=10
port 21 of 20 out
client 30 exe=/usr/bin/call name=Call
node 31 class=Stream/Input/Audio name=call client=30 autoconnect running
port 32 of 31 in
client 40 exe=/usr/bin/notes name=Notes
node 41 class=Stream/Input/Audio name=notes client=40 autoconnect running
port 42 of 41 in
default mic
)";

class World {
  public:
    // Connects to a server that has these objects already, and comes to rest.
    explicit World(std::string_view graph = {});
    // The same server, another guard: what a successor finds after the one before was killed.
    World(FakeServer inherited, Remembered remembered, bool muted);

    // Each comes to rest before it returns.
    void say(std::string_view text); // see FakeServer::say
    void mute(bool on = true);
    void unmute() { mute(false); }
    void receive(const Event& event); // one event from people or programs
    void rule(Rule rule);             // one more
    void noRules();
    void settleRoutes();
    void rest();           // reads whatever the server has to say
    void overdue();        // the time for evidence from other processes is over
    void streamsOverdue(); // the session manager has had its time to link what it was shown
    void reconnect();      // the connection is cut while the server goes on

    // Without coming to rest.
    void apply(const Event& event);
    bool step(); // one event of the server's; false if there is none

    Verdicts verdicts() const { return evaluate(model, RuleBook(model.settings)); }
    Guarantee promise() const { return guarantee(model, verdicts()); }
    std::vector<Action> plan() const;
    View view();
    std::vector<std::string> sent() const; // what was performed, in words
    const SourceVerdict& source(std::string_view name) const;
    KnobState knob(std::string_view name) const;
    const Node& node(std::string_view name) const;

    Model model;
    FakeServer server;
    Enforcer enforcer{model, server};
    Describer describer;
    std::uint64_t now = 1'000'000; // µs, moves on with each thing people do
    // Whenever it comes to rest; false: the session manager may still restore them.
    bool routesSettle = true;
    unsigned reconnects = 0; // on purpose, because something went out of sight
    // Whenever it comes to rest who is behind the Pulse server's clients has been looked for, and was not found; false: it has not.
    bool pulseLooks = true;

  private:
    bool lookForPulsePeers();

    std::uint64_t looked_ = 0;
};

} // namespace micguard::test
