// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/bypass/asound.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <system_error>
#include <utility>

namespace micguard {

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

using Numbered = std::pair<unsigned, fs::path>;

std::vector<Numbered> folders(const fs::path& in, std::string_view prefix, std::string_view suffix) {
    std::vector<Numbered> found;
    std::error_code error;
    for (fs::directory_iterator it(in, error), end; !error && it != end; it.increment(error))
        if (const auto number = numbered(it->path().filename().native(), prefix, suffix))
            found.emplace_back(*number, it->path());
    std::sort(found.begin(), found.end());
    return found;
}

void identify(CaptureHolder& holder, const fs::path& proc) {
    if (holder.thread == 0)
        return;
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

std::optional<PcmStatus> parsePcmStatus(std::string_view text) {
    PcmStatus status;
    status.state = field(text, "state");
    const std::string_view owner = field(text, "owner_pid");
    status.thread = pidFrom(owner);
    if (status.thread == 0 && owner != "0")
        return std::nullopt;
    return status;
}

std::string alsaName(const CaptureHolder& holder) {
    const auto& [card, device, sub] = holder.numbers;
    std::string name = "hw:" + std::to_string(card) + "," + std::to_string(device);
    if (sub != 0)
        name += "," + std::to_string(sub);
    return name;
}

std::string nodeName(const CaptureHolder& holder) {
    return "pcmC" + std::to_string(holder.numbers[0]) + "D" + std::to_string(holder.numbers[1]) + "c";
}

bool isCaptureNode(std::string_view name) {
    return name.starts_with("pcmC") && name.ends_with("c");
}

AsoundReport captureHolders(const fs::path& asound, const fs::path& proc) {
    AsoundReport report;
    std::error_code error;
    report.readable = fs::is_directory(asound, error);
    for (const auto& [card, cardFolder] : folders(asound, "card", "")) {
        for (const auto& [pcm, pcmFolder] : folders(cardFolder, "pcm", "c")) {
            ++report.captureDevices;
            for (const auto& [sub, subFolder] : folders(pcmFolder, "sub", "")) {
                const auto status = parsePcmStatus(contents(subFolder / "status"));
                if (!status)
                    continue;
                CaptureHolder holder{
                    .numbers = {card, pcm, sub}, .state = status->state, .thread = status->thread};
                holder.device =
                    (cardFolder.filename() / pcmFolder.filename() / subFolder.filename()).native();
                holder.card = trimmed(contents(cardFolder / "id"));
                identify(holder, proc);
                report.holders.push_back(std::move(holder));
            }
        }
    }
    return report;
}

} // namespace micguard
