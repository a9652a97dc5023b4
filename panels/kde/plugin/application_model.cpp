// SPDX-License-Identifier: GPL-3.0-or-later
#include "application_model.hpp"

#include <algorithm>

namespace micguard::panel {

void ApplicationModel::show(QList<Application> applications) {
    std::ranges::sort(applications, {}, &Application::number);
    const qsizetype shown = std::min(applications.size(), most);
    const auto before = std::pair(rows_.size(), left_);
    left_ = static_cast<int>(applications.size() - shown);
    applications.resize(shown);

    qsizetype row = 0;
    for (const Application& wanted : applications) {
        while (row < rows_.size() && rows_[row].number < wanted.number) {
            beginRemoveRows({}, static_cast<int>(row), static_cast<int>(row));
            rows_.removeAt(row);
            endRemoveRows();
        }
        if (row == rows_.size() || rows_[row].number != wanted.number) {
            beginInsertRows({}, static_cast<int>(row), static_cast<int>(row));
            rows_.insert(row, wanted);
            endInsertRows();
        } else if (rows_[row] != wanted) {
            rows_[row] = wanted;
            const QModelIndex changed = index(static_cast<int>(row));
            Q_EMIT dataChanged(changed, changed);
        }
        ++row;
    }
    if (row < rows_.size()) {
        beginRemoveRows({}, static_cast<int>(row), static_cast<int>(rows_.size()) - 1);
        rows_.resize(row);
        endRemoveRows();
    }
    if (before != std::pair(rows_.size(), left_))
        Q_EMIT countChanged();
}

int ApplicationModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : count();
}

QVariant ApplicationModel::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const Application& application = rows_[index.row()];
    switch (role) {
    case PathRole:
        return application.path;
    case AppIdRole:
        return application.appId;
    case Qt::DisplayRole:
    case NameRole:
        return application.name.isEmpty() ? application.appId : application.name;
    case IconNameRole:
        return application.iconName;
    case IdentityRole:
        return application.identity;
    case StateRole:
        return application.state;
    case ReasonRole:
        return application.reason;
    case SinceRole:
        return application.since;
    case MutedRole:
        return application.muted;
    case MicrophonesRole:
        return application.microphones;
    default:
        return {};
    }
}

QHash<int, QByteArray> ApplicationModel::roleNames() const {
    // Not "state", "name" and the like: a delegate has properties of those names.
    return {{PathRole, "path"},           {AppIdRole, "appId"},
            {NameRole, "appName"},        {IconNameRole, "iconName"},
            {IdentityRole, "identity"},   {StateRole, "access"},
            {ReasonRole, "reason"},       {SinceRole, "since"},
            {MutedRole, "mutedByItself"}, {MicrophonesRole, "microphones"}};
}

} // namespace micguard::panel
