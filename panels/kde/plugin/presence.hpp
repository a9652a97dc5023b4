// SPDX-License-Identifier: GPL-3.0-or-later
//
// Whether there is a guard on the bus, and which connection it is. Calls go to that connection, never to the
// well-known name: so they cannot start a guard that the user has stopped. Starting is a call of its own.
#pragma once

#include <QDBusConnection>
#include <QObject>
#include <QString>

class QDBusServiceWatcher;

namespace micguard::panel {

class Presence : public QObject {
    Q_OBJECT

  public:
    Presence(const QDBusConnection& bus, QObject* parent);

    const QDBusConnection& bus() const { return bus_; }
    QString owner() const { return owner_; }      // unique name; empty: nobody
    bool startable() const { return startable_; } // known while nobody is there
    bool starting() const { return starting_; }

    void start();

  Q_SIGNALS:
    void ownerChanged(); // also from one straight to the next
    void startChanged();
    void startFailed(const QString& message);

  private:
    void setOwner(const QString& owner);
    void askStartable();

    QDBusConnection bus_;
    QDBusServiceWatcher* watcher_;
    QString owner_;
    bool told_ = false; // by the watcher, which is newer than the first answer
    bool startable_ = false;
    bool starting_ = false;
};

} // namespace micguard::panel
