// SPDX-License-Identifier: GPL-3.0-or-later
//
// The last ones that asked for a microphone and were kept from it, by the guard's history.
import QtQuick
import QtQuick.Layouts
import org.kde.coreaddons as KCoreAddons
import org.kde.kirigami as Kirigami
import org.kde.plasma.components as PlasmaComponents
import org.kde.plasma.extras as PlasmaExtras
import org.micguard.panel

ColumnLayout {
    id: blocked

    required property Guard guard
    required property int more

    // Counts minutes while it is looked at, so that "a minute ago" does not stay so.
    property int minute: 0

    spacing: 0

    Timer {
        interval: 60000
        repeat: true
        running: blocked.visible && blocked.guard.blocked.count > 0 && blocked.Window.visibility !== Window.Hidden
        onTriggered: blocked.minute++
    }

    PlasmaComponents.Label {
        Layout.fillWidth: true
        Layout.margins: Kirigami.Units.smallSpacing
        visible: blocked.more > 0
        text: i18ncp("@info applications that are not shown", "and %1 more", "and %1 more", blocked.more)
        opacity: 0.75
    }
    PlasmaExtras.ListSectionHeader {
        Layout.fillWidth: true
        visible: blocked.guard.ready && blocked.guard.blocked.count > 0
        text: i18nc("@title:group", "Kept from a microphone")
    }
    Repeater {
        model: blocked.guard.ready ? blocked.guard.blocked : null
        delegate: RowLayout {
            id: entry

            required property string appName
            required property string iconName
            required property string reason
            required property date when
            required property int times

            readonly property string what: {
                const ago = blocked.minute >= 0 ? KCoreAddons.Format.formatRelativeDateTime(when, Locale.ShortFormat) : "";
                return times > 1 ? i18ncp("@info:status when, how often, why", "%2, %1 time: %3", "%2, %1 times: %3", times, ago, reason)
                                 : i18nc("@info:status when, why", "%1: %2", ago, reason);
            }

            Layout.fillWidth: true
            Layout.margins: Kirigami.Units.smallSpacing
            spacing: Kirigami.Units.largeSpacing

            Accessible.role: Accessible.ListItem
            Accessible.name: appName
            Accessible.description: what

            Kirigami.Icon {
                Layout.preferredWidth: Kirigami.Units.iconSizes.medium
                Layout.preferredHeight: Kirigami.Units.iconSizes.medium
                source: entry.iconName || "application-x-executable"
                fallback: "application-x-executable"
            }
            ColumnLayout {
                Layout.fillWidth: true
                spacing: 0

                PlasmaComponents.Label {
                    Layout.fillWidth: true
                    text: entry.appName
                    textFormat: Text.PlainText
                    elide: Text.ElideRight
                }
                PlasmaComponents.Label {
                    Layout.fillWidth: true
                    text: entry.what
                    textFormat: Text.PlainText
                    font: Kirigami.Theme.smallFont
                    opacity: 0.75
                    elide: Text.ElideRight
                }
            }
        }
    }
}
