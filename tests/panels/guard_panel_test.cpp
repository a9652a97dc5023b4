// SPDX-License-Identifier: GPL-3.0-or-later
// What the Plasma applet stands on, against the real daemon, PipeWire and clients.
#include "panels/kde/plugin/guard.hpp"
#include "panels/kde/plugin/settings.hpp"
#include "tests/panels/qt_events.hpp"
#include "tests/session/trial.hpp"
#include "tests/support/guard.hpp"

#include <csignal>

#include <catch2/catch_test_macros.hpp>

using namespace micguard::test;
using Panel = micguard::panel::Guard;
using micguard::panel::ApplicationModel;
using micguard::panel::BlockedModel;

namespace {

SessionOptions tone() {
    return guardedSession({MicKind::tone});
}

bool shows(Panel& panel, Panel::Glance glance) {
    return untilSo([&] { return panel.glance() == glance; });
}

QVariant cell(QAbstractItemModel& model, int row, int role) {
    return model.data(model.index(row, 0), role);
}

bool says(ApplicationModel& model, const QString& state) {
    return untilSo([&] {
        return model.count() == 1 && cell(model, 0, ApplicationModel::StateRole).toString() == state;
    });
}

} // namespace

TEST_CASE("the panel shows what is so, and its toggle mutes for real", "[panel]") {
    PrivateSession session(tone());
    const Connection bus(session.busAddress());
    Panel panel(bus, nullptr);
    REQUIRE(shows(panel, Panel::Live));
    CHECK(panel.ready());
    CHECK_FALSE(panel.version().isEmpty());

    auto listener = nativeListener(session, {.target = "tone"});
    listener->start();
    REQUIRE(listener->waitAudible(0));
    REQUIRE(shows(panel, Panel::InUse));
    CHECK(panel.listeners().size() == 1);

    panel.setMuted(true);
    CHECK(panel.wanted());
    CHECK(panel.busy());
    REQUIRE(untilSo([&] { return !panel.busy(); }));
    CHECK(panel.muted());
    CHECK(panel.glance() == Panel::MutedAndTried);
    session.setPhase(1);
    REQUIRE(listener->waitSamples(48000));
    CHECK(listener->snapshot().audible[1] == 0);

    panel.toggle();
    REQUIRE(shows(panel, Panel::InUse));
    CHECK(listener->waitAudible(1));
    listener->stop();
    CHECK(shows(panel, Panel::Live));
    CHECK(panel.error().isEmpty());
}

TEST_CASE("two fast clicks end where they began", "[panel]") {
    PrivateSession session(tone());
    const Connection bus(session.busAddress());
    Panel panel(bus, nullptr);
    Guard guard(session);
    REQUIRE(shows(panel, Panel::Live));
    for (unsigned clicks = 2; clicks < 12; clicks++) {
        INFO(clicks << " clicks");
        const bool before = panel.muted();
        for (unsigned click = 0; click < clicks; click++)
            panel.toggle();
        REQUIRE(untilSo([&] { return !panel.busy(); }));
        CHECK(panel.muted() == (clicks % 2 == 0 ? before : !before));
        CHECK(guard.muted() == panel.muted());
    }
}

TEST_CASE("an application has its row, its own switch, and a reason", "[panel]") {
    PrivateSession session(tone());
    const Connection bus(session.busAddress());
    Panel panel(bus, nullptr);
    REQUIRE(shows(panel, Panel::Live));
    auto listener = nativeListener(session, {.target = "tone"});
    listener->start();
    REQUIRE(listener->waitAudible(0));
    ApplicationModel& rows = *panel.applications();
    REQUIRE(says(rows, QStringLiteral("capturing")));
    CHECK_FALSE(cell(rows, 0, ApplicationModel::NameRole).toString().isEmpty());
    CHECK(cell(rows, 0, ApplicationModel::MicrophonesRole).toStringList().size() == 1);
    const QString path = cell(rows, 0, ApplicationModel::PathRole).toString();

    panel.setApplicationMuted(path, true);
    REQUIRE(says(rows, QStringLiteral("silenced")));
    CHECK(untilSo([&] { return cell(rows, 0, ApplicationModel::MutedRole).toBool(); }));
    CHECK(panel.glance() == Panel::Live); // nobody receives sound any more
    session.setPhase(1);
    REQUIRE(listener->waitSamples(48000));
    CHECK(listener->snapshot().audible[1] == 0);

    QVariantList verdicts;
    QObject::connect(&panel, &Panel::explained, [&](const QString& about, const QVariantList& answer) {
        if (about == path)
            verdicts = answer;
    });
    panel.explain(path);
    REQUIRE(untilSo([&] { return !verdicts.isEmpty(); }));
    CHECK(verdicts[0].toMap().value(QStringLiteral("microphone")).toString() ==
          cell(rows, 0, ApplicationModel::MicrophonesRole).toStringList().value(0));
    const QVariantMap verdict = verdicts[0].toMap();
    CHECK((verdict.value(QStringLiteral("reason")).toString() +
           verdict.value(QStringLiteral("muted")).toString())
              .contains(QStringLiteral("muted")));

    panel.setApplicationMuted(path, false);
    REQUIRE(says(rows, QStringLiteral("capturing")));
    CHECK(listener->waitAudible(1));
    listener->stop();
    CHECK(untilSo([&] { return rows.count() == 0; }));
}

TEST_CASE("who asked while muted is among the blocked", "[panel]") {
    PrivateSession session(tone());
    const Connection bus(session.busAddress());
    Panel panel(bus, nullptr);
    REQUIRE(shows(panel, Panel::Live));
    CHECK(panel.blocked()->count() == 0);
    panel.setMuted(true);
    REQUIRE(shows(panel, Panel::Muted));
    auto listener = nativeListener(session, {.target = "tone"});
    listener->start();
    REQUIRE(shows(panel, Panel::MutedAndTried));
    CHECK(panel.triers().size() == 1);
    REQUIRE(untilSo([&] { return panel.blocked()->count() == 1; }));
    CHECK_FALSE(cell(*panel.blocked(), 0, BlockedModel::NameRole).toString().isEmpty());
    CHECK(
        cell(*panel.blocked(), 0, BlockedModel::WhenRole).toDateTime().secsTo(QDateTime::currentDateTime()) <
        60);
}

TEST_CASE("a question is shown, and its answer is in force", "[panel]") {
    SessionOptions options = tone();
    options.micguardConfig = "[[rule]]\nmatch = { executable = \"*/mg-listen\" }\naction = \"ask\"\n";
    PrivateSession session(options);
    const Connection bus(session.busAddress());
    Panel panel(bus, nullptr);
    REQUIRE(untilSo([&] { return panel.ready(); }));
    auto listener = nativeListener(session, {.target = "tone"});
    listener->start();
    ApplicationModel& rows = *panel.applications();
    REQUIRE(says(rows, QStringLiteral("pending")));
    CHECK(panel.asked());
    const QString path = cell(rows, 0, ApplicationModel::PathRole).toString();
    panel.answer(path, true, QStringLiteral("run"));
    const bool heard = listener->waitAudible(0);
    INFO("answered " << path.toStdString() << ", the guard says: " << panel.error().toStdString());
    CHECK(heard);
    CHECK(says(rows, QStringLiteral("capturing")));
    CHECK_FALSE(panel.asked());
}

TEST_CASE("a guard that dies, comes back, or hangs", "[panel]") {
    PrivateSession session(tone());
    const Connection bus(session.busAddress());
    Panel panel(bus, nullptr);
    REQUIRE(shows(panel, Panel::Live));
    panel.setMuted(true);
    REQUIRE(shows(panel, Panel::Muted));

    session.kill(Daemon::micguardd);
    REQUIRE(shows(panel, Panel::Absent));
    CHECK_FALSE(panel.present());
    CHECK_FALSE(panel.busy());
    panel.toggle(); // nobody hears it, and nobody is started
    panel.setApplicationMuted(QStringLiteral("/org/micguard/MicGuard1/apps/1"), true);
    settle(bus);
    CHECK_FALSE(panel.present());

    session.start(Daemon::micguardd);
    REQUIRE(shows(panel, Panel::Muted));
    CHECK(panel.error().isEmpty());

    // A second panel that comes while the guard hangs waits for it, and says so.
    REQUIRE(::kill(session.pid(Daemon::micguardd), SIGSTOP) == 0);
    Panel second(bus, nullptr);
    REQUIRE(untilSo([&] { return second.present(); }));
    settle(bus);
    CHECK_FALSE(second.ready());
    CHECK(second.glance() == Panel::Absent);
    panel.setMuted(false);
    CHECK(panel.busy());
    REQUIRE(::kill(session.pid(Daemon::micguardd), SIGCONT) == 0);
    CHECK(shows(second, Panel::Live));
    CHECK(shows(panel, Panel::Live));
}

TEST_CASE("what the guard refuses is said, and the switch goes back", "[panel]") {
    SessionOptions options = tone();
    options.micguardConfig = "[mute]\nmode = \"silence\"\n";
    PrivateSession session(options);
    const Connection bus(session.busAddress());
    Panel panel(bus, nullptr);
    REQUIRE(shows(panel, Panel::Live));
    panel.answer(QStringLiteral("/org/micguard/MicGuard1/apps/999"), true, QStringLiteral("once"));
    REQUIRE(untilSo([&] { return !panel.error().isEmpty(); }));
    panel.setMuted(true);
    CHECK(untilSo([&] { return panel.error().isEmpty(); })); // what works makes it moot
}

TEST_CASE("settings are the guard's own", "[panel]") {
    PrivateSession session(tone());
    const Connection bus(session.busAddress());
    micguard::panel::Settings settings(bus, nullptr);
    REQUIRE(untilSo([&] { return !settings.values().isEmpty(); }));
    CHECK(settings.values().value(QStringLiteral("mute.mode")).toString() == QStringLiteral("silence"));
    CHECK(settings.values().value(QStringLiteral("mute.on-lock")) == QVariant(false));

    bool saved = false;
    QObject::connect(&settings, &micguard::panel::Settings::saved, [&] { saved = true; });
    // A number as JavaScript has it.
    settings.save({{QStringLiteral("mute.on-lock"), true}, {QStringLiteral("history.keep-days"), 30.0}});
    REQUIRE(untilSo([&] { return saved; }));
    CHECK(settings.error().toStdString().empty());
    REQUIRE(
        untilSo([&] { return settings.values().value(QStringLiteral("mute.on-lock")) == QVariant(true); }));
    CHECK(settings.values().value(QStringLiteral("history.keep-days")).toLongLong() == 30);

    saved = false;
    settings.save(
        {{QStringLiteral("mute.mode"), QStringLiteral("loud")}, {QStringLiteral("mute.led"), false}});
    REQUIRE(untilSo([&] { return saved; }));
    CHECK(settings.error().contains(QStringLiteral("mute.mode")));
    REQUIRE(untilSo([&] { return settings.values().value(QStringLiteral("mute.led")) == QVariant(false); }));
    CHECK(settings.values().value(QStringLiteral("mute.mode")).toString() == QStringLiteral("silence"));
}

TEST_CASE("a panel that goes leaves nothing on the bus", "[panel]") {
    PrivateSession session(tone());
    const Connection bus(session.busAddress());
    const Connection witness(session.busAddress());
    const QString name = QStringLiteral("MicGuard1");
    const int before = matchRules(witness, name);
    {
        Panel panel(bus, nullptr);
        micguard::panel::Settings settings(bus, nullptr);
        REQUIRE(shows(panel, Panel::Live));
        CHECK(matchRules(witness, name) > before);
        session.restart(Daemon::micguardd);
        REQUIRE(shows(panel, Panel::Live));
    }
    CHECK(untilSo([&] { return matchRules(witness, name) == before; }));
}
