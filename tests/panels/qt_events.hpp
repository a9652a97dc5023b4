// SPDX-License-Identifier: GPL-3.0-or-later
// Qt's events in a test of Catch2's, and a connection of its own to a bus.
#pragma once

#include <QCoreApplication>
#include <QDBusConnection>
#include <QDeadlineTimer>
#include <QString>
#include <QTimer>

#include <string>

namespace micguard::test {

// One for the whole program, made before the first test that needs it.
inline void haveApplication() {
    static int count = 1;
    static char name[] = "panel-test";
    static char* arguments[] = {name, nullptr};
    static QCoreApplication application(count, arguments);
}

// Handles events until it is so; false when time is up.
template <typename IsSo>
bool untilSo(IsSo isSo, int msec = 20'000) {
    const QDeadlineTimer deadline(msec);
    // Not all that is waited for is an event of Qt's.
    QTimer look;
    look.start(10);
    while (!isSo()) {
        if (deadline.hasExpired())
            return false;
        QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents);
    }
    return true;
}

// Handles what has come, and what a bus that has been asked something afterwards had to say before.
void settle(const QDBusConnection& bus);

class Connection {
  public:
    explicit Connection(const std::string& address);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    operator const QDBusConnection&() const { return connection_; }
    const QDBusConnection& get() const { return connection_; }

  private:
    QString name_;
    QDBusConnection connection_;
};

// How many match rules that name this all connections of the bus have.
int matchRules(const QDBusConnection& bus, const QString& text);

} // namespace micguard::test
