// SPDX-License-Identifier: GPL-3.0-or-later
#include "bench/record.hpp"

#include <chrono>
#include <fstream>
#include <stdexcept>

namespace micguard::bench {

using nlohmann::json;

Results::Results(std::filesystem::path path, std::string version)
    : path_(std::move(path))
    , version_(std::move(version)) {
    if (path_.has_parent_path())
        std::filesystem::create_directories(path_.parent_path());
    std::ifstream file(path_);
    for (std::string text; std::getline(file, text);) {
        // The last line may have been cut off in the midst of being written.
        const json line = json::parse(text, nullptr, false);
        if (line.is_object() && line.value("version", "") == version_)
            count(line);
    }
}

void Results::count(const json& line) {
    if (line.value("kind", "") != "error")
        done_[{line.value("key", ""), line.value("column", "")}]++;
}

void Results::add(json line) {
    line["version"] = version_;
    line["time"] =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
            .count();
    std::ofstream file(path_, std::ios::app);
    file << line.dump() << "\n";
    if (!file.flush())
        throw std::runtime_error("cannot write " + path_.string());
    count(line);
}

unsigned Results::done(const std::string& key, const std::string& column) const {
    const auto found = done_.find({key, column});
    return found == done_.end() ? 0 : found->second;
}

} // namespace micguard::bench
