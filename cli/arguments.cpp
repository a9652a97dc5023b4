// SPDX-License-Identifier: GPL-3.0-or-later
//
// See arguments.hpp. Options may stand before or after the verb; "--" ends them.
#include "cli/arguments.hpp"

#include "cli/text.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace micguard::cli {

namespace {

// Optimal string alignment: a swap of neighbours is one slip of the finger, not two.
std::size_t slips(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1), previous(b.size() + 1), current(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j)
        previous[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        current[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
            current[j] = std::min({previous[j] + 1, current[j - 1] + 1, previous[j - 1] + change});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                current[j] = std::min(current[j], before[j - 2] + 1);
        }
        std::swap(before, previous);
        std::swap(previous, current);
    }
    return previous[b.size()];
}

std::string quoted(std::string_view word) {
    return "'" + shown(word, 40) + "'";
}

// What is wrong with a word as the value of something; "" if nothing.
std::string faultOf(Takes takes, std::string_view value) {
    if (value.empty() && takes != Takes::Text)
        return " cannot be empty";
    return takes == Takes::Path || isUtf8(value) ? "" : " is not UTF-8";
}

std::string usageOf(const VerbSpec* verb) {
    if (verb == nullptr)
        return "usage: micguardctl [--json] VERB [ARGUMENT...] (see micguardctl --help)";
    std::string line = "usage: micguardctl ";
    line += verb->name;
    if (!verb->synopsis.empty())
        line.append(" ").append(verb->synopsis);
    return line;
}

tl::unexpected<UsageError> wrong(std::string what, const VerbSpec* verb, std::string_view meant = {}) {
    std::string line = "micguardctl: " + std::move(what);
    if (!meant.empty())
        line.append(" (did you mean '").append(meant).append("'?)");
    return tl::unexpected(UsageError{line + "; " + usageOf(verb)});
}

class Parser {
  public:
    Parser(std::span<const char* const> words, std::span<const VerbSpec> verbs)
        : words_(words.begin(), words.end())
        , verbs_(verbs) {}

    tl::expected<Invocation, UsageError> run();

  private:
    tl::expected<void, UsageError> option(std::string_view word, std::size_t& at);
    tl::expected<void, UsageError> verb(std::string_view word);
    tl::expected<void, UsageError> check() const;

    std::vector<std::string_view> words_;
    std::span<const VerbSpec> verbs_;
    Invocation found_;
};

tl::expected<Invocation, UsageError> Parser::run() {
    bool optionsEnded = false;
    for (std::size_t i = 0; i < words_.size(); ++i) {
        const std::string_view word = words_[i];
        if (!optionsEnded && word == "--") {
            optionsEnded = true;
        } else if (!optionsEnded && word.size() > 1 && word.front() == '-') {
            if (const auto taken = option(word, i); !taken)
                return tl::unexpected(taken.error());
        } else if (found_.verb == nullptr) {
            if (const auto taken = verb(word); !taken)
                return tl::unexpected(taken.error());
        } else {
            found_.operands.emplace_back(word);
            if (found_.verb->operands == Operands::Command)
                optionsEnded = true;
        }
    }
    if (const auto fine = check(); !fine)
        return tl::unexpected(fine.error());
    return std::move(found_);
}

tl::expected<void, UsageError> Parser::verb(std::string_view word) {
    for (const VerbSpec& candidate : verbs_) {
        if (candidate.name == word) {
            found_.verb = &candidate;
            return {};
        }
    }
    std::vector<std::string_view> names;
    for (const VerbSpec& candidate : verbs_)
        names.push_back(candidate.name);
    return wrong("unknown verb " + quoted(word), nullptr, nearest(word, names));
}

tl::expected<void, UsageError> Parser::option(std::string_view word, std::size_t& at) {
    if (word == "-h" || word == "--help") {
        found_.help = true;
        return {};
    }
    if (word == "--json") {
        found_.json = true;
        return {};
    }
    if (found_.verb == nullptr && word == "--version") {
        found_.version = true;
        return {};
    }
    const std::size_t equals = word.find('=');
    const std::string_view name = word.substr(0, equals);
    std::vector<std::string_view> known = {"--help", "--json"};
    if (found_.verb == nullptr)
        known.push_back("--version");
    for (const OptionSpec& spec :
         found_.verb != nullptr ? found_.verb->options : std::span<const OptionSpec>{}) {
        known.push_back(spec.name);
        if (spec.name != name)
            continue;
        if (spec.valueName.empty()) {
            if (equals != std::string_view::npos)
                return wrong("option " + quoted(name) + " takes no value", found_.verb);
            found_.options.emplace_back(spec.name, "");
            return {};
        }
        if (equals == std::string_view::npos && at + 1 >= words_.size())
            return wrong("option " + quoted(name) + " needs a value", found_.verb);
        const std::string_view value =
            equals == std::string_view::npos ? words_[++at] : word.substr(equals + 1);
        if (const std::string fault = faultOf(spec.takes, value); !fault.empty())
            return wrong("the value of option " + quoted(name) + fault, found_.verb);
        found_.options.emplace_back(spec.name, value);
        return {};
    }
    return wrong("unknown option " + quoted(name), found_.verb, nearest(name, known));
}

tl::expected<void, UsageError> Parser::check() const {
    if (found_.help || found_.version)
        return {};
    const VerbSpec* verb = found_.verb;
    if (verb == nullptr)
        return wrong("a verb is missing", nullptr);
    if (found_.json && verb->json == Json::No)
        return wrong(quoted(verb->name) + " prints no data, so it takes no '--json'", verb);
    const auto isOneOf = [&](std::string_view name) {
        return std::find(verb->oneOf.begin(), verb->oneOf.end(), name) != verb->oneOf.end();
    };
    std::string_view given = found_.json && isOneOf("--json") ? "--json" : "";
    for (const auto& [name, value] : found_.options) {
        if (!isOneOf(name) || name == given)
            continue;
        if (!given.empty())
            return wrong(quoted(given) + " and " + quoted(name) + " exclude each other", verb);
        given = name;
    }
    if (verb->operands == Operands::Command) {
        for (const std::string_view option : verb->insteadOfCommand)
            if (found_.option(option)) {
                if (!found_.operands.empty())
                    return wrong("'" + std::string(option) + "' runs no command", verb);
                return {};
            }
        if (found_.operands.empty() || found_.operands.front().empty())
            return wrong(quoted(verb->name) + " needs a command", verb);
        return {};
    }
    if (verb->operands == Operands::Subverb && found_.operands.empty())
        return wrong(quoted(verb->name) + " needs to know what to do", verb);
    for (std::size_t i = 0; verb->operands == Operands::Named && i < verb->operandNames.size(); i++)
        if (i >= found_.operands.size() || found_.operands[i].empty())
            return wrong(quoted(verb->name) + " needs " + std::string(verb->operandNames[i]), verb);
    std::size_t afterWord =
        verb->operands == Operands::Subverb && found_.operands.front() == verb->wordWithFile ? 1 : 0;
    for (const WordOperands& more : verb->wordsWithMore)
        if (found_.operands.front() == more.word) {
            if (found_.operands.size() < more.least + 1)
                return wrong(quoted(std::string(verb->name) + " " + std::string(more.word)) + " needs " +
                                 std::string(more.needs),
                             verb);
            afterWord = more.most;
        }
    const std::size_t most = verb->operands == Operands::None    ? 0
                             : verb->operands == Operands::Named ? verb->operandNames.size()
                                                                 : 1 + afterWord;
    if (verb->operands != Operands::Subverb && found_.operands.size() > most)
        return wrong("unexpected " + quoted(found_.operands[most]), verb);
    if (!verb->words.empty() && !found_.operands.empty()) {
        const std::string& word = found_.operands[verb->wordAt];
        if (std::find(verb->words.begin(), verb->words.end(), word) == verb->words.end())
            return wrong("unknown " + (verb->wordNoun.empty()
                                           ? quoted(std::string(verb->name) + " " + word)
                                           : std::string(verb->wordNoun) + " " + quoted(word)),
                         verb, nearest(word, verb->words));
    }
    if (found_.operands.size() > most)
        return wrong("unexpected " + quoted(found_.operands[most]), verb);
    for (std::size_t i = 0; i < found_.operands.size(); ++i) {
        const bool file = i == 1 && found_.operands.front() == verb->wordWithFile;
        if (const std::string fault = faultOf(file ? Takes::Path : Takes::Text, found_.operands[i]);
            !fault.empty())
            return wrong((file ? "the name of a file" : quoted(found_.operands[i])) + fault, verb);
    }
    return {};
}

} // namespace

std::optional<std::string> Invocation::option(std::string_view name) const {
    for (auto it = options.rbegin(); it != options.rend(); ++it)
        if (it->first == name)
            return it->second;
    return std::nullopt;
}

tl::expected<Invocation, UsageError> parse(std::span<const char* const> words,
                                           std::span<const VerbSpec> verbs) {
    return Parser(words, verbs).run();
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
    if (word.size() > 64) // nobody means that, and the comparison is quadratic
        return {};
    std::string_view best;
    std::size_t fewest = std::max<std::size_t>(1, std::min<std::size_t>(3, word.size() / 3)) + 1;
    for (const std::string_view candidate : candidates) {
        const bool begun = word.size() >= 2 && candidate.substr(0, word.size()) == word;
        const std::size_t count = begun ? 1 : slips(word, candidate);
        if (count < fewest) {
            fewest = count;
            best = candidate;
        }
    }
    return best;
}

} // namespace micguard::cli
