// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/panels/qt_events.hpp"

#include <QDBusArgument>
#include <QDBusConnectionInterface>
#include <QDBusMessage>
#include <QDBusPendingCall>
#include <QMap>
#include <QStringList>

#include <stdexcept>

namespace micguard::test {

Connection::Connection(const std::string& address)
    : name_([] {
        static int number = 0;
        return QStringLiteral("connection-%1").arg(++number);
    }())
    , connection_(
          (haveApplication(), QDBusConnection::connectToBus(QString::fromStdString(address), name_))) {
    if (!connection_.isConnected())
        throw std::runtime_error("no bus at " + address);
}

Connection::~Connection() {
    QDBusConnection::disconnectFromBus(name_);
}

void settle(const QDBusConnection& bus) {
    const auto question =
        QDBusMessage::createMethodCall(QStringLiteral("org.freedesktop.DBus"), QStringLiteral("/"),
                                       QStringLiteral("org.freedesktop.DBus"), QStringLiteral("GetId"));
    const QDBusPendingCall answer = bus.asyncCall(question);
    untilSo([&] { return answer.isFinished(); });
    QCoreApplication::processEvents();
}

int matchRules(const QDBusConnection& bus, const QString& text) {
    const auto question = QDBusMessage::createMethodCall(
        QStringLiteral("org.freedesktop.DBus"), QStringLiteral("/org/freedesktop/DBus"),
        QStringLiteral("org.freedesktop.DBus.Debug.Stats"), QStringLiteral("GetAllMatchRules"));
    const QDBusMessage answer = bus.call(question);
    if (answer.type() != QDBusMessage::ReplyMessage)
        throw std::runtime_error("the bus does not tell its match rules: " +
                                 answer.errorMessage().toStdString());
    const auto all = qdbus_cast<QMap<QString, QStringList>>(answer.arguments().value(0));
    int count = 0;
    for (const QStringList& rules : all)
        count += static_cast<int>(rules.filter(text).size());
    return count;
}

} // namespace micguard::test
