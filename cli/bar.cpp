// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/bar.hpp"

#include "cli/text.hpp"

#include <vector>

#include <nlohmann/json.hpp>

namespace micguard::cli {

namespace {

constexpr std::size_t mostNames = 8;
constexpr std::size_t widestText = 40;

struct Look {
    std::string state; // absent, degraded, muting, muted, muted-in-use, in-use, live
    std::string text;
    std::vector<std::string> lines; // of the tooltip
};

std::string nameOf(const ApplicationFacts& application) {
    return shown(application.name.empty() ? application.appId : application.name, 30);
}

std::vector<const ApplicationFacts*> listeners(const Objects& objects) {
    std::vector<const ApplicationFacts*> found;
    for (const ApplicationFacts* application : objects.applicationsInOrder())
        if (!application->levelMeterOnly &&
            (application->state == "capturing" || application->state == "silenced" ||
             application->state == "severed"))
            found.push_back(application);
    return found;
}

std::string listed(const std::vector<const ApplicationFacts*>& applications) {
    if (applications.empty())
        return {};
    const std::string first = nameOf(*applications.front());
    return applications.size() == 1 ? first : first + " +" + std::to_string(applications.size() - 1);
}

Look lookOf(const GuardFacts* facts, const Objects& objects) {
    if (facts == nullptr)
        return {"absent", "no guard", {"micguardd is not running: no microphone is guarded"}};
    const auto who = listeners(objects);
    const bool vouched = facts->guaranteed();
    Look look;
    look.state = facts->state == "degraded" ? "degraded"
                 : facts->muted             ? (vouched ? "muted" : "muting")
                                            : "live";
    if (!who.empty() && look.state == "live")
        look.state = "in-use";
    if (!who.empty() && look.state == "muted")
        look.state = "muted-in-use";
    look.text = look.state == "degraded" ? (facts->muted ? "not sure it is muted" : "not sure")
                : facts->muted           ? (vouched ? "muted" : "muting…")
                                         : "live";
    if (!who.empty() && look.state != "degraded")
        look.text = facts->muted ? look.text + ", " + listed(who) : listed(who);
    look.text = cut(look.text, widestText);

    look.lines.push_back(look.state == "degraded"
                             ? (facts->muted ? "Muted, but that cannot be vouched for" : "Something is wrong")
                         : facts->muted ? (vouched ? "All microphones are muted" : "A mute is under way")
                         : who.empty()  ? "Microphones are live, and nobody listens"
                                        : "Microphones are live");
    for (const HoldFacts& hold : facts->holds)
        look.lines.push_back(wordsFor(hold));
    for (std::size_t i = 0; i < who.size() && i < mostNames; ++i)
        look.lines.push_back(nameOf(*who[i]) +
                             (who[i]->state == "capturing" ? " listens" : " hears silence"));
    if (who.size() > mostNames)
        look.lines.push_back("and " + std::to_string(who.size() - mostNames) + " more");
    if (facts->mode == "sever" && facts->muted)
        look.lines.emplace_back("Mode sever: unmuting takes a moment longer");
    for (std::size_t i = 0; i < facts->warnings.size() && i < mostNames; ++i)
        look.lines.push_back("! " + shown(facts->warnings[i].text, 100));
    return look;
}

// polybar knows no way to write "%{" as text, and what stands there could be a click action.
std::string plain(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '{' && out.ends_with('%'))
            out += ' ';
        out += c;
    }
    return out;
}

// Somebody listens, or would; or nobody can say.
bool glaring(std::string_view state) {
    return state == "in-use" || state == "muted-in-use" || state == "degraded";
}

std::string joined(const std::vector<std::string>& lines) {
    std::string out;
    for (const auto& line : lines)
        out += (out.empty() ? "" : "\n") + line;
    return out;
}

std::string_view i3State(std::string_view state) {
    if (state == "degraded")
        return "Critical";
    if (state == "absent" || state == "muting")
        return "Warning";
    if (state == "in-use")
        return "Info";
    return state == "live" ? "Idle" : "Good";
}

} // namespace

std::optional<Bar> barCalled(std::string_view name) {
    for (std::size_t i = 0; i < barNames.size(); ++i)
        if (barNames[i] == name)
            return static_cast<Bar>(i);
    return std::nullopt;
}

std::string barLine(Bar bar, const GuardFacts* facts, const Objects& objects) {
    const Look look = lookOf(facts, objects);
    switch (bar) {
    case Bar::Waybar:
        return written({{"text", markup(look.text)},
                        {"tooltip", markup(joined(look.lines))},
                        {"class", look.state},
                        {"alt", look.state}},
                       -1) +
               "\n";
    case Bar::I3statusRust:
        return written({{"text", markup(look.text)},
                        {"short_text", markup(look.text)},
                        {"state", i3State(look.state)}},
                       -1) +
               "\n";
    case Bar::Polybar:
        // It knows no classes; turned over is what any colours can do.
        return (glaring(look.state) ? "%{R} " + plain(look.text) + " %{R}" : plain(look.text)) + "\n";
    }
    return {};
}

} // namespace micguard::cli
