// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/personas/cast.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <stdexcept>

namespace micguard::test {
namespace {

namespace fs = std::filesystem;

// Lines of a log that are this word.
unsigned count(const std::string& text, const std::string& word) {
    const std::string line = word + "\n";
    unsigned found = 0;
    for (std::size_t at = 0; (at = text.find(line, at)) != text.npos; at += line.size())
        if (at == 0 || text[at - 1] == '\n')
            found++;
    return found;
}

void waitFor(const fs::path& log, const std::string& word, unsigned times) {
    if (!waitForText(log, [&](const std::string& text) { return count(text, word) >= times; }))
        throw std::runtime_error("an imitation has not said \"" + word + "\": " + readFile(log));
}

} // namespace

const std::vector<Persona>& studiedApplications() {
    static const std::vector<Persona> all = {
        {"Cisco Webex (imitation)", "webex/CiscoCollabHost", "continuous", "continuous",
         "sampled raw audio all the time"},
        {"Google Meet in a browser (imitation)", "meet/chrome", "continuous", "continuous",
         "a page that mutes its track: the browser's stream runs on"},
        {"Jitsi Meet in a browser (imitation)", "jitsi/firefox", "continuous", "continuous",
         "a page that mutes its track: the browser's stream runs on"},
        {"GoToMeeting in a browser (imitation)", "gotomeeting/msedge", "continuous", "continuous",
         "a page that mutes its track: the browser's stream runs on"},
        {"Microsoft Teams (imitation)", "teams/teams", "periodic", "periodic",
         "the study could not tell: here it wakes now and then"},
        {"Zoom (imitation)", "zoom/zoom", "held", "held",
         "kept its access, and read no samples that could be seen"},
        {"Slack (imitation)", "slack/slack", "held", "held",
         "kept its access, and read no samples that could be seen"},
        {"BlueJeans (imitation)", "bluejeans/bluejeans-v2", "held", "held",
         "kept its access, and read no samples that could be seen"},
        {"Discord (imitation)", "discord/Discord", "held", "held",
         "kept its access, and read no samples that could be seen"},
        {"Whereby in a browser (imitation)", "whereby/brave", "released", "released",
         "a page that ends its track: the browser's stream is closed"},
    };
    return all;
}

Cast::Cast(PrivateSession& session)
    : session_(session) {
    for (const Persona& persona : studiedApplications()) {
        const fs::path path = executable(persona);
        fs::create_directories(path.parent_path());
        fs::copy_file(PERSONA_BUILT, path);
    }
}

std::string Cast::executable(const Persona& persona) const {
    return (session_.directory() / "personas" / persona.file).string();
}

Process& Cast::start(const Persona& persona, const std::vector<std::string>& wrapper) {
    std::vector<std::string> argv = wrapper;
    argv.insert(argv.end(), {executable(persona), "--name", persona.name, "--behaviour", persona.behaviour});
    const std::string name = "persona-" + std::to_string(++started_), log = name + ".log";
    running_.push_back({persona.file, log, session_.spawn(argv, name), !wrapper.empty()});
    waitFor(session_.logPath(log), "streaming", 1);
    return running_.back().process;
}

void Cast::stop(const Persona& persona) {
    const auto newest = std::find_if(running_.rbegin(), running_.rend(),
                                     [&](const auto& one) { return one.file == persona.file; });
    if (newest == running_.rend())
        throw std::runtime_error("no imitation runs as " + persona.file);
    newest->process.stop();
    running_.erase(std::next(newest).base());
}

void Cast::press(bool muted) {
    std::vector<const Running*> pressed;
    for (Running& one : running_) {
        if (one.wrapped || one.muted == muted)
            continue;
        one.process.kill(muted ? SIGUSR1 : SIGUSR2);
        one.muted = muted;
        (muted ? one.pressed : one.released)++;
        pressed.push_back(&one);
    }
    for (const Running* one : pressed)
        waitFor(session_.logPath(one->log), muted ? "muted" : "live", muted ? one->pressed : one->released);
}

} // namespace micguard::test
