// SPDX-License-Identifier: GPL-3.0-or-later
#include "settings.hpp"

#include "call.hpp"

#include <QDBusArgument>
#include <QDBusVariant>
#include <QStringList>

#include <memory>

namespace micguard::panel {

Settings::Settings(QObject* parent)
    : Settings(QDBusConnection::sessionBus(), parent) {}

Settings::Settings(const QDBusConnection& bus, QObject* parent)
    : QObject(parent)
    , presence_(bus, nullptr) {
    connect(&presence_, &Presence::ownerChanged, this, [this] {
        if (present()) {
            setError({});
            load();
        } else {
            values_.clear();
            Q_EMIT valuesChanged();
        }
        Q_EMIT presenceChanged();
    });
    connect(&presence_, &Presence::startChanged, this, &Settings::presenceChanged);
    connect(&presence_, &Presence::startFailed, this, &Settings::setError);
}

void Settings::setError(const QString& error) {
    if (error == error_)
        return;
    error_ = error;
    Q_EMIT errorChanged();
}

void Settings::load() {
    const QString owner = presence_.owner();
    if (owner.isEmpty())
        return;
    const auto question = QDBusMessage::createMethodCall(
        owner, QLatin1String(guardPath), QLatin1String(guardInterface), QStringLiteral("Config"));
    call(presence_.bus(), this, question, untilItGoes, [this, owner](const QDBusMessage& reply) {
        if (owner != presence_.owner())
            return;
        if (failed(reply)) {
            // An older guard has no settings on the bus: the page is then empty, and says so.
            if (!unknownThere(reply))
                setError(reply.errorMessage());
            return;
        }
        values_ = qdbus_cast<QVariantMap>(reply.arguments().value(0));
        Q_EMIT valuesChanged();
    });
}

void Settings::save(const QVariantMap& changes) {
    const QString owner = presence_.owner();
    if (owner.isEmpty() || changes.isEmpty())
        return;
    struct Progress {
        qsizetype waiting;
        QStringList refused;
    };
    const auto progress = std::make_shared<Progress>(Progress{.waiting = changes.size(), .refused = {}});
    for (auto change = changes.begin(); change != changes.end(); ++change) {
        QVariant value = change.value();
        // JavaScript's numbers come as int or double, the contract's are x.
        if (value.metaType() == QMetaType::fromType<int>() ||
            value.metaType() == QMetaType::fromType<double>())
            value = QVariant::fromValue(static_cast<qlonglong>(value.toDouble()));
        auto order = QDBusMessage::createMethodCall(
            owner, QLatin1String(guardPath), QLatin1String(guardInterface), QStringLiteral("SetConfig"));
        order << change.key() << QVariant::fromValue(QDBusVariant(value));
        call(presence_.bus(), this, order, changePatience, [this, progress](const QDBusMessage& reply) {
            if (failed(reply))
                progress->refused.append(reply.errorMessage());
            if (--progress->waiting > 0)
                return;
            progress->refused.removeDuplicates();
            setError(progress->refused.join(QLatin1Char('\n')));
            load();
            Q_EMIT saved();
        });
    }
}

void Settings::start() {
    setError({});
    presence_.start();
}

} // namespace micguard::panel
