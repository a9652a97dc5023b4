// SPDX-License-Identifier: GPL-3.0-or-later
//
// The guard sends everything from one connection, in order. So signals are subscribed to first and then
// everything is asked for once: what a signal tells before the answer is in the answer, and is left out.
#include "guard.hpp"

#include "call.hpp"

#include <QDBusArgument>

#include <algorithm>

namespace micguard::panel {

namespace {

// The daemon limits what there can be; this is for one that is none.
constexpr qsizetype mostObjects = 10'000;
constexpr qsizetype mostIcons = 200;

quint64 numberOf(const QString& path) {
    return path.mid(path.lastIndexOf(QLatin1Char('/')) + 1).toULongLong();
}

template <typename Value>
QVariantList variants(const QList<Value>& values) {
    QVariantList all;
    for (const Value& value : values)
        all.append(QVariant::fromValue(value));
    return all;
}

} // namespace

Guard::Guard(QObject* parent)
    : Guard(QDBusConnection::sessionBus(), parent) {}

Guard::Guard(const QDBusConnection& bus, QObject* parent)
    : QObject(parent)
    , presence_(bus, nullptr) {
    connect(&presence_, &Presence::ownerChanged, this, &Guard::ownerChanged);
    connect(&presence_, &Presence::startChanged, this, &Guard::presenceChanged);
    connect(&presence_, &Presence::startFailed, this, &Guard::setError);
}

QVariantList Guard::holds() const {
    return variants(facts_.holds);
}

QVariantList Guard::warnings() const {
    return variants(facts_.warnings);
}

QDBusMessage Guard::method(const QString& path, const char* interface, const char* member) const {
    return QDBusMessage::createMethodCall(presence_.owner(), path, QLatin1String(interface),
                                          QLatin1String(member));
}

void Guard::send(const QDBusMessage& message, int patience, Done done) {
    const QString owner = presence_.owner();
    if (owner.isEmpty())
        return;
    call(presence_.bus(), this, message, patience,
         [this, owner, done = std::move(done)](const QDBusMessage& reply) {
             if (owner == presence_.owner())
                 done(reply);
         });
}

void Guard::ownerChanged() {
    if (!heard_.isEmpty())
        listen(heard_, false);
    forget();
    heard_ = presence_.owner();
    if (!heard_.isEmpty()) {
        setError({});
        listen(heard_, true);
        load();
    }
    Q_EMIT presenceChanged();
}

void Guard::listen(const QString& owner, bool begin) {
    QDBusConnection bus = presence_.bus();
    struct Subscription {
        QString path; // empty: of any object
        const char* interface;
        const char* member;
        const char* slot;
    };
    const QString guard = QLatin1String(guardPath);
    const Subscription all[] = {
        {{},
         propertiesInterface,
         "PropertiesChanged",
         SLOT(propertiesChanged(QString, QVariantMap, QStringList, QDBusMessage))},
        {guard, objectsInterface, "InterfacesAdded", SLOT(interfacesAdded(QDBusMessage))},
        {guard, objectsInterface, "InterfacesRemoved", SLOT(interfacesRemoved(QDBusObjectPath, QStringList))},
        {guard, guardInterface, "Blocked", SLOT(someoneBlocked())},
    };
    for (const Subscription& one : all) {
        if (begin)
            bus.connect(owner, one.path, QLatin1String(one.interface), QLatin1String(one.member), this,
                        one.slot);
        else
            bus.disconnect(owner, one.path, QLatin1String(one.interface), QLatin1String(one.member), this,
                           one.slot);
    }
}

void Guard::forget() {
    haveFacts_ = haveObjects_ = false;
    facts_ = {};
    known_.clear();
    streams_.clear();
    sources_.clear();
    wanted_.reset();
    mutesApplications_ = explains_ = true;
    askingBlocked_ = askBlockedAgain_ = false;
    blocked_.show({});
    gather();
}

void Guard::askFacts(std::function<void()> then) {
    QDBusMessage all = method(QLatin1String(guardPath), propertiesInterface, "GetAll");
    all << QLatin1String(guardInterface);
    send(all, untilItGoes, [this, then = std::move(then)](const QDBusMessage& reply) {
        if (failed(reply)) {
            setError(reply.errorMessage());
        } else {
            haveFacts_ = true;
            facts_.read(qdbus_cast<QVariantMap>(reply.arguments().value(0)));
        }
        then();
    });
}

void Guard::load() {
    askFacts([this] {
        gather();
        Q_EMIT presenceChanged();
    });
    send(method(QLatin1String(guardPath), objectsInterface, "GetManagedObjects"), untilItGoes,
         [this](const QDBusMessage& reply) {
             if (failed(reply))
                 return setError(reply.errorMessage());
             haveObjects_ = true;
             const Objects objects = objectsIn(reply.arguments().value(0));
             for (auto object = objects.begin(); object != objects.end(); ++object)
                 readObject(object.key(), object.value());
             gather();
             askBlocked();
             Q_EMIT presenceChanged();
         });
}

void Guard::readObject(const QString& path, const Interfaces& interfaces) {
    for (auto one = interfaces.begin(); one != interfaces.end(); ++one)
        read(path, one.key(), one.value());
}

void Guard::read(const QString& path, const QString& interface, const QVariantMap& properties) {
    if (known_.size() + streams_.size() + sources_.size() > mostObjects)
        return;
    if (interface == QLatin1String(applicationInterface)) {
        Application& application = known_[path];
        application.path = path;
        application.number = numberOf(path);
        application.read(properties);
    } else if (interface == QLatin1String(streamInterface)) {
        streams_[path].read(properties);
    } else if (interface == QLatin1String(sourceInterface)) {
        sources_[path].read(properties);
    }
}

void Guard::propertiesChanged(const QString& interface, const QVariantMap& properties, const QStringList&,
                              const QDBusMessage& message) {
    if (interface == QLatin1String(guardInterface)) {
        if (!haveFacts_)
            return;
        facts_.read(properties);
    } else {
        const QString path = message.path();
        // Of an object that is not known: it went, or comes with the answer.
        if (!haveObjects_ || !(known_.contains(path) || streams_.contains(path) || sources_.contains(path)))
            return;
        read(path, interface, properties);
    }
    gather();
}

void Guard::interfacesAdded(const QDBusMessage& message) {
    if (!haveObjects_)
        return;
    const QList<QVariant> arguments = message.arguments();
    readObject(qvariant_cast<QDBusObjectPath>(arguments.value(0)).path(), interfacesIn(arguments.value(1)));
    gather();
}

void Guard::interfacesRemoved(const QDBusObjectPath& path, const QStringList&) {
    // An object of this guard's has one interface of its own.
    known_.remove(path.path());
    streams_.remove(path.path());
    sources_.remove(path.path());
    gather();
}

void Guard::gather() {
    for (Application& application : known_)
        application.microphones.clear();
    for (const Stream& stream : std::as_const(streams_)) {
        const auto application = known_.find(stream.application);
        const auto source = sources_.constFind(stream.source);
        if (application != known_.end() && source != sources_.cend() &&
            !application->microphones.contains(source->forPeople()))
            application->microphones.append(source->forPeople());
    }
    QList<Application> shown;
    for (Application& application : known_) {
        application.microphones.sort();
        if (application.shown())
            shown.append(application);
        if (!application.iconName.isEmpty() && icons_.size() < mostIcons)
            icons_.insert(application.appId, application.iconName);
    }
    listeners_.clear();
    triers_.clear();
    asked_ = false;
    std::ranges::sort(shown, {}, &Application::number);
    for (const Application& application : std::as_const(shown)) {
        const QString name = application.name.isEmpty() ? application.appId : application.name;
        if (application.hears())
            listeners_.append(name);
        else if (application.wouldHear())
            triers_.append(name);
        asked_ = asked_ || application.state == QLatin1String("pending");
    }
    applications_.show(std::move(shown));

    if (!ready())
        glance_ = Absent;
    else if (facts_.state == QLatin1String("degraded"))
        glance_ = Degraded;
    else if (facts_.state == QLatin1String("muted"))
        glance_ = triers_.isEmpty() ? Muted : MutedAndTried;
    else // "muting" is not muted yet
        glance_ = listeners_.isEmpty() ? Live : InUse;
    Q_EMIT changed();
}

void Guard::setMuted(bool muted) {
    if (!ready())
        return;
    wanted_ = muted;
    const quint64 click = ++clicks_;
    QDBusMessage order = method(QLatin1String(guardPath), guardInterface, "SetMuted");
    order << muted;
    send(order, changePatience, [this, click](const QDBusMessage& reply) {
        setError(failed(reply) ? reply.errorMessage() : QString());
        if (click != clicks_)
            return; // another click has followed
        // The properties show it before the reply, but their signal comes behind it: what is so is asked for,
        // or the switch would go back for a moment, and a click in that moment would do the wrong thing.
        askFacts([this, click] {
            if (click == clicks_)
                wanted_.reset();
            gather();
        });
    });
    Q_EMIT changed();
}

void Guard::toggle() {
    setMuted(!wanted());
}

void Guard::setApplicationMuted(const QString& path, bool muted) {
    QDBusMessage order = method(path, applicationInterface, "SetMuted");
    order << muted;
    send(order, changePatience, [this](const QDBusMessage& reply) {
        if (unknownThere(reply))
            mutesApplications_ = false;
        setError(failed(reply) ? reply.errorMessage() : QString());
        // Also if refused: the switch goes back to what is so.
        Q_EMIT changed();
    });
}

void Guard::answer(const QString& path, bool allow, const QString& scope) {
    QDBusMessage order = method(path, applicationInterface, "Answer");
    order << allow << scope;
    send(order, changePatience,
         [this](const QDBusMessage& reply) { setError(failed(reply) ? reply.errorMessage() : QString()); });
}

QString Guard::microphoneNamed(const QString& name) const {
    for (const Source& source : sources_)
        if (source.name == name)
            return source.forPeople();
    return name;
}

void Guard::explain(const QString& path) {
    QDBusMessage question = method(QLatin1String(guardPath), guardInterface, "Explain");
    question << path;
    send(question, changePatience, [this, path](const QDBusMessage& reply) {
        if (unknownThere(reply)) {
            explains_ = false;
            Q_EMIT changed();
        }
        if (failed(reply))
            return;
        const auto answer = qdbus_cast<QVariantMap>(reply.arguments().value(0));
        QVariantList verdicts;
        for (const QVariantMap& verdict : dictionariesIn(answer.value(QStringLiteral("verdicts"))))
            verdicts.append(QVariantMap{
                {QStringLiteral("microphone"),
                 microphoneNamed(verdict.value(QStringLiteral("source")).toString())},
                {QStringLiteral("verdict"), verdict.value(QStringLiteral("verdict"))},
                {QStringLiteral("reason"), verdict.value(QStringLiteral("reason"))},
                {QStringLiteral("muted"), verdict.value(QStringLiteral("muted"))},
                {QStringLiteral("rule"), verdict.value(QStringLiteral("rule"))},
                {QStringLiteral("others"), verdict.value(QStringLiteral("others"))},
            });
        Q_EMIT explained(path, verdicts);
    });
}

void Guard::start() {
    setError({});
    presence_.start();
}

void Guard::clearError() {
    setError({});
}

void Guard::setError(const QString& error) {
    if (error == error_)
        return;
    error_ = error;
    Q_EMIT errorChanged();
}

void Guard::someoneBlocked() {
    askBlocked();
}

// One question at a time, however often somebody is blocked.
void Guard::askBlocked() {
    if (!haveObjects_)
        return;
    if (askingBlocked_) {
        askBlockedAgain_ = true;
        return;
    }
    askingBlocked_ = true;
    QDBusMessage question = method(QLatin1String(guardPath), guardInterface, "History");
    question << QVariantMap{{QStringLiteral("kinds"), QStringList{QStringLiteral("block")}},
                            {QStringLiteral("limit"), 20U}};
    send(question, untilItGoes, [this](const QDBusMessage& reply) {
        askingBlocked_ = false;
        // Off, locked or older: then there is nothing to show, and nothing wrong.
        showBlocked(failed(reply) ? QList<QVariantMap>() : dictionariesIn(reply.arguments().value(0)));
        if (askBlockedAgain_) {
            askBlockedAgain_ = false;
            askBlocked();
        }
    });
}

void Guard::showBlocked(const QList<QVariantMap>& entries) {
    QList<Blocked> rows;
    for (const QVariantMap& entry : entries) {
        const quint64 last = std::max(entry.value(QStringLiteral("start")).toULongLong(),
                                      entry.value(QStringLiteral("end")).toULongLong());
        const Blocked row{.appId = entry.value(QStringLiteral("app")).toString(),
                          .name = entry.value(QStringLiteral("name")).toString(),
                          .iconName = icons_.value(entry.value(QStringLiteral("app")).toString()),
                          .reason = entry.value(QStringLiteral("reason")).toString(),
                          .when = timeOf(last),
                          .times = std::max<quint64>(entry.value(QStringLiteral("count")).toULongLong(), 1)};
        const auto same = std::ranges::find(rows, row.appId, &Blocked::appId);
        if (same == rows.end())
            rows.append(row);
        else
            same->times += row.times;
    }
    std::ranges::stable_sort(rows, std::ranges::greater(), &Blocked::when);
    blocked_.show(std::move(rows));
}

} // namespace micguard::panel
