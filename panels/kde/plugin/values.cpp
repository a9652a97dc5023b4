// SPDX-License-Identifier: GPL-3.0-or-later
//
// QtDBus hands over what is nested as a QDBusArgument, which is read once, and complains on the journal if it
// is read as something else: so its signature is looked at first.
#include "values.hpp"

#include "call.hpp"

#include <QDBusArgument>
#include <QDBusObjectPath>

namespace micguard::panel {

namespace {

bool is(const QVariant& value, const char* signature) {
    return value.metaType() == QMetaType::fromType<QDBusArgument>() &&
           qvariant_cast<QDBusArgument>(value).currentSignature() == QLatin1String(signature);
}

void take(const QVariantMap& properties, const char* key, QString& into) {
    const QVariant value = properties.value(QLatin1String(key));
    if (value.metaType() == QMetaType::fromType<QString>())
        into = value.toString();
    else if (value.metaType() == QMetaType::fromType<QDBusObjectPath>())
        into = qvariant_cast<QDBusObjectPath>(value).path();
}

void take(const QVariantMap& properties, const char* key, bool& into) {
    const QVariant value = properties.value(QLatin1String(key));
    if (value.metaType() == QMetaType::fromType<bool>())
        into = value.toBool();
}

void take(const QVariantMap& properties, const char* key, QDateTime& into) {
    const QVariant value = properties.value(QLatin1String(key));
    if (value.metaType() == QMetaType::fromType<quint64>())
        into = timeOf(value.toULongLong());
}

// Structures of strings, as a(ss) and a(sss) are.
QList<QStringList> structuresIn(const QVariant& value) {
    QList<QStringList> all;
    const auto argument = qvariant_cast<QDBusArgument>(value);
    argument.beginArray();
    while (!argument.atEnd()) {
        QStringList fields;
        argument.beginStructure();
        while (!argument.atEnd())
            fields.append(argument.asVariant().toString());
        argument.endStructure();
        all.append(fields);
    }
    argument.endArray();
    return all;
}

} // namespace

QDateTime timeOf(quint64 microseconds) {
    return microseconds == 0 ? QDateTime()
                             : QDateTime::fromMSecsSinceEpoch(static_cast<qint64>(microseconds / 1000));
}

void GuardFacts::read(const QVariantMap& properties) {
    take(properties, "State", state);
    take(properties, "Muted", muted);
    take(properties, "MutedSince", mutedSince);
    take(properties, "Mode", mode);
    take(properties, "Connected", connected);
    take(properties, "Version", version);
    const QVariant allHolds = properties.value(QStringLiteral("Holds"));
    if (is(allHolds, "a(sss)")) {
        holds.clear();
        for (const QStringList& fields : structuresIn(allHolds))
            holds.append({.kind = fields.value(0), .owner = fields.value(1), .reason = fields.value(2)});
    }
    const QVariant allWarnings = properties.value(QStringLiteral("Warnings"));
    if (is(allWarnings, "a(ss)")) {
        warnings.clear();
        for (const QStringList& fields : structuresIn(allWarnings))
            warnings.append({.id = fields.value(0), .text = fields.value(1)});
    }
}

void Application::read(const QVariantMap& properties) {
    take(properties, "AppId", appId);
    take(properties, "Name", name);
    take(properties, "IconName", iconName);
    take(properties, "Identity", identity);
    take(properties, "State", state);
    take(properties, "Reason", reason);
    take(properties, "Since", since);
    take(properties, "LevelMeterOnly", levelMeterOnly);
    take(properties, "Muted", muted);
}

void Stream::read(const QVariantMap& properties) {
    take(properties, "Application", application);
    take(properties, "Source", source);
}

void Source::read(const QVariantMap& properties) {
    take(properties, "Name", name);
    take(properties, "Description", description);
}

Interfaces interfacesIn(const QVariant& argument) {
    Interfaces all;
    if (is(argument, "a{sa{sv}}"))
        qvariant_cast<QDBusArgument>(argument) >> all;
    return all;
}

Objects objectsIn(const QVariant& argument) {
    Objects all;
    if (!is(argument, "a{oa{sa{sv}}}"))
        return all;
    const auto objects = qvariant_cast<QDBusArgument>(argument);
    objects.beginMap();
    while (!objects.atEnd()) {
        QDBusObjectPath path;
        Interfaces interfaces;
        objects.beginMapEntry();
        objects >> path >> interfaces;
        objects.endMapEntry();
        all.insert(path.path(), interfaces);
    }
    objects.endMap();
    return all;
}

QList<QVariantMap> dictionariesIn(const QVariant& argument) {
    QList<QVariantMap> all;
    if (is(argument, "aa{sv}"))
        qvariant_cast<QDBusArgument>(argument) >> all;
    return all;
}

} // namespace micguard::panel
