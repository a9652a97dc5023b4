// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/output.hpp"

#include "cli/text.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <utility>

#include <sys/ioctl.h>
#include <unistd.h>

namespace micguard::cli {

namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t narrowest = 8; // no column is cut further than this

const char* sequence(Colour colour) {
    switch (colour) {
    case Colour::Red:
        return "\x1b[31m";
    case Colour::Green:
        return "\x1b[32m";
    case Colour::Yellow:
        return "\x1b[33m";
    case Colour::Bold:
        return "\x1b[1m";
    case Colour::Dim:
        return "\x1b[2m";
    case Colour::None:
        break;
    }
    return "";
}

std::tm localTime(std::uint64_t microseconds) {
    const auto seconds = static_cast<std::time_t>(microseconds / 1'000'000);
    std::tm parts{};
    localtime_r(&seconds, &parts);
    return parts;
}

} // namespace

Terminal Terminal::ofStandardOutput() {
    Terminal terminal;
    if (isatty(STDOUT_FILENO) == 0)
        return terminal;
    const char* noColour = std::getenv("NO_COLOR");
    const char* kind = std::getenv("TERM");
    terminal.colour = (noColour == nullptr || *noColour == '\0') && kind != nullptr && *kind != '\0' &&
                      std::strcmp(kind, "dumb") != 0;
    winsize size{};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
        terminal.columns = size.ws_col;
    return terminal;
}

std::string Terminal::painted(std::string_view text, Colour wanted) const {
    if (!colour || wanted == Colour::None)
        return std::string(text);
    return sequence(wanted) + std::string(text) + "\x1b[0m";
}

Table::Table(std::vector<std::string> header)
    : header_(std::move(header)) {}

void Table::add(std::vector<Cell> row) {
    row.resize(header_.size());
    rows_.push_back(std::move(row));
}

std::vector<std::size_t> Table::widths(const Terminal& terminal) const {
    std::vector<std::size_t> widths;
    for (std::size_t i = 0; i < header_.size(); ++i) {
        std::size_t width = displayWidth(header_[i]);
        for (const auto& row : rows_)
            width = std::max(width, displayWidth(row[i].text));
        widths.push_back(width);
    }
    if (terminal.columns == 0)
        return widths;
    std::size_t total = gap * (widths.size() - 1);
    for (const std::size_t width : widths)
        total += width;
    while (total > terminal.columns) {
        const auto widest = std::max_element(widths.begin(), widths.end());
        if (*widest <= narrowest)
            return {};
        --*widest;
        --total;
    }
    return widths;
}

std::string Table::stacked(const Terminal& terminal) const {
    std::size_t widest = 0;
    for (const std::string& name : header_)
        widest = std::max(widest, displayWidth(name));
    std::string out;
    for (const auto& row : rows_) {
        if (!out.empty())
            out += "\n";
        for (std::size_t i = 0; i < header_.size(); ++i)
            if (!row[i].text.empty())
                out += terminal.painted(padded(header_[i], widest + gap), Colour::Bold) +
                       terminal.painted(row[i].text, row[i].colour) + "\n";
    }
    return out;
}

std::string Table::written(const Terminal& terminal) const {
    const std::vector<std::size_t> columns = widths(terminal);
    if (columns.empty())
        return stacked(terminal);
    std::string out;
    const auto line = [&](const auto& cellOf) {
        std::string blanks;
        for (std::size_t i = 0; i < columns.size(); ++i) {
            const Cell cell = cellOf(i);
            const std::string text =
                cell.keep == Keep::End ? cutFront(cell.text, columns[i]) : cut(cell.text, columns[i]);
            if (!text.empty()) {
                out.append(blanks).append(terminal.painted(text, cell.colour));
                blanks.clear();
            }
            blanks.append(columns[i] - displayWidth(text) + gap, ' '); // written only if something follows
        }
        out.push_back('\n');
    };
    line([&](std::size_t i) { return Cell{header_[i], Colour::Bold}; });
    for (const auto& row : rows_)
        line([&](std::size_t i) { return row[i]; });
    return out;
}

std::string clockTime(std::uint64_t time, std::uint64_t now) {
    if (time == 0)
        return {};
    const std::tm then = localTime(time);
    const std::tm today = localTime(now);
    const bool sameDay = then.tm_year == today.tm_year && then.tm_yday == today.tm_yday;
    char text[32];
    const std::size_t length =
        std::strftime(text, sizeof text, sameDay ? "%H:%M:%S" : "%Y-%m-%d %H:%M:%S", &then);
    return {text, length};
}

std::string duration(std::uint64_t microseconds) {
    const std::uint64_t seconds = microseconds / 1'000'000, minutes = seconds / 60, hours = minutes / 60;
    const auto two = [](std::uint64_t big, const char* bigUnit, std::uint64_t small, const char* smallUnit) {
        std::string text = std::to_string(big) + bigUnit;
        if (small != 0)
            text += " " + std::to_string(small) + smallUnit;
        return text;
    };
    if (hours >= 24)
        return two(hours / 24, " d", hours % 24, " h");
    if (hours > 0)
        return two(hours, " h", minutes % 60, " min");
    if (minutes > 0)
        return std::to_string(minutes) + " min";
    return std::to_string(seconds) + " s";
}

std::uint64_t nowInMicroseconds() {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(since).count());
}

Colour colourOfState(std::string_view state) {
    if (state == "live" || state == "capturing") // somebody may be listening
        return Colour::Red;
    if (state == "muted" || state == "silenced" || state == "severed" || state == "denied")
        return Colour::Green;
    if (state == "idle")
        return Colour::Dim;
    return Colour::Yellow; // muting, degraded, pending and whatever is not known to us
}

int print(std::string_view text, Exit code) {
    while (!text.empty()) {
        const ssize_t count = write(STDOUT_FILENO, text.data(), text.size());
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0) {
            complain("cannot write: " + std::string(strerror(errno)));
            return raw(Exit::Failed);
        }
        text.remove_prefix(static_cast<std::size_t>(count));
    }
    return raw(code);
}

void complain(std::string_view text) {
    std::string line = "micguardctl: ";
    line.append(text).append("\n");
    std::fwrite(line.data(), 1, line.size(), stderr);
}

int failed(const CallError& error) {
    complain(error.message);
    return raw(error.code);
}

} // namespace micguard::cli
