// SPDX-License-Identifier: GPL-3.0-or-later
//
// A small PipeWire without PipeWire: holds objects, knobs, permissions and links, obeys actions as the real
// server does (1.4.2) and tells of what came of them. So a test asks what is audible on the server's side,
// not what the guard believes. It records every action; it checks no order of calls.
//
// Marks on a node: `raw` has no adapter and reads no knob; `deaf` lives in another process that goes on
// playing whatever it is told; `locked` ignores the user's own mute; `target=NAME` pins a stream to a source.
// `links` on a client makes it a session manager that links streams (autoconnect) to that or to the default
// source, and believes a stream that was cut off to be linked still; it turns a headset (`headset` on its source) into a
// telephone while a stream that it sees captures from it.
#pragma once

#include "daemon/enforce/server.hpp"
#include "daemon/model/event.hpp"
#include "tests/unit/fake_autoswitch.hpp"
#include "tests/unit/graph_text.hpp"

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace micguard::test {

class FakeServer final : public Server {
  public:
    void perform(const Action& action) override;
    void sync(std::uint64_t batch) override;

    // Objects appear, change and go as graph_text.hpp says; also:
    //   knob ID max=… [mute]   somebody sets Props
    //   routes DEVICE INDEX mute|unmute [save]    somebody turns the hardware's switch
    //   port-of DEVICE index=… profile=… [mute]    another port of the card is chosen: its route takes the other one's place
    //   state ID running|idle|suspended
    //   default NAME           the source that the session manager prefers
    //   blind ID               somebody takes our sight of an object that goes on
    //   raise CLIENT OBJECT    somebody gives a client every permission on an object
    //   hang ID, answer ID     the process of a client answers nobody, and does again
    void say(std::string_view text);

    // A connection of the guard's: everything there is, then the end of the list. Also after `restart`.
    void connect();
    void disconnect();
    // A new run of the server: every object is gone, another cookie.
    void restart();

    std::optional<Event> next(); // the oldest event not yet read
    bool silent() const { return pending_.empty(); }

    // Actions wait unheard, as if the server were busy, until it is lifted.
    void stall(bool on);

    const Graph& graph() const { return graph_; }
    const KnobReading& knob(GlobalId node) const { return graph_.nodes.at(node).knob; }
    std::uint32_t permission(GlobalId client, GlobalId object) const;
    // "mic -> call" for every link over which sound flows to somebody who does not own the microphone.
    std::set<std::string> audible() const;
    std::set<std::string> linked() const; // the same whether or not sound flows
    // "mic -> 30" for every client that could read what a source plays from memory that it was given while it was linked;
    // "mic -> 30, gone" if it has left the server since.
    std::set<std::string> readable() const;
    // "music" or "telephone": a headset's, by the device's id.
    std::string profile(GlobalId headset) const { return autoswitch_.profile(headset); }
    // Everything that an object of the server carries of the guard's: knobs at 0, permissions, said in words.
    std::vector<std::string> leftovers() const;

    std::vector<Action> performed;    // since the test last cleared it
    std::vector<std::string> refused; // links that the server did not allow
    std::string version = "1.4.2";    // told at the next connection
    bool routesStale = false;         // changes of a route are carried out, and read as they were before
    std::uint64_t now = 1'000'000;    // µs, moves on with what is said
    unsigned sessionManagerFails =
        0; // how often yet it will try to link a stream, fail, and wait for it to be new

  private:
    void carryOut(const Action& action);
    void answer(GlobalId client);
    void muteByRoute(const Device& device, std::uint32_t index);
    void setPermission(GlobalId client, GlobalId object, std::uint32_t value);
    bool mayLink(const Node& output, const Node& input) const;
    bool addLink(GlobalId outputNode, GlobalId outputPort, GlobalId inputNode, GlobalId inputPort);
    void removeLink(GlobalId id);
    void removeLinksOf(GlobalId nodeOrPort);
    void remove(GlobalId id);
    void removeObject(GlobalId id);
    void tell(Event event);
    void tellKnob(const Node& node);
    void tellClient(const Client& client);
    void appear(Line& line);
    void appearNode(Line& line);
    void change(Line& line);
    void makeSilence();
    void suspend(GlobalId id);
    void openPorts(GlobalId node, bool monitors);
    void rescan();
    void linkStream(const Node& stream);
    void linkSeen(const Link& link);

    struct Marks {
        bool raw = false, deaf = false, locked = false, mixed = false;
        bool elsewhere = false; // only says that it is in the server
    };

    bool hangs(GlobalId client) const; // its process was asked something and does not answer
    bool isInServer(const Action& action) const;

    Graph graph_;
    std::map<GlobalId, Marks> marks_;
    std::map<GlobalId, std::map<GlobalId, std::uint32_t>> permissions_;
    std::map<GlobalId, std::uint32_t> defaults_; // of those clients that wait for the guard's word
    std::set<GlobalId> sessionManagers_;
    // Source -> clients that were linked since it was suspended.
    std::map<GlobalId, std::set<GlobalId>> mapped_, left_;
    Autoswitch autoswitch_;
    std::set<GlobalId> believedLinked_; // streams, by the session manager
    std::string defaultSource_;
    std::deque<Event> pending_;
    std::deque<Action> waiting_;
    std::vector<std::uint64_t> waitingSyncs_;
    // By client: what its process was asked and has not done yet, and the batches in which it was.
    std::map<GlobalId, std::deque<Action>> hanging_;
    std::set<GlobalId> cardsHang_; // of these, whose routes were asked for
    std::map<GlobalId, std::vector<std::uint64_t>> unanswered_;
    std::set<GlobalId> asked_;
    bool connected_ = false;
    bool stalled_ = false;
    unsigned run_ = 1;
    std::uint32_t nextLink_ = 100000;
    std::uint32_t nextMade_ = 90000; // what the guard has the server make
};

std::string describe(const Action& action);

} // namespace micguard::test
