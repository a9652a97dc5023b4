// SPDX-License-Identifier: GPL-3.0-or-later
//
// Whether the user's session is locked, and whether the machine is about to sleep: what logind says of both
// (org.freedesktop.login1(5); tried on systemd 252 and 257). Asks and is told, never polls.
#pragma once

#include <array>
#include <functional>
#include <string>

#include <gio/gio.h>

namespace micguard {

// Main context only.
class SessionWatch {
  public:
    struct Callbacks {
        // LockedHint of the session in front of which the user sits (logind's Display of the user), where it differs from what was
        // told before. Without such a session nothing is locked; without a logind, or one that answers, all is as it was.
        std::function<void(bool locked)> locked;
        // True: the machine waits with sleeping, for letSleep() or until its patience ends (InhibitDelayMaxSec=). False: it is
        // awake again.
        std::function<void(bool asleep)> asleep;
    };

    explicit SessionWatch(Callbacks callbacks);
    ~SessionWatch();
    SessionWatch(const SessionWatch&) = delete;
    SessionWatch& operator=(const SessionWatch&) = delete;

    void start(bool locked); // as it was when somebody last looked
    void letSleep();

    // For people: "yes", "no", "unknown: no logind".
    [[nodiscard]] const std::string& state() const { return state_; }

  private:
    void connect();
    void retry();
    void useBus(GDBusConnection* bus);
    void loseBus();
    void look();
    void lookWhetherAsleep();
    void takeInhibitor();
    void ask(GCancellable* until, const char* path, const char* interface, const char* method,
             GVariant* arguments, const char* replyType, GAsyncReadyCallback done);
    void readDisplay(GVariant* user);
    void readLocked(GVariant* display);
    void noSession(bool certain);
    void tell(bool locked, std::string state);
    void tellAsleep(bool asleep);

    static void onBus(GObject*, GAsyncResult* result, gpointer self) noexcept;
    static void onClosed(GDBusConnection*, gboolean, GError*, gpointer self) noexcept;
    static void onSignal(GDBusConnection*, const char* sender, const char* path, const char* interface,
                         const char* signal, GVariant* arguments, gpointer self) noexcept;
    static void onInhibited(GObject* bus, GAsyncResult* result, gpointer self) noexcept;
    static void onAppeared(GDBusConnection*, const char*, const char*, gpointer self) noexcept;
    static void onVanished(GDBusConnection*, const char*, gpointer self) noexcept;

    Callbacks callbacks_;
    GCancellable* looking_ = nullptr; // what a new look makes void
    GCancellable* bound_ = nullptr;   // all else that is under way
    GDBusConnection* bus_ = nullptr;
    gulong closed_ = 0;
    guint name_ = 0, retry_ = 0;
    std::array<guint, 3> subscriptions_{};
    std::string display_; // the session's path, "" while there is none
    int inhibitor_ = -1;
    bool inhibiting_ = false; // asked for
    bool found_ = false;      // a system bus, once
    bool locked_ = false, asleep_ = false;
    std::string state_ = "unknown: not asked yet";
};

} // namespace micguard
