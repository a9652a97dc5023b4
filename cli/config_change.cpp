// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/config_change.hpp"

#include "cli/arguments.hpp"
#include "cli/guard.hpp"
#include "cli/output.hpp"
#include "cli/snapshot.hpp"
#include "cli/text.hpp"
#include "config/own_file.hpp"

#include <charconv>

#include <nlohmann/json.hpp>

namespace micguard::cli {

namespace {

int no(const std::string& why, Exit code = Exit::No) {
    complain(why);
    return raw(code);
}

std::string unknownKey(const std::string& key) {
    std::vector<std::string> names;
    for (const SettingKey& known : settingKeys())
        names.push_back(known.dotted());
    const std::vector<std::string_view> views(names.begin(), names.end());
    const std::string_view meant = nearest(key, views);
    return "there is no setting '" + shown(key, 60) + "'" +
           (meant.empty() ? "; micguardctl config show lists them"
                          : " (did you mean '" + std::string(meant) + "'?)");
}

// As App::setConfig does it, for a guard that is not there to do it.
int changeWithoutGuard(const ConfigFolders& folders, const std::string& key, const SettingValue& value) {
    const auto refusal =
        changeOwnFile(settingsFiles(folders), ownFilePath(folders), settingChange(key, value));
    return refusal ? no(shown(refusal->message, 400)) : raw(Exit::Ok);
}

} // namespace

tl::expected<SettingValue, std::string> valueFrom(const SettingKey& key,
                                                  const std::vector<std::string>& words) {
    SettingValue value = words.front();
    if (key.shape == SettingKey::Shape::Globs) {
        // One empty word is the empty list.
        value = words.size() == 1 && words.front().empty() ? std::vector<std::string>{} : words;
    } else if (words.size() > 1) {
        return tl::unexpected(key.dotted() + " has one value, not " + std::to_string(words.size()));
    } else if (key.shape == SettingKey::Shape::Flag) {
        if (words.front() == "true" || words.front() == "false")
            value = words.front() == "true";
    } else if (key.shape == SettingKey::Shape::Number) {
        std::int64_t number = 0;
        const std::string& word = words.front();
        const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
        if (error == std::errc() && end == word.data() + word.size())
            value = number;
    } else if (words.front().empty()) {
        return tl::unexpected(key.dotted() + " cannot be empty; config unset " + key.dotted() +
                              " takes it back");
    }
    if (const auto fault = valueFault(key, value))
        return tl::unexpected(fault->what + (fault->mend.empty() ? "" : "; " + fault->mend));
    return value;
}

int changeConfig(const ConfigFolders& folders, const std::string& key, const std::vector<std::string>& words,
                 bool json) {
    const SettingKey* known = findKey(key);
    if (!known)
        return no(unknownKey(key), Exit::Usage);
    SettingValue value = std::string();
    if (!words.empty()) {
        auto read = valueFrom(*known, words);
        if (!read)
            return no(shown(read.error(), 400), Exit::Usage);
        value = std::move(*read);
    }
    int status = raw(Exit::Ok);
    auto guard = Guard::connect();
    const Answer<void> done =
        guard ? guard->setConfig(key, value) : Answer<void>(tl::unexpected(guard.error()));
    // Without a bus there is no guard either that could be asked.
    if (!guard || (!done && done.error().code == Exit::NotRunning))
        status = changeWithoutGuard(folders, key, value);
    else if (!done)
        return failed(done.error());
    if (status != 0 || !json)
        return status;
    nlohmann::json data = {{"key", key}};
    std::visit([&](const auto& one) { data["value"] = one; }, value);
    if (words.empty())
        data["value"] = nullptr;
    return print(written(data) + "\n");
}

} // namespace micguard::cli
