// SPDX-License-Identifier: GPL-3.0-or-later
//
// GNOME's switch for the microphone (Settings, Privacy): org.gnome.desktop.privacy disable-microphone in
// GSettings. Without that schema there is no switch, and nothing is said. Reading is from memory; what is
// written goes on its way by itself.
#pragma once

#include <functional>
#include <string>

#include <gio/gio.h>

namespace micguard {

// On the main context; as long as the daemon lives.
class PrivacySwitch {
  public:
    // At the start, if it is on, and whenever it changes.
    explicit PrivacySwitch(std::function<void(bool on)> changed);
    ~PrivacySwitch();
    PrivacySwitch(const PrivacySwitch&) = delete;
    PrivacySwitch& operator=(const PrivacySwitch&) = delete;

    std::string start(); // "" or why it cannot be followed
    // False if an administrator keeps it on. Its change is told as any other.
    bool turnOff();
    std::string state() const; // for people

  private:
    static void onChanged(GSettings* settings, const char* key, gpointer self) noexcept;
    void tell();

    std::function<void(bool)> changed_;
    GSettings* settings_ = nullptr;
    bool on_ = false;
};

} // namespace micguard
