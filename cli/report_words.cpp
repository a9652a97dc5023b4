// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/report_words.hpp"

#include "cli/text.hpp"

namespace micguard::cli {

std::string escaped(std::string_view foreign) {
    return markup(shown(foreign, 300));
}

std::string timeSpent(std::uint64_t usec) {
    const std::uint64_t tenths = (usec + 50'000) / 100'000;
    if (usec == 0)
        return "0 s";
    if (tenths == 0)
        return "< 0.1 s";
    if (tenths < 100 && tenths % 10 != 0)
        return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
    const std::uint64_t seconds = (usec + 500'000) / 1'000'000, minutes = seconds / 60, hours = minutes / 60;
    const auto two = [](std::uint64_t big, const char* bigUnit, std::uint64_t small, const char* smallUnit) {
        return std::to_string(big) + bigUnit +
               (small == 0 ? std::string() : " " + std::to_string(small) + smallUnit);
    };
    if (hours >= 24)
        return two(hours / 24, " d", hours % 24, " h");
    if (hours > 0)
        return two(hours, " h", minutes % 60, " min");
    if (minutes > 0)
        return two(minutes, " min", seconds % 60, " s");
    return std::to_string(seconds) + " s";
}

std::string grouped(std::uint64_t number) {
    const std::string digits = std::to_string(number);
    std::string out;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        if (i != 0 && (digits.size() - i) % 3 == 0)
            out += "\u202f";
        out += digits[i];
    }
    return out;
}

std::string howMany(const Exposure& row) {
    if (row.judged.empty() || row.mutes < 2)
        return {};
    const auto count = row.counts.find(row.judged);
    const std::uint32_t such = count == row.counts.end() ? 0 : count->second;
    return such == row.mutes ? "all" : std::to_string(such) + " of " + std::to_string(row.mutes);
}

std::string_view meaning(std::string_view judged) {
    if (judged == "continuous")
        return "kept a stream running";
    if (judged == "periodic")
        return "opened or woke a stream now and then";
    if (judged == "held")
        return "kept a stream open, but paused";
    if (judged == "released")
        return "had no stream";
    if (judged.empty())
        return "no mute was long enough to tell";
    return {};
}

} // namespace micguard::cli
