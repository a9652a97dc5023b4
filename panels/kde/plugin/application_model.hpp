// SPDX-License-Identifier: GPL-3.0-or-later
//
// The applications that use a microphone, or would, in the order in which they came. A row that stays is
// never made anew, or the popup's keyboard focus would go with it.
#pragma once

#include "values.hpp"

#include <QAbstractListModel>

namespace micguard::panel {

class ApplicationModel : public QAbstractListModel {
    Q_OBJECT
    Q_PROPERTY(int count READ count NOTIFY countChanged)
    Q_PROPERTY(int left READ left NOTIFY countChanged)

  public:
    enum Role {
        PathRole = Qt::UserRole + 1,
        AppIdRole,
        NameRole,
        IconNameRole,
        IdentityRole,
        StateRole,
        ReasonRole,
        SinceRole,
        MutedRole,
        MicrophonesRole,
    };
    Q_ENUM(Role)

    // Nobody reads more rows than these; whoever starts a thousand clients does not fill the popup's memory.
    static constexpr qsizetype most = 100;

    using QAbstractListModel::QAbstractListModel;

    int count() const { return static_cast<int>(rows_.size()); }
    int left() const { return left_; } // not shown, beyond `most`

    void show(QList<Application> applications); // in any order

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QHash<int, QByteArray> roleNames() const override;

  Q_SIGNALS:
    void countChanged();

  private:
    QList<Application> rows_;
    int left_ = 0;
};

} // namespace micguard::panel
