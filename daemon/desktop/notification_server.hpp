// SPDX-License-Identifier: GPL-3.0-or-later
//
// Shows notices through org.freedesktop.Notifications, whoever has that name. Nothing depends on it: without a server, or
// with one that hangs or dies, notices are not seen, and that is all.
#pragma once

#include "daemon/notify/notice.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include <gio/gio.h>

namespace micguard {

// Main context only. At most eight calls are under way, and one for each notice.
class NotificationServer {
  public:
    using Wanted = std::map<std::string, Notice>;
    // A button of a notice that is shown was pressed; it is not shown any more. Told by nobody but the owner of the name.
    using Pressed = std::function<void(const std::string& key, const std::string& action)>;

    explicit NotificationServer(Pressed pressed);
    ~NotificationServer(); // takes back what is shown
    NotificationServer(const NotificationServer&) = delete;
    NotificationServer& operator=(const NotificationServer&) = delete;

    void useBus(GDBusConnection* bus); // null: it is lost
    // What is to be seen from now on: new ones are shown, changed ones replaced, and those that are not among them closed. What
    // the user closed, or its time, stays closed.
    void show(Wanted wanted);

    // Its process, by the bus's word; 0: none, or not told yet.
    [[nodiscard]] std::uint32_t pid() const { return pid_; }
    // For people: "none", or the server's name and what it can.
    [[nodiscard]] std::string state() const;

  private:
    struct Shown {
        Notice sent;
        guint32 id = 0;       // the server's, 0: it has not said one
        bool calling = false; // the answer to Notify is awaited
        bool over = false;    // closed by somebody else, or it could not be shown
        bool moot = false;    // to be closed as soon as its id is known
    };
    struct Call;

    void pump();
    void notify(const std::string& key, const Notice& notice, Shown& shown);
    GVariant* arguments(const Notice& notice, guint32 replaces) const;
    std::string body(const Notice& notice) const;
    void notified(const std::string& key, guint32 id);
    void close(guint32 id);
    void closed(guint32 id);
    void pressed(guint32 id, const std::string& action);
    void wake();
    void serverGone();
    void loseBus();
    std::map<std::string, Shown>::iterator shownAs(guint32 id);

    static void onAppeared(GDBusConnection*, const char*, const char* owner, gpointer self) noexcept;
    static void onVanished(GDBusConnection*, const char*, gpointer self) noexcept;
    static void onPid(GObject* bus, GAsyncResult* result, gpointer self) noexcept;
    static void onCapabilities(GObject* bus, GAsyncResult* result, gpointer self) noexcept;
    static void onNotified(GObject* bus, GAsyncResult* result, gpointer call) noexcept;
    static void onSignal(GDBusConnection*, const char*, const char*, const char*, const char* signal,
                         GVariant* arguments, gpointer self) noexcept;

    Pressed pressed_;
    GDBusConnection* bus_ = nullptr;
    GCancellable* asking_; // what a server that goes makes void
    std::string owner_;    // its unique name
    std::uint32_t pid_ = 0;
    guint name_ = 0, signals_ = 0;
    bool known_ = false; // what it can
    bool buttons_ = false, markup_ = false;
    std::int64_t woken_ = 0;
    unsigned calls_ = 0;
    Wanted wanted_;
    std::map<std::string, Shown> shown_;
};

} // namespace micguard
