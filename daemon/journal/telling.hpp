// SPDX-License-Identifier: GPL-3.0-or-later
//
// From what happened to lines for the journal: the one place for all of them. Pure; time comes in. What
// clients can cause is told twenty times and then once in ten seconds, of each kind, and of refusals for each
// caller, so that nobody's flood hides another's; what is left out is counted, and the count told once a minute.
#pragma once

#include "daemon/journal/line.hpp"
#include "daemon/model/view.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace micguard::journal {

// Of a clock that does not jump, in µs.
using Instant = std::uint64_t;

// The application that a line is about.
struct About {
    std::string app; // its AppId, or its name if it has none
    std::string name;
    std::string identity; // kernel sandbox claimed
    std::uint32_t pid = 0;
    std::string source; // name of the microphone, "" if it was none in particular
};

// `source`: of the microphone, if it is known better than by the application's streams.
About aboutOf(const View& view, const ApplicationView& application, const std::string& source = {});

class Telling {
  public:
    std::vector<Line> muted(bool muted, const std::string& reason, const std::string& mode, Instant now);
    std::vector<Line> blocked(const About& about, const std::string& reason, Instant now);
    std::vector<Line> asked(const About& about, const std::string& reason, Instant now);
    // "allow once" or "deny always".
    std::vector<Line> answered(const About& about, const std::string& answer, const std::string& by,
                               Instant now);
    std::vector<Line> lapsed(const About& about, Instant now);
    // A caller on the bus, by its executable or its sandbox's id, was told no.
    std::vector<Line> refused(const std::string& app, std::uint32_t pid, const std::string& reason,
                              Instant now);
    // Those that hold now: told are those that did not hold before, or said something else, and those that do
    // no longer.
    std::vector<Line> warnings(const std::vector<WarningView>& now, Instant at);

    // What was left out, once it is time to tell.
    std::vector<Line> omitted(Instant now);
    // When that is; none: nothing was left out.
    std::optional<Instant> due() const;

  private:
    struct Allowance {
        double left = 20;
        Instant at = 0;
        std::uint64_t omitted = 0;
        Instant since = 0; // of the first that was left out

        void grow(Instant now);
    };

    struct Known {
        WarningView warning;
        bool told = false;
    };

    struct Topic {
        Kind kind = Kind::Refused;
        std::string app; // of a refused caller, "" of all those for whom there was no place
        auto operator<=>(const Topic&) const = default;
    };

    void tell(std::vector<Line>& lines, Line line, Instant now);
    bool mayTell(const Topic& topic, Instant now);
    Topic refusalsOf(const std::string& app, Instant now);

    std::map<Topic, Allowance> allowances_;
    std::map<std::string, Known> known_; // by id
};

} // namespace micguard::journal
