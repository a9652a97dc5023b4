// SPDX-License-Identifier: GPL-3.0-or-later
// Everything at once and for long: clients of all kinds come and go, microphones are plugged, rules are set
// and forgotten, holds are taken, processes are killed and stopped, the mute is toggled. In every second ten minutes
// (of less than thirty: in the second third) nobody kills the guard, so that its memory tells something: there it is judged.
// MICGUARD_SOAK: how many minutes; MICGUARD_SOAK_FILE: where the curves go, one line a minute. Run by scripts/soak.
#include "tests/faults/ordeal.hpp"
#include "tests/support/figures.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>

using namespace micguard::test;
using namespace std::chrono_literals;

namespace {

const std::vector<std::string> sources = {"tone", "nullVirtual", "acp"};

class Soak {
  public:
    Soak()
        : ordeal_(withOutcast(guardedSession({MicKind::tone, MicKind::nullVirtual, MicKind::acp})), "silence",
                  "everything at once")
        , fixed_(ordeal_.heard.size()) {
        ordeal_.addOutcast("nullVirtual");
        ordeal_.comparable = [this] { return ordeal_.heard.size() == fixed_ && plugged_.empty(); };
    }

    unsigned toggles = 0, clients = 0, plugs = 0, rules = 0, holds = 0, faults = 0;

    // From now on, or until now, the guard is left alone by whoever kills.
    void spare(bool on) {
        if (on == (sparedPid_ != 0))
            return;
        note(on ? "the guard is spared from here on" : "the guard is spared no more");
        checkSpared();
        sparedPid_ = on ? ordeal_.session.pid(Daemon::micguardd) : 0;
    }
    [[nodiscard]] bool sparing() const { return sparedPid_ != 0; }

    void step() {
        switch (ordeal_.below(8)) {
        case 0:
        case 1:
            return toggle();
        case 2:
            return client();
        case 3:
            return plug();
        case 4:
            return rule();
        case 5:
            return hold();
        default:
            return fault();
        }
    }
    void end() {
        checkSpared();
        if (muted_)
            toggle();
        rule_ = false;
        ordeal_.guard->setRules(outcastRule);
        hearAgain(ordeal_.session, ordeal_.heard);
        ordeal_.expectNothingLeft();
    }
    Ordeal& ordeal() { return ordeal_; }
    // The newest last.
    [[nodiscard]] std::string trail() const {
        std::string text;
        for (const auto& step : trail_)
            text += "\n  " + step;
        return text;
    }

  private:
    // Whoever is left alone does not end.
    void checkSpared() const {
        CHECK((sparedPid_ == 0 || ordeal_.session.pid(Daemon::micguardd) == sparedPid_));
    }

    void note(const std::string& step) {
        trail_.push_back(step);
        if (trail_.size() > 30)
            trail_.pop_front();
    }

    void toggle() {
        toggles++;
        note(muted_ ? "unmute" : "mute");
        INFO("now: " << trail_.back());
        if (muted_) {
            ordeal_.listen(Milliseconds(100));
            ordeal_.unmute();
        } else {
            // By turns the mode changes.
            if (ordeal_.below(4) == 0) {
                const std::string mode = ordeal_.below(2) ? "sever" : "silence";
                note("mode " + mode);
                ordeal_.setMode(mode);
            }
            ordeal_.mute();
        }
        muted_ = !muted_;
    }

    // Those who listen for some time, by every interface.
    void client() {
        if (ordeal_.heard.size() > fixed_ + 4 || (ordeal_.heard.size() > fixed_ && ordeal_.below(2))) {
            note("the last client goes");
            return ordeal_.removeLast();
        }
        clients++;
        const std::string source = sources[ordeal_.below(static_cast<unsigned>(sources.size()))];
        // JACK asks for its link once; where that is refused, as in `sever`, nobody makes it later.
        const unsigned drawn = ordeal_.below(5), kind = drawn == 3 && muted_ ? 4 : drawn;
        static const char* const kinds[] = {"parecord", "arecord", "pw-record", "jack_rec", "native"};
        note(std::string(kinds[kind]) + " on " + source);
        ordeal_.add(source, [this, source, kind]() -> std::unique_ptr<Listener> {
            ListenOptions options{.target = source, .latencyMsec = 20};
            switch (kind) {
            case 0:
                return parecordListener(ordeal_.session, options);
            case 1:
                return arecordListener(ordeal_.session, options);
            case 2:
                return pwRecordListener(ordeal_.session, options);
            case 3:
                return jackListener(ordeal_.session, options);
            default:
                return listenerFor(ordeal_.session, source).listener;
            }
        });
        ordeal_.relisten();
        if (kind != 3)
            return;
        // Muted before it has asked, it would be refused like one that starts while muted.
        ordeal_.session.setPhase(0);
        INFO("jack_rec on " << source << " has just started");
        REQUIRE(ordeal_.heard.back().listener->waitAudible(0));
    }

    void plug() {
        if (!plugged_.empty() && ordeal_.below(2)) {
            note("unplug " + plugged_.back());
            ordeal_.session.unplug(plugged_.back());
            plugged_.pop_back();
            return;
        }
        plugs++;
        plugged_.push_back("plugged" + std::to_string(plugs));
        const MicKind kind = ordeal_.below(2) ? MicKind::tone : MicKind::nullVirtual;
        note("plug in " + plugged_.back());
        ordeal_.session.plug({.kind = kind, .name = plugged_.back(), .phase = muted_ ? 1U : 0U});
    }

    void rule() {
        rules++;
        rule_ = !rule_;
        // Of somebody who is not there, so that who listens goes on listening, beside the one that is always there.
        ordeal_.guard->setRules(
            std::string(outcastRule) +
            (rule_ ? "[[rule]]\nmatch = { executable = \"*/nobody-has-this\" }\naction = \"deny\"\n" : ""));
    }

    void hold() {
        holds++;
        if (!muted_)
            ordeal_.session.setPhase(0);
        const Finished done = ordeal_.session.run({MICGUARDCTL_BUILT, "hold", "--", "true"});
        CHECK(done.exitCode == 0);
        CHECK(ordeal_.guard->waitState(muted_ ? "muted" : "live"));
    }

    void fault() {
        faults++;
        static const std::pair<Daemon, const char*> all[] = {{Daemon::micguardd, "micguardd"},
                                                             {Daemon::wireplumber, "WirePlumber"},
                                                             {Daemon::pulse, "pipewire-pulse"},
                                                             {Daemon::pipewire, "PipeWire"},
                                                             {Daemon::bus, "the bus"}};
        const auto [daemon, name] = all[ordeal_.below(5)];
        const bool kill = ordeal_.below(3) != 0 && !(sparing() && daemon == Daemon::micguardd);
        note(std::string(kill ? "kill " : "stop and continue ") + name);
        INFO("now: " << trail_.back());
        // What is plugged in belongs to the test's own connection.
        while (!plugged_.empty()) {
            ordeal_.session.unplug(plugged_.back());
            plugged_.pop_back();
        }
        // Whom an interface hides the server from (ALSA's plug-in), or who is linked by hand once (JACK),
        // does not come back by himself.
        while (kill && (daemon == Daemon::pipewire || daemon == Daemon::wireplumber) &&
               ordeal_.heard.size() > fixed_)
            ordeal_.removeLast();
        const auto strike = [&, daemon = daemon] {
            kill ? ordeal_.session.kill(daemon) : ordeal_.session.pause(daemon);
        };
        const auto mend = [&, daemon = daemon] {
            if (!kill)
                ordeal_.session.resume(daemon);
            ordeal_.recover();
        };
        if (muted_)
            ordeal_.whileMuted(strike, mend);
        else
            ordeal_.whileLive(strike, mend);
    }

    Ordeal ordeal_;
    std::size_t fixed_;
    std::vector<std::string> plugged_;
    std::deque<std::string> trail_;
    bool muted_ = false, rule_ = false;
    pid_t sparedPid_ = 0;
};

} // namespace

TEST_CASE("soak", "[soak]") {
    const char* asked = std::getenv("MICGUARD_SOAK");
    const char* file = std::getenv("MICGUARD_SOAK_FILE");
    const double minutes = asked ? std::strtod(asked, nullptr) : 1;
    std::ofstream curves(file ? file : "/dev/null");
    curves << "minute,toggles,clients,plugs,rules,holds,faults,forbidden,pss_kib,descriptors,longest_reply_"
              "ms,pid,allocated_kib,spared\n";
    const auto start = std::chrono::steady_clock::now();
    Soak soak;
    const auto tell = [&](unsigned minute) {
        auto& ordeal = soak.ordeal();
        const pid_t pid = ordeal.session.pid(Daemon::micguardd);
        const auto descriptors = openDescriptors(pid);
        const auto kib = proportionalKib(pid);
        const std::string allocated = ordeal.guard->diagnostics()["memory.allocated-kib"];
        const double longest = static_cast<double>(ordeal.tally.longestReply()) / 1e6;
        std::printf("minute %u: %u toggles, %u clients, %u plugs, %u rules, %u holds, %u faults; %llu "
                    "forbidden samples; PSS %llu KiB, allocated %s KiB, %llu "
                    "descriptors, longest reply %.1f ms%s\n",
                    minute, soak.toggles, soak.clients, soak.plugs, soak.rules, soak.holds, soak.faults,
                    static_cast<unsigned long long>(ordeal.tally.audible()),
                    static_cast<unsigned long long>(kib), allocated.c_str(),
                    static_cast<unsigned long long>(descriptors), longest, soak.sparing() ? " (spared)" : "");
        std::fflush(stdout);
        curves << minute << ',' << soak.toggles << ',' << soak.clients << ',' << soak.plugs << ','
               << soak.rules << ',' << soak.holds << ',' << soak.faults << ',' << ordeal.tally.audible()
               << ',' << kib << ',' << descriptors << ',' << longest << ',' << pid << ',' << allocated << ','
               << soak.sparing() << std::endl;
    };
    const std::chrono::duration<double> stretch(minutes < 30 ? minutes * 60 / 3 : 600);
    // In less there are too few moments without passing clients and microphones.
    soak.ordeal().guardLives(minutes >= 12);
    // Their coming and going leaves holes: what is allocated is the measure here.
    soak.ordeal().anonymousMay = 512;
    unsigned told = 0;
    for (unsigned number = 0;; number++) {
        const auto now = std::chrono::steady_clock::now();
        if (now - start >= (told + 1) * 1min)
            tell(++told);
        if (now - start >= std::chrono::duration<double>(minutes * 60))
            break;
        soak.spare(static_cast<int>((now - start) / stretch) % 2 == 1);
        INFO("step " << number << ", MICGUARD_SEED=" << faultSeed() << ", after" << soak.trail());
        soak.step();
    }
    soak.end();
    tell(told + 1);
    CHECK(soak.ordeal().tally.audible() == 0);
}
