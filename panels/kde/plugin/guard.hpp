// SPDX-License-Identifier: GPL-3.0-or-later
//
// The guard as the panel shows it: its state with change signals, its applications as models, and its calls.
// Decides nothing. One for each applet; with the applet everything that it watches on the bus goes. Main
// thread.
#pragma once

#include "application_model.hpp"
#include "blocked_model.hpp"
#include "presence.hpp"
#include "values.hpp"

#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusObjectPath>
#include <QHash>
#include <QObject>

#include <functional>
#include <optional>

namespace micguard::panel {

class Guard : public QObject {
    Q_OBJECT
    Q_PROPERTY(bool present READ present NOTIFY presenceChanged)
    Q_PROPERTY(bool ready READ ready NOTIFY presenceChanged)
    Q_PROPERTY(bool startable READ startable NOTIFY presenceChanged)
    Q_PROPERTY(bool starting READ starting NOTIFY presenceChanged)
    Q_PROPERTY(Glance glance READ glance NOTIFY changed)
    Q_PROPERTY(bool muted READ muted NOTIFY changed)
    Q_PROPERTY(bool wanted READ wanted NOTIFY changed)
    Q_PROPERTY(bool busy READ busy NOTIFY changed)
    Q_PROPERTY(QDateTime mutedSince READ mutedSince NOTIFY changed)
    Q_PROPERTY(QString mode READ mode NOTIFY changed)
    Q_PROPERTY(bool connected READ connected NOTIFY changed)
    Q_PROPERTY(QVariantList holds READ holds NOTIFY changed)
    Q_PROPERTY(QVariantList warnings READ warnings NOTIFY changed)
    Q_PROPERTY(QString version READ version NOTIFY changed)
    Q_PROPERTY(QStringList listeners READ listeners NOTIFY changed)
    Q_PROPERTY(QStringList triers READ triers NOTIFY changed)
    Q_PROPERTY(bool asked READ asked NOTIFY changed)
    Q_PROPERTY(bool mutesApplications READ mutesApplications NOTIFY changed)
    Q_PROPERTY(bool explains READ explains NOTIFY changed)
    Q_PROPERTY(micguard::panel::ApplicationModel* applications READ applications CONSTANT)
    Q_PROPERTY(micguard::panel::BlockedModel* blocked READ blocked CONSTANT)
    Q_PROPERTY(QString error READ error NOTIFY errorChanged)

  public:
    // What the icon shows. Degraded: a mute is wanted and cannot be vouched for, or the guard has lost sight.
    enum Glance { Absent, Live, InUse, Muted, MutedAndTried, Degraded };
    Q_ENUM(Glance)

    explicit Guard(QObject* parent = nullptr);
    Guard(const QDBusConnection& bus, QObject* parent);

    bool present() const { return !presence_.owner().isEmpty(); }
    bool ready() const { return haveFacts_ && haveObjects_; } // all that is shown is the guard's word
    bool startable() const { return presence_.startable(); }
    bool starting() const { return presence_.starting(); }
    Glance glance() const { return glance_; }
    bool muted() const { return facts_.muted; }
    bool wanted() const { return wanted_.value_or(facts_.muted); } // what the last click asked for
    bool busy() const { return wanted_.has_value(); }
    QDateTime mutedSince() const { return facts_.mutedSince; }
    QString mode() const { return facts_.mode; }
    bool connected() const { return facts_.connected; }
    QVariantList holds() const;
    QVariantList warnings() const;
    QString version() const { return facts_.version; }
    QStringList listeners() const { return listeners_; }          // names, of those who receive sound
    QStringList triers() const { return triers_; }                // of those who would
    bool asked() const { return asked_; }                         // somebody waits for an answer
    bool mutesApplications() const { return mutesApplications_; } // an older guard cannot
    bool explains() const { return explains_; }
    ApplicationModel* applications() { return &applications_; }
    BlockedModel* blocked() { return &blocked_; }
    QString error() const { return error_; } // of the last call that failed, for people

    Q_INVOKABLE void setMuted(bool muted);
    Q_INVOKABLE void toggle(); // the opposite of `wanted`
    Q_INVOKABLE void setApplicationMuted(const QString& path, bool muted);
    Q_INVOKABLE void answer(const QString& path, bool allow, const QString& scope);
    // Answered by `explained`.
    Q_INVOKABLE void explain(const QString& path);
    Q_INVOKABLE void start();
    Q_INVOKABLE void clearError();

  Q_SIGNALS:
    void presenceChanged();
    void changed();
    void errorChanged();
    // One line of text for each microphone: {microphone, verdict, reason, muted, rule, others}.
    void explained(const QString& path, const QVariantList& verdicts);

  private Q_SLOTS:
    void propertiesChanged(const QString& interface, const QVariantMap& properties,
                           const QStringList& invalidated, const QDBusMessage& message);
    void interfacesAdded(const QDBusMessage& message);
    void interfacesRemoved(const QDBusObjectPath& path, const QStringList& interfaces);
    void someoneBlocked();

  private:
    using Done = std::function<void(const QDBusMessage&)>;

    void ownerChanged();
    void listen(const QString& owner, bool begin);
    void askFacts(std::function<void()> then); // also if refused; not if the guard goes meanwhile
    void load();
    void forget();
    void read(const QString& path, const QString& interface, const QVariantMap& properties);
    void readObject(const QString& path, const Interfaces& interfaces);
    void gather(); // what is shown, from what is known
    void askBlocked();
    void showBlocked(const QList<QVariantMap>& entries);
    void setError(const QString& error);
    QString microphoneNamed(const QString& name) const;

    QDBusMessage method(const QString& path, const char* interface, const char* member) const;
    // Nothing is called while nobody is there; `done` does not hear of a guard that is gone.
    void send(const QDBusMessage& message, int patience, Done done);

    Presence presence_;
    QString heard_; // the owner whose signals are subscribed to
    bool haveFacts_ = false, haveObjects_ = false;
    GuardFacts facts_;
    QHash<QString, Application> known_;
    QHash<QString, Stream> streams_;
    QHash<QString, Source> sources_;
    bool mutesApplications_ = true, explains_ = true;
    bool askingBlocked_ = false, askBlockedAgain_ = false;

    ApplicationModel applications_;
    BlockedModel blocked_;
    QHash<QString, QString> icons_; // of the blocked: AppId to icon, as long as it was seen
    std::optional<bool> wanted_;
    quint64 clicks_ = 0;
    Glance glance_ = Absent;
    QStringList listeners_, triers_;
    bool asked_ = false;
    QString error_;
};

} // namespace micguard::panel
