// SPDX-License-Identifier: GPL-3.0-or-later
//
// The popup's head: what is so, in a sentence, and the one big switch.
import QtQuick
import QtQuick.Layouts
import org.kde.kirigami as Kirigami
import org.kde.plasma.components as PlasmaComponents
import org.kde.plasma.plasmoid
import org.micguard.panel

PlasmaComponents.ItemDelegate {
    id: toggle

    required property Guard guard
    required property PlasmoidItem applet

    enabled: guard.ready
    padding: Kirigami.Units.largeSpacing
    onClicked: guard.setMuted(!guard.wanted)

    Accessible.role: Accessible.CheckBox
    Accessible.checkable: true
    Accessible.checked: guard.wanted
    Accessible.name: i18nc("@option:check accessible name", "Mute all microphones")
    Accessible.description: applet.summary + ". " + applet.details
    Accessible.onToggleAction: clicked()
    Accessible.onPressAction: clicked()

    Keys.onReturnPressed: clicked()
    Keys.onEnterPressed: clicked()

    contentItem: RowLayout {
        spacing: Kirigami.Units.largeSpacing

        Kirigami.Icon {
            Layout.preferredWidth: Kirigami.Units.iconSizes.medium
            Layout.preferredHeight: Kirigami.Units.iconSizes.medium
            source: toggle.applet.Plasmoid.icon + "-symbolic"
            fallback: "audio-input-microphone"
        }
        ColumnLayout {
            Layout.fillWidth: true
            spacing: 0

            Kirigami.Heading {
                Layout.fillWidth: true
                level: 4
                text: toggle.applet.summary
                textFormat: Text.PlainText
                elide: Text.ElideRight
            }
            PlasmaComponents.Label {
                Layout.fillWidth: true
                visible: text !== ""
                text: toggle.applet.details
                textFormat: Text.PlainText
                font: Kirigami.Theme.smallFont
                opacity: 0.75
                elide: Text.ElideRight
                maximumLineCount: 2
                wrapMode: Text.Wrap
            }
        }
        PlasmaComponents.BusyIndicator {
            Layout.preferredWidth: Kirigami.Units.iconSizes.smallMedium
            Layout.preferredHeight: Kirigami.Units.iconSizes.smallMedium
            visible: toggle.guard.busy && patience.passed
            running: visible

            // Most mutes take milliseconds: nothing should flicker for those.
            Timer {
                id: patience

                property bool passed: false

                interval: Kirigami.Units.humanMoment / 4
                running: toggle.guard.busy
                onRunningChanged: passed = false
                onTriggered: passed = true
            }
        }
        PlasmaComponents.Label {
            text: i18nc("@option:check all microphones", "Mute")
        }
        PlasmaComponents.Switch {
            // The whole head is the switch.
            enabled: toggle.enabled
            checked: toggle.guard.wanted
            focusPolicy: Qt.NoFocus
            onToggled: {
                toggle.guard.setMuted(checked);
                checked = Qt.binding(() => toggle.guard.wanted);
            }
            Accessible.ignored: true
        }
    }
}
