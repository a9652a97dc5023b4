// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/verbs.hpp"

#include "cli/text.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace micguard::cli {

namespace {

using Run = int (*)(const Invocation&, const Terminal&);

constexpr OptionSpec holdOptions[] = {
    {"--reason", "TEXT", "what the guard shows as the reason (default: the command)", Takes::Text}};
constexpr OptionSpec talkOptions[] = {
    {"--reason", "TEXT", "what the guard shows as the reason (default: the command)", Takes::Text},
    {"--hold", "", "a key is pressed: live until --release, a mute, or the limit"},
    {"--release", "", "it was let go, whether or not --hold has come up yet"}};
constexpr std::string_view keyOptions[] = {"--hold", "--release"};
constexpr std::string_view answerScopes[] = {"--once", "--run", "--always"};
constexpr std::string_view reportForms[] = {"--json", "--csv", "--html"};
constexpr std::string_view monitorForms[] = {"--json", "--format"};
constexpr OptionSpec doctorOptions[] = {
    {"--asound", "DIR", "look there instead of in /proc/asound (for tests)", Takes::Path}};
constexpr OptionSpec verifyOptions[] = {
    {"--seconds", "N", "how long to record while muted (default: 2, at most 60)"},
    {"--source", "NAME", "only this microphone (see sources); may be given several times"},
    {"--bluetooth", "", "open Bluetooth microphones, too, which changes the headset's profile"},
    {"--tone", "", "play a tone into virtual microphones that nobody listens to"}};
constexpr OptionSpec ruleOptions[] = {
    {"--source", "NAME", "one microphone, by its name (see sources); without: every one"},
    {"--until", "TIME", "for so long: 18:30, +2h, '2026-12-01 09:00'; without: for ever"}};
constexpr OptionSpec reportOptions[] = {
    {"--since", "TIME", "from then on: 2h, 18:30, yesterday, '2026-12-01 09:00' (default: 7d)"},
    {"--until", "TIME", "up to then (default: now)"},
    {"--app", "APPID", "one application only"},
    {"--csv", "", "a table for spreadsheets"},
    {"--html", "FILE", "a page by itself, with a picture", Takes::Path}};
constexpr std::string_view ruleSynopsis = "[--source NAME] [--until TIME] [--json] APP";
constexpr std::string_view modes[] = {"silence", "sever"};
constexpr std::string_view admissions[] = {"relaxed", "strict"};
constexpr std::string_view configWords[] = {"check", "show", "path", "set", "unset"};
constexpr WordOperands configOperands[] = {{"set", 2, 257, "a key and its value"}, {"unset", 1, 1, "a key"}};
constexpr OptionSpec monitorOptions[] = {
    {"--format", "BAR", "for a status bar: waybar, i3status-rust or polybar; see docs/bars.md"}};
constexpr std::string_view applicationOperand[] = {"an application"};
constexpr std::string_view appWords[] = {"mute", "unmute"};
constexpr std::string_view appOperands[] = {"mute or unmute", "an application"};
constexpr std::string_view answers[] = {"allow", "deny"};
constexpr std::string_view answerOperands[] = {"an application", "allow or deny"};
constexpr OptionSpec answerOptions[] = {
    {"--once", "", "until it has no stream left that would hear a microphone (if no other is given)"},
    {"--run", "", "for as long as it runs"},
    {"--always", "", "remembered as a rule"}};
constexpr std::string_view historyWords[] = {"clear"};
constexpr OptionSpec historyOptions[] = {
    {"--since", "TIME", "from then on: yesterday, today, 14:30, 2h, 7d, 2026-12-01, '2026-12-01 09:00'"},
    {"--until", "TIME", "up to then"},
    {"--app", "APP", "of one application: its AppId, or a name that only one has that listens now"},
    {"--source", "NAME", "of one microphone, by its name (see sources)"},
    {"--kind", "KIND", "session, mute, block, answer, warning or refusal; several with commas"},
    {"--limit", "COUNT", "the newest so many (1000 if not given; 10000 at most)"},
    {"--timeline", "", "who listened when, as a picture; of the last 24 hours if no --since is given"}};
// Of help: the verbs' own names, so that a misspelt one is pointed out.
constexpr std::string_view topics[] = {"status", "mute",    "unmute",    "toggle",  "is-muted", "hold",
                                       "talk",   "apps",    "app",       "answer",  "sources",  "allow",
                                       "deny",   "silence", "ask",       "forget",  "rules",    "explain",
                                       "report", "mode",    "admission", "config",  "history",  "monitor",
                                       "verify", "release", "doctor",    "version", "help"};

constexpr VerbSpec table[] = {
    {.name = "status",
     .synopsis = "[--json]",
     .summary = "how things are: muted or live, since when, by whom",
     .json = Json::Yes},
    {.name = "mute", .summary = "mute every microphone; returns once that holds"},
    {.name = "unmute", .summary = "release the mute; returns once the microphones are open again"},
    {.name = "toggle",
     .synopsis = "[--json]",
     .summary = "mute if unmuted, else unmute; prints which it was",
     .json = Json::Yes},
    {.name = "is-muted",
     .synopsis = "[--json]",
     .summary = "for scripts: exit status 0 if the mute holds, 1 if not muted",
     .json = Json::Yes},
    {.name = "hold",
     .synopsis = "[--reason TEXT] -- COMMAND [ARGUMENT...]",
     .summary = "keep the microphones muted while a command runs",
     .operands = Operands::Command,
     .options = holdOptions},
    {.name = "talk",
     .synopsis = "[--reason TEXT] -- COMMAND [ARGUMENT...] | --hold [--reason TEXT] | --release",
     .summary = "keep the microphones live while a command runs, or a key is held",
     .operands = Operands::Command,
     .options = talkOptions,
     .insteadOfCommand = keyOptions,
     .oneOf = keyOptions},
    {.name = "apps",
     .synopsis = "[--json]",
     .summary = "which applications listen, to which microphone",
     .json = Json::Yes},
    {.name = "app",
     .synopsis = "mute|unmute APP",
     .summary = "mute one application by itself, or lift that",
     .operands = Operands::Named,
     .words = appWords,
     .operandNames = appOperands},
    {.name = "answer",
     .synopsis = "APP allow|deny [--once|--run|--always]",
     .summary = "answer the question whether an application may listen",
     .operands = Operands::Named,
     .options = answerOptions,
     .words = answers,
     .wordNoun = "answer",
     .operandNames = answerOperands,
     .wordAt = 1,
     .oneOf = answerScopes},
    {.name = "sources",
     .synopsis = "[--json]",
     .summary = "the microphones, and what keeps each silent",
     .json = Json::Yes},
    {.name = "allow",
     .synopsis = ruleSynopsis,
     .summary = "let an application listen",
     .json = Json::Yes,
     .operands = Operands::Named,
     .options = ruleOptions,
     .operandNames = applicationOperand},
    {.name = "deny",
     .synopsis = ruleSynopsis,
     .summary = "keep an application from the microphones",
     .json = Json::Yes,
     .operands = Operands::Named,
     .options = ruleOptions,
     .operandNames = applicationOperand},
    {.name = "silence",
     .synopsis = ruleSynopsis,
     .summary = "give an application silence: its streams go on",
     .json = Json::Yes,
     .operands = Operands::Named,
     .options = ruleOptions,
     .operandNames = applicationOperand},
    {.name = "ask",
     .synopsis = ruleSynopsis,
     .summary = "give an application silence until somebody has said that it may listen",
     .json = Json::Yes,
     .operands = Operands::Named,
     .options = ruleOptions,
     .operandNames = applicationOperand},
    {.name = "forget",
     .synopsis = "[--json] APP",
     .summary = "take back what allow, deny, silence, ask and answers have said of an application",
     .json = Json::Yes,
     .operands = Operands::Named,
     .operandNames = applicationOperand},
    {.name = "rules",
     .synopsis = "[--json]",
     .summary = "all rules, in the order in which they win, and where each stands",
     .json = Json::Yes},
    {.name = "explain",
     .synopsis = "[--json] APP",
     .summary = "what an application may hear, which rule says so, and what the others would",
     .json = Json::Yes,
     .operands = Operands::Named,
     .operandNames = applicationOperand},
    {.name = "report",
     .synopsis = "[--since TIME] [--until TIME] [--app APPID] [--json|--csv|--html FILE]",
     .summary = "what applications did while the microphones were muted",
     .json = Json::Yes,
     .options = reportOptions,
     .oneOf = reportForms},
    {.name = "mode",
     .synopsis = "[--json] [silence|sever]",
     .summary = "show or choose what an application meets while muted",
     .json = Json::Yes,
     .operands = Operands::OptionalWord,
     .words = modes,
     .wordNoun = "mode"},
    {.name = "admission",
     .synopsis = "[--json] [relaxed|strict]",
     .summary = "show or choose whether new clients of PipeWire wait for the guard's word",
     .json = Json::Yes,
     .operands = Operands::OptionalWord,
     .words = admissions,
     .wordNoun = "admission"},
    {.name = "config",
     .synopsis = "[--json] check [FILE] | show | path | set KEY VALUE... | unset KEY",
     .summary = "look for mistakes in the settings, show them and who said so, where they are, or change one",
     .json = Json::Yes,
     .operands = Operands::Subverb,
     .words = configWords,
     .wordWithFile = "check",
     .wordsWithMore = configOperands},
    {.name = "history",
     .synopsis = "[OPTION...] [--json] | clear [--app APP] [--until TIME]",
     .summary = "who listened when, what was muted, blocked and answered; or forget it",
     .json = Json::Yes,
     .operands = Operands::OptionalWord,
     .options = historyOptions,
     .words = historyWords},
    {.name = "monitor",
     .synopsis = "[--json|--format BAR]",
     .summary = "events as they come, one line each; or the state, for a status bar",
     .json = Json::Yes,
     .options = monitorOptions,
     .oneOf = monitorForms},
    {.name = "verify",
     .synopsis = "[--seconds N] [--source NAME]... [--bluetooth] [--tone] [--json]",
     .summary = "prove the mute: listen to every microphone before, while and after it",
     .json = Json::Yes,
     .options = verifyOptions},
    {.name = "release", .summary = "stop guarding in order: give everything back and end the daemon"},
    {.name = "doctor",
     .synopsis = "[--json] [--asound DIR]",
     .summary = "look for what is wrong, and say why",
     .json = Json::Yes,
     .options = doctorOptions},
    {.name = "version",
     .synopsis = "[--json]",
     .summary = "versions of micguardctl and of the running daemon",
     .json = Json::Yes},
    {.name = "help",
     .synopsis = "[VERB]",
     .summary = "this, or more about one verb",
     .operands = Operands::OptionalWord,
     .words = topics,
     .wordNoun = "verb"},
};

constexpr Run runs[] = {verbs::status,    verbs::mute,   verbs::unmute,  verbs::toggle,  verbs::isMuted,
                        verbs::hold,      verbs::talk,   verbs::apps,    verbs::app,     verbs::answer,
                        verbs::sources,   verbs::rule,   verbs::rule,    verbs::rule,    verbs::rule,
                        verbs::forget,    verbs::rules,  verbs::explain, verbs::report,  verbs::mode,
                        verbs::admission, verbs::config, verbs::history, verbs::monitor, verbs::verify,
                        verbs::release,   verbs::doctor, verbs::version, verbs::help};

static_assert(std::size(table) == std::size(runs) && std::size(table) == std::size(topics));
static_assert([] {
    for (std::size_t i = 0; i < std::size(table); ++i)
        if (table[i].name != topics[i])
            return false;
    return true;
}());

} // namespace

std::span<const VerbSpec> allVerbs() {
    return table;
}

int dispatch(const Invocation& how, const Terminal& terminal) {
    if (how.verb == nullptr) {
        if (how.version && !how.help)
            return verbs::version(how, terminal);
        return print(helpText());
    }
    if (how.help)
        return print(helpText(*how.verb));
    return runs[how.verb - table](how, terminal);
}

std::string helpText() {
    std::string out = "usage: micguardctl [--json] VERB [ARGUMENT...]\n\n"
                      "Controls micguardd, which keeps every microphone muted for every application.\n\n";
    std::size_t widest = 0;
    for (const VerbSpec& verb : table)
        widest = std::max(widest, displayWidth(verb.name));
    for (const VerbSpec& verb : table)
        out.append("  ").append(padded(verb.name, widest + 2)).append(verb.summary).append("\n");
    out += "\n  -h, --help  this, or after a verb more about it\n"
           "  --version   the version of micguardctl\n"
           "  --json      data instead of text, in the shape that micguardctl(1) documents\n\n"
           "Exit status: 0 done, 1 not muted or refused, 2 usage, 3 micguardd is not running, 4 no answer,\n"
           "5 (is-muted) a mute is wanted but not vouched for, 6 (verify) not proven.\n";
    return out;
}

std::string helpText(const VerbSpec& verb) {
    std::string out = "usage: micguardctl ";
    out.append(verb.name);
    if (!verb.synopsis.empty())
        out.append(" ").append(verb.synopsis);
    out.append("\n\n  ").append(verb.summary).append("\n");
    for (const OptionSpec& option : verb.options) {
        std::string name = std::string(option.name) + " " + std::string(option.valueName);
        out.append("\n  ")
            .append(padded(name, std::max<std::size_t>(16, name.size() + 2)))
            .append(option.summary);
    }
    if (!verb.options.empty())
        out.append("\n");
    return out;
}

} // namespace micguard::cli
