// SPDX-License-Identifier: GPL-3.0-or-later
//
// Graphs, changes and events made at random, for the properties. Everything follows from the seed.
#pragma once

#include "tests/unit/world.hpp"

#include <cstdint>
#include <random>
#include <set>
#include <span>
#include <string>

namespace micguard::test {

class Random {
  public:
    explicit Random(std::uint32_t seed)
        : engine_(seed) {}
    // As these bytes say, as long as there are any: so a fuzzer steers what is made.
    explicit Random(std::span<const std::uint8_t> bytes)
        : bytes_(bytes)
        , engine_(static_cast<std::uint32_t>(bytes.size())) {}
    std::uint32_t below(std::uint32_t limit) {
        if (bytes_.size() < 2)
            return static_cast<std::uint32_t>(engine_() % limit);
        const std::uint32_t value = bytes_[0] | static_cast<std::uint32_t>(bytes_[1]) << 8;
        bytes_ = bytes_.subspan(2);
        return value % limit;
    }
    bool spent() const { return bytes_.size() < 2; }
    bool chance(std::uint32_t percent) { return below(100) < percent; }
    std::mt19937& engine() { return engine_; }

  private:
    std::span<const std::uint8_t> bytes_;
    std::mt19937 engine_;
};

// The guard, perhaps a session manager, microphones of every kind (raw, deaf, locked, JACK, a client's own),
// streams with and without a session manager or a client, sinks, and links made by hand. Names that start
// with "exempt" are for settings.
std::string randomGraph(Random& random);
// The same without the fake server's marks, as eventsOf() reads it.
std::string withoutMarks(const std::string& graph);
// One thing that happens outside: objects come and go, somebody turns a knob up or makes links.
std::string randomChange(Random& random, const FakeServer& server);
// One thing that people or programs want.
Event randomWish(Random& random, std::uint64_t now);
// Mode, Bluetooth, exemptions.
void randomSettings(Random& random, World& world);
// Rules about the applications and microphones of such graphs, and [policy] default.
Settings randomRules(Random& random);
// Any event at all, also such as no server would send, on ids that may be of another kind or of nothing.
Event randomEvent(Random& random);

// "node:port -> node:port" of microphones' links to what no session manager links.
std::set<std::string> linksByHand(const FakeServer& server);
// The names of streams that the session manager has linked to a microphone.
std::set<std::string> managedStreams(const FakeServer& server);

} // namespace micguard::test
