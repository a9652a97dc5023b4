// SPDX-License-Identifier: GPL-3.0-or-later
// A private session with ears in it, and one trial on it: heard live, muted by one of the tools, the event of
// the row, two seconds of listening, unmuted. Measures and judges nothing.
#pragma once

#include "tests/support/easy_effects.hpp"
#include "tests/support/guard.hpp"
#include "tests/support/listener.hpp"
#include "tests/support/mute_switch.hpp"
#include "tests/support/session.hpp"

#include <nlohmann/json.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace micguard::bench {

using namespace test; // NOLINT(google-build-using-namespace): the bench is made of the tests' parts

inline constexpr Milliseconds kWindow{2000};

// The columns of the leak matrix; the strict ones are micguard under strict admission, for the rows of tier 4 and 5.
enum class Tool { control, silence, sever, strictSilence, strictSever, wpctl, pactl, pactlLoop };
std::string nameOf(Tool tool);
std::optional<Tool> toolFromName(const std::string& name);
const std::vector<Tool>& allTools();
bool isGuard(Tool tool);
bool isStrict(Tool tool);

// One that listens, for one row.
struct Ear {
    std::string row;
    std::string mic; // whose phase it hears; for `made`. Empty: nobody counts what it makes
    std::unique_ptr<Listener> listener;
    unsigned rate = 48000;
    bool live = true;        // is to hear before the mute; otherwise it is started by the event of the row
    bool lasting = true;     // listens from trial to trial; otherwise it goes after each
    std::uint64_t base[2]{}; // audible at the reply
    std::int64_t since = 0;  // before this nothing counts as an arrival
    bool deaf = false;       // did not hear again after the last unmute
    bool failed = false;     // does not hear at all; under strict admission that is a way to be refused
};

class Stage {
  public:
    Stage(SessionOptions options, std::set<std::string> rows);

    PrivateSession& session() { return session_; }
    // Null without micguardd.
    Guard* guard() { return guard_ ? &*guard_ : nullptr; }
    [[nodiscard]] bool wants(const std::string& row) const { return rows_.contains(row); }

    // Ears of rows that are not wanted are dropped. Before a trial, or in its event; then they are started at
    // once.
    void listen(Ear ear);
    void native(const std::string& row, const std::string& mic, ListenOptions options = {});
    // From tests/attackers, on the microphone `mic`.
    void attack(const std::string& row, const std::string& program, const std::string& mic,
                std::vector<std::string> arguments = {}, bool live = true);
    void must(const std::vector<std::string>& argv);
    // A program of the scene that ends with it. `log` names its log.
    void keep(const std::vector<std::string>& argv, const std::string& log);
    void startEasyEffects() { easyEffects_.emplace(session_); }
    // One that listens without being counted, and hears before this returns.
    void accompany(std::unique_ptr<Listener> listener);
    // Of the row's ear.
    void waitForEnd(const std::string& row, Milliseconds timeout);
    // As a user's service manager would: what has ended is started again.
    void revive();

    struct Trial {
        std::function<void(Stage&)> before;     // everybody is heard, nothing is muted yet; may be empty
        std::function<void(Stage&)> event;      // after the reply; may be empty
        std::function<void(Stage&)> afterwards; // after the unmute; may be empty
        Milliseconds window = kWindow;          // from the reply, or from the end of the event
        bool unmute = true;                     // and hear again; otherwise the stage is of no use afterwards
    };
    // One line for each ear; of kind "error" for one that did not hear while live.
    std::vector<nlohmann::json> run(MuteSwitch& tool, const Trial& trial);

  private:
    void waitLive();
    void waitAllowed(Ear& ear);
    void changeBack();
    nlohmann::json lineOf(Ear& ear, std::int64_t replied);

    std::set<std::string> rows_;
    bool strict_;
    PrivateSession session_;
    std::optional<Guard> guard_;
    std::vector<Process> kept_;
    std::optional<EasyEffects> easyEffects_;
    std::vector<std::unique_ptr<Listener>> company_;
    std::vector<Ear> ears_;
    bool inTrial_ = false;
};

} // namespace micguard::bench
