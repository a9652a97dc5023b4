// SPDX-License-Identifier: GPL-3.0-or-later
// micguard-demo: six programs capture speech from three microphones of a private session while it is muted and
// unmuted, in both modes; or, with --without-guard, while the default microphone is muted as people do it today.
// Exit status: 0 nothing made after a reply was received and everybody heard before and after; 1 something was
// received; 2 usage; 3 the run shows nothing, because it could not be carried out or somebody never heard.
#include "tests/demo/table.hpp"
#include "tests/demo/trial_run.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>

namespace micguard::test {
namespace {

enum Exit { held = 0, leaked = 1, usage = 2, nothingShown = 3 };

// One line that says what is going on, on a terminal only, and vanishes.
void progress(const std::string& text) {
    if (::isatty(STDERR_FILENO) == 0)
        return;
    std::fflush(stdout);
    fmt::print(stderr, "\r\033[K{}", text);
    std::fflush(stderr);
}

SessionOptions demoSession(bool guarded) {
    SessionOptions options;
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

struct Sum {
    unsigned runs = 0;
    unsigned leaking = 0;   // clients, over all runs
    unsigned loud = 0;      // muted, but what they received is not exactly 0
    unsigned unheard = 0;   // before or after
    std::uint64_t samples = 0; // made after a reply and received
};

void add(Sum& sum, const RunResult& run) {
    ++sum.runs;
    for (const ClientResult& client : run.clients) {
        sum.leaking += client.afterReply > 0 ? 1 : 0;
        sum.loud += client.afterReply == 0 && client.muted > 0 ? 1 : 0;
        sum.unheard += client.heardLive && client.heardAgain ? 0 : 1;
        sum.samples += client.afterReply;
    }
}

void show(const std::string& title, const std::string& how, const RunResult& run, Paint paint) {
    progress("");
    fmt::print("{}  {}\n", bold(title, paint),
               faint(fmt::format("{}; replied after {} (unmute {})", how, milliseconds(run.muteNsec),
                                 milliseconds(run.unmuteNsec)),
                     paint));
    fmt::print("{}{}\n", tableHead(paint), tableOf(run, paint));
    std::fflush(stdout);
}

Exit judge(const Sum& sum, std::size_t clients, bool guarded, Paint paint) {
    if (sum.leaking + sum.loud > 0) {
        fmt::print("{}\n", bad(fmt::format("LEAK: {} of {} clients received sound made after the mute had returned "
                                           "({} samples).",
                                           sum.leaking + sum.loud, clients * sum.runs, sum.samples),
                               paint));
        if (!guarded)
            fmt::print("That is what --without-guard is there to show, and why the exit status is 1: muting the "
                       "default\nmicrophone leaves the others open.\n");
        return leaked;
    }
    if (sum.unheard > 0) {
        fmt::print("{}\n", bad(fmt::format("NOTHING SHOWN: {} of {} clients did not hear before or after.", sum.unheard,
                                           clients * sum.runs),
                               paint));
        return nothingShown;
    }
    if (!guarded) {
        fmt::print("{}\n", bad("NOTHING SHOWN: without the guard nothing leaked, so its silence proves nothing.", paint));
        return nothingShown;
    }
    fmt::print("{}\n", good(fmt::format("HELD: {} clients, 3 microphones, both modes: 0 samples made after the reply "
                                        "were received; all hear again.",
                                        clients),
                            paint));
    return held;
}

Exit demo(bool guarded, Paint paint) {
    progress("Starting a private session: PipeWire, WirePlumber, pipewire-pulse, three microphones …");
    PrivateSession session(demoSession(guarded));
    std::vector<DemoClient> clients = makeClients(session);
    progress("Starting six programs that capture …");
    startAll(clients);
    Sum sum;
    if (guarded) {
        Guard guard(session);
        for (const char* mode : {"silence", "sever"}) {
            progress(fmt::format("Live, muted, live again: mode {} …", mode));
            const auto muteSwitch = guardSwitch(guard, mode);
            const RunResult run = runOnce(session, clients, *muteSwitch);
            show(fmt::format("micguard, mode {}", mode), "SetMuted(true)", run, paint);
            add(sum, run);
        }
    } else {
        progress("Live, muted, live again, without micguard …");
        const auto muteSwitch = wpctlSwitch(session);
        const RunResult run = runOnce(session, clients, *muteSwitch);
        show("without micguard", "wpctl set-mute @DEFAULT_AUDIO_SOURCE@ 1", run, paint);
        add(sum, run);
    }
    return judge(sum, clients.size(), guarded, paint);
}

} // namespace
} // namespace micguard::test

int main(int argc, char** argv) {
    using namespace micguard::test;
    bool guarded = true;
    for (int i = 1; i < argc; ++i) {
        if (std::string_view(argv[i]) != "--without-guard") {
            fmt::print(stderr, "usage: micguard-demo [--without-guard]\n");
            return usage;
        }
        guarded = false;
    }
    const char* noColour = std::getenv("NO_COLOR");
    const bool colours = ::isatty(STDOUT_FILENO) != 0 && (noColour == nullptr || *noColour == '\0');
    try {
        return demo(guarded, colours ? Paint::colours : Paint::plain);
    } catch (const std::exception& error) {
        fmt::print(stderr, "micguard-demo: {}\n", error.what());
        return nothingShown;
    }
}
