// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the guard tells, as plain values. Reading takes what is there and of the type that the contract says,
// and leaves the rest as it was: an older guard lacks properties, a newer one has more.
#pragma once

#include <QDateTime>
#include <QMap>
#include <QObject>
#include <QString>
#include <QStringList>
#include <QVariant>

namespace micguard::panel {

struct Hold {
    Q_GADGET
    Q_PROPERTY(QString kind MEMBER kind)
    Q_PROPERTY(QString owner MEMBER owner)
    Q_PROPERTY(QString reason MEMBER reason)

  public:
    QString kind;
    QString owner;
    QString reason;
    bool operator==(const Hold&) const = default;
};

struct Warning {
    Q_GADGET
    Q_PROPERTY(QString id MEMBER id)
    Q_PROPERTY(QString text MEMBER text)

  public:
    QString id;
    QString text;
    bool operator==(const Warning&) const = default;
};

struct GuardFacts {
    QString state;
    bool muted = false;
    QDateTime mutedSince; // invalid: not
    QString mode;
    QList<Hold> holds; // the strongest first
    bool connected = false;
    QList<Warning> warnings;
    QString version;

    void read(const QVariantMap& properties);
};

struct Application {
    QString path;
    quint64 number = 0; // of the path
    QString appId;
    QString name;
    QString iconName;
    QString identity;
    QString state;
    QString reason;
    QDateTime since;
    bool levelMeterOnly = false;
    bool muted = false;
    QStringList microphones; // descriptions, from its streams
    bool operator==(const Application&) const = default;

    void read(const QVariantMap& properties);
    // It uses a microphone, or would like to, or is muted by itself: people want to see it.
    bool shown() const { return !levelMeterOnly && (state != QLatin1String("idle") || muted); }
    bool hears() const { return !levelMeterOnly && state == QLatin1String("capturing"); }
    bool wouldHear() const {
        return !levelMeterOnly && (state == QLatin1String("silenced") || state == QLatin1String("severed") ||
                                   state == QLatin1String("pending"));
    }
};

struct Stream {
    QString application; // path
    QString source;      // path

    void read(const QVariantMap& properties);
};

struct Source {
    QString name;
    QString description;

    void read(const QVariantMap& properties);
    QString forPeople() const { return description.isEmpty() ? name : description; }
};

using Interfaces = QMap<QString, QVariantMap>;
using Objects = QMap<QString, Interfaces>; // by path

// Of GetManagedObjects and InterfacesAdded; nothing of what is not as the contract says.
Objects objectsIn(const QVariant& argument);
Interfaces interfacesIn(const QVariant& argument);

// A list of dictionaries (History, Explain), with everything in it as Qt's own types.
QList<QVariantMap> dictionariesIn(const QVariant& argument);

QDateTime timeOf(quint64 microseconds);

} // namespace micguard::panel

Q_DECLARE_METATYPE(micguard::panel::Hold)
Q_DECLARE_METATYPE(micguard::panel::Warning)
