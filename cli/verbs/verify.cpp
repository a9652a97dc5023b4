// SPDX-License-Identifier: GPL-3.0-or-later
//
// micguardctl verify: a proof that anyone can run. What is said is micguard-verify's word; this only shows
// it.
#include "cli/json_take.hpp"
#include "cli/snapshot.hpp"
#include "cli/text.hpp"
#include "cli/verbs.hpp"
#include "cli/verify_program.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include <nlohmann/json.hpp>
#include <unistd.h>

namespace micguard::cli {

namespace {

struct Finding {
    std::string name, verdict, why;
    double peak = 0;
    std::uint64_t samples = 0;
};

struct Whole {
    std::vector<Finding> findings;
    nlohmann::json sources = nlohmann::json::array();
    std::string result, mute, text; // "" until it was told
};

Colour colourOf(const std::string& verdict) {
    return verdict == "HELD" ? Colour::Green : verdict == "LEAK" ? Colour::Red : Colour::Yellow;
}

void take(const nlohmann::json& line, Whole& whole) {
    if (line.contains("result")) {
        cli::take(line.value("result", nlohmann::json()), whole.result);
        cli::take(line.value("mute", nlohmann::json()), whole.mute);
        cli::take(line.value("text", nlohmann::json()), whole.text);
        return;
    }
    Finding finding;
    if (!cli::take(line.value("name", nlohmann::json()), finding.name) ||
        !cli::take(line.value("verdict", nlohmann::json()), finding.verdict) ||
        !cli::take(line.value("why", nlohmann::json()), finding.why))
        return;
    if (const auto peak = line.find("peak"); peak != line.end() && peak->is_number())
        finding.peak = peak->get<double>();
    cli::take(line.value("samples", nlohmann::json()), finding.samples);
    whole.findings.push_back(std::move(finding));
    whole.sources.push_back(line);
}

// So that nobody wonders why it takes so long; the terminal's, not the data's.
void tellStep(const nlohmann::json& line) {
    std::string step;
    if (isatty(STDERR_FILENO) == 0 || !cli::take(line.value("step", nlohmann::json()), step))
        return;
    std::fprintf(stderr, "%s\n",
                 step == "listen"  ? "listening …"
                 : step == "muted" ? "muted, listening on …"
                                   : "mute let go, listening again …");
}

std::string sentence(const Whole& whole) {
    const std::string text = shown(whole.text, 300);
    if (whole.result == "HELD")
        return "Every guarded microphone was heard, fell silent for the mute, and was heard again.\n";
    if (whole.mute == "already-muted")
        return "The microphones were " + (text.empty() ? "muted" : text) +
               ", and nothing was opened: run this while live.\n";
    if (whole.mute == "not-running" || whole.mute == "unanswered")
        return text + "\n";
    if (whole.result == "LEAK")
        return "The mute does not hold.\n";
    const bool exempt =
        !whole.findings.empty() && std::all_of(whole.findings.begin(), whole.findings.end(),
                                               [](const Finding& one) { return one.verdict == "EXEMPT"; });
    return exempt ? "Every microphone is exempt: nothing is guarded, and nothing was proven.\n"
                  : "Not everything could be proven.\n";
}

std::string written(const Whole& whole, const Terminal& terminal) {
    if (whole.findings.empty())
        return "There is no microphone.\n";
    Table table({"MICROPHONE", "VERDICT", "PEAK", "SAMPLES", "WHY"});
    for (const Finding& finding : whole.findings) {
        char peak[32];
        std::snprintf(peak, sizeof peak, finding.peak > 0 ? "%.4g" : "0", finding.peak);
        table.add({{shown(finding.name, 200)},
                   {shown(finding.verdict, 16), colourOf(finding.verdict)},
                   {peak},
                   {std::to_string(finding.samples)},
                   {shown(finding.why, 300)}});
    }
    return table.written(terminal) + sentence(whole);
}

} // namespace

int verbs::verify(const Invocation& how, const Terminal& terminal) {
    std::vector<std::string> arguments;
    for (const auto& [name, value] : how.options) {
        arguments.emplace_back(name);
        if (name == "--seconds" || name == "--source")
            arguments.push_back(value);
    }
    Whole whole;
    const auto status = runVerify(arguments, [&](const nlohmann::json& line) {
        tellStep(line);
        take(line, whole);
    });
    if (!status)
        return failed(status.error());
    // What went wrong has been said on standard error.
    if (whole.result.empty())
        return *status == raw(Exit::Usage) ? *status : raw(Exit::Failed);
    if (!how.json) {
        const int printed = print(written(whole, terminal));
        return printed != raw(Exit::Ok) ? printed : *status;
    }
    const int printed = print(micguard::cli::written({{"result", whole.result},
                                                      {"mute", whole.mute},
                                                      {"text", whole.text},
                                                      {"sources", std::move(whole.sources)}}) +
                              "\n");
    return printed != raw(Exit::Ok) ? printed : *status;
}

} // namespace micguard::cli
