// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/demo/table.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <cmath>
#include <cstdio>

namespace micguard::test {
namespace {

std::string painted(const char* code, const std::string& text, Paint paint) {
    return paint == Paint::colours ? fmt::format("\033[{}m{}\033[0m", code, text) : text;
}

double millisecondsOf(std::uint64_t samples, unsigned rate) {
    return static_cast<double>(samples) * 1000 / rate;
}

constexpr const char* kRow = "  {:<11}{:<11}{}   {}   {}   {}   {}\n";
constexpr int kLevel = 10, kAfter = 20, kResidue = 21;

} // namespace

void progress(const std::string& text) {
    if (::isatty(STDERR_FILENO) == 0)
        return;
    std::fflush(stdout);
    fmt::print(stderr, "\r\033[K{}", text);
    std::fflush(stderr);
}

std::string bold(const std::string& text, Paint paint) {
    return painted("1", text, paint);
}
std::string good(const std::string& text, Paint paint) {
    return painted("32", text, paint);
}
std::string bad(const std::string& text, Paint paint) {
    return painted("1;31", text, paint);
}
std::string faint(const std::string& text, Paint paint) {
    return painted("2", text, paint);
}

std::string decibels(float peak) {
    return peak > 0 ? fmt::format("{:.1f}", 20 * std::log10(static_cast<double>(peak))) : "silence";
}

std::string milliseconds(std::int64_t nsec) {
    return fmt::format("{:.2f} ms", static_cast<double>(nsec) / 1e6);
}

std::string tableHead(Paint paint) {
    const auto line = [&](const char* a, const char* b, const char* live, const char* muted,
                          const char* after, const char* residue, const char* again) {
        return fmt::format(fmt::runtime(kRow), a, b, fmt::format("{:>{}}", live, kLevel),
                           fmt::format("{:>{}}", muted, kLevel), fmt::format("{:>{}}", after, kAfter),
                           fmt::format("{:>{}}", residue, kResidue), fmt::format("{:>{}}", again, kLevel));
    };
    return bold(line("client", "microphone", "live", "muted", "made after the reply", "made before the reply",
                     "live again"),
                paint) +
           faint(line("", "", "peak dBFS", "peak dBFS", "and received", "and received late", "peak dBFS"),
                 paint);
}

std::string tableOf(const RunResult& run, Paint paint) {
    std::string text;
    for (const ClientResult& client : run.clients) {
        const auto level = [&](bool heard, float peak) {
            return heard ? good(fmt::format("{:>{}}", decibels(peak), kLevel), paint)
                         : bad(fmt::format("{:>{}}", "not heard", kLevel), paint);
        };
        const std::string mutedText =
            fmt::format("{:>{}}", client.cutOff ? "cut off" : decibels(client.muted), kLevel);
        const bool wrong = client.muted > 0 || (client.cutOff && run.streams == Streams::goOn);
        const std::string muted = wrong ? bad(mutedText, paint) : bold(mutedText, paint);
        const std::string after =
            client.afterReply == 0
                ? good(fmt::format("{:>{}}", "0 samples", kAfter), paint)
                : bad(fmt::format("{:>{}}",
                                  fmt::format("{} = {:.0f} ms", client.afterReply,
                                              millisecondsOf(client.afterReply, client.rate)),
                                  kAfter),
                      paint);
        const std::string residue = faint(
            fmt::format("{:>{}}",
                        client.residue == 0 ? "none"
                                            : fmt::format("{:.0f} ms, age {:.0f} ms",
                                                          millisecondsOf(client.residue, client.rate),
                                                          static_cast<double>(client.residueAgeNsec) / 1e6),
                        kResidue),
            paint);
        text += fmt::format(fmt::runtime(kRow), client.name, client.mic, level(client.heardLive, client.live),
                            muted, after, residue, level(client.heardAgain, client.again));
    }
    return text;
}

std::string leakDetails(const RunResult& run, Paint paint) {
    std::string text;
    for (const ClientResult& client : run.clients) {
        if (client.afterReply == 0)
            continue;
        const std::string when =
            fmt::format("{} samples before the unmute, {} after; first {:.0f} ms after the reply; "
                        "pilot {} dBFS",
                        client.leakedMuted, client.afterReply - client.leakedMuted,
                        static_cast<double>(client.leakFirstNsec) / 1e6, decibels(client.leakLevel));
        text += faint(fmt::format("  {}: {}", client.name, when), paint) + "\n";
    }
    return text;
}

} // namespace micguard::test
