// SPDX-License-Identifier: GPL-3.0-or-later
//
// Calls on the bus that neither wait nor start anybody. The answer comes to a function on the context's
// thread; there is none if the context has gone by then.
#pragma once

#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusPendingCall>
#include <QDBusPendingCallWatcher>
#include <QObject>

#include <limits>
#include <utility>

namespace micguard::panel {

inline constexpr char busName[] = "org.micguard.MicGuard1";
inline constexpr char guardPath[] = "/org/micguard/MicGuard1";
inline constexpr char guardInterface[] = "org.micguard.MicGuard1";
inline constexpr char applicationInterface[] = "org.micguard.MicGuard1.Application";
inline constexpr char streamInterface[] = "org.micguard.MicGuard1.Stream";
inline constexpr char sourceInterface[] = "org.micguard.MicGuard1.Source";
inline constexpr char propertiesInterface[] = "org.freedesktop.DBus.Properties";
inline constexpr char objectsInterface[] = "org.freedesktop.DBus.ObjectManager";

// What a person waits for. A mute may have to wait for other processes, a start for the guard.
inline constexpr int changePatience = 30'000; // ms
// What is read: a guard that is stopped answers once it goes on, and one that dies ends the call.
inline constexpr int untilItGoes = std::numeric_limits<int>::max();

template <typename Done>
void call(QDBusConnection bus, QObject* context, QDBusMessage message, int patience, Done done) {
    message.setAutoStartService(false);
    auto* watcher = new QDBusPendingCallWatcher(bus.asyncCall(message, patience), context);
    QObject::connect(watcher, &QDBusPendingCallWatcher::finished, context,
                     [done = std::move(done)](QDBusPendingCallWatcher* finished) {
                         finished->deleteLater();
                         done(finished->reply());
                     });
}

inline bool failed(const QDBusMessage& reply) {
    return reply.type() != QDBusMessage::ReplyMessage;
}

// An older guard that does not have what was called.
inline bool unknownThere(const QDBusMessage& reply) {
    const QString name = reply.errorName();
    return name == QLatin1String("org.freedesktop.DBus.Error.UnknownMethod") ||
           name == QLatin1String("org.freedesktop.DBus.Error.UnknownInterface");
}

} // namespace micguard::panel
