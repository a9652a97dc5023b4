// SPDX-License-Identifier: GPL-3.0-or-later
//
// The configuration as the daemon has it: reads the files (at start at once, later on a thread of its own: a
// home folder may be on a network that hangs, and ten thousand rules take a while), follows their changes,
// keeps the last good one, and rewrites the guard's own file. What is read is told by one callback, whoever
// asked for it.
#pragma once

#include "config/own_file.hpp"
#include "config/toml_reader.hpp"
#include "daemon/loop/errand.hpp"
#include "daemon/reload/config_watch.hpp"

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace micguard {

// Main context only.
class ConfigSource {
  public:
    struct Places {
        std::vector<LayerFile> files;
        std::string ownFile;  // "": the guard has none
        std::string lastGood; // where the last good configuration is kept
    };

    // Both of its functions are called on another thread and must not look at anything that they do not own.
    using Change = OwnFileChange;

    using Done = std::function<void(const std::optional<ConfigRefusal>& refusal)>;

    // `told` gets what was read, before the Done of whoever asked; not if files changed and all in them is
    // the same.
    ConfigSource(Places places, std::function<void(const Loaded&)> told);
    ConfigSource(const ConfigSource&) = delete;
    ConfigSource& operator=(const ConfigSource&) = delete;

    // At the start: reads, tells, and watches from now on.
    void start();

    // The configuration that was in force when last everything was sound; none if there was none. See configurationOf().
    std::optional<Loaded> lastGood() const;

    // Reads everything anew. Refused (InvalidConfig) if anything is wrong.
    void reload(Done done);

    // Rewrites the guard's own file and reloads. Nothing is written if the outcome would be refused, or is
    // not what `check` wants. One after the other, at most 64 at a time.
    void change(Change change, Done done);

    // The guard's own; "" if it has none.
    const std::string& ownFile() const { return places_.ownFile; }

    // What cannot be watched for changes; "" if all is.
    const std::string& watchFault() const { return watchFault_; }

  private:
    struct Job {
        std::optional<Change> change;
        Done done;        // empty: the files seem to have changed
        Loaded loaded;    // the outcome, set by the thread
        std::string kept; // "" or why the last good configuration could not be kept
        std::optional<ConfigRefusal> refusal;
    };

    std::optional<std::vector<SourceText>> readKept() const;
    void enqueue(Job job);
    void begin();
    void finish();
    static void run(const Places& places, const std::vector<SourceText>& keptSources, Job& job);

    const Places places_;
    std::function<void(const Loaded&)> told_;
    ConfigWatch watch_;
    std::string watchFault_;
    std::deque<Job> jobs_; // the first is being done while busy_
    bool busy_ = false;
    bool finishing_ = false; // those who are told may ask for more
    std::optional<std::pair<std::vector<SourceText>, Diagnostics>> last_; // as told
    std::vector<SourceText> kept_;                                        // as the last good one, on the disk
    Errand
        errand_; // gone before what it works with: what is being read or written is done then, and nothing is told
};

} // namespace micguard
