// SPDX-License-Identifier: GPL-3.0-or-later
#include "proof/verdict.hpp"

#include <algorithm>
#include <cmath>

namespace micguard::proof {

namespace {

// Whatever ended the hold may have opened the microphones before we were told.
constexpr std::int64_t lossNsec = 200'000'000;

std::string neverAlive(const Evidence& evidence) {
    if (evidence.unknown)
        return "there is no such source";
    if (!evidence.refusal.empty())
        return "never heard: a rule keeps micguard-verify from it (" + evidence.refusal + ")";
    if (evidence.live.samples == 0)
        return evidence.seen ? "never heard: nothing came of it; it may be in use by itself, or not run"
                             : "never heard: it could not be seen and not be opened by name";
    return evidence.live.audible == 0
               ? "never heard: only digital silence came; make a sound, and see whether it is muted by itself"
               : "never heard: only a constant level came";
}

Verdict of(Word word, std::string why, const Figures& figures) {
    const double peak = std::isfinite(figures.peak) ? static_cast<double>(figures.peak) : 1;
    return {word, std::move(why), std::min(peak, 1.0), figures.samples};
}

Verdict inconclusive(std::string why, const Figures& figures) {
    Verdict verdict = of(Word::Inconclusive, std::move(why), figures);
    verdict.peak = 0;
    return verdict;
}

// Nobody keeps it muted.
Verdict unguarded(const Evidence& evidence, const std::string& why) {
    if (evidence.live.alive())
        return of(Word::Leak, "heard: " + why, evidence.live);
    return inconclusive(neverAlive(evidence) + "; " + why, evidence.live);
}

Verdict held(const Evidence& evidence, const Circumstances& circumstances) {
    const bool lost = circumstances.mute == Mute::Lost;
    const Figures& muted = evidence.muted;
    if (muted.audible > 0 && (!lost || muted.firstAudible < circumstances.lostNsec - lossNsec))
        return of(Word::Leak,
                  "heard while the mute was held: " + std::to_string(muted.audible) + " samples, from " +
                      std::to_string((muted.firstAudible - circumstances.heldNsec) / 1'000'000) + " to " +
                      std::to_string((muted.lastAudible - circumstances.heldNsec) / 1'000'000) +
                      " ms after the reply",
                  muted);
    if (lost)
        return inconclusive(circumstances.text, muted);
    if (evidence.late)
        return inconclusive("it appeared only when the mute was held: never heard before", muted);
    if (!evidence.live.alive())
        return inconclusive(neverAlive(evidence), muted);
    if (!evidence.present)
        return inconclusive("it went away meanwhile", muted);
    if (!evidence.after.alive())
        return inconclusive(circumstances.mutedAfter
                                ? "somebody has muted meanwhile: it was not heard again after the hold"
                                : "not heard again after the mute: it may have been silent by itself",
                            muted);
    return of(Word::Held,
              muted.samples > 0 ? "heard before and after; silence in between"
                                : "heard before and after; cut off in between: nothing came",
              muted);
}

} // namespace

Verdict judge(const Evidence& evidence, const Circumstances& circumstances) {
    if (evidence.skipped)
        return inconclusive(
            "not opened: Bluetooth, which would change the headset's profile; see --bluetooth", {});
    if (evidence.crowded)
        return inconclusive("not opened: too many at once; see --source", {});
    if (!evidence.guarded)
        return of(Word::Exempt, "not guarded: the settings exempt it", evidence.muted);
    switch (circumstances.mute) {
    case Mute::Held:
    case Mute::Lost:
        return held(evidence, circumstances);
    case Mute::Already:
        if (circumstances.endedMeanwhile)
            return inconclusive("somebody else had muted, and has unmuted meanwhile: run this again",
                                evidence.live);
        if (evidence.live.audible > 0)
            return of(Word::Leak, "heard, though muted", evidence.live);
        return inconclusive("already muted: nothing came, as should be; to prove it, run this while live",
                            evidence.live);
    case Mute::Refused:
        return inconclusive("no mute could be had: " + circumstances.text, evidence.live);
    case Mute::Absent:
    case Mute::Unanswered:
        break;
    }
    return unguarded(evidence, circumstances.text);
}

const char* name(Word word) {
    switch (word) {
    case Word::Held:
        return "HELD";
    case Word::Leak:
        return "LEAK";
    case Word::Exempt:
        return "EXEMPT";
    case Word::Inconclusive:
        break;
    }
    return "INCONCLUSIVE";
}

int statusOf(const std::vector<Verdict>& verdicts, const Circumstances& circumstances) {
    bool proven = false, open = false;
    for (const Verdict& verdict : verdicts) {
        if (verdict.word == Word::Leak)
            return 1;
        proven = proven || verdict.word == Word::Held;
        open = open || verdict.word == Word::Inconclusive;
    }
    if (circumstances.mute == Mute::Absent || circumstances.mute == Mute::Unanswered)
        return 3;
    return proven && !open ? 0 : 6;
}

} // namespace micguard::proof
