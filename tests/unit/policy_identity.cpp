// SPDX-License-Identifier: GPL-3.0-or-later
//
// Whose a stream is, and on whose word.
#include "daemon/policy/identity.hpp"
#include "tests/unit/graph_text.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace micguard;
using namespace micguard::test;

namespace {

Identity identityIn(std::string_view text) {
    const Graph graph = graphOf(text);
    return identify(graph, graph.nodes.at(GlobalId{31}));
}

} // namespace

TEST_CASE("a native client is its executable") {
    const auto identity = identityIn(R"(
        client 30 pid=77 exe=/usr/bin/call name=Call app-id=org.call icon=call
        node 31 class=Stream/Input/Audio client=30
    )");
    CHECK(identity.how == "kernel");
    CHECK(identity.key == "exe:/usr/bin/call");
    CHECK(identity.executable == "/usr/bin/call");
    CHECK(identity.pid == 77);
    CHECK(identity.name == "Call");
    CHECK(identity.icon == "call");
    CHECK(identity.sandbox.empty());
}

TEST_CASE("a native client cannot make itself a Flatpak by claiming so") {
    const auto identity = identityIn(R"(
        client 30 exe=/usr/bin/evil portal=org.trusted.App snap=trusted
        node 31 class=Stream/Input/Audio client=30
    )");
    CHECK(identity.how == "kernel");
    CHECK(identity.sandbox.empty());
    CHECK(identity.key == "exe:/usr/bin/evil");
}

TEST_CASE("pipewire-pulse vouches for the sandboxes of its clients, and for nothing else") {
    for (const char* server : {"/usr/bin/pipewire-pulse", "/usr/bin/pipewire"}) {
        INFO(server);
        const auto flatpak = identityIn("client 30 pid=9 portal=org.App exe=" + std::string(server) +
                                        "\nnode 31 client=30 app-id=org.claimed");
        CHECK(flatpak.how == "sandbox");
        CHECK(flatpak.key == "flatpak:org.App");
        CHECK(flatpak.appId == "org.App");
        const auto snap =
            identityIn("client 30 pid=9 snap=tool exe=" + std::string(server) + "\nnode 31 client=30");
        CHECK(snap.sandbox == "snap");
        CHECK(snap.key == "snap:tool");
        const auto plain = identityIn("client 30 pid=9 exe=" + std::string(server) +
                                      "\nnode 31 client=30 app-name=Recorder binary=parecord app-pid=55");
        CHECK(plain.how == "claimed");
        CHECK(plain.pid == 55); // the kernel's is pipewire-pulse's own
        CHECK(plain.executable == "parecord");
        CHECK(plain.key == "claimed:parecord");
    }
}

TEST_CASE("an executable of pipewire-pulse's name elsewhere vouches for nobody") {
    const auto identity = identityIn(R"(
        client 30 exe=/usr/bin/pipewire-pulse exe-elsewhere portal=org.trusted.App name=Evil
        node 31 client=30
    )");
    CHECK(identity.sandbox.empty());
    CHECK(identity.how == "claimed");
}

TEST_CASE("no claim reaches the key of a program that the kernel vouches for") {
    const auto identity = identityIn(R"(
        client 30 exe=/bin/x exe-elsewhere app-id=exe:/usr/bin/call
        node 31 client=30
    )");
    CHECK(identity.key == "claimed:exe:/usr/bin/call");
}

TEST_CASE("a stream without a client belongs to the server") {
    const auto identity = identityIn("node 31 class=Stream/Input/Audio name=loopback");
    CHECK(identity.key == "server:loopback");
    CHECK(identity.name == "loopback");
    CHECK(identity.executable.empty());
    CHECK(identity.pid == 0);
}
