// SPDX-License-Identifier: GPL-3.0-or-later
#include "presence.hpp"

#include "call.hpp"

#include <QDBusServiceWatcher>
#include <QStringList>

namespace micguard::panel {

namespace {

QDBusMessage toBus(const char* member) {
    return QDBusMessage::createMethodCall(QStringLiteral("org.freedesktop.DBus"),
                                          QStringLiteral("/org/freedesktop/DBus"),
                                          QStringLiteral("org.freedesktop.DBus"), QLatin1String(member));
}

} // namespace

Presence::Presence(const QDBusConnection& bus, QObject* parent)
    : QObject(parent)
    , bus_(bus)
    , watcher_(new QDBusServiceWatcher(QLatin1String(busName), bus, QDBusServiceWatcher::WatchForOwnerChange,
                                       this)) {
    connect(watcher_, &QDBusServiceWatcher::serviceOwnerChanged, this,
            [this](const QString&, const QString&, const QString& owner) {
                told_ = true;
                setOwner(owner);
            });
    QDBusMessage question = toBus("GetNameOwner");
    question << QLatin1String(busName);
    call(bus_, this, question, untilItGoes, [this](const QDBusMessage& reply) {
        if (told_)
            return;
        if (failed(reply))
            askStartable();
        else
            setOwner(reply.arguments().value(0).toString());
    });
}

void Presence::setOwner(const QString& owner) {
    if (owner == owner_)
        return;
    owner_ = owner;
    if (owner_.isEmpty())
        askStartable();
    Q_EMIT ownerChanged();
}

void Presence::askStartable() {
    call(bus_, this, toBus("ListActivatableNames"), untilItGoes, [this](const QDBusMessage& reply) {
        const bool startable = reply.arguments().value(0).toStringList().contains(QLatin1String(busName));
        if (startable == startable_)
            return;
        startable_ = startable;
        Q_EMIT startChanged();
    });
}

void Presence::start() {
    if (starting_ || !owner_.isEmpty())
        return;
    starting_ = true;
    Q_EMIT startChanged();
    QDBusMessage order = toBus("StartServiceByName");
    order << QLatin1String(busName) << 0U;
    call(bus_, this, order, changePatience, [this](const QDBusMessage& reply) {
        starting_ = false;
        Q_EMIT startChanged();
        if (failed(reply))
            Q_EMIT startFailed(reply.errorMessage());
    });
}

} // namespace micguard::panel
