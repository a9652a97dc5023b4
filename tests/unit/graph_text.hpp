// SPDX-License-Identifier: GPL-3.0-or-later
//
// Graphs as text, one object a line; what the words mean:
//
//   client 10 pid=100 exe=/usr/bin/wireplumber socket=pipewire-0-manager unit=wireplumber.service
//   device 15 name=card client=10
//   route 15 index=0 profile=1 hw-mute mute
//   node 20 class=Audio/Source name=mic client=10 device=15 profile=1
//   port 30 of 20 out monitor physical format="8 bit raw midi"
//   link 40 20:30 -> 50:60
//   knob 20 max=10 mute monitor-mute locked      Props as read from the node, or as somebody sets them
//   gone 20
//
// `key=value` and bare flags in any order, quotes around blanks, # to the line's end. A serial is the id plus
// 1000 unless serial= says otherwise, so that the two are never mixed up unnoticed. A word that is not known
// is an error: a test with a slip of the pen must not pass.
#pragma once

#include "daemon/model/event.hpp"
#include "daemon/model/graph.hpp"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace micguard::test {

class Line {
  public:
    explicit Line(std::string_view text); // throws std::runtime_error that quotes the line

    const std::string& verb() const { return verb_; }
    const std::string& text() const { return text_; }
    GlobalId id() const; // the number behind the verb
    // Each takes the word out; what is left at the end was not understood.
    std::string take(const std::string& key, const std::string& otherwise = {});
    bool has(const std::string& key) const { return values_.contains(key); }
    std::uint64_t takeNumber(const std::string& key, std::uint64_t otherwise);
    float takeFloat(const std::string& key, float otherwise);
    bool takeFlag(const std::string& flag);
    std::string takeWord(); // the next bare word in order
    std::uint64_t takeWordAsNumber();
    void done() const; // throws if anything is left

    [[noreturn]] void fail(const std::string& why) const;

  private:
    std::string text_;
    std::string verb_;
    std::vector<std::string> words_;
    std::map<std::string, std::string> values_;
};

// Blank lines and comments are left out.
std::vector<Line> linesOf(std::string_view text);

// Words that are not about the object stay in `line`.
Client takeClient(Line& line);
Device takeDevice(Line& line);
Route takeRoute(Line& line);
Node takeNode(Line& line);
Port takePort(Line& line);
Link takeLink(Line& line);
KnobReading takeKnob(Line& line);

// What the registry tells of a node before its info arrives (PipeWire 1.4.2, impl-node.c,
// pw_impl_node_register()).
Node asRegistered(const Node& node);

// The events that a connection would make of these objects, in the order of the lines.
std::vector<Event> eventsOf(std::string_view text);
Graph graphOf(std::string_view text);

} // namespace micguard::test
