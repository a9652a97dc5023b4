// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/report_page.hpp"

#include "cli/report_picture.hpp"
#include "cli/report_style.hpp"
#include "cli/report_words.hpp"
#include "cli/text.hpp"

#include <algorithm>
#include <ctime>

namespace micguard::cli {

namespace {

std::string formatted(std::uint64_t usec, const char* format) {
    const auto seconds = static_cast<std::time_t>(usec / 1'000'000);
    std::tm parts{};
    localtime_r(&seconds, &parts);
    char text[64];
    return {text, std::strftime(text, sizeof text, format, &parts)};
}

// The moment itself, and as one reads it here.
std::string momentOf(std::uint64_t usec, const char* format) {
    return "<time datetime=\"" + formatted(usec, "%Y-%m-%dT%H:%M:%S%z") + "\">" + formatted(usec, format) +
           "</time>";
}

std::string nameOf(const Exposure& row) {
    return escaped(row.name.empty() ? row.appId : row.name);
}

std::string classOf(const Exposure& row) {
    const bool known = std::find(std::begin(exposureClasses), std::end(exposureClasses), row.judged) !=
                       std::end(exposureClasses);
    return known ? row.judged : "unjudged";
}

constexpr const char* levelMeter = " <em>level meter</em>";

// The class as a word with a mark, told apart by both.
std::string badge(const Exposure& row) {
    const std::string kind = classOf(row);
    return "<span class=\"badge " + kind + "\"><i aria-hidden=\"true\"></i>" +
           (row.judged.empty() ? "too short" : escaped(row.judged)) + "</span>";
}

std::string identityOf(const Exposure& row) {
    if (row.identity == "claimed")
        return "known only by its own word";
    return row.identity == "sandbox" ? "known by its sandbox" : "known by its process";
}

std::string cell(const char* label, const std::string& content, const char* kind = "") {
    return "<td role=\"cell\" class=\"" + std::string(kind) + "\" data-label=\"" + label + "\">" + content +
           "</td>";
}

std::string percentOf(std::uint64_t part, std::uint64_t whole) {
    if (whole == 0)
        return "";
    const auto percent = (part * 100 + whole / 2) / whole;
    return part != 0 && percent == 0 ? "&lt; 1 %" : std::to_string(percent) + " %";
}

std::string withSmall(const std::string& text, const std::string& small) {
    return escaped(text) + (small.empty() ? "" : "<small>" + small + "</small>");
}

std::string sourcesOf(const Exposure& row) {
    std::string out;
    for (const auto& source : row.sources)
        out += (out.empty() ? "" : ", ") + escaped(source);
    return out.empty() ? "–" : out;
}

std::string tableRow(const Exposure& row) {
    const std::string many = howMany(row);
    std::string out = "<tr role=\"row\"><th role=\"rowheader\" scope=\"row\"><b>" + nameOf(row) + "</b>" +
                      (row.levelMeter ? levelMeter : "") + "<small>" + escaped(row.appId) +
                      "</small><small>" + identityOf(row) + "</small></th>";
    out += cell("While muted",
                badge(row) + "<small>" + std::string(meaning(row.judged)) +
                    (many.empty() ? ""
                                  : ", " + (many == "all" ? "in all " + std::to_string(row.mutes) + " mutes"
                                                          : "in " + many + " mutes")) +
                    "</small>");
    out += cell("Asked for",
                withSmall(timeSpent(row.askedUsec),
                          percentOf(row.askedUsec, row.mutedUsec) + " of " + timeSpent(row.mutedUsec)),
                "number");
    out += cell("Samples", row.samples == 0 ? "0" : escaped(grouped(row.samples)), "number");
    out += cell("Held paused", escaped(timeSpent(row.heldUsec)), "number");
    out += cell("Woke", std::to_string(row.wakeups) + " ×", "number");
    out += cell("Would have heard", sourcesOf(row));
    out += cell("Its own mute",
                row.ownMute ? withSmall("asked " + timeSpent(row.ownAskedUsec),
                                        "of " + timeSpent(row.ownMutedUsec) +
                                            (row.ownJudged.empty() ? "" : ": " + escaped(row.ownJudged)))
                            : "<span class=\"not\">not told</span>");
    return out + "</tr>\n";
}

std::string table(const ExposureReport& report) {
    std::string out = "<div class=\"wide\"><table role=\"table\"><caption>What each application did, most "
                      "telling first</caption>"
                      "<thead role=\"rowgroup\"><tr role=\"row\">";
    for (const char* head : {"Application", "While muted", "Asked for", "Samples", "Held paused", "Woke",
                             "Would have heard", "Its own mute"})
        out += "<th role=\"columnheader\" scope=\"col\">" + std::string(head) + "</th>";
    out += "</tr></thead><tbody role=\"rowgroup\">\n";
    for (const auto& row : report.rows)
        out += tableRow(row);
    return out + "</tbody></table></div>\n";
}

std::string picture(const ExposureReport& report) {
    const ExposurePicture timeline(report.rows);
    if (timeline.mutes().empty())
        return {};
    std::string out = "<section aria-labelledby=\"picture\"><h2 id=\"picture\">Mute by mute</h2>\n"
                      "<ul class=\"legend\"><li><svg viewBox=\"0 0 24 16\" aria-hidden=\"true\"><rect "
                      "class=\"asks\" y=\"1\" width=\"24\" height=\"14\"/></svg>asked for samples</li>"
                      "<li><svg viewBox=\"0 0 24 16\" aria-hidden=\"true\"><rect class=\"holds\" y=\"5\" "
                      "width=\"24\" height=\"6\"/></svg>held, paused</li>"
                      "<li><svg viewBox=\"0 0 24 16\" aria-hidden=\"true\"><rect class=\"none\" y=\"7\" "
                      "width=\"24\" height=\"2\"/></svg>no stream</li>";
    const bool anyAssumed = std::any_of(report.rows.begin(), report.rows.end(),
                                        [](const auto& row) { return row.assumedUsec != 0; });
    if (anyAssumed)
        out += "<li><svg viewBox=\"0 0 24 16\" aria-hidden=\"true\"><rect class=\"asks assumed\" y=\"1\" "
               "width=\"24\" height=\"14\"/></svg>assumed</li>";
    out +=
        "</ul>\n<div class=\"lines\"><div class=\"who\"></div><div class=\"numbers\" aria-hidden=\"true\">" +
        timeline.drawnNumbers() + "</div>\n";
    for (const auto& row : report.rows)
        out += "<div class=\"who\"><span>" + nameOf(row) + (row.levelMeter ? levelMeter : "") + "</span> " +
               badge(row) + "</div>" + timeline.drawn(row, nameOf(row)) + "\n";
    out += "</div>\n<ol class=\"mutes\">";
    for (const auto& mute : timeline.mutes())
        out += "<li>" + momentOf(mute.start, "%e %b, %H:%M:%S") + ", for " +
               escaped(timeSpent(mute.end - mute.start)) + "</li>";
    out += "</ol>\n";
    if (timeline.of() > timeline.mutes().size())
        out += "<p class=\"quiet\">The last " + std::to_string(timeline.mutes().size()) + " of " +
               std::to_string(timeline.of()) + " mutes. The table counts all of them.</p>\n";
    return out + "</section>\n";
}

std::string summary(const ExposureReport& report) {
    std::string out = "<ul class=\"sums\">";
    for (const auto one : exposureClasses) {
        const auto count = std::count_if(report.rows.begin(), report.rows.end(), [&](const Exposure& row) {
            return row.judged == one && !row.levelMeter;
        });
        const std::string name(one);
        out += "<li class=\"" + name + "\"><b>" + std::to_string(count) + "</b><span class=\"badge " + name +
               "\"><i aria-hidden=\"true\"></i>" + name + "</span><small>" + std::string(meaning(one)) +
               "</small></li>";
    }
    return out + "</ul>\n";
}

std::string notes(const ExposureReport& report) {
    std::string out = "<section class=\"notes\" aria-labelledby=\"notes\"><h2 id=\"notes\">What this page "
                      "can know, and what it cannot</h2>";
    const auto paragraph = [&](std::string_view text) { out += "<p>" + escaped(text) + "</p>"; };
    paragraph(whatItKnows);
    paragraph(whatItGot);
    if (std::any_of(report.rows.begin(), report.rows.end(),
                    [](const auto& row) { return row.assumedUsec != 0; }))
        paragraph(whatIsAssumed);
    paragraph(whatIsCounted);
    paragraph(whatOwnMuteIs);
    return out + "</section>\n";
}

} // namespace

std::string toPage(const ExposureReport& report) {
    std::string period = report.since ? momentOf(report.since, "%e %B %Y, %H:%M") + " to " : "Until ";
    period += momentOf(report.until, "%e %B %Y, %H:%M");
    std::string out = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                      "<meta name=\"color-scheme\" content=\"light dark\">\n"
                      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
                      "'unsafe-inline'\">\n"
                      "<meta name=\"referrer\" content=\"no-referrer\">\n"
                      "<title>Who listened while muted</title>\n<style>\n";
    out += reportStyle;
    out += "</style>\n</head>\n<body>\n<main>\n<header><p class=\"maker\">micguard</p><h1>Who listened while "
           "muted</h1><p class=\"quiet\">" +
           period + "</p></header>\n";
    if (report.rows.empty())
        out += "<p class=\"empty\">No application had a stream while the system held the mute, or shortly "
               "before.</p>\n";
    else
        out += summary(report) + picture(report) + table(report);
    return out + notes(report) + "</main>\n</body>\n</html>\n";
}

} // namespace micguard::cli
