// SPDX-License-Identifier: GPL-3.0-or-later
//
// Where lines go, and what systemd is told of the service. Nothing here waits: a journal that does not read
// loses lines.
#pragma once

#include "daemon/journal/line.hpp"

#include <string>

namespace micguard::journal {

// Main context only.
class Journal {
  public:
    // sd_journal_sendv() would wait for a journal that does not read, and knows one path only.
    explicit Journal(std::string socketPath = "/run/systemd/journal/socket");
    ~Journal();
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;

    // Where there is no journal, to stderr.
    void send(const Line& line);

  private:
    std::string path_;
    int socket_ = -1;
};

// systemd's notification protocol; does nothing where nobody listens.
void notify(const std::string& state);
// Half the watchdog's period in ms, 0 without a watchdog.
unsigned watchdogIntervalMs();

} // namespace micguard::journal
