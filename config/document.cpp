// SPDX-License-Identifier: GPL-3.0-or-later
//
// See document.hpp. The only file that includes toml++.
#include "config/document.hpp"

#include "config/wording.hpp"

#include <algorithm>
#include <optional>

#include <toml++/toml.h>

namespace micguard {

namespace {

constexpr unsigned keyPartsLimit = 16;
constexpr std::size_t marksLimit = 200'000;
constexpr unsigned levelsLimit = 8;

struct Excess {
    std::uint32_t line = 0, column = 0;
    const char* what = "";
    const char* mend = "";
};

// toml++ makes a table of each part of a dotted key and destroys them by recursion: "a.a.a…" of a few hundred
// KiB ends the stack. It also looks through all tables for each new one, so that hundreds of thousands of
// them take minutes. Both are counted before it sees the text; strings and comments are skipped as TOML reads
// them, and where that goes wrong because the text is no TOML, toml++ stops there itself.
class Scan {
  public:
    explicit Scan(std::string_view text)
        : text_(text) {}

    std::optional<Excess> excess() {
        for (; at_ < text_.size(); ++at_) {
            switch (text_[at_]) {
            case '"':
            case '\'':
                skipString();
                break;
            case '#':
                at_ = std::min(text_.find('\n', at_), text_.size()) - 1;
                break;
            case '[':
            case '{':
                ++marks_;
                dots_ = 0;
                break;
            case '.':
                ++marks_;
                ++dots_;
                break;
            case '\n':
            case '=':
            case ',':
            case ']':
            case '}':
                dots_ = 0;
                break;
            default:
                break;
            }
            if (dots_ >= keyPartsLimit)
                return here("this key has too many parts", "a key is table.key, of two or three parts");
            if (marks_ > marksLimit)
                return here("this is more structure than a configuration has", "shorten it");
        }
        return std::nullopt;
    }

  private:
    Excess here(const char* what, const char* mend) const {
        const auto before = text_.substr(0, at_);
        const auto lastBreak = before.rfind('\n');
        return {static_cast<std::uint32_t>(std::count(before.begin(), before.end(), '\n') + 1),
                static_cast<std::uint32_t>(lastBreak == std::string_view::npos ? at_ + 1 : at_ - lastBreak),
                what, mend};
    }

    // From the opening quote to the last closing one.
    void skipString() {
        const char quote = text_[at_];
        const std::string_view three = quote == '"' ? "\"\"\"" : "'''";
        const bool multiline = text_.substr(at_, 3) == three;
        at_ += multiline ? 3 : 1;
        for (; at_ < text_.size(); ++at_) {
            const char c = text_[at_];
            if (c == '\\' && quote == '"') {
                ++at_;
            } else if (!multiline && c == '\n') {
                --at_; // never closed: toml++ stops here
                return;
            } else if (!multiline && c == quote) {
                return;
            } else if (multiline && text_.substr(at_, 3) == three) {
                at_ += 2;
                // Up to two quotes more belong to the string.
                while (at_ + 1 < text_.size() && text_[at_ + 1] == quote)
                    ++at_;
                return;
            }
        }
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::size_t marks_ = 0;
    unsigned dots_ = 0;
};

// Days since the epoch in the proleptic Gregorian calendar.
std::int64_t daysSinceEpoch(const toml::date& date) {
    const std::int64_t month = date.month;
    const std::int64_t year = std::int64_t{date.year} - (month <= 2 ? 1 : 0);
    const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
    const std::int64_t yearOfEra = year - era * 400;
    const std::int64_t dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;
    return era * 146097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719468;
}

std::int64_t microseconds(const toml::date_time& moment) {
    const std::int64_t minutes = (daysSinceEpoch(moment.date) * 24 + moment.time.hour) * 60 +
                                 moment.time.minute - moment.offset->minutes;
    return (minutes * 60 + moment.time.second) * 1'000'000 + moment.time.nanosecond / 1000;
}

Item converted(const toml::node& node, unsigned level) {
    Item item;
    item.line = node.source().begin.line;
    item.column = node.source().begin.column;
    switch (node.type()) {
    case toml::node_type::table:
        item.kind = Item::Kind::Table;
        if (level == levelsLimit)
            break;
        for (const auto& [key, member] : *node.as_table()) {
            auto& child = item.children.emplace_back(converted(member, level + 1));
            child.key = key.str();
            child.keyLine = key.source().begin.line;
            child.keyColumn = key.source().begin.column;
        }
        // toml++ keeps them in alphabetical order.
        std::stable_sort(item.children.begin(), item.children.end(), [](const Item& a, const Item& b) {
            return a.keyLine != b.keyLine ? a.keyLine < b.keyLine : a.keyColumn < b.keyColumn;
        });
        break;
    case toml::node_type::array:
        item.kind = Item::Kind::List;
        if (level == levelsLimit)
            break;
        item.children.reserve(node.as_array()->size());
        for (const auto& entry : *node.as_array())
            item.children.push_back(converted(entry, level + 1));
        break;
    case toml::node_type::string:
        item.kind = Item::Kind::Text;
        item.text = node.as_string()->get();
        break;
    case toml::node_type::integer:
        item.kind = Item::Kind::Integer;
        item.integer = node.as_integer()->get();
        break;
    case toml::node_type::boolean:
        item.kind = Item::Kind::Flag;
        item.flag = node.as_boolean()->get();
        break;
    case toml::node_type::date_time:
        if (const auto& moment = node.as_date_time()->get(); moment.offset) {
            item.kind = Item::Kind::Moment;
            item.moment = microseconds(moment);
            break;
        }
        [[fallthrough]];
    case toml::node_type::date:
    case toml::node_type::time:
        item.kind = Item::Kind::LocalTime;
        break;
    case toml::node_type::floating_point:
    case toml::node_type::none:
        item.kind = Item::Kind::Number;
        break;
    }
    return item;
}

std::string_view lineOf(std::string_view text, std::size_t number) {
    for (; number > 1; --number) {
        const auto end = text.find('\n');
        if (end == std::string_view::npos)
            return {};
        text.remove_prefix(end + 1);
    }
    return text.substr(0, text.find('\n'));
}

// toml++ says what it stumbled over, not what the author forgot. By far the most frequent: quotes.
std::string mendSyntax(std::string_view fault, std::string_view line) {
    const auto start = line.find_first_not_of(" \t");
    if (fault.find("redefine") != std::string_view::npos)
        return "keep one of the two";
    if (fault.find("utf-8") != std::string_view::npos || fault.find("UTF-8") != std::string_view::npos)
        return "save the file as UTF-8";
    if (start != std::string_view::npos && line[start] == '[')
        return "a table is opened by its name in brackets, as in [mute]";
    const auto equals = line.find('=');
    if (equals == std::string_view::npos)
        return "a line is `key = value`, a [table], a comment behind # or empty";
    const auto value = line.find_first_not_of(" \t\r", equals + 1);
    if (value == std::string_view::npos)
        return "a value is missing behind the =";
    const char first = line[value];
    if (first == '"' || first == '\'')
        return "a text ends on its own line, with the quote it began with, and holds no control characters";
    if (first == '[')
        return "a list is [\"…\", \"…\"], and ends with a ]";
    if (first == '{')
        return "a table on one line is { key = \"…\", key = \"…\" }, and ends with a }";
    if ((first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z')) {
        const auto word = line.substr(value, line.find_first_of(" \t\r#", value) - value);
        if (nearest(word, {"true", "false"}))
            return "true and false are written in small letters, without quotes";
        return "a text stands in quotes: " + printable(line.substr(0, equals + 1), 60) + " \"" +
               printable(word, 60) + "\"";
    }
    return "micguard.toml(5) shows the form of the file";
}

} // namespace

std::string_view article(const Item& item) {
    switch (item.kind) {
    case Item::Kind::Table:
        return "a table";
    case Item::Kind::List:
        return !item.children.empty() &&
                       std::all_of(item.children.begin(), item.children.end(),
                                   [](const Item& i) { return i.kind == Item::Kind::Table; })
                   ? "an array of tables"
                   : "a list";
    case Item::Kind::Text:
        return "a string";
    case Item::Kind::Integer:
        return "an integer";
    case Item::Kind::Number:
        return "a number";
    case Item::Kind::Flag:
        return "a boolean";
    case Item::Kind::Moment:
    case Item::Kind::LocalTime:
        return "a date or time";
    }
    return "nothing";
}

tl::expected<Item, Diagnostic> parseDocument(std::string_view text, const std::string& file) {
    if (text.size() > fileSizeLimit)
        return tl::unexpected(Diagnostic{
            file, 0, 0, "is larger than " + std::to_string(fileSizeLimit / 1024) + " KiB", "shorten it"});
    if (const auto excess = Scan(text).excess())
        return tl::unexpected(Diagnostic{file, excess->line, excess->column, excess->what, excess->mend});
    try {
        return converted(toml::parse(text), 0);
    } catch (const toml::parse_error& error) {
        const auto fault = error.description();
        const auto where = error.source().begin;
        return tl::unexpected(Diagnostic{file, where.line, where.column,
                                         "this is not TOML (" + printable(fault) + ")",
                                         mendSyntax(fault, lineOf(text, where.line))});
    }
}

} // namespace micguard
