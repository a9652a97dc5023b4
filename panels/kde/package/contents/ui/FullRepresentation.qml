// SPDX-License-Identifier: GPL-3.0-or-later
//
// The popup: the toggle, who uses a microphone, who was blocked.
import QtQuick
import QtQuick.Layouts
import org.kde.kirigami as Kirigami
import org.kde.plasma.components as PlasmaComponents
import org.kde.plasma.extras as PlasmaExtras
import org.kde.plasma.plasmoid
import org.micguard.panel

PlasmaExtras.Representation {
    id: full

    required property Guard guard
    required property PlasmoidItem applet

    Layout.minimumWidth: Kirigami.Units.gridUnit * 20
    Layout.minimumHeight: Kirigami.Units.gridUnit * 16
    Layout.preferredWidth: Kirigami.Units.gridUnit * 24
    Layout.preferredHeight: Kirigami.Units.gridUnit * 26
    Layout.maximumWidth: Kirigami.Units.gridUnit * 80
    Layout.maximumHeight: Kirigami.Units.gridUnit * 40
    collapseMarginsHint: true

    focus: true
    Keys.onDownPressed: list.enter()

    Connections {
        target: full.applet

        function onExpandedChanged(): void {
            if (full.applet.expanded) {
                toggle.forceActiveFocus(Qt.PopupFocusReason);
            }
        }
    }

    header: PlasmaExtras.PlasmoidHeading {
        focus: true
        contentItem: MuteToggle {
            id: toggle

            guard: full.guard
            applet: full.applet
            focus: true
        }
    }

    contentItem: ColumnLayout {
        spacing: 0

        // Refused, or what the guard warns of. Their text comes from elsewhere, and InlineMessage would read markup in it.
        Notice {
            type: Kirigami.MessageType.Error
            message: full.guard.error
            showCloseButton: true
            onCloseRequested: full.guard.clearError()
        }
        Notice {
            type: Kirigami.MessageType.Warning
            message: full.guard.warnings.map(warning => warning.text).slice(0, 3).join("\n")
        }
        Repeater {
            // The first is what the head says if nobody tries.
            model: full.guard.muted ? full.applet.otherHolds.slice(0, 3) : []
            delegate: PlasmaComponents.Label {
                required property var modelData

                Layout.fillWidth: true
                Layout.leftMargin: Kirigami.Units.largeSpacing
                Layout.rightMargin: Kirigami.Units.largeSpacing
                Layout.topMargin: Kirigami.Units.smallSpacing
                visible: text !== full.applet.details
                text: full.applet.holdText(modelData)
                textFormat: Text.PlainText
                wrapMode: Text.Wrap
                font: Kirigami.Theme.smallFont
                opacity: 0.75
            }
        }

        PlasmaComponents.ScrollView {
            id: scroll

            Layout.fillWidth: true
            Layout.fillHeight: true
            PlasmaComponents.ScrollBar.horizontal.policy: PlasmaComponents.ScrollBar.AlwaysOff
            contentWidth: availableWidth - (contentItem ? contentItem.leftMargin + contentItem.rightMargin : 0)

            contentItem: ListView {
                id: list

                clip: true
                activeFocusOnTab: count > 0
                keyNavigationEnabled: true
                currentIndex: -1

                // The current row is marked for who uses keys, not after a click on one of its controls.
                property bool byKeys: false

                function enter(): void {
                    if (count > 0) {
                        byKeys = true;
                        currentIndex = 0;
                        forceActiveFocus(Qt.TabFocusReason);
                    }
                }
                onActiveFocusChanged: {
                    if (activeFocus && currentIndex < 0) {
                        currentIndex = 0;
                    }
                }
                Keys.onPressed: event => {
                    byKeys = true;
                    if (event.key === Qt.Key_Up && currentIndex <= 0) {
                        toggle.forceActiveFocus(Qt.BacktabFocusReason);
                        event.accepted = true;
                    }
                }
                leftMargin: Kirigami.Units.smallSpacing
                rightMargin: Kirigami.Units.smallSpacing
                topMargin: Kirigami.Units.smallSpacing
                bottomMargin: Kirigami.Units.smallSpacing
                reuseItems: false

                Accessible.role: Accessible.List
                Accessible.name: i18nc("@info accessible name", "Applications that use a microphone")

                model: full.guard.ready ? full.guard.applications : null
                delegate: ApplicationRow {
                    guard: full.guard
                    width: ListView.view.width - ListView.view.leftMargin - ListView.view.rightMargin
                }
                footer: BlockedList {
                    guard: full.guard
                    more: full.guard.applications.left
                    width: ListView.view.width - ListView.view.leftMargin - ListView.view.rightMargin
                }

                PlasmaExtras.PlaceholderMessage {
                    anchors.centerIn: parent
                    width: parent.width - Kirigami.Units.gridUnit * 4
                    visible: !full.guard.ready || (list.count === 0 && full.guard.blocked.count === 0)
                    iconName: full.applet.Plasmoid.icon
                    text: {
                        if (full.guard.ready) {
                            return i18nc("@info:placeholder", "Nobody uses a microphone");
                        }
                        return full.applet.summary;
                    }
                    explanation: {
                        if (full.guard.ready) {
                            return "";
                        }
                        if (full.guard.present) {
                            return i18nc("@info:usagetip", "It is on the bus and has not answered yet.");
                        }
                        if (!full.guard.startable) {
                            return i18nc("@info:usagetip", "It is not installed for this session.");
                        }
                        return i18nc("@info:usagetip", "While it does not run, nobody is kept from listening.");
                    }
                    helpfulAction: startAction
                }

                Kirigami.Action {
                    id: startAction

                    text: i18nc("@action:button", "Start Microphone Guard")
                    icon.name: "media-playback-start"
                    visible: !full.guard.present && full.guard.startable
                    enabled: visible && !full.guard.starting
                    onTriggered: full.guard.start()
                }
            }
        }
    }
}
