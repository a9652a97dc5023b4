// SPDX-License-Identifier: GPL-3.0-or-later
//
// Who was kept from a microphone of late: the newest "block" entries of the guard's history, one for each
// application.
#pragma once

#include <QAbstractListModel>
#include <QDateTime>
#include <QString>

namespace micguard::panel {

struct Blocked {
    QString appId;
    QString name;
    QString iconName;
    QString reason;
    QDateTime when;
    quint64 times = 1;
    bool operator==(const Blocked&) const = default;
};

class BlockedModel : public QAbstractListModel {
    Q_OBJECT
    Q_PROPERTY(int count READ count NOTIFY countChanged)

  public:
    enum Role { AppIdRole = Qt::UserRole + 1, NameRole, IconNameRole, ReasonRole, WhenRole, TimesRole };
    Q_ENUM(Role)

    static constexpr qsizetype most = 5;

    using QAbstractListModel::QAbstractListModel;

    int count() const { return static_cast<int>(rows_.size()); }
    void show(QList<Blocked> rows); // at most `most` of them

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QHash<int, QByteArray> roleNames() const override;

  Q_SIGNALS:
    void countChanged();

  private:
    QList<Blocked> rows_;
};

} // namespace micguard::panel
