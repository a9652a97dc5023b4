// SPDX-License-Identifier: GPL-3.0-or-later
//
// micguard-verify: listens as an ordinary client does, has the guard mute, listens on, lets go, listens
// again; one line of JSON for each source, and one for the whole. It never unmutes anything: a hold is all
// that it takes, and that goes with this process. What micguardctl verify and Verify on the bus run.
#include "cli/ask.hpp"
#include "cli/guard.hpp"
#include "cli/rule_calls.hpp"
#include "cli/text.hpp"
#include "proof/targets.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <functional>
#include <iostream>
#include <string_view>

#include <nlohmann/json.hpp>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace micguard::proof {
namespace {

using std::chrono::milliseconds;

constexpr int usage = 2, failure = 4;
constexpr const char* holdReason = "micguard verify";
constexpr milliseconds tick{50};
// Until a session manager has linked what was opened, or has brought back what was cut off: WirePlumber does
// it one after the other.
constexpr milliseconds linkPatience{5000};
constexpr milliseconds serverPatience{5000};

void tell(const nlohmann::ordered_json& line) {
    std::cout << line.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace) << std::endl;
}

// What the guard says before anything is opened.
struct Word {
    Circumstances circumstances;
    std::uint64_t mutedSince = 0; // of a mute that is there already
    std::vector<KnownSource> sources;
};

// "kept muted by obs (pid 12): recording". That it is one of us is worth saying: it is over soon.
std::string whoMutes(const cli::GuardFacts& facts) {
    if (!facts.holds.empty())
        if (const auto& strongest = facts.holds.front();
            strongest.kind == "hold-mute" && strongest.reason == holdReason)
            return "kept muted by another proof, which is under way (" + cli::shown(strongest.owner) + ")";
    return cli::whoHolds(facts);
}

Word askGuard(cli::Answer<cli::Guard>& bus) {
    Word word;
    const auto nobody = [&](Mute mute, std::string text) {
        word.circumstances = {mute, std::move(text)};
        return word;
    };
    if (!bus)
        return nobody(Mute::Absent, "nobody can be asked to mute: " + bus.error().message);
    cli::Guard& guard = *bus;
    if (const auto owner = guard.owner(); !owner)
        return nobody(Mute::Absent, "micguardd is not running");
    const auto facts = cli::askGuard(guard);
    const auto objects = facts ? cli::askObjects(guard) : tl::unexpected(facts.error());
    if (!objects)
        return nobody(objects.error().code == cli::Exit::NotRunning ? Mute::Absent : Mute::Unanswered,
                      objects.error().message);
    for (const cli::SourceFacts* source : objects->sourcesInOrder())
        word.sources.push_back({source->path, source->name, source->guarded, source->kind == "bluetooth"});
    word.circumstances.mute = facts->muted ? Mute::Already : Mute::Held;
    word.circumstances.text = facts->muted ? whoMutes(*facts) : "";
    word.mutedSince = facts->mutedSince;
    return word;
}

// Why rules keep us from what we do not hear; asked for the sake of the sentence only.
std::map<std::string, std::string> refusals(const cli::Guard& guard) {
    std::map<std::string, std::string> found;
    char path[4096];
    const ssize_t length = readlink("/proc/self/exe", path, sizeof path);
    if (length <= 0)
        return found;
    const auto explained = cli::askExplanation(guard, std::string(path, static_cast<std::size_t>(length)));
    if (explained)
        for (const auto& verdict : explained->verdicts)
            if (verdict.verdict != "allow")
                found[verdict.source] = verdict.verdict + ": " + verdict.reason;
    return found;
}

class Proof {
  public:
    Proof(const Options& options, Loop& loop)
        : options_(options)
        , loop_(loop)
        , bus_(cli::Guard::connect())
        , word_(askGuard(bus_)) {}

    ~Proof() {
        const Lock lock(loop_);
        targets_.reset();
        toneConnection_.reset();
        connection_.reset();
    }
    Proof(const Proof&) = delete;
    Proof& operator=(const Proof&) = delete;

    int run() {
        if (const auto opened = openServer(); !opened) {
            std::cerr << "micguard-verify: " << opened.error() << "\n";
            return failure;
        }
        // Somebody may see nothing for the guard's first verdict; what is not there after this is not.
        course_.begin(Part::Live, nowNsec());
        {
            const Lock lock(loop_);
            targets_ =
                std::make_unique<Targets>(*connection_, *toneConnection_, course_, options_, word_.sources);
            tell({{"step", "listen"}, {"opened", targets_->opened()}});
        }
        Circumstances& now = word_.circumstances;
        const milliseconds recording{options_.seconds * 1000};
        if (now.mute != Mute::Held) {
            // Nothing is asked of the guard: what arrives counts, and the longest that it may take to come.
            const bool unguarded = now.mute != Mute::Already;
            listen(std::max(recording, unguarded ? linkPatience : recording),
                   [this, unguarded] { return unguarded && targets_->allAlive(Part::Live); });
            if (now.mute == Mute::Already) {
                // What was recorded may be from after it. A guard that does not answer has ended nothing.
                course_.end(Part::Live, nowNsec());
                const auto facts = cli::askGuard(*bus_);
                now.endedMeanwhile = facts && (!facts->muted || facts->mutedSince != word_.mutedSince);
            }
            return report();
        }
        listen(std::max(recording, linkPatience), [this] { return targets_->allAlive(Part::Live); });
        askRefusals();
        mute(recording);
        return report();
    }

  private:
    tl::expected<void, std::string> openServer() {
        {
            const Lock lock(loop_);
            auto ears = Connection::open(loop_, "micguard verify");
            auto tone = ears ? Connection::open(loop_, "micguard verify tone") : tl::unexpected(ears.error());
            if (!tone)
                return tl::unexpected(tone.error());
            connection_ = std::move(*ears);
            toneConnection_ = std::move(*tone);
        }
        if (!connection_->roundTrip(serverPatience) || !toneConnection_->roundTrip(serverPatience))
            return tl::unexpected(std::string(
                "PipeWire does not answer; with strict admission it lets nobody in without the guard"));
        return {};
    }

    // Until it is so, time is up, or the hold is gone.
    void listen(milliseconds time, const std::function<bool()>& isSo) {
        const std::int64_t until = nowNsec() + std::chrono::nanoseconds(time).count();
        pollfd hold{hold_.open() ? hold_.get() : -1, 0, 0};
        while (!connectionLost_ && nowNsec() < until) {
            {
                const Lock lock(loop_);
                targets_->tend();
                connectionLost_ = connection_->lost();
                if (isSo())
                    return;
            }
            if (poll(&hold, 1, static_cast<int>(tick.count())) > 0 && hold.fd >= 0) {
                word_.circumstances.mute = Mute::Lost;
                word_.circumstances.text = "the guard ended the hold before the time was over";
                word_.circumstances.lostNsec = nowNsec();
                return;
            }
        }
    }

    void askRefusals() {
        const auto reasons = refusals(*bus_);
        const Lock lock(loop_);
        targets_->keepFrom(reasons);
        targets_->nothingNew();
    }

    void mute(milliseconds recording) {
        course_.end(Part::Live, nowNsec());
        auto hold = bus_->holdMute(holdReason);
        if (!hold) {
            // Nobody there any more, or no answer: as if there had been none from the beginning.
            word_.circumstances.mute = hold.error().code == cli::Exit::No           ? Mute::Refused
                                       : hold.error().code == cli::Exit::NotRunning ? Mute::Absent
                                                                                    : Mute::Unanswered;
            word_.circumstances.text = hold.error().message;
            return;
        }
        // The promise is about what is made from here on.
        word_.circumstances.heldNsec = nowNsec();
        course_.begin(Part::Muted, word_.circumstances.heldNsec);
        hold_ = std::move(*hold);
        tell({{"step", "muted"}});
        listen(recording, [] { return false; });
        course_.end(Part::Muted, nowNsec());
        hold_.close();
        course_.begin(Part::After, nowNsec());
        tell({{"step", "after"}});
        if (word_.circumstances.mute == Mute::Held)
            listen(std::max(recording, linkPatience), [this] { return targets_->allAlive(Part::After); });
        if (const auto facts = cli::askGuard(*bus_))
            word_.circumstances.mutedAfter = facts->muted;
    }

    int report() {
        std::vector<Targets::Finding> findings;
        {
            const Lock lock(loop_);
            findings = targets_->findings();
        }
        if (connectionLost_) {
            std::cerr << "micguard-verify: PipeWire ended the connection\n";
            return failure;
        }
        std::vector<Verdict> verdicts;
        for (const auto& [path, name, evidence] : findings) {
            const Verdict& verdict = verdicts.emplace_back(judge(evidence, word_.circumstances));
            const auto& muted = evidence.muted;
            tell({{"source", path.empty() ? "/" : path},
                  {"name", name},
                  {"verdict", proof::name(verdict.word)},
                  {"why", verdict.why},
                  {"peak", verdict.peak},
                  {"samples", verdict.samples},
                  {"residue", muted.residue},
                  {"heard_before", evidence.live.alive()},
                  {"heard_after", evidence.after.alive()}});
        }
        const int status = statusOf(verdicts, word_.circumstances);
        const char* const mutes[] = {"held", "lost", "refused", "already-muted", "not-running", "unanswered"};
        tell({{"result", status == 0   ? "HELD"
                         : status == 1 ? "LEAK"
                                       : "INCONCLUSIVE"},
              {"mute", mutes[static_cast<std::size_t>(word_.circumstances.mute)]},
              {"text", word_.circumstances.text},
              {"status", status}});
        return status;
    }

    const Options& options_;
    Loop& loop_;
    cli::Answer<cli::Guard> bus_;
    Word word_;
    Course course_;
    std::unique_ptr<Connection> connection_, toneConnection_;
    std::unique_ptr<Targets> targets_;
    cli::Descriptor hold_;
    bool connectionLost_ = false;
};

} // namespace
} // namespace micguard::proof

int main(int argc, char** argv) {
    using namespace micguard::proof;
    // Whoever wanted to know is gone: the microphones are not to stay muted for it.
    const pid_t parent = getppid();
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        return failure;
    // The daemon's own place in the queue is not ours.
    if (getpriority(PRIO_PROCESS, 0) < 0)
        setpriority(PRIO_PROCESS, 0, 0);
    const auto options =
        parse(std::span<const char* const>(argv + 1, static_cast<std::size_t>(argc > 0 ? argc - 1 : 0)));
    if (!options) {
        std::cerr << "micguard-verify: " << options.error()
                  << "; usage: micguard-verify [--seconds N] [--source NAME]... [--bluetooth] [--tone]\n";
        return usage;
    }
    // It goes before all else with libpipewire. What the manager socket would give is what this must not
    // have.
    constexpr std::string_view manager = "-manager";
    if (const char* named = std::getenv("PIPEWIRE_REMOTE");
        named && std::string_view(named).ends_with(manager)) {
        const std::string remote(named);
        setenv("PIPEWIRE_REMOTE", remote.substr(0, remote.size() - manager.size()).c_str(), 1);
    }
    pw_init(&argc, &argv);
    int status = failure;
    try {
        Loop loop;
        status = Proof(*options, loop).run();
    } catch (const std::exception& error) {
        std::cerr << "micguard-verify: " << error.what() << "\n";
    }
    pw_deinit();
    return status;
}
