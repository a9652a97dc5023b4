// SPDX-License-Identifier: GPL-3.0-or-later
//
// Who is taken to capture, where whether one may hear hangs on whether others do (`when.capturing`). Pure.
//
// Where nobody hangs on himself, by whatever way, or only so that he would be let in by himself, it is who
// does capture now. Elsewhere that would go round and round (one may hear only while the other does, and that
// one only while the first does not): what the rules say is what is done, which changes what the rules say.
// There it is, from the first stream on, each one who may, provided that none who came before him has to go;
// and again, until nobody more is let in. That does not depend on who captures now, so what follows from it
// changes nothing of it. Who would be let in by the rules as things then are, and is not, is told that they
// contradict each other.
//
// As long as one of those does not capture yet, it counts as if his AppId were only claimed: it makes
// verdicts stricter and never looser.
#pragma once

#include "daemon/policy/rules.hpp"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace micguard {

// One application that captures or would, and one thing of what it hears or would hear.
struct Party {
    Fact app;
    std::uint64_t since = 0;         // the lower came first
    bool captures = false;           // now
    std::vector<Dependence> demands; // all of them have to let it hear
};

// Why one is kept out whom the rules would let in.
struct Contradiction {
    Ruling ruling{};                // the strictest of what they say
    std::vector<std::size_t> rules; // indices into Settings::rules, sorted
    std::string first;              // AppId of one who would have to go
};

// Of one book, which has to outlive it, and of one moment.
class Company {
  public:
    Company(const RuleBook& book, std::vector<Party> parties);
    Company(Company&&) = default; // what looks into the parties' names stays with them
    Company& operator=(Company&&) = default;

    // AppIds for Circumstances::capturing and ::claimedCapturing.
    const std::set<std::string>& capturing() const { return capturing_; }
    const std::set<std::string>& claimedCapturing() const { return claimedCapturing_; }

    // Of the parties those whom the rules would let in, and who are not, by number.
    std::vector<std::size_t> contradicted() const;

    // One who may be a party already, or would be one more. Not longer than this Company.
    struct Guest {
        const Fact* app = nullptr;
        std::vector<std::uint32_t> fits;   // patterns
        std::vector<std::size_t> shutsOut; // parties
    };
    Guest guest(const Fact& app) const;
    // To be asked where the rules let him hear what these are the demands of; `party`: its number, if he is
    // one with it.
    std::optional<Contradiction> contradiction(const Guest& guest, const std::vector<Dependence>& demands,
                                               std::optional<std::size_t> party) const;

  private:
    // A step that can make the difference between hearing and not.
    struct Hinge {
        std::uint32_t pattern = 0;
        bool lets = false; // while somebody known fits the pattern; else keeps out while anybody fits it
        std::size_t rule = 0;
    };
    // By pattern, who fits it and captures: how many by each AppId.
    struct Fitting {
        std::map<std::string_view, unsigned> known, claimed;
    };
    using Presence = std::unordered_map<std::uint32_t, Fitting>;
    enum class Truth { No, Claimed, Known };
    struct Node {
        std::vector<std::uint32_t> fits;
        std::vector<Hinge> hinges;
        std::size_t group = 0;
        bool byOrder = false; // of a group in which it is settled by who came first
        bool in = false;      // taken to capture
    };

    static std::vector<Hinge> hingesOf(const std::vector<Dependence>& demands);
    Truth truth(std::uint32_t pattern, const Fact& self, const Presence& presence, const Guest* with) const;
    Ruling rulingOf(const Dependence& demand, const Fact& self, const Presence& presence,
                    const Guest* with) const;
    bool lets(std::size_t party, const Presence& presence, const Guest* with = nullptr) const;
    void change(Presence& presence, std::size_t party, bool known, int by) const;
    // As if he captured, too.
    bool isShutOutBy(const Guest& guest, std::size_t party) const;

    std::vector<std::vector<std::size_t>> groups() const;
    void number(const std::vector<std::vector<std::size_t>>& groups);
    bool goesRound(const std::vector<std::size_t>& group) const;
    void note(std::size_t party);
    void settleByNow(const std::vector<std::size_t>& group);
    void settleByOrder(const std::vector<std::size_t>& group);
    void reach(const std::vector<Hinge>& hinges, Bits& reached) const;

    const RuleBook* book_;
    std::vector<Party> parties_;
    std::vector<Node> nodes_;   // by party
    std::vector<Bits> reached_; // by group: parties on which it hangs, and its own
    std::unordered_map<std::uint32_t, std::vector<std::size_t>> fitting_, hanging_; // by pattern: parties
    Presence all_;                                                                  // each one who is let in
    Presence seen_; // the same, those who do not capture yet as claimed
    std::set<std::string> capturing_, claimedCapturing_;
};

} // namespace micguard
