// SPDX-License-Identifier: GPL-3.0-or-later
//
// The desktop's own memory of which Flatpak or Snap may use the microphone (table `devices`, id `microphone`
// of the portals' permission store): the switches in GNOME Settings. It may hang, die or never come: what was
// heard last is then what is known, and nobody waits.
#pragma once

#include <functional>
#include <map>
#include <string>

#include <gio/gio.h>

namespace micguard {

// On the main context.
class PermissionStore {
  public:
    // "yes", "no" or "ask" by application, as the store names it.
    using Words = std::map<std::string, std::string>;
    explicit PermissionStore(std::function<void(Words words)> changed);
    ~PermissionStore();
    PermissionStore(const PermissionStore&) = delete;
    PermissionStore& operator=(const PermissionStore&) = delete;

    // What it said to the guard before this one. Before all else.
    void remember(const Words& words) { words_ = told_ = words; }
    void useBus(GDBusConnection* bus); // null: there is none
    // Nothing is asked before it is wanted. What was heard is forgotten when it is not wanted any more.
    void want(bool wanted);
    void set(const std::string& app, const std::string& word);
    void remove(const std::string& app);
    // What was set here, or told by the store, last.
    const Words& words() const { return words_; }
    const Words& told() const { return told_; }  // by the store alone
    std::string state() const { return state_; } // for people

  private:
    static void onAppeared(GDBusConnection*, const char*, const char*, gpointer self) noexcept;
    static void onVanished(GDBusConnection*, const char*, gpointer self) noexcept;
    static void onSignal(GDBusConnection*, const char*, const char*, const char*, const char*,
                         GVariant* arguments, gpointer self) noexcept;
    static void onLookedUp(GObject* bus, GAsyncResult* result, gpointer self) noexcept;
    void begin();
    void leave();
    void look();
    void take(GVariant* permissions);
    void write(const std::string& app);

    std::function<void(Words)> changed_;
    Words words_;
    // What was set here and the store has not confirmed, "" for what was removed: it may be lost with a store that dies. Counts as
    // long as the store's own word is the one from before, and is written again to the next one.
    Words unsure_;
    Words told_; // the store's own words, last
    bool heard_ = false;
    GDBusConnection* bus_ = nullptr;
    GCancellable* looking_;
    GCancellable* telling_;
    bool wanted_ = false;
    guint subscription_ = 0, name_ = 0;
    unsigned writing_ = 0; // not answered yet: what the store says may be from before them
    std::string state_ = "not asked yet";
};

} // namespace micguard
