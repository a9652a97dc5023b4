// SPDX-License-Identifier: GPL-3.0-or-later
// The Plasma applet's side of the bus beside guards that are not as they should be: none, one that could be
// started, an older one, and one that sends nonsense. Those are stand-ins on a private bus.
#include "panels/kde/plugin/guard.hpp"
#include "panels/kde/plugin/settings.hpp"
#include "tests/panels/qt_events.hpp"
#include "tests/support/process.hpp"

#include <QDBusArgument>
#include <QDBusError>
#include <QDBusMessage>
#include <QDBusMetaType>
#include <QDBusObjectPath>
#include <QDBusVirtualObject>
#include <QTemporaryDir>

#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>

#include <catch2/catch_test_macros.hpp>

using namespace micguard::test;
using Panel = micguard::panel::Guard;
using micguard::panel::ApplicationModel;

namespace {

// A dbus-daemon of its own that could start a guard; what it would start leaves a mark.
class Bus {
  public:
    Bus() {
        const std::string folder = folder_.path().toStdString();
        std::filesystem::create_directory(folder + "/services");
        std::ofstream(folder + "/services/guard.service")
            << "[D-BUS Service]\nName=org.micguard.MicGuard1\nExec=/bin/sh -c \"touch " << mark()
            << "; exit 1\"\n";
        std::ofstream(folder + "/bus.conf")
            << "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\" "
               "\"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\"><busconfig><type>session</"
               "type><listen>unix:path="
            << folder << "/bus</listen><servicedir>" << folder
            << "/services</servicedir><policy context=\"default\"><allow send_destination=\"*\" "
               "eavesdrop=\"true\"/>"
               "<allow eavesdrop=\"true\"/><allow own=\"*\"/></policy></busconfig>\n";
        daemon_ = Process::spawn({"dbus-daemon", "--nofork", "--config-file=" + folder + "/bus.conf"}, {});
        if (!untilSo([&] { return std::filesystem::exists(folder + "/bus"); }))
            throw std::runtime_error("no bus");
    }
    std::string address() const { return "unix:path=" + folder_.path().toStdString() + "/bus"; }
    std::string mark() const { return folder_.path().toStdString() + "/started"; }
    bool started() const { return std::filesystem::exists(mark()); }

  private:
    QTemporaryDir folder_;
    Process daemon_;
};

using Properties = QMap<QString, QVariantMap>;

// Answers GetAll and GetManagedObjects, and knows no other method.
class Stranger : public QDBusVirtualObject {
  public:
    QVariantMap facts;
    QMap<QDBusObjectPath, Properties> objects;
    QStringList calls;
    bool refuses = false; // whatever it is asked

    QString introspect(const QString&) const override { return {}; }
    bool handleMessage(const QDBusMessage& message, const QDBusConnection& bus) override {
        calls.append(message.member());
        if (refuses)
            return bus.send(
                message.createErrorReply(QStringLiteral("org.micguard.MicGuard1.Error.LimitExceeded"),
                                         QStringLiteral("you call too often")));
        if (message.member() == QLatin1String("GetAll"))
            return bus.send(message.createReply(QVariant::fromValue(facts)));
        if (message.member() == QLatin1String("GetManagedObjects"))
            return bus.send(message.createReply(QVariant::fromValue(objects)));
        return bus.send(
            message.createErrorReply(QDBusError::UnknownMethod, QStringLiteral("no such method")));
    }
};

void appear(Stranger& stranger, QDBusConnection bus) {
    qDBusRegisterMetaType<Properties>();
    qDBusRegisterMetaType<QMap<QDBusObjectPath, Properties>>();
    REQUIRE(bus.registerVirtualObject(QStringLiteral("/org/micguard/MicGuard1"), &stranger,
                                      QDBusConnection::SubPath));
    REQUIRE(bus.registerService(QStringLiteral("org.micguard.MicGuard1")));
}

Properties application(const QVariantMap& properties) {
    return {{QStringLiteral("org.micguard.MicGuard1.Application"), properties}};
}

QDBusObjectPath app(int number) {
    return QDBusObjectPath(QStringLiteral("/org/micguard/MicGuard1/apps/%1").arg(number));
}

} // namespace

TEST_CASE("a guard that the user has stopped is started by its button, and by nothing else", "[panel]") {
    haveApplication();
    const Bus bus;
    const Connection connection(bus.address());
    Panel panel(connection, nullptr);
    micguard::panel::Settings settings(connection, nullptr);
    REQUIRE(untilSo([&] { return panel.startable(); }));
    panel.toggle();
    panel.setMuted(true);
    panel.setApplicationMuted(app(1).path(), true);
    panel.answer(app(1).path(), true, QStringLiteral("once"));
    panel.explain(app(1).path());
    settings.load();
    settings.save({{QStringLiteral("mute.mode"), QStringLiteral("sever")}});
    settle(connection);
    CHECK_FALSE(panel.busy());
    CHECK_FALSE(bus.started());

    // The control: what would have been seen.
    panel.start();
    CHECK(untilSo([&] { return bus.started(); }));
    // It was no guard, and says so.
    CHECK(untilSo([&] { return !panel.starting() && !panel.error().isEmpty(); }));
}

TEST_CASE("an older guard is shown with what it has", "[panel]") {
    haveApplication();
    const Bus bus;
    const Connection there(bus.address());
    const Connection here(bus.address());
    Stranger older;
    older.facts = {{QStringLiteral("State"), QStringLiteral("live")}, {QStringLiteral("Muted"), false}};
    older.objects.insert(app(3), application({{QStringLiteral("AppId"), QStringLiteral("org.example.App")},
                                              {QStringLiteral("State"), QStringLiteral("capturing")}}));
    appear(older, there);
    Panel panel(here, nullptr);
    REQUIRE(untilSo([&] { return panel.glance() == Panel::InUse; }));
    REQUIRE(panel.applications()->count() == 1);
    // Without a name it is shown by its id.
    CHECK(panel.listeners() == QStringList{QStringLiteral("org.example.App")});
    CHECK(panel.mutesApplications());
    panel.setApplicationMuted(app(3).path(), true);
    panel.explain(app(3).path());
    CHECK(untilSo([&] { return !panel.mutesApplications() && !panel.explains(); }));
    CHECK(panel.blocked()->count() == 0);
    CHECK(older.calls.contains(QStringLiteral("History")));
}

TEST_CASE("a guard that refuses a click, and to say what is so, leaves no switch between two states",
          "[panel]") {
    haveApplication();
    const Bus bus;
    const Connection there(bus.address());
    const Connection here(bus.address());
    Stranger stranger;
    stranger.facts = {{QStringLiteral("State"), QStringLiteral("live")}, {QStringLiteral("Muted"), false}};
    appear(stranger, there);
    Panel panel(here, nullptr);
    REQUIRE(untilSo([&] { return panel.glance() == Panel::Live; }));
    stranger.refuses = true;
    panel.setMuted(true);
    CHECK(panel.wanted());
    CHECK(untilSo([&] { return !panel.busy(); }));
    CHECK_FALSE(panel.wanted());
    CHECK(panel.error() == QStringLiteral("you call too often"));
    stranger.refuses = false;
    panel.setMuted(true); // it answers, and knows no such method
    CHECK(untilSo([&] { return !panel.busy(); }));
    CHECK_FALSE(panel.muted());
}

TEST_CASE("nonsense from the bus is left out", "[panel]") {
    haveApplication();
    const Bus bus;
    const Connection there(bus.address());
    const Connection here(bus.address());
    Stranger stranger;
    stranger.facts = {{QStringLiteral("State"), 7},
                      {QStringLiteral("Muted"), QStringLiteral("yes")},
                      {QStringLiteral("Holds"), QStringLiteral("none")},
                      {QStringLiteral("Warnings"), QStringList{QStringLiteral("one")}},
                      {QStringLiteral("MutedSince"), -1}};
    for (int number = 1; number <= 500; number++)
        stranger.objects.insert(
            app(number), application({{QStringLiteral("Name"), QStringLiteral("<b>%1</b>").arg(number)},
                                      {QStringLiteral("State"), QStringLiteral("capturing")},
                                      {QStringLiteral("Muted"), 1.5},
                                      {QStringLiteral("Streams"), QStringLiteral("/")}}));
    stranger.objects.insert(QDBusObjectPath(QStringLiteral("/elsewhere")), application({}));
    appear(stranger, there);
    Panel panel(here, nullptr);
    REQUIRE(untilSo([&] { return panel.ready(); }));
    CHECK_FALSE(panel.muted());
    CHECK(panel.holds().isEmpty());
    CHECK(panel.warnings().isEmpty());
    CHECK(panel.applications()->count() == ApplicationModel::most);
    CHECK(panel.applications()->left() == 500 + 1 - ApplicationModel::most);

    // Signals with other arguments than agreed, and about what is not there.
    QDBusConnection out = there.get();
    auto signal = QDBusMessage::createSignal(QStringLiteral("/org/micguard/MicGuard1"),
                                             QStringLiteral("org.freedesktop.DBus.ObjectManager"),
                                             QStringLiteral("InterfacesAdded"));
    signal << 5 << QStringLiteral("text");
    out.send(signal);
    auto change = QDBusMessage::createSignal(QStringLiteral("/org/micguard/MicGuard1/apps/9999"),
                                             QStringLiteral("org.freedesktop.DBus.Properties"),
                                             QStringLiteral("PropertiesChanged"));
    change << QStringLiteral("org.micguard.MicGuard1.Application")
           << QVariantMap{{QStringLiteral("State"), QStringLiteral("capturing")}} << QStringList();
    out.send(change);
    // One that is as agreed comes behind them.
    auto last = QDBusMessage::createSignal(QStringLiteral("/org/micguard/MicGuard1"),
                                           QStringLiteral("org.freedesktop.DBus.Properties"),
                                           QStringLiteral("PropertiesChanged"));
    last << QStringLiteral("org.micguard.MicGuard1")
         << QVariantMap{{QStringLiteral("Mode"), QStringLiteral("sever")}} << QStringList();
    out.send(last);
    REQUIRE(untilSo([&] { return panel.mode() == QStringLiteral("sever"); }));
    CHECK(panel.applications()->left() == 500 + 1 - ApplicationModel::most);
}

TEST_CASE("a guard that takes the name over is another one, with nothing of the former", "[panel]") {
    haveApplication();
    const Bus bus;
    const Connection here(bus.address());
    Stranger first, second;
    first.facts = {{QStringLiteral("State"), QStringLiteral("muted")}, {QStringLiteral("Muted"), true}};
    first.objects.insert(app(1), application({{QStringLiteral("Name"), QStringLiteral("One")},
                                              {QStringLiteral("State"), QStringLiteral("silenced")}}));
    second.facts = {{QStringLiteral("State"), QStringLiteral("live")}, {QStringLiteral("Muted"), false}};
    auto owner = std::make_unique<Connection>(bus.address());
    appear(first, *owner);
    Panel panel(here, nullptr);
    REQUIRE(untilSo([&] { return panel.glance() == Panel::MutedAndTried; }));
    owner.reset();
    REQUIRE(untilSo([&] { return !panel.present(); }));
    CHECK(panel.applications()->count() == 0);
    const Connection next(bus.address());
    appear(second, next);
    REQUIRE(untilSo([&] { return panel.glance() == Panel::Live; }));
    CHECK(panel.applications()->count() == 0);
}
