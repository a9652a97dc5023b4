// SPDX-License-Identifier: GPL-3.0-or-later
//
// "import org.micguard.panel": the applet's types. Nothing is on the bus before QML makes one.
#include "guard.hpp"
#include "settings.hpp"

#include <QQmlEngine>
#include <QQmlExtensionPlugin>

namespace micguard::panel {

class Plugin : public QQmlExtensionPlugin {
    Q_OBJECT
    // QQmlExtensionInterface_iid in full: meson tells moc of no system include folders, where the macro is.
    Q_PLUGIN_METADATA(IID "org.qt-project.Qt.QQmlExtensionInterface/1.0")

  public:
    void registerTypes(const char* uri) override {
        qmlRegisterType<Guard>(uri, 1, 0, "Guard");
        qmlRegisterType<Settings>(uri, 1, 0, "Settings");
        qmlRegisterUncreatableType<ApplicationModel>(uri, 1, 0, "ApplicationModel",
                                                     QStringLiteral("a Guard has one"));
        qmlRegisterUncreatableType<BlockedModel>(uri, 1, 0, "BlockedModel",
                                                 QStringLiteral("a Guard has one"));
    }
};

} // namespace micguard::panel

#include "plugin.moc"
