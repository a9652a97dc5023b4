// SPDX-License-Identifier: GPL-3.0-or-later
// A system bus with a logind on it, for tests: python-dbusmock's model of it, for the machine's own cannot be locked or put
// to sleep by a test. Ends with this object. Blocking; one thread.
#pragma once

#include "tests/support/process.hpp"

#include <filesystem>
#include <string>

struct sd_bus;

namespace micguard::test {

class Logind {
  public:
    // One session of the user who runs the test, unlocked, and it is his display.
    Logind();
    ~Logind();
    Logind(const Logind&) = delete;
    Logind& operator=(const Logind&) = delete;

    // For DBUS_SYSTEM_BUS_ADDRESS.
    [[nodiscard]] std::string address() const;

    void lock(bool locked);            // as a screen locker tells it
    void prepareForSleep(bool asleep); // the property and the signal
    // Somebody else's session becomes the user's display, or ("") he has none.
    void setDisplay(const std::string& session);
    void addSession(const std::string& session);
    // Those by name that delay a sleep, waits until there are so many.
    bool waitInhibitors(std::size_t count);
    // logind goes, and comes back with the session as it is then.
    void restart(bool locked);
    void stop() { mock_.stop(); }
    void start(bool locked);
    // The bus goes, and logind with it.
    void stopBus();
    void startBus(bool locked);

  private:
    void call(const char* path, const char* interface, const char* member, const char* types, ...);
    std::size_t inhibitors();

    std::filesystem::path folder_;
    Process daemon_, mock_;
    sd_bus* bus_ = nullptr;
};

} // namespace micguard::test
