// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/alsa_holders.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <optional>
#include <system_error>
#include <utility>

namespace micguard::cli {

namespace fs = std::filesystem;

namespace {

// These files have a few lines; whatever is longer is none of them.
std::string contents(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::string text(8192, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text;
}

std::string_view trimmed(std::string_view text) {
    const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
    while (!text.empty() && blank(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && blank(text.back()))
        text.remove_suffix(1);
    return text;
}

// The value of "KEY<blanks>: VALUE", the first one.
std::string_view field(std::string_view text, std::string_view key) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const std::size_t colon = line.find(':');
        if (colon != std::string_view::npos && trimmed(line.substr(0, colon)) == key)
            return trimmed(line.substr(colon + 1));
    }
    return {};
}

pid_t pidFrom(std::string_view text) {
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
    return error == std::errc{} && end == text.data() + text.size() && pid > 0 ? pid : 0;
}

// The number in "PREFIX<digits>SUFFIX".
std::optional<unsigned> numbered(std::string_view name, std::string_view prefix, std::string_view suffix) {
    if (!name.starts_with(prefix) || !name.ends_with(suffix) || name.size() <= prefix.size() + suffix.size())
        return std::nullopt;
    const std::string_view digits = name.substr(prefix.size(), name.size() - prefix.size() - suffix.size());
    unsigned number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc{} || end != digits.data() + digits.size())
        return std::nullopt;
    return number;
}

std::vector<fs::path> folders(const fs::path& in, std::string_view prefix, std::string_view suffix) {
    std::vector<std::pair<unsigned, fs::path>> found;
    std::error_code error;
    for (fs::directory_iterator it(in, error), end; !error && it != end; it.increment(error))
        if (const auto number = numbered(it->path().filename().native(), prefix, suffix))
            found.emplace_back(*number, it->path());
    std::sort(found.begin(), found.end());
    std::vector<fs::path> sorted;
    for (auto& [number, path] : found)
        sorted.push_back(std::move(path));
    return sorted;
}

void identify(CaptureHolder& holder, const fs::path& proc) {
    const std::string status = contents(proc / std::to_string(holder.thread) / "status");
    holder.process = pidFrom(field(status, "Tgid"));
    if (holder.process == 0)
        return;
    const fs::path process = proc / std::to_string(holder.process);
    holder.name = trimmed(contents(process / "comm"));
    std::error_code error;
    holder.executable = fs::read_symlink(process / "exe", error).native();
}

} // namespace

CaptureHolder parsePcmStatus(std::string_view text) {
    CaptureHolder holder;
    holder.state = field(text, "state");
    holder.thread = pidFrom(field(text, "owner_pid"));
    return holder;
}

AsoundReport captureHolders(const fs::path& asound, const fs::path& proc) {
    AsoundReport report;
    std::error_code error;
    report.readable = fs::is_directory(asound, error);
    for (const fs::path& card : folders(asound, "card", "")) {
        for (const fs::path& pcm : folders(card, "pcm", "c")) {
            ++report.captureDevices;
            for (const fs::path& sub : folders(pcm, "sub", "")) {
                CaptureHolder holder = parsePcmStatus(contents(sub / "status"));
                if (holder.thread == 0)
                    continue;
                holder.device = (card.filename() / pcm.filename() / sub.filename()).native();
                holder.card = trimmed(contents(card / "id"));
                identify(holder, proc);
                report.holders.push_back(std::move(holder));
            }
        }
    }
    return report;
}

} // namespace micguard::cli
