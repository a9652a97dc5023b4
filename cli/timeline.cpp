// SPDX-License-Identifier: GPL-3.0-or-later
//
// A cell of a row stands for as much time as fits into it, and what happened in it for an instant only is
// still seen.
#include "cli/timeline.hpp"

#include "cli/text.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <map>
#include <tuple>
#include <utility>

namespace micguard::cli {

namespace {

constexpr std::uint64_t minute = 60'000'000;
constexpr std::uint64_t hour = 60 * minute;
constexpr std::uint64_t week = 7 * 24 * hour;
constexpr std::size_t usualColumns = 100; // where nobody looks at a terminal
constexpr std::size_t fewestCells = 12, mostCells = 144, widestName = 28;

using Spans = std::vector<Span>; // apart, in order

// Overlapping ones are one: two streams do not listen twice.
Spans joined(Spans spans) {
    std::sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) { return a.from < b.from; });
    Spans out;
    for (const Span& span : spans)
        if (!out.empty() && span.from <= out.back().to)
            out.back().to = std::max(out.back().to, span.to);
        else
            out.push_back(span);
    return out;
}

std::uint64_t total(const Spans& spans) {
    std::uint64_t sum = 0;
    for (const Span& span : spans)
        sum += span.to - span.from;
    return sum;
}

// What of both is at the same time.
Spans common(const Spans& a, const Spans& b) {
    Spans out;
    for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
        const Span both{std::max(a[i].from, b[j].from), std::min(a[i].to, b[j].to)};
        if (both.from < both.to)
            out.push_back(both);
        (a[i].to < b[j].to ? i : j)++;
    }
    return out;
}

// What of `a` is not in `b`.
Spans without(const Spans& a, const Spans& b) {
    Spans out;
    std::size_t j = 0;
    for (Span left : a) {
        while (j < b.size() && b[j].to <= left.from)
            j++;
        for (std::size_t k = j; k < b.size() && b[k].from < left.to; ++k) {
            if (b[k].from > left.from)
                out.push_back({left.from, b[k].from});
            left.from = std::max(left.from, b[k].to);
        }
        if (left.from < left.to)
            out.push_back(left);
    }
    return out;
}

struct Row {
    std::string name;
    bool meter = false;
    Spans listened;
    std::vector<std::uint64_t> blocked;
};

// The edges of cells, and what lies in one.
struct Scale {
    Span shown;
    std::size_t cells = 0;

    std::uint64_t edge(std::size_t cell) const { return shown.from + (shown.to - shown.from) / cells * cell; }
    std::size_t cellOf(std::uint64_t at) const {
        const auto cell = (at - shown.from) / std::max<std::uint64_t>((shown.to - shown.from) / cells, 1);
        return std::min<std::size_t>(static_cast<std::size_t>(cell), cells - 1);
    }
    Spans cell(std::size_t index) const {
        return {{edge(index), index + 1 == cells ? shown.to : edge(index + 1)}};
    }
};

// The fuller a cell, the higher the bar.
std::string_view bar(std::uint64_t of, std::uint64_t whole) {
    constexpr std::array<std::string_view, 8> bars = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    return bars[std::min<std::size_t>(
        static_cast<std::size_t>(of * bars.size() / std::max<std::uint64_t>(whole, 1)), bars.size() - 1)];
}

struct Painted {
    std::string_view text = "·";
    Colour colour = Colour::Dim;
};

// Runs of one colour are painted at once.
std::string painted(const std::vector<Painted>& cells, const Terminal& terminal) {
    std::string out, run;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        run += cells[i].text;
        if (i + 1 < cells.size() && cells[i + 1].colour == cells[i].colour)
            continue;
        out += terminal.painted(run, cells[i].colour);
        run.clear();
    }
    return out;
}

std::tm local(std::uint64_t at) {
    const auto seconds = static_cast<std::time_t>(at / 1'000'000);
    std::tm parts{};
    localtime_r(&seconds, &parts);
    return parts;
}

std::string clock(std::uint64_t at, std::uint64_t apart) {
    const std::tm parts = local(at);
    char text[32];
    const bool days = apart >= 24 * hour;
    return {text, std::strftime(text, sizeof text, days ? "%a %d" : "%H:%M", &parts)};
}

// As many times of day as have room, at full hours of the clocks here.
std::pair<std::string, std::uint64_t> axis(const Scale& scale) {
    constexpr std::array<std::uint64_t, 13> steps = {
        minute,   5 * minute, 15 * minute, 30 * minute, hour,      2 * hour, 3 * hour,
        4 * hour, 6 * hour,   12 * hour,   24 * hour,   48 * hour, week};
    const std::uint64_t span = scale.shown.to - scale.shown.from;
    std::uint64_t apart = steps.back();
    for (const std::uint64_t one : steps)
        if (span / one * 7 <= scale.cells) {
            apart = one;
            break;
        }
    std::string line(scale.cells, ' ');
    std::size_t free = 0;
    // Step by step: clocks are put forward and back, by quarters of an hour at least.
    const std::uint64_t step = apart >= hour ? 15 * minute : minute;
    for (std::uint64_t at = scale.shown.from / step * step; at < scale.shown.to; at += step) {
        if (at < scale.shown.from)
            continue;
        const std::tm parts = local(at);
        const auto ofDay = static_cast<std::uint64_t>(parts.tm_hour) * hour +
                           static_cast<std::uint64_t>(parts.tm_min) * minute;
        const bool day =
            ofDay == 0 && (apart == week ? parts.tm_wday == 1 : apart < 48 * hour || parts.tm_yday % 2 == 0);
        const bool marks = apart < 24 * hour ? ofDay % apart == 0 : day;
        const std::size_t cell = scale.cellOf(at);
        const std::string text = clock(at, apart);
        if (!marks || cell < free || cell + text.size() > scale.cells)
            continue;
        line.replace(cell, text.size(), text);
        free = cell + text.size() + 1;
    }
    while (line.ends_with(' '))
        line.pop_back();
    return {line, apart};
}

std::string nameOf(const Row& row) {
    return row.meter ? row.name + " (level meter)" : row.name;
}

std::string perColumn(std::uint64_t microseconds) {
    return microseconds < 1'000'000 ? "less than a second" : duration(microseconds);
}

} // namespace

std::string timeline(const std::vector<EntryFacts>& entries, const Span& shownSpan, std::uint64_t now,
                     const Terminal& terminal) {
    Spans muted;
    std::map<std::pair<std::string, bool>, Row> rows; // by AppId, level meters apart
    for (const EntryFacts& entry : entries) {
        const Span span{std::max(entry.start, shownSpan.from),
                        std::min(entry.end == 0 ? now : entry.end, shownSpan.to)};
        if (span.from > span.to)
            continue;
        if (entry.kind == "mute") {
            muted.push_back(span);
        } else if (entry.kind == "session" || entry.kind == "block") {
            Row& row = rows[{entry.appId, entry.levelMeter}];
            row.meter = entry.levelMeter;
            if (row.name.empty())
                row.name = shown(entry.called(), widestName); // the newest comes first
            if (entry.kind == "session")
                row.listened.push_back({span.from, std::max(span.to, span.from + 1)});
            else
                row.blocked.push_back(span.from);
        }
    }
    muted = joined(std::move(muted));

    struct Figures {
        const Row* row = nullptr;
        Spans live, silenced;
    };
    std::vector<Figures> figures;
    for (auto& [key, row] : rows) {
        row.listened = joined(std::move(row.listened));
        figures.push_back({&row, without(row.listened, muted), common(row.listened, muted)});
    }
    // Who heard most comes first; level meters are at the end.
    std::stable_sort(figures.begin(), figures.end(), [](const Figures& a, const Figures& b) {
        const auto weight = [](const Figures& one) {
            return std::tuple(one.row->meter, ~total(one.live), ~total(one.silenced));
        };
        return weight(a) < weight(b);
    });

    constexpr std::size_t timeColumns = 12; // "23 h 59 min"
    std::size_t names = displayWidth("microphones");
    for (const Figures& one : figures)
        names = std::max(names, std::min(displayWidth(nameOf(*one.row)), widestName));
    const std::size_t columns = terminal.columns == 0 ? usualColumns : terminal.columns;
    names = std::min(names, std::max<std::size_t>(columns / 4, 8));
    const std::size_t besides = names + 2 + 2 * (timeColumns + 1);
    // On a narrow terminal the figures give way to the picture.
    const bool figuresToo = columns >= besides + 2 * fewestCells;
    const std::size_t room = figuresToo ? columns - besides : columns > names + 2 ? columns - names - 2 : 0;
    const Scale scale{shownSpan, std::clamp(room, fewestCells, mostCells)};

    std::string out;
    const auto line = [&](const std::string& name, const std::string& cells, std::size_t width,
                          const std::string& live, const std::string& silent, Colour colour) {
        std::string text = terminal.painted(padded(name, names), colour) + "  " + cells;
        if (figuresToo && !(live.empty() && silent.empty())) {
            text.append(scale.cells - width + 2, ' ');
            text += silent.empty() ? live : padded(live, timeColumns) + silent;
        }
        while (text.ends_with(' '))
            text.pop_back();
        out += text + "\n";
    };
    const auto [hours, apart] = axis(scale);
    line("", hours, displayWidth(hours), "HEARD", "MUTED", Colour::None);

    std::vector<Painted> cells(scale.cells);
    for (std::size_t i = 0; i < scale.cells; ++i)
        if (const auto of = total(common(muted, scale.cell(i))); of > 0)
            cells[i] = {bar(of, total(scale.cell(i))), Colour::Green};
    line("muted", painted(cells, terminal), scale.cells, "", muted.empty() ? "" : duration(total(muted)),
         Colour::Bold);

    for (const Figures& one : figures) {
        cells.assign(scale.cells, {});
        for (const std::uint64_t at : one.row->blocked)
            cells[scale.cellOf(at)] = {"×", Colour::Yellow};
        for (std::size_t i = 0; i < scale.cells; ++i) {
            const auto whole = scale.cell(i);
            if (const auto live = total(common(one.live, whole)); live > 0)
                cells[i] = {bar(live, total(whole)), one.row->meter ? Colour::Yellow : Colour::Red};
            else if (total(common(one.silenced, whole)) > 0)
                cells[i] = {"░", Colour::Green};
        }
        line(nameOf(*one.row), painted(cells, terminal), scale.cells,
             one.live.empty() ? "" : duration(total(one.live)),
             one.silenced.empty() ? "" : duration(total(one.silenced)), Colour::None);
    }
    if (figures.empty())
        out += "No application has listened.\n";
    out += terminal.painted("▁▄█ heard  ░ silence, muted  × asked in vain  one column: " +
                                perColumn((shownSpan.to - shownSpan.from) / scale.cells),
                            Colour::Dim) +
           "\n";
    return out;
}

} // namespace micguard::cli
