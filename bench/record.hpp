// SPDX-License-Identifier: GPL-3.0-or-later
// The file of results: one JSON object a line, appended as soon as it is known, so that a run may be broken
// off and taken up again. Judges nothing.
#pragma once

#include <nlohmann/json.hpp>

#include <filesystem>
#include <map>
#include <string>
#include <tuple>

namespace micguard::bench {

class Results {
  public:
    // Reads what is there. Lines of another version of the project stay in the file and do not count as done.
    Results(std::filesystem::path path, std::string version);

    // Adds version and time of day.
    void add(nlohmann::json line);
    // How many lines there are with this `key` (row or measurement) and `column`.
    [[nodiscard]] unsigned done(const std::string& key, const std::string& column) const;
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  private:
    void count(const nlohmann::json& line);

    std::filesystem::path path_;
    std::string version_;
    std::map<std::pair<std::string, std::string>, unsigned> done_;
};

} // namespace micguard::bench
