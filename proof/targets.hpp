// SPDX-License-Identifier: GPL-3.0-or-later
//
// The sources that are listened to: what can be seen, and by name what cannot. Opens ears on them, and tends
// to those.
#pragma once

#include "proof/ears.hpp"
#include "proof/options.hpp"
#include "proof/verdict.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace micguard::proof {

// What the guard says there is. Its word on whether it is silent is not read.
struct KnownSource {
    std::string path, name;
    bool guarded = true;
    bool bluetooth = false;
};

// All under the Lock. Belongs to the main thread.
class Targets {
  public:
    Targets(Connection& connection, Connection& toneConnection, const Course& course, const Options& options,
            std::vector<KnownSource> known);
    Targets(const Targets&) = delete;
    Targets& operator=(const Targets&) = delete;

    // Takes up what is new, links what is not linked, notes who was linked to what.
    void tend();
    // From now on what appears is late.
    void nothingNew() { late_ = true; }

    bool allAlive(Part part) const; // that were alive while live; at first: that are opened
    std::size_t opened() const;
    void keepFrom(const std::map<std::string, std::string>& refusals); // what rules say of us, by source

    struct Finding {
        std::string path, name;
        Evidence evidence;
    };
    std::vector<Finding> findings() const;

  private:
    struct Target {
        std::string name, serial, path; // serial "" while it was never seen
        Evidence evidence;
        std::unique_ptr<StreamEar> stream;
        std::unique_ptr<LinkedEar> linked;
        std::unique_ptr<Tone> tone;
        std::string toneInto;                            // serial
        bool streamAstray = false, linkedAstray = false; // linked to something else: does not count
        Figures figures(Part part) const;
    };

    void takeUp(const SeenNode& node);
    void open(Target& target, const SeenNode* node);
    bool wanted(const std::string& name) const;
    const SeenNode* toneInputOf(const SeenNode& source) const;

    Connection& connection_;
    Connection& toneConnection_;
    const Course& course_;
    const Options& options_;
    std::vector<KnownSource> known_;
    std::vector<std::unique_ptr<Target>> targets_;
    bool late_ = false;
};

} // namespace micguard::proof
