// SPDX-License-Identifier: GPL-3.0-or-later
// A private desktop audio session: its own bus, PipeWire, WirePlumber, pipewire-pulse and, if wanted,
// micguardd, with any number of test microphones. Nothing of it touches the user's session or hardware. Ends
// with this object.
#pragma once

#include "tests/support/control.hpp"
#include "tests/support/graph.hpp"
#include "tests/support/microphone.hpp"
#include "tests/support/process.hpp"

#include <nlohmann/json_fwd.hpp>

#include <filesystem>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace micguard::test {

enum class Daemon { bus, pipewire, wireplumber, pulse, micguardd };

const char* nameOf(Daemon daemon);

enum class Linger {
    no,  // the object belongs to the session's own connection and goes with it
    yes, // it stays in the server without an owner
};

struct SessionOptions {
    std::vector<MicSpec> mics;
    unsigned quantum = 1024; // smallest, default and largest at once
    unsigned rate = 48000;
    bool wireplumber = true;
    bool pulse = true;
    // The server lets new clients wait for micguardd, which is told so by micguardConfig.
    bool strict = false;
    std::string micguardd; // path of the binary; empty: none is started
    std::vector<std::string> micguarddArguments;
    // Further configuration, each a file name (*.conf) and its text.
    std::vector<std::pair<std::string, std::string>> pipewireFragments;
    std::vector<std::pair<std::string, std::string>> wireplumberFragments;
    std::string systemBus;      // its address; empty: there is none
    std::string micguardConfig; // content of XDG_CONFIG_HOME/micguard/micguard.toml; empty: no such file
    Environment environment;    // added to that of every child
    bool keepDirectory = false;
};

// Has the session's micguardd started with these in its environment alone ("NAME=value"). Before the session is made.
void giveMicguardd(SessionOptions& options, std::vector<std::string> variables);

// WirePlumber has written no route to a new card, and will not: seen about once in a hundred plugs beside a guard that is slow
// (sanitized). Why is not known.
struct NoRoute : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Methods throw std::runtime_error (or std::system_error) when something does not come to pass within
// kPatience. All of them are to be called from the thread that made the session: its children die with that
// thread.
class PrivateSession {
  public:
    explicit PrivateSession(SessionOptions options);
    ~PrivateSession();
    PrivateSession(const PrivateSession&) = delete;
    PrivateSession& operator=(const PrivateSession&) = delete;

    // start() returns when the daemon is ready for use (WirePlumber: its scripts are loaded; micguardd:
    // READY=1).
    void start(Daemon daemon);
    void stop(Daemon daemon); // SIGTERM, in order
    void kill(Daemon daemon); // SIGKILL, returns when it is gone
    // As a systemd user session does: with PipeWire, WirePlumber and pipewire-pulse restart as well.
    // micguardd stays.
    void restart(Daemon daemon);
    // Starts whatever of it is not running, in the order of a user session, the session manager behind the guard; with PipeWire,
    // WirePlumber and pipewire-pulse anew. Microphones are back when it returns. Nothing may be stopped by a signal.
    void recover();
    // SIGSTOP and SIGCONT.
    void pause(Daemon daemon);
    void resume(Daemon daemon);
    // Whether there is a session manager from now on, for recover() and restart().
    void wantSessionManager(bool wanted) { options_.wireplumber = wanted; }
    [[nodiscard]] bool running(Daemon daemon);
    [[nodiscard]] pid_t pid(Daemon daemon) const;

    // The environment of a program of this session, complete.
    [[nodiscard]] Environment environment() const;
    [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }
    [[nodiscard]] std::filesystem::path runtimeDirectory() const { return directory_ / "run"; }
    // Where micguardd looks for sound cards (dev/snd, proc/asound) and for the journal, instead of the machine's own: empty until
    // a test puts something there.
    [[nodiscard]] std::filesystem::path machine() const { return directory_ / "machine"; }
    [[nodiscard]] std::string managerSocket() const {
        return (runtimeDirectory() / "pipewire-0-manager").string();
    }
    [[nodiscard]] std::string busAddress() const;
    [[nodiscard]] unsigned quantum() const { return options_.quantum; }
    [[nodiscard]] unsigned rate() const { return options_.rate; }
    // The session's own view of the server; a new one after each start of PipeWire.
    [[nodiscard]] Graph& graph();

    // Runs a program of the session to its end / starts one whose output goes to log NAME.
    Finished run(const std::vector<std::string>& argv, Milliseconds timeout = kPatience) const;
    [[nodiscard]] Process spawn(const std::vector<std::string>& argv, const std::string& logName) const;
    // What pw-dump says.
    [[nodiscard]] nlohmann::json dump() const;

    void plug(const MicSpec& spec, Linger linger = Linger::no);
    void unplug(const std::string& mic);
    [[nodiscard]] bool has(const std::string& mic) const { return mics_.contains(mic); }
    [[nodiscard]] const MicSpec& mic(const std::string& name) const;
    [[nodiscard]] const ControlFile& control(const std::string& mic) const;
    void setPhase(const std::string& mic, std::uint32_t phase);
    void setPhase(std::uint32_t phase); // of every microphone
    [[nodiscard]] Produced produced(const std::string& mic) const;

    // Prints the logs at the end even if no exception is under way, and keeps the directory.
    void markFailed() { failed_ = true; }
    // The same for every session that ends while this is so: something has failed in the test that they belong to.
    static void markAll(bool failed) { allFailed_ = failed; }
    [[nodiscard]] std::string logs() const;
    // Of the daemons that should be running: which have ended by themselves, and how. A tool that is refused says nothing of that.
    [[nodiscard]] std::string ended();
    [[nodiscard]] std::filesystem::path logPath(const std::string& name) const {
        return directory_ / "log" / name;
    }

  private:
    struct Microphone {
        MicSpec spec;
        MicParts parts;
        std::unique_ptr<ControlFile> control;
        Process child;
        bool configured = false; // the server's configuration makes it
        Linger linger = Linger::no;
        std::vector<std::uint32_t> created;
    };

    void writeConfiguration();
    void writeServerConfiguration();
    void writeSessionManagerConfiguration();
    void addMicrophone(const MicSpec& spec, bool configured);
    void bringUp(Microphone& mic);
    void bringUpAll();
    void startBus();
    void startPipewire();
    void startWireplumber();
    void startPulse();
    void startMicguardd();
    void waitForSocket(const std::filesystem::path& path, Process& process) const;
    Process launch(const std::string& name, const std::vector<std::string>& argv,
                   const Environment& more = {}) const;

    SessionOptions options_;
    std::filesystem::path directory_;
    std::map<std::string, std::unique_ptr<Microphone>> mics_;
    std::map<Daemon, Process> daemons_;
    std::unique_ptr<Graph> graph_;
    bool failed_ = false;
    static inline bool allFailed_ = false;
};

} // namespace micguard::test
