// SPDX-License-Identifier: GPL-3.0-or-later
#include "bench/stage.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <thread>
#include <utility>

namespace micguard::bench {
namespace {

const std::array<std::pair<Tool, const char*>, 8> kTools{{
    {Tool::control, "control"},
    {Tool::silence, "silence"},
    {Tool::sever, "sever"},
    {Tool::strictSilence, "strict-silence"},
    {Tool::strictSever, "strict-sever"},
    {Tool::wpctl, "wpctl"},
    {Tool::pactl, "pactl"},
    {Tool::pactlLoop, "pactl-loop"},
}};

double milliseconds(std::uint64_t samples, unsigned rate) {
    return static_cast<double>(samples) * 1000 / rate;
}
double milliseconds(std::int64_t nsec) {
    return static_cast<double>(nsec) / 1e6;
}

// A silenced stream runs on and a severed one stands still: there is no event for "nothing more will come".
void listenUntil(std::int64_t nsec) {
    if (const std::int64_t left = nsec - monotonicNsec(); left > 0)
        std::this_thread::sleep_for(std::chrono::nanoseconds(left));
}

} // namespace

std::string nameOf(Tool tool) {
    for (const auto& [candidate, name] : kTools)
        if (candidate == tool)
            return name;
    return "?";
}

std::optional<Tool> toolFromName(const std::string& name) {
    for (const auto& [tool, text] : kTools)
        if (name == text)
            return tool;
    return std::nullopt;
}

const std::vector<Tool>& allTools() {
    static const std::vector<Tool> tools = [] {
        std::vector<Tool> all;
        for (const auto& [tool, name] : kTools)
            all.push_back(tool);
        return all;
    }();
    return tools;
}

bool isGuard(Tool tool) {
    return tool == Tool::silence || tool == Tool::sever || isStrict(tool);
}

bool isStrict(Tool tool) {
    return tool == Tool::strictSilence || tool == Tool::strictSever;
}

Stage::Stage(SessionOptions options, std::set<std::string> rows)
    : rows_(std::move(rows))
    , strict_(options.strict)
    , session_(options) {
    if (!options.micguardd.empty())
        guard_.emplace(session_);
}

void Stage::listen(Ear ear) {
    if (!wants(ear.row))
        return;
    if (inTrial_) {
        ear.live = false;
        ear.listener->start();
    }
    ears_.push_back(std::move(ear));
}

void Stage::native(const std::string& row, const std::string& mic, ListenOptions options) {
    if (!wants(row))
        return;
    options.name = "ear-" + row;
    Ear ear;
    ear.row = row;
    ear.mic = mic;
    ear.rate = options.rate;
    ear.lasting = !inTrial_;
    ear.listener = nativeListener(session_, options);
    listen(std::move(ear));
}

void Stage::attack(const std::string& row, const std::string& program, const std::string& mic,
                   std::vector<std::string> arguments, bool live) {
    if (!wants(row))
        return;
    arguments.insert(arguments.end(), {"--source", mic});
    Ear ear;
    ear.row = row;
    ear.mic = mic;
    ear.live = live;
    ear.lasting = !inTrial_;
    ear.listener = attackListener(session_, std::string(ATTACKERS) + "/attack-" + program, arguments);
    listen(std::move(ear));
}

void Stage::must(const std::vector<std::string>& argv) {
    const Finished done = session_.run(argv);
    if (done.exitCode != 0)
        throw std::runtime_error(argv[0] + ": " + done.output);
}

void Stage::keep(const std::vector<std::string>& argv, const std::string& log) {
    kept_.push_back(session_.spawn(argv, log));
}

void Stage::accompany(std::unique_ptr<Listener> listener) {
    listener->start();
    if (!listener->waitAudible(0))
        throw std::runtime_error(listener->description() + " does not hear");
    company_.push_back(std::move(listener));
}

void Stage::waitForEnd(const std::string& row, Milliseconds timeout) {
    const std::int64_t end = monotonicNsec() + std::chrono::nanoseconds(timeout).count();
    for (Ear& ear : ears_)
        while (ear.row == row && ear.listener->running()) {
            if (monotonicNsec() > end)
                throw std::runtime_error(ear.listener->description() + " does not end");
            std::this_thread::sleep_for(Milliseconds(20));
        }
}

void Stage::revive() {
    if (!session_.running(Daemon::pipewire))
        session_.restart(Daemon::pipewire);
    if (!session_.running(Daemon::wireplumber)) {
        session_.stop(Daemon::wireplumber);
        session_.start(Daemon::wireplumber);
    }
    if (guard_ && !session_.running(Daemon::micguardd)) {
        session_.stop(Daemon::micguardd);
        session_.start(Daemon::micguardd);
    }
}

void Stage::waitLive() {
    for (Ear& ear : ears_) {
        if (!ear.live)
            continue;
        if (!ear.listener->running())
            ear.listener->start();
        if (strict_) {
            waitAllowed(ear);
            continue;
        }
        ear.failed = false;
        // Far more than a healthy one needs. What stays deaf after an unmute is a fault of its own, told in
        // that trial's line; this trial begins with an application that was started again.
        if (ear.listener->waitAudible(0, 1000, Milliseconds(ear.deaf ? 500 : 6000)))
            continue;
        ear.listener->stop();
        ear.listener->start();
        ear.failed = !ear.listener->waitAudible(0, 1000);
    }
}

// What a row does may be refused from its beginning on. That the session lets others hear is known by those who accompany it.
void Stage::waitAllowed(Ear& ear) {
    ear.failed = !ear.listener->waitAudible(0, 1000, Milliseconds(ear.failed ? 500 : 3000));
}

// Back to the even phase, in force from each microphone's next cycle on: an odd cycle under way while the
// unmute is carried out would be heard rightly and counted wrongly. Counters in shared memory wake nobody,
// and a suspended microphone makes no cycle: hence looking again, and an end to it.
void Stage::changeBack() {
    std::vector<std::pair<std::string, std::uint64_t>> before;
    for (const Ear& ear : ears_)
        if (!ear.mic.empty())
            before.emplace_back(ear.mic, session_.produced(ear.mic).cycles[0]);
    session_.setPhase(0);
    const std::int64_t end = monotonicNsec() + 300'000'000;
    for (const auto& [mic, cycles] : before)
        while (session_.produced(mic).cycles[0] == cycles && monotonicNsec() < end)
            std::this_thread::sleep_for(Milliseconds(1));
}

nlohmann::json Stage::lineOf(Ear& ear, std::int64_t replied) {
    const StreamSnapshot now = ear.listener->snapshot();
    const std::uint64_t after = now.audible[1] - ear.base[1], residue = now.audible[0] - ear.base[0];
    nlohmann::json line{{"kind", "leak"},
                        {"key", ear.row},
                        {"client", ear.listener->description()},
                        {"after", after},
                        {"after_ms", milliseconds(after, ear.rate)},
                        {"residue", residue},
                        {"residue_ms", milliseconds(residue, ear.rate)}};
    if (after > 0 && now.firstNsec[1] >= replied)
        line["first_after_ms"] = milliseconds(now.firstNsec[1] - replied);
    if (after > 0 && now.lastNsec[1] >= replied)
        line["last_after_ms"] = milliseconds(now.lastNsec[1] - replied);
    // How old the last of it was when it came: at least so long, for it was made before the reply.
    if (residue > 0)
        line["residue_age_ms"] = milliseconds(std::max<std::int64_t>(now.lastNsec[0] - replied, 0));
    return line;
}

std::vector<nlohmann::json> Stage::run(MuteSwitch& tool, const Trial& trial) {
    session_.setPhase(0);
    // That others are let in, and still are.
    if (strict_)
        for (const auto& listener : company_) {
            if (!listener->running())
                listener->start();
            if (!listener->waitAudible(0))
                throw std::runtime_error(listener->description() + " does not hear under strict admission");
        }
    waitLive();
    inTrial_ = true;
    if (trial.before)
        trial.before(*this);
    for (Ear& ear : ears_)
        ear.listener->clearMarks();

    tool.mute();
    session_.setPhase(1);
    for (Ear& ear : ears_) {
        const StreamSnapshot now = ear.listener->snapshot();
        ear.base[0] = now.audible[0];
        ear.base[1] = now.audible[1];
    }
    const std::int64_t replied = tool.repliedNsec(), took = tool.tookNsec();
    std::vector<std::uint64_t> madeBefore;
    for (const Ear& ear : ears_)
        madeBefore.push_back(ear.mic.empty() ? 0 : session_.produced(ear.mic).frames[1]);
    std::int64_t eventEnd = replied;
    if (trial.event) {
        trial.event(*this);
        eventEnd = monotonicNsec();
    }
    inTrial_ = false;
    listenUntil(eventEnd + std::chrono::nanoseconds(trial.window).count());
    std::vector<nlohmann::json> lines;
    for (std::size_t i = 0; i < ears_.size(); i++) {
        Ear& ear = ears_[i];
        nlohmann::json line = lineOf(ear, replied);
        line["took_ms"] = milliseconds(took);
        if (trial.event)
            line["event_ms"] = milliseconds(eventEnd - replied);
        if (!ear.mic.empty())
            line["made"] = session_.produced(ear.mic).frames[1] - (i < madeBefore.size() ? madeBefore[i] : 0);
        if (ear.failed && strict_)
            line["refused"] = true;
        else if (ear.failed)
            line = {{"kind", "error"},
                    {"key", ear.row},
                    {"what", ear.listener->description() + " does not hear"}};
        lines.push_back(std::move(line));
    }
    if (guard_) {
        nlohmann::json ids = nlohmann::json::array();
        if (guard_->waitName(true, Milliseconds(3000)))
            for (const auto& [id, text] : guard_->warnings())
                ids.push_back(id);
        for (auto& line : lines)
            line["warnings"] = ids;
    }

    if (!trial.unmute)
        return lines;
    std::erase_if(ears_, [](const Ear& ear) { return !ear.lasting; });
    changeBack();
    revive();
    tool.unmute();
    // A tool that unmutes "the default" may have muted another: the next one finds all of them live.
    if (!guard_)
        pactlLoopSwitch(session_)->unmute();
    // Those that last were there first, so lines and ears still go together.
    for (std::size_t i = 0; i < ears_.size(); i++)
        if (ears_[i].live && !ears_[i].failed) {
            ears_[i].deaf = !ears_[i].listener->waitAudible(0, 1000, Milliseconds(6000));
            lines[i]["again"] = !ears_[i].deaf;
        }
    if (trial.afterwards)
        trial.afterwards(*this);
    return lines;
}

} // namespace micguard::bench
