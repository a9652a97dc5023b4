// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/demo/report_run.hpp"

#include "tests/personas/cast.hpp"
#include "tests/support/guard.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <thread>

namespace micguard::test {
namespace {

using nlohmann::json;

constexpr int kMutes = 3;
// Some wake-ups of the periodic one fit into each.
constexpr Milliseconds kMuted{6000}, kLive{1500};

// The time that is reported on has to pass.
void letPass(Milliseconds time) {
    std::this_thread::sleep_for(time);
}

Finished ctl(const PrivateSession& session, std::vector<std::string> words) {
    words.insert(words.begin(), MICGUARDCTL_BUILT);
    return session.run(words, Milliseconds(60000));
}

// The newest that is written down may be a second behind.
json settledRows(const PrivateSession& session, std::size_t applications) {
    json rows = json::array();
    for (int tries = 0; tries < 40; ++tries) {
        const Finished done = ctl(session, {"report", "--json"});
        if (done.exitCode != 0)
            throw std::runtime_error("micguardctl report: " + done.output);
        rows = json::parse(done.output)["rows"];
        const bool whole =
            std::all_of(rows.begin(), rows.end(), [](const json& row) { return row["mutes"] == kMutes; });
        if (whole && rows.size() >= applications)
            break;
        letPass(Milliseconds(250));
    }
    return rows;
}

bool judge(const Cast& cast, const json& rows, Paint paint) {
    bool all = true;
    fmt::print("\n{}\n", bold(fmt::format("  {:<40}{:<14}{:<22}{}", "imitation", "is to be",
                                          "the report says", "it imitates"),
                              paint));
    for (const Persona& one : studiedApplications()) {
        const auto row = std::find_if(rows.begin(), rows.end(),
                                      [&](const json& now) { return now["app_id"] == cast.executable(one); });
        std::string said = "is not in it";
        bool right = false;
        if (row != rows.end()) {
            const auto& judged = (*row)["class"];
            const auto count = (*row)["classes"].value(one.judged, 0);
            right = judged == one.judged && count == kMutes;
            said = fmt::format("{}, {} of {}", judged.is_null() ? "nothing" : judged.get<std::string>(),
                               count, kMutes);
        }
        all = all && right;
        fmt::print("  {:<40}{:<14}{}{}\n", one.name, one.judged,
                   right ? good(fmt::format("{:<22}", said), paint) : bad(fmt::format("{:<22}", said), paint),
                   faint(one.why, paint));
    }
    return all;
}

// It mutes by itself, once it has heard every microphone.
bool verified(const PrivateSession& session, Paint paint) {
    progress("Verifying as an ordinary client would hear it …");
    const Finished done = ctl(session, {"verify"});
    progress("");
    fmt::print("\n{}\n{}", bold("micguardctl verify", paint), done.output);
    return done.exitCode == 0;
}

} // namespace

Shown runReport(const std::string& page, Paint paint) {
    progress("Starting a private session, a microphone that speaks, and ten imitations …");
    SessionOptions options;
    options.mics = {{.kind = MicKind::speech, .name = "builtin", .extra = {{"priority.session", "2000"}}}};
    options.micguardd = MICGUARDD_BUILT;
    options.environment.emplace_back("MICGUARD_VERIFY=" MICGUARD_VERIFY_BUILT);
    PrivateSession session(options);
    Guard guard(session);
    Cast cast(session);
    for (const Persona& one : studiedApplications())
        cast.start(one);
    for (int i = 1; i <= kMutes; ++i) {
        letPass(kLive);
        progress(
            fmt::format("Mute {} of {}: each presses its own mute button, then the system mutes for {} s …",
                        i, kMutes, kMuted.count() / 1000));
        cast.press(true);
        guard.setMuted(true);
        letPass(kMuted);
        guard.setMuted(false);
        cast.press(false);
    }
    progress("Reading the report …");
    const json rows = settledRows(session, studiedApplications().size());
    const Finished table = ctl(session, {"report"});
    const Finished written = ctl(session, {"report", "--html", page});
    progress("");
    fmt::print(
        "{}\n{}",
        bold("micguardctl report, on imitations of ten applications (none of them is the real one)", paint),
        table.output);
    const bool right = judge(cast, rows, paint);
    if (written.exitCode != 0) {
        fmt::print("{}", bad(written.output, paint));
        return Shown::nothing;
    }
    const bool held = verified(session, paint);
    fmt::print("\n{}\n", right && held
                             ? good(fmt::format("RIGHT: all {} are in their class, in each of {} mutes.",
                                                studiedApplications().size(), kMutes),
                                    paint)
                         : right ? bad("NOT HELD: a microphone was not proven silent.", paint)
                                 : bad("WRONG: the report does not say what they did.", paint));
    fmt::print("The page: {}\n", page);
    return right && held ? Shown::rightly : Shown::wrongly;
}

} // namespace micguard::test
