// SPDX-License-Identifier: GPL-3.0-or-later
//
// See keys.hpp.
#include "config/keys.hpp"

#include "config/glob.hpp"

#include <algorithm>
#include <array>

namespace micguard {

namespace {

constexpr std::size_t globsLimit = 256;
constexpr std::size_t globLengthLimit = 256;

constexpr std::int64_t longestKept = 36'500;   // days
constexpr std::int64_t largestHistory = 4'096; // MiB
constexpr std::int64_t longestTalk = 3'600;    // seconds
constexpr std::size_t keysLengthLimit = 64;

using Shape = SettingKey::Shape;

std::string asText(const SettingValue& value) {
    return std::get<std::string>(value);
}

std::uint64_t asNumber(const SettingValue& value) {
    return static_cast<std::uint64_t>(std::get<std::int64_t>(value));
}

// Without a wish there is none of its own.
std::optional<SettingValue> keysOf(const std::string& keys) {
    return keys.empty() ? std::nullopt : std::optional<SettingValue>(keys);
}

// MODIFIER+MODIFIER+key, names as xkbcommon has them.
std::optional<ValueFault> keysFault(const std::string& name, std::string_view keys) {
    const bool sound =
        keys.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+") ==
            std::string_view::npos &&
        keys.find("++") == std::string_view::npos && !keys.starts_with('+') && !keys.ends_with('+');
    if (sound && keys.size() <= keysLengthLimit)
        return std::nullopt;
    return ValueFault{name + " cannot be " + cited(keys), "write keys as \"LOGO+space\" or \"CTRL+ALT+t\""};
}

std::vector<std::string_view> rulingWords() {
    std::vector<std::string_view> words;
    words.reserve(rulings.size());
    for (const Ruling ruling : rulings)
        words.push_back(toString(ruling));
    return words;
}

const std::vector<SettingKey>& table() {
    static const std::vector<SettingKey> keys = {
        {"mute",
         "mode",
         Shape::Word,
         {"silence", "sever"},
         [](Settings& s, const SettingValue& v) { s.mute.mode = *modeFromString(asText(v)); },
         [](const Settings& s) -> std::optional<SettingValue> { return std::string(toString(s.mute.mode)); }},
        {"mute",
         "bluetooth",
         Shape::Word,
         {"silence", "sever"},
         [](Settings& s, const SettingValue& v) { s.mute.bluetooth = modeFromString(asText(v)); },
         [](const Settings& s) -> std::optional<SettingValue> {
             if (!s.mute.bluetooth)
                 return std::nullopt;
             return std::string(toString(*s.mute.bluetooth));
         }},
        {"mute",
         "led",
         Shape::Flag,
         {},
         [](Settings& s, const SettingValue& v) { s.mute.led = std::get<bool>(v); },
         [](const Settings& s) -> std::optional<SettingValue> { return s.mute.led; }},
        {"mute",
         "on-lock",
         Shape::Flag,
         {},
         [](Settings& s, const SettingValue& v) { s.mute.onLock = std::get<bool>(v); },
         [](const Settings& s) -> std::optional<SettingValue> { return s.mute.onLock; }},
        {"mute",
         "on-suspend",
         Shape::Flag,
         {},
         [](Settings& s, const SettingValue& v) { s.mute.onSuspend = std::get<bool>(v); },
         [](const Settings& s) -> std::optional<SettingValue> { return s.mute.onSuspend; }},
        {"mute",
         "start",
         Shape::Word,
         {"last", "muted"},
         [](Settings& s, const SettingValue& v) { s.mute.startMuted = asText(v) == "muted"; },
         [](const Settings& s) -> std::optional<SettingValue> {
             return std::string(s.mute.startMuted ? "muted" : "last");
         }},
        {"mute",
         "follow-desktop",
         Shape::Flag,
         {},
         [](Settings& s, const SettingValue& v) { s.mute.followDesktop = std::get<bool>(v); },
         [](const Settings& s) -> std::optional<SettingValue> { return s.mute.followDesktop; }},
        {"mute",
         "desktop-lifts",
         Shape::Word,
         {"own", "all"},
         [](Settings& s, const SettingValue& v) { s.mute.desktopLiftsAll = asText(v) == "all"; },
         [](const Settings& s) -> std::optional<SettingValue> {
             return std::string(s.mute.desktopLiftsAll ? "all" : "own");
         }},
        {"mute",
         "privacy-switch",
         Shape::Flag,
         {},
         [](Settings& s, const SettingValue& v) { s.mute.privacySwitch = std::get<bool>(v); },
         [](const Settings& s) -> std::optional<SettingValue> { return s.mute.privacySwitch; }},
        {"sources",
         "exempt",
         Shape::Globs,
         {},
         [](Settings& s, const SettingValue& v) { s.sources.exempt = std::get<std::vector<std::string>>(v); },
         [](const Settings& s) -> std::optional<SettingValue> { return s.sources.exempt; }},
        {"admission",
         "mode",
         Shape::Word,
         {"relaxed", "strict"},
         [](Settings& s, const SettingValue& v) { s.admission.strict = asText(v) == "strict"; },
         [](const Settings& s) -> std::optional<SettingValue> {
             return std::string(s.admission.strict ? "strict" : "relaxed");
         }},
        {"admission",
         "mixers",
         Shape::Globs,
         {},
         [](Settings& s, const SettingValue& v) {
             s.admission.mixers = std::get<std::vector<std::string>>(v);
         },
         [](const Settings& s) -> std::optional<SettingValue> { return s.admission.mixers; }},
        {"policy", "default", Shape::Word, rulingWords(),
         [](Settings& s, const SettingValue& v) { s.policy.fallback = *rulingFromString(asText(v)); },
         [](const Settings& s) -> std::optional<SettingValue> {
             return std::string(toString(s.policy.fallback));
         }},
        {"policy",
         "permission-store",
         Shape::Flag,
         {},
         [](Settings& s, const SettingValue& v) { s.policy.permissionStore = std::get<bool>(v); },
         [](const Settings& s) -> std::optional<SettingValue> { return s.policy.permissionStore; }},
        {"bus",
         "unmute",
         Shape::Word,
         {"session", "trusted"},
         [](Settings& s, const SettingValue& v) { s.bus.trustedOnly = asText(v) == "trusted"; },
         [](const Settings& s) -> std::optional<SettingValue> {
             return std::string(s.bus.trustedOnly ? "trusted" : "session");
         }},
        {"bus",
         "trusted",
         Shape::Globs,
         {},
         [](Settings& s, const SettingValue& v) { s.bus.trusted = std::get<std::vector<std::string>>(v); },
         [](const Settings& s) -> std::optional<SettingValue> { return s.bus.trusted; }},
        {"history",
         "enabled",
         Shape::Flag,
         {},
         [](Settings& s, const SettingValue& v) { s.history.enabled = std::get<bool>(v); },
         [](const Settings& s) -> std::optional<SettingValue> { return s.history.enabled; }},
        {"history",
         "keep-days",
         Shape::Number,
         {},
         [](Settings& s, const SettingValue& v) { s.history.keepDays = asNumber(v); },
         [](const Settings& s) -> std::optional<SettingValue> {
             return static_cast<std::int64_t>(s.history.keepDays);
         },
         0,
         longestKept},
        {"history",
         "max-megabytes",
         Shape::Number,
         {},
         [](Settings& s, const SettingValue& v) { s.history.maxMegabytes = asNumber(v); },
         [](const Settings& s) -> std::optional<SettingValue> {
             return static_cast<std::int64_t>(s.history.maxMegabytes);
         },
         1,
         largestHistory},
        {"talk",
         "shortcut",
         Shape::Flag,
         {},
         [](Settings& s, const SettingValue& v) { s.talk.shortcut = std::get<bool>(v); },
         [](const Settings& s) -> std::optional<SettingValue> { return s.talk.shortcut; }},
        {"talk",
         "trigger",
         Shape::Keys,
         {},
         [](Settings& s, const SettingValue& v) { s.talk.trigger = asText(v); },
         [](const Settings& s) -> std::optional<SettingValue> { return keysOf(s.talk.trigger); }},
        {"talk",
         "toggle-trigger",
         Shape::Keys,
         {},
         [](Settings& s, const SettingValue& v) { s.talk.toggleTrigger = asText(v); },
         [](const Settings& s) -> std::optional<SettingValue> { return keysOf(s.talk.toggleTrigger); }},
        {"talk",
         "limit-seconds",
         Shape::Number,
         {},
         [](Settings& s, const SettingValue& v) { s.talk.limitSeconds = asNumber(v); },
         [](const Settings& s) -> std::optional<SettingValue> {
             return static_cast<std::int64_t>(s.talk.limitSeconds);
         },
         1,
         longestTalk},
        {"notify",
         "questions",
         Shape::Flag,
         {},
         [](Settings& s, const SettingValue& v) { s.notify.questions = std::get<bool>(v); },
         [](const Settings& s) -> std::optional<SettingValue> { return s.notify.questions; }},
        {"notify",
         "capture",
         Shape::Word,
         {std::begin(captureWords), std::end(captureWords)},
         [](Settings& s, const SettingValue& v) {
             const auto word = std::find(std::begin(captureWords), std::end(captureWords), asText(v));
             s.notify.capture = static_cast<Settings::Notify::Capture>(word - std::begin(captureWords));
         },
         [](const Settings& s) -> std::optional<SettingValue> {
             return std::string(captureWords[static_cast<std::size_t>(s.notify.capture)]);
         }},
        {"notify",
         "blocked",
         Shape::Flag,
         {},
         [](Settings& s, const SettingValue& v) { s.notify.blocked = std::get<bool>(v); },
         [](const Settings& s) -> std::optional<SettingValue> { return s.notify.blocked; }},
        {"notify",
         "bypass",
         Shape::Flag,
         {},
         [](Settings& s, const SettingValue& v) { s.notify.bypass = std::get<bool>(v); },
         [](const Settings& s) -> std::optional<SettingValue> { return s.notify.bypass; }},
    };
    return keys;
}

constexpr std::array otherRulings = {
    Synonym{"block", "deny"},   Synonym{"forbid", "deny"},    Synonym{"refuse", "deny"},
    Synonym{"reject", "deny"},  Synonym{"disallow", "deny"},  Synonym{"sever", "deny"},
    Synonym{"permit", "allow"}, Synonym{"accept", "allow"},   Synonym{"grant", "allow"},
    Synonym{"mute", "silence"}, Synonym{"silent", "silence"}, Synonym{"prompt", "ask"},
    Synonym{"question", "ask"},
};

} // namespace

const std::span<const Synonym> rulingSynonyms = otherRulings;

std::span<const SettingKey> settingKeys() {
    return table();
}

const SettingKey* findKey(std::string_view tableName, std::string_view name) {
    for (const auto& key : table())
        if (key.table == tableName && key.name == name)
            return &key;
    return nullptr;
}

const SettingKey* findKey(std::string_view dotted) {
    const auto dot = dotted.find('.');
    return dot == std::string_view::npos ? nullptr : findKey(dotted.substr(0, dot), dotted.substr(dot + 1));
}

std::optional<ValueFault> patternFault(std::string_view pattern, std::size_t longest) {
    if (pattern.size() > longest)
        return ValueFault{cited(pattern) + " is too long for a pattern",
                          "at most " + std::to_string(longest) + " bytes are possible"};
    if (const auto fault = globFault(pattern))
        return ValueFault{cited(pattern) + " " + *fault,
                          "patterns are as in the shell; a \\ before a character makes it stand for itself"};
    return std::nullopt;
}

std::optional<ValueFault> entryFault(const SettingKey& key, std::string_view pattern) {
    if (auto fault = patternFault(pattern, globLengthLimit))
        return fault;
    const bool everything = pattern.find_first_not_of("*?/") == std::string_view::npos;
    if (key.table == "bus" && (everything || (!pattern.starts_with('/') && !pattern.ends_with(".service"))))
        return ValueFault{
            cited(pattern) + (everything ? " would trust everybody" : " is neither a path nor a service"),
            "name executables by their whole path, or units by their name, as \"panel.service\""};
    if (pattern.find_first_not_of("*?") != std::string_view::npos)
        return std::nullopt;
    if (key.table == "admission")
        return ValueFault{cited(pattern) + " would make a mixer of everybody",
                          "name executables by their whole path, or the ids of Flatpaks and Snaps"};
    // Exempting everything would leave a mute that mutes nothing and says it does.
    return ValueFault{cited(pattern) + " would exempt every microphone",
                      "name the ones to be left alone, as `micguardctl sources` shows them"};
}

std::optional<ValueFault> wordFault(const std::string& name, std::string_view word,
                                    const std::vector<std::string_view>& words,
                                    std::span<const Synonym> synonyms) {
    if (std::find(words.begin(), words.end(), word) != words.end())
        return std::nullopt;
    const auto guess = meant(word, words, synonyms);
    return ValueFault{name + " cannot be " + cited(word),
                      guess ? "did you mean \"" + std::string(*guess) + "\"?"
                            : "write " + quotedWords(words)};
}

std::optional<ValueFault> numberFault(const SettingKey& key, std::int64_t number) {
    if (number >= key.least && number <= key.most)
        return std::nullopt;
    return ValueFault{key.dotted() + " cannot be " + std::to_string(number),
                      "give a number from " + std::to_string(key.least) + " to " + std::to_string(key.most)};
}

std::optional<ValueFault> lengthFault(const SettingKey& key, std::size_t entries) {
    if (entries <= globsLimit)
        return std::nullopt;
    return ValueFault{key.dotted() + " has " + std::to_string(entries) + " entries",
                      "at most " + std::to_string(globsLimit) + " are possible"};
}

std::optional<ValueFault> valueFault(const SettingKey& key, const SettingValue& value) {
    switch (key.shape) {
    case Shape::Flag:
        if (std::holds_alternative<bool>(value))
            return std::nullopt;
        return ValueFault{key.dotted() + " wants a boolean", "give true or false"};
    case Shape::Word:
        if (const auto* word = std::get_if<std::string>(&value))
            return wordFault(key.dotted(), *word, key.words,
                             key.table == "policy" ? rulingSynonyms : std::span<const Synonym>{});
        return ValueFault{key.dotted() + " wants a string", "give " + quotedWords(key.words)};
    case Shape::Number:
        if (const auto* number = std::get_if<std::int64_t>(&value))
            return numberFault(key, *number);
        return ValueFault{key.dotted() + " wants a whole number",
                          "give one from " + std::to_string(key.least) + " to " + std::to_string(key.most)};
    case Shape::Keys:
        if (const auto* keys = std::get_if<std::string>(&value))
            return keysFault(key.dotted(), *keys);
        return ValueFault{key.dotted() + " wants a string", "give keys as \"LOGO+space\""};
    case Shape::Globs:
        if (const auto* patterns = std::get_if<std::vector<std::string>>(&value)) {
            if (auto fault = lengthFault(key, patterns->size()))
                return fault;
            for (const auto& pattern : *patterns)
                if (auto fault = entryFault(key, pattern))
                    return fault;
            return std::nullopt;
        }
        return ValueFault{key.dotted() + " wants a list of strings", "give a list of patterns"};
    }
    return ValueFault{key.dotted() + " is unknown", ""};
}

} // namespace micguard
