// SPDX-License-Identifier: GPL-3.0-or-later
//
// Many patterns asked at once, and sets of rules as bits, so that what thousands of rules say of a name costs
// a few microseconds. Pure.
#pragma once

#include "daemon/policy/rule_pattern.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace micguard {

// A set of numbers below a limit.
class Bits {
  public:
    Bits() = default;
    explicit Bits(std::size_t limit)
        : words_((limit + 63) / 64) {}

    void set(std::size_t number) { words_[number / 64] |= std::uint64_t{1} << (number % 64); }
    void clear(std::size_t number) { words_[number / 64] &= ~(std::uint64_t{1} << (number % 64)); }
    bool has(std::size_t number) const { return (words_[number / 64] >> (number % 64) & 1u) != 0; }
    std::size_t wordCount() const { return words_.size(); }
    std::uint64_t word(std::size_t at) const { return words_[at]; }

    Bits& operator|=(const Bits& other) {
        for (std::size_t at = 0; at < words_.size(); at++)
            words_[at] |= other.words_[at];
        return *this;
    }
    Bits& operator&=(const Bits& other) {
        for (std::size_t at = 0; at < words_.size(); at++)
            words_[at] &= other.words_[at];
        return *this;
    }
    Bits& without(const Bits& other) {
        for (std::size_t at = 0; at < words_.size(); at++)
            words_[at] &= ~other.words_[at];
        return *this;
    }

    // The words that are not 0, in order.
    std::vector<std::uint32_t> occupied() const {
        std::vector<std::uint32_t> result;
        for (std::size_t at = 0; at < words_.size(); at++)
            if (words_[at] != 0)
                result.push_back(static_cast<std::uint32_t>(at));
        return result;
    }

  private:
    std::vector<std::uint64_t> words_;
};

// Calls `visit` with the number of each bit of `word`, the lowest first, until it returns true; then true.
template <typename Visit>
bool anyBit(std::uint64_t word, std::size_t wordAt, Visit visit) {
    for (; word != 0; word &= word - 1)
        if (visit(wordAt * 64 + static_cast<std::size_t>(std::countr_zero(word))))
            return true;
    return false;
}

// Patterns over one fact, each with the numbers of those who gave it.
class PatternIndex {
  public:
    void add(const RulePattern& pattern, std::uint32_t number);
    // Sets in `found` the number of every pattern that matches; leaves the other bits.
    void match(std::string_view name, Bits& found) const;
    // The same for every pattern that certainly matches all that `narrow` does.
    void covering(const RulePattern& narrow, Bits& found) const;

  private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
    };
    using Numbers = std::vector<std::uint32_t>;
    struct Glob {
        RulePattern pattern;
        Numbers numbers;
    };

    std::unordered_map<std::string, Numbers, Hash, std::equal_to<>> literals_;
    using Globs = std::vector<std::uint32_t>;

    std::vector<Glob> globs_;
    struct Under {
        std::size_t demanded = 0; // by how many globs
        Globs globs;
    };

    // Each glob is under the rarest pair of neighbours that it demands. Of all globs only those are tried
    // that are under one of the name's own pairs, and those that demand none.
    std::unordered_map<std::uint16_t, Under> byNeighbours_;
    Globs unsorted_;
    std::unordered_map<std::string, std::size_t, Hash, std::equal_to<>> globAt_;
};

} // namespace micguard
