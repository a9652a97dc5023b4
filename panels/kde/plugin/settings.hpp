// SPDX-License-Identifier: GPL-3.0-or-later
//
// The guard's settings for the page that changes them: what Config() says, and SetConfig. A key that this
// guard does not have is not there.
#pragma once

#include "presence.hpp"

#include <QObject>
#include <QVariantMap>

namespace micguard::panel {

class Settings : public QObject {
    Q_OBJECT
    Q_PROPERTY(bool present READ present NOTIFY presenceChanged)
    Q_PROPERTY(bool startable READ startable NOTIFY presenceChanged)
    Q_PROPERTY(QVariantMap values READ values NOTIFY valuesChanged)
    Q_PROPERTY(QString error READ error NOTIFY errorChanged)

  public:
    explicit Settings(QObject* parent = nullptr);
    Settings(const QDBusConnection& bus, QObject* parent);

    bool present() const { return !presence_.owner().isEmpty(); }
    bool startable() const { return presence_.startable(); }
    QVariantMap values() const { return values_; } // by key ("mute.mode"), with "KEY@origin" and "KEY@final"
    QString error() const { return error_; }

    Q_INVOKABLE void load();
    // One after the other, in their order of keys; what is refused is in `error`, what is in force in
    // `values`.
    Q_INVOKABLE void save(const QVariantMap& changes);
    Q_INVOKABLE void start();

  Q_SIGNALS:
    void presenceChanged();
    void valuesChanged();
    void errorChanged();
    void saved(); // all that could be

  private:
    void setError(const QString& error);

    Presence presence_;
    QVariantMap values_;
    QString error_;
};

} // namespace micguard::panel
