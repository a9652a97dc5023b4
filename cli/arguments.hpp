// SPDX-License-Identifier: GPL-3.0-or-later
//
// The command line as a value: which verb, which options, which operands. Pure: it looks at no environment,
// prints nothing and ends nothing.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

namespace micguard::cli {

// What the value of an option may be.
enum class Takes {
    Name, // UTF-8, not empty
    Text, // UTF-8
    Path  // any bytes, not empty
};

struct OptionSpec {
    std::string_view name;      // "--reason"
    std::string_view valueName; // "TEXT"; empty: the option takes none
    std::string_view summary;
    Takes takes = Takes::Name;
};

// What follows a verb's options.
enum class Operands {
    None,
    OptionalWord, // at most one
    Named,        // exactly those of `operandNames`
    Subverb,      // one of `words`, and behind `wordWithFile` at most one more
    Command       // a command and its arguments; the first word that is no option ends ours
};

// Printing differs from verb to verb: --json is refused where there is no data to print.
enum class Json { No, Yes };

// How many operands follow a word of a Subverb.
struct WordOperands {
    std::string_view word;
    std::size_t least, most;
    std::string_view needs; // what is missing if there are fewer
};

struct VerbSpec {
    std::string_view name;
    std::string_view synopsis; // what follows the verb in a usage line
    std::string_view summary;
    Json json = Json::No;
    Operands operands = Operands::None;
    std::span<const OptionSpec> options = {};
    std::span<const std::string_view> words = {};        // the values OptionalWord may have; empty: any
    std::string_view wordNoun = {};                      // what one of them is; empty: what follows the verb
    std::string_view wordWithFile = {};                  // of a Subverb
    std::span<const WordOperands> wordsWithMore = {};    // of a Subverb
    std::span<const std::string_view> operandNames = {}; // of Named
    std::size_t wordAt = 0;                              // of Named: which operand is one of `words`
    std::span<const std::string_view> insteadOfCommand = {}; // of Command: options with which there is none
    std::span<const std::string_view> oneOf = {};            // options of which at most one may be given
};

struct Invocation {
    const VerbSpec* verb = nullptr;
    bool help = false;
    bool version = false; // `micguardctl --version`
    bool json = false;
    std::vector<std::pair<std::string_view, std::string>> options; // name as in OptionSpec
    std::vector<std::string> operands;

    std::optional<std::string> option(std::string_view name) const;
};

// One line: what is wrong, what may have been meant, and the usage. The text has no control characters.
struct UsageError {
    std::string line;
};

// `words`: argv without argv[0]. The verbs must outlive the result.
tl::expected<Invocation, UsageError> parse(std::span<const char* const> words,
                                           std::span<const VerbSpec> verbs);

// The nearest of `candidates` if it is near enough to be meant, "" otherwise.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

} // namespace micguard::cli
