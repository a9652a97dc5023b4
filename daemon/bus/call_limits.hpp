// SPDX-License-Identifier: GPL-3.0-or-later
//
// How often one process may call, and whether a call's arguments are of a size that is looked at. Pure; time
// comes in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

namespace micguard {

// A bucket of tokens. Begins full.
class Allowance {
  public:
    using Instant = std::uint64_t; // µs, of a clock that does not jump

    constexpr Allowance(double most, double perSecond)
        : most_(most)
        , perSecond_(perSecond)
        , left_(most) {}

    // False: there are not so many, and none was taken.
    bool take(double tokens, Instant now);
    // For what was served already: may leave a debt, of as much as the bucket holds at most.
    void charge(double tokens, Instant now);
    bool full(Instant now) const { return leftAt(now) >= most_; }
    bool halfFull(Instant now) const { return leftAt(now) >= most_ / 2; }

  private:
    double leftAt(Instant now) const;

    double most_, perSecond_, left_;
    Instant at_ = 0;
};

enum class Admission {
    Serve,
    Refuse, // with an error
    Drop // unanswered: whoever asks so often would not read the errors either, and the bus keeps them for him
};

// What all connections of one process have in hand together.
class ProcessCalls {
  public:
    static constexpr std::size_t mostConnections = 64; // that are served

    Admission admit(double weight, bool onlyMutes, bool served, Allowance::Instant now);
    void charge(double weight, Allowance::Instant now) { calls_.charge(weight, now); }
    // Nothing would be different if it were forgotten.
    bool idle(Allowance::Instant now) const {
        return connections == 0 && calls_.full(now) && muting_.full(now) && refusals_.full(now);
    }
    // True once, until it has behaved for a while.
    bool isNews(Allowance::Instant now);

    std::size_t connections = 0;

  private:
    Allowance calls_{1000, 500}, muting_{16, 16}, refusals_{512, 16};
    bool told_ = false;
};

// By process id. Those that went are remembered until their allowance is back, so that a new connection is no
// new allowance.
class ProcessTable {
  public:
    // Stays where it is as long as it has connections.
    ProcessCalls& of(std::uint32_t pid, Allowance::Instant now);
    std::size_t size() const { return processes_.size(); }

  private:
    static constexpr std::size_t sweepAt = 1024;

    std::map<std::uint32_t, ProcessCalls> processes_;
    std::size_t sweepAt_ = sweepAt;
};

} // namespace micguard
