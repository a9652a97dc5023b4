// SPDX-License-Identifier: GPL-3.0-or-later
#include "blocked_model.hpp"

namespace micguard::panel {

void BlockedModel::show(QList<Blocked> rows) {
    rows.resize(std::min(rows.size(), most));
    if (rows == rows_)
        return;
    const bool resized = rows.size() != rows_.size();
    beginResetModel();
    rows_ = std::move(rows);
    endResetModel();
    if (resized)
        Q_EMIT countChanged();
}

int BlockedModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : count();
}

QVariant BlockedModel::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const Blocked& blocked = rows_[index.row()];
    switch (role) {
    case AppIdRole:
        return blocked.appId;
    case Qt::DisplayRole:
    case NameRole:
        return blocked.name.isEmpty() ? blocked.appId : blocked.name;
    case IconNameRole:
        return blocked.iconName;
    case ReasonRole:
        return blocked.reason;
    case WhenRole:
        return blocked.when;
    case TimesRole:
        return blocked.times;
    default:
        return {};
    }
}

QHash<int, QByteArray> BlockedModel::roleNames() const {
    return {{AppIdRole, "appId"},   {NameRole, "appName"}, {IconNameRole, "iconName"},
            {ReasonRole, "reason"}, {WhenRole, "when"},    {TimesRole, "times"}};
}

} // namespace micguard::panel
