// SPDX-License-Identifier: GPL-3.0-or-later
//
// Push-to-talk and mute by keys of the desktop's, through org.freedesktop.portal.GlobalShortcuts: on Wayland as well, with
// presses and releases. Which keys they are is between the desktop and its user; this only says which would be nice.
#pragma once

#include "daemon/desktop/shortcut_keys.hpp"

#include <cstdint>
#include <functional>
#include <string>

#include <gio/gio.h>

namespace micguard {

// Main context only. One session with the portal at a time; it is asked for once per portal and wish: a user who said no is
// not asked again.
class PortalShortcuts {
  public:
    struct Callbacks {
        // Every true is followed by a false, also if the portal, its session or the bus goes.
        std::function<void(bool down)> talk;
        std::function<void()> toggle;
    };

    struct Wish {
        bool on = false;
        std::string talkTrigger, toggleTrigger; // as the "shortcuts" specification writes them; "": no wish
        bool operator==(const Wish&) const = default;
    };

    explicit PortalShortcuts(Callbacks callbacks);
    ~PortalShortcuts(); // calls nobody back
    PortalShortcuts(const PortalShortcuts&) = delete;
    PortalShortcuts& operator=(const PortalShortcuts&) = delete;

    void useBus(GDBusConnection* bus); // null: it is lost
    void want(const Wish& wish);
    void letGo(); // what is held counts as let go, whatever the portal says of it

    // The portal's process, by the bus's word; 0: there is none, or it is not told yet.
    [[nodiscard]] std::uint32_t pid() const { return pid_; }
    // For people.
    [[nodiscard]] const std::string& state() const { return state_; }

  private:
    using Done = void (PortalShortcuts::*)(guint32 response, GVariant* results);

    void begin();
    void end();
    void appeared(const char* owner);
    void leave();
    void createSession();
    void created(guint32 response, GVariant* results);
    void bound(guint32 response, GVariant* results);
    void request(const char* method, GVariant* arguments, const std::string& token, Done done);
    void forgetRequest();
    std::string newToken();
    void key(const std::string& id, bool down);
    void tell(ShortcutKeys::Talk what);

    static void onAppeared(GDBusConnection*, const char*, const char* owner, gpointer self) noexcept;
    static void onVanished(GDBusConnection*, const char*, gpointer self) noexcept;
    static void onKey(GDBusConnection*, const char*, const char*, const char*, const char* signal,
                      GVariant* arguments, gpointer self) noexcept;
    static void onResponse(GDBusConnection*, const char*, const char*, const char*, const char*,
                           GVariant* arguments, gpointer self) noexcept;
    static void onClosed(GDBusConnection*, const char*, const char*, const char*, const char*, GVariant*,
                         gpointer self) noexcept;
    static void onPid(GObject* bus, GAsyncResult* result, gpointer self) noexcept;
    static void onRegistered(GObject* bus, GAsyncResult* result, gpointer self) noexcept;
    static void onRequested(GObject* bus, GAsyncResult* result, gpointer self) noexcept;

    Callbacks callbacks_;
    Wish wish_;
    GDBusConnection* bus_ = nullptr;
    GCancellable* asking_;
    std::string owner_, session_; // the portal's unique name, the session's path
    std::uint32_t pid_ = 0;
    guint name_ = 0, keys_ = 0, closed_ = 0, response_ = 0;
    Done done_ = nullptr; // of the request under way
    unsigned tokens_ = 0;
    bool wished_ = false, changed_ = false; // at all; since the start
    ShortcutKeys pressed_;
    std::string state_ = "off";
};

} // namespace micguard
