// SPDX-License-Identifier: GPL-3.0-or-later
// The ten applications of the study, imitated: mg-persona under each one's file name, doing with its stream what the study
// saw, or what it leaves room for where it could not tell. Nothing of the real ones is in them, and each says so by its name.
#pragma once

#include "tests/support/session.hpp"

#include <deque>
#include <string>
#include <vector>

namespace micguard::test {

struct Persona {
    std::string name;      // as it calls itself: "Cisco Webex (imitation)"
    std::string file;      // FOLDER/NAME of its executable
    std::string behaviour; // of mg-persona, while its own mute button is pressed
    std::string judged;    // the class in which the report has to put it
    std::string why;       // what it imitates
};

const std::vector<Persona>& studiedApplications();

// Imitations that run in a session. The session has to outlive it.
class Cast {
  public:
    explicit Cast(PrivateSession& session);

    // Starts one more process of it and waits until its stream runs. `wrapper`: a program that starts it.
    Process& start(const Persona& persona, const std::vector<std::string>& wrapper = {});
    // Ends the newest process of this file.
    void stop(const Persona& persona);
    // The mute buttons of all that have not pressed or released them yet; returns when each has done what it does.
    void press(bool muted);

    // What the kernel says of whoever runs it, and with it its AppId.
    [[nodiscard]] std::string executable(const Persona& persona) const;

  private:
    struct Running {
        std::string file, log;
        Process process;
        bool wrapped = false; // its button is the wrapper's
        bool muted = false;
        unsigned pressed = 0, released = 0; // how often
    };

    PrivateSession& session_;
    std::deque<Running> running_;
    unsigned started_ = 0;
};

} // namespace micguard::test
