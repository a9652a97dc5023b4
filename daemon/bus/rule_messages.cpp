// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/bus/rule_messages.hpp"

#include "daemon/bus/text.hpp"
#include "protocol/names.hpp"

#include <fmt/format.h>

namespace micguard {

namespace {

RequestError invalid(std::string message) {
    return {names::error::invalidArgument, std::move(message)};
}

// Entries of a dictionary of variants. The first failure stays; what follows is not written.
class Entries {
  public:
    explicit Entries(sd_bus_message* message)
        : message_(message) {
        keep(sd_bus_message_open_container(message_, 'a', "{sv}"));
    }

    void text(const char* key, const std::string& value) { basic(key, 's', busText(value).c_str()); }
    void flag(const char* key, bool value) {
        const int written = value;
        basic(key, 'b', &written);
    }
    template <typename T>
    void number(const char* key, char type, T value) {
        basic(key, type, &value);
    }
    void words(const char* key, const std::vector<std::pair<std::string, std::string>>& pairs) {
        list(key, "a{ss}", pairs, [this](const auto& pair) {
            return sd_bus_message_append(message_, "{ss}", busText(pair.first).c_str(),
                                         busText(pair.second).c_str());
        });
    }
    void texts(const char* key, const std::vector<std::string>& values) {
        list(key, "as", values, [this](const auto& value) {
            return sd_bus_message_append(message_, "s", busText(value).c_str());
        });
    }
    // `write` each value into an array of this type.
    template <typename T, typename Write>
    void list(const char* key, const char* type, const std::vector<T>& values, Write write) {
        open(key, type);
        keepWith([&] { return sd_bus_message_open_container(message_, 'a', type + 1); });
        for (const auto& value : values)
            keepWith([&] { return write(value); });
        keepWith([&] { return sd_bus_message_close_container(message_); });
        close();
    }

    int end() {
        keepWith([&] { return sd_bus_message_close_container(message_); });
        return result_;
    }

  private:
    void keep(int result) {
        if (result_ >= 0)
            result_ = result;
    }
    template <typename Step>
    void keepWith(Step step) {
        if (result_ >= 0)
            result_ = step();
    }
    void open(const char* key, const char* type) {
        keepWith([&] { return sd_bus_message_open_container(message_, 'e', "sv"); });
        keepWith([&] { return sd_bus_message_append_basic(message_, 's', key); });
        keepWith([&] { return sd_bus_message_open_container(message_, 'v', type); });
    }
    void close() {
        keepWith([&] { return sd_bus_message_close_container(message_); });
        keepWith([&] { return sd_bus_message_close_container(message_); });
    }
    void basic(const char* key, char type, const void* value) {
        const char signature[] = {type, '\0'};
        open(key, signature);
        keepWith([&] { return sd_bus_message_append_basic(message_, type, value); });
        close();
    }

    sd_bus_message* message_;
    int result_ = 0;
};

int append(sd_bus_message* message, const RuleView& rule) {
    Entries entries(message);
    entries.text("id", rule.id);
    entries.words("match", rule.match);
    entries.text("action", rule.action);
    entries.words("when", rule.when);
    entries.number("priority", 'i', rule.priority);
    entries.flag("final", rule.final);
    entries.number("until", 't', rule.until);
    entries.text("file", rule.file);
    entries.number("line", 'u', rule.line);
    entries.text("warning", rule.warning);
    return entries.end();
}

int append(sd_bus_message* message, const VerdictView& verdict) {
    Entries entries(message);
    entries.text("source", verdict.source);
    entries.text("verdict", verdict.verdict);
    entries.text("reason", verdict.reason);
    entries.text("muted", verdict.muted);
    entries.text("rule", verdict.rule);
    entries.text("file", verdict.file);
    entries.number("line", 'u', verdict.line);
    entries.texts("others", verdict.others);
    return entries.end();
}

// Of the variant that comes next.
std::string typeOf(sd_bus_message* message) {
    char type = 0;
    const char* contents = nullptr;
    return sd_bus_message_peek_type(message, &type, &contents) > 0 && contents ? contents : "";
}

Result<void> readOption(sd_bus_message* message, const std::string& key, RuleOptions& options) {
    const char* wanted = key == "source" ? "s" : key == "until" ? "t" : nullptr;
    if (!wanted)
        return tl::unexpected(
            invalid(fmt::format("there is no option {}; there are source and until", busText(key, 60))));
    if (const auto type = typeOf(message); type != wanted)
        return tl::unexpected(invalid(
            fmt::format("option {} is of type {}, wants {}", key, type,
                        key == "source" ? "s, the name of a source"
                                        : "t, the microseconds since 1970 until which the rule holds")));
    sd_bus_message_enter_container(message, 'v', wanted);
    if (key == "until") {
        sd_bus_message_read_basic(message, 't', &options.until.emplace());
    } else {
        const char* source = "";
        sd_bus_message_read_basic(message, 's', &source);
        if (auto fault = nameFault(source, "option source"))
            return tl::unexpected(std::move(*fault));
        options.source = source;
    }
    sd_bus_message_exit_container(message);
    return {};
}

} // namespace

std::optional<RequestError> nameFault(const std::string& name, const char* what) {
    if (name.empty())
        return invalid(fmt::format("{} is empty; leave out what is not meant", what));
    if (!isPrintable(name, longestText))
        return invalid(
            fmt::format("{} is no name: at most {} bytes, without control characters", what, longestText));
    return std::nullopt;
}

Result<RuleOptions> readRuleOptions(sd_bus_message* message) {
    RuleOptions options;
    sd_bus_message_enter_container(message, 'a', "{sv}");
    while (sd_bus_message_enter_container(message, 'e', "sv") > 0) {
        const char* key = "";
        sd_bus_message_read_basic(message, 's', &key);
        if (auto read = readOption(message, key, options); !read)
            return tl::unexpected(read.error());
        sd_bus_message_exit_container(message);
    }
    return options;
}

int appendRules(sd_bus_message* message, const std::vector<RuleView>& rules) {
    int result = sd_bus_message_open_container(message, 'a', "a{sv}");
    for (const auto& rule : rules)
        if (result >= 0)
            result = append(message, rule);
    return result < 0 ? result : sd_bus_message_close_container(message);
}

int appendExplanation(sd_bus_message* message, const Explanation& explanation) {
    Entries entries(message);
    entries.text("app", explanation.appId);
    entries.text("name", explanation.name);
    entries.text("identity", explanation.identity);
    entries.list("verdicts", "aa{sv}", explanation.verdicts,
                 [message](const VerdictView& verdict) { return append(message, verdict); });
    return entries.end();
}

} // namespace micguard
