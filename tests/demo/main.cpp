// SPDX-License-Identifier: GPL-3.0-or-later
// micguard-demo: six programs capture speech from three microphones of a private session while it is muted
// and unmuted, in both modes; or, with --without-guard, while the default microphone is muted as people do it
// today. Exit status: 0 nothing made after a reply was received, streams went on in mode `silence`, and everybody
// heard before and after; 1 something was received, or a stream stood still in `silence`; 2 usage; 3 the run
// shows nothing, because it could not be carried out or somebody never heard. With --report PAGE see
// report_run.hpp: 0 all as it should be, 1 not, 3 not carried out.
#include "tests/demo/report_run.hpp"
#include "tests/demo/table.hpp"
#include "tests/demo/trial_run.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace micguard::test {
namespace {

// Speech that begins or ends inside a block of 10 ms has some of every frequency: up to 0.0092 at the odd
// pilot's in 80,000 blocks cut at random, where the listeners' default of 0.004 counts one in 250 as odd.
// The pilot itself gives 0.06. Weaker sound while muted shows in the level, which has to be exact silence.
constexpr float kThreshold = 0.012F;
constexpr unsigned kGraphRate = 48000;
constexpr unsigned kMicrophones = 3;

enum Exit { held = 0, notHeld = 1, usage = 2, nothingShown = 3 };

SessionOptions demoSession(bool guarded) {
    SessionOptions options;
    options.rate = kGraphRate;
    options.mics = {
        // The one that "mute the microphone" means to the desktop.
        {.kind = MicKind::speech, .name = "builtin", .extra = {{"priority.session", "2000"}}},
        {.kind = MicKind::acp, .name = "headset", .coding = Coding::speech},
        {.kind = MicKind::speech, .name = "webcam"},
    };
    if (guarded)
        options.micguardd = MICGUARDD_BUILT;
    return options;
}

std::vector<DemoClient> makeClients(PrivateSession& session) {
    std::vector<DemoClient> clients;
    const auto add = [&](const char* name, const char* mic, auto make) {
        ListenOptions options;
        options.target = mic;
        options.coding = Coding::speech;
        options.threshold = kThreshold;
        clients.push_back({name, mic, options.rate, make(session, options)});
    };
    add("pw-record", "builtin", pwRecordListener);
    add("parecord", "headset", parecordListener);
    add("arecord", "webcam", arecordListener);
    add("jack_rec", "headset", jackListener);
    add("native", "webcam", nativeListener);
    add("chromium", "builtin", chromiumListener);
    return clients;
}

// Who, over all runs; each name once.
using Names = std::vector<std::string>;

struct Findings {
    Names leaking; // received what was made after a reply
    Names loud;    // did not, but what they received while muted is not exactly 0
    Names cutOff;  // got nothing, not even silence, where streams are to go on
    Names unheard; // before or after
    std::uint64_t leakedNsec = 0;
};

void note(Names& names, const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end())
        names.push_back(name);
}

void add(Findings& findings, const RunResult& run) {
    for (const ClientResult& client : run.clients) {
        if (client.afterReply > 0)
            note(findings.leaking, client.name);
        else if (client.muted > 0)
            note(findings.loud, client.name);
        if (client.cutOff && run.streams == Streams::goOn)
            note(findings.cutOff, client.name);
        if (!client.heardLive || !client.heardAgain)
            note(findings.unheard, client.name);
        findings.leakedNsec += client.afterReply * 1'000'000'000 / client.rate;
    }
}

void show(const std::string& title, const RunResult& run, Paint paint) {
    progress("");
    fmt::print("{}\n", bold(title, paint));
    fmt::print("{}\n",
               faint(fmt::format("  replied after {}, the unmute after {}; while muted the microphones made "
                                 "{:.1f} s of speech",
                                 milliseconds(run.muteNsec), milliseconds(run.unmuteNsec),
                                 static_cast<double>(run.madeMuted) / kGraphRate),
                     paint));
    fmt::print("{}{}{}\n", tableHead(paint), tableOf(run, paint), leakDetails(run, paint));
    std::fflush(stdout);
}

Exit judge(const Findings& findings, std::size_t clients, bool guarded, Paint paint) {
    const auto verdict = [](const std::string& text) { fmt::print("{}\n", text); };
    if (!findings.leaking.empty()) {
        verdict(bad(fmt::format("LEAK: {} received {:.1f} s of sound made after the mute had returned.",
                                fmt::join(findings.leaking, ", "),
                                static_cast<double>(findings.leakedNsec) / 1e9),
                    paint));
        if (!guarded)
            verdict("This is what --without-guard is there to show, and why it ends with exit status 1.");
        return notHeld;
    }
    if (!findings.loud.empty()) {
        verdict(bad(fmt::format("LEAK: {} received something other than zeros while muted.",
                                fmt::join(findings.loud, ", ")),
                    paint));
        return notHeld;
    }
    if (!findings.cutOff.empty()) {
        verdict(
            bad(fmt::format("NOT HELD: the streams of {} stood still in mode silence, in which they are to "
                            "go on, with zeros.",
                            fmt::join(findings.cutOff, ", ")),
                paint));
        return notHeld;
    }
    if (!findings.unheard.empty()) {
        verdict(bad(
            fmt::format("NOTHING SHOWN: {} did not hear before or after.", fmt::join(findings.unheard, ", ")),
            paint));
        return nothingShown;
    }
    if (!guarded) {
        verdict(bad("NOTHING SHOWN: nothing leaked without the guard, so its silence would prove nothing.",
                    paint));
        return nothingShown;
    }
    verdict(
        good(fmt::format(
                 "HELD: {} clients, {} microphones, both modes: nothing made after the reply was received, "
                 "and all hear again.",
                 clients, kMicrophones),
             paint));
    // Tried on the analyser at this threshold: of pieces of 7 ms all are noticed, of 5 ms five in six, of 2
    // ms half.
    verdict(faint(
        "Told apart by a pilot tone in blocks of 10 ms: a piece shorter than 7 ms may go unnoticed here.",
        paint));
    return held;
}

Exit demo(bool guarded, Paint paint) {
    progress("Starting a private session: PipeWire, WirePlumber, pipewire-pulse, three microphones …");
    PrivateSession session(demoSession(guarded));
    std::vector<DemoClient> clients = makeClients(session);
    progress("Starting six programs that capture …");
    startAll(clients);
    Findings findings;
    if (guarded) {
        Guard guard(session);
        for (const auto& [mode, streams] :
             {std::pair{"silence", Streams::goOn}, std::pair{"sever", Streams::mayStop}}) {
            progress(fmt::format("Live, muted, live again: mode {} …", mode));
            const auto muteSwitch = guardSwitch(guard, mode);
            const RunResult run = runOnce(session, clients, *muteSwitch, streams);
            show(fmt::format("micguard, mode {}: SetMuted(true)", mode), run, paint);
            add(findings, run);
        }
    } else {
        progress("Live, muted, live again, without micguard …");
        const auto muteSwitch = wpctlSwitch(session);
        const RunResult run = runOnce(session, clients, *muteSwitch, Streams::mayStop);
        show("without micguard: wpctl set-mute @DEFAULT_AUDIO_SOURCE@ 1", run, paint);
        add(findings, run);
    }
    return judge(findings, clients.size(), guarded, paint);
}

} // namespace
} // namespace micguard::test

int main(int argc, char** argv) {
    using namespace micguard::test;
    bool guarded = true;
    std::string page;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word == "--report" && i + 1 < argc) {
            page = argv[++i];
        } else if (word == "--without-guard") {
            guarded = false;
        } else {
            fmt::print(stderr, "usage: micguard-demo [--without-guard | --report PAGE]\n");
            return usage;
        }
    }
    const char* noColour = std::getenv("NO_COLOR");
    const bool colours = ::isatty(STDOUT_FILENO) != 0 && (noColour == nullptr || *noColour == '\0');
    try {
        const Paint paint = colours ? Paint::colours : Paint::plain;
        if (page.empty())
            return demo(guarded, paint);
        const Shown shown = runReport(page, paint);
        return shown == Shown::rightly ? held : shown == Shown::wrongly ? notHeld : nothingShown;
    } catch (const std::exception& error) {
        fmt::print(stderr, "micguard-demo: {}\n", error.what());
        return nothingShown;
    }
}
