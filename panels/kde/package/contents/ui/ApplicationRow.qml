// SPDX-License-Identifier: GPL-3.0-or-later
//
// One application: who, on which microphone, its own switch, and why it is so. Keys: Space mutes it, Return opens.
import QtQuick
import QtQuick.Layouts
import org.kde.kirigami as Kirigami
import org.kde.plasma.components as PlasmaComponents
import org.micguard.panel

PlasmaComponents.ItemDelegate {
    id: row

    required property Guard guard
    required property int index
    required property string path
    required property string appName
    required property string iconName
    required property string identity
    required property string access
    required property string reason
    required property bool mutedByItself
    required property var microphones

    property bool open: false
    property var verdicts: []

    readonly property bool pending: access === "pending"
    readonly property string status: {
        switch (access) {
        case "capturing":
            return i18nc("@info:status of an application", "Listening");
        case "silenced":
            return mutedByItself ? i18nc("@info:status of an application", "Muted, hears silence")
                                 : i18nc("@info:status of an application", "Hears silence");
        case "severed":
            return i18nc("@info:status of an application", "Cut off");
        case "denied":
            return i18nc("@info:status of an application", "Not allowed to listen");
        case "pending":
            return i18nc("@info:status of an application", "Asks to listen");
        default:
            return i18nc("@info:status of an application", "Muted, not listening");
        }
    }
    readonly property string where: microphones.join(i18nc("between the names of microphones", ", "))

    highlighted: ListView.isCurrentItem && ListView.view.activeFocus && ListView.view.byKeys
    onPressed: ListView.view.byKeys = false
    onClicked: setOpen(!open)

    Accessible.role: Accessible.ListItem
    Accessible.name: appName
    Accessible.description: where === "" ? status : i18nc("@info accessible, status and microphones", "%1: %2", status, where)
    Accessible.onPressAction: setOpen(!open)

    Keys.onReturnPressed: setOpen(!open)
    Keys.onEnterPressed: setOpen(!open)
    Keys.onSpacePressed: {
        if (mute.visible) {
            guard.setApplicationMuted(path, !mutedByItself);
        }
    }

    function setOpen(wanted: bool): void {
        open = wanted;
        if (open && guard.explains) {
            guard.explain(path);
        }
    }
    // What is so now, as long as it is read.
    onAccessChanged: {
        if (open) {
            guard.explain(path);
        }
    }

    Connections {
        target: row.guard

        function onExplained(path: string, verdicts: var): void {
            if (path === row.path) {
                row.verdicts = verdicts;
            }
        }
    }

    contentItem: ColumnLayout {
        spacing: Kirigami.Units.smallSpacing

        RowLayout {
            spacing: Kirigami.Units.largeSpacing

            Kirigami.Icon {
                Layout.preferredWidth: Kirigami.Units.iconSizes.medium
                Layout.preferredHeight: Kirigami.Units.iconSizes.medium
                source: row.iconName || "application-x-executable"
                fallback: "application-x-executable"
            }
            ColumnLayout {
                Layout.fillWidth: true
                spacing: 0

                PlasmaComponents.Label {
                    Layout.fillWidth: true
                    text: row.appName
                    textFormat: Text.PlainText
                    elide: Text.ElideRight
                }
                PlasmaComponents.Label {
                    Layout.fillWidth: true
                    text: row.where === "" ? row.status : i18nc("@info:status status of an application, microphones", "%1 · %2", row.status, row.where)
                    textFormat: Text.PlainText
                    font: Kirigami.Theme.smallFont
                    color: row.access === "capturing" ? Kirigami.Theme.positiveTextColor
                         : row.pending ? Kirigami.Theme.neutralTextColor : Kirigami.Theme.textColor
                    opacity: row.access === "capturing" || row.pending ? 1 : 0.75
                    elide: Text.ElideRight
                }
            }
            PlasmaComponents.ToolButton {
                text: i18nc("@action:button", "Why is it so?")
                icon.name: row.open ? "collapse-symbolic" : "expand-symbolic"
                display: PlasmaComponents.AbstractButton.IconOnly
                checkable: true
                checked: row.open
                onToggled: {
                    row.setOpen(checked);
                    checked = Qt.binding(() => row.open);
                }
                Accessible.name: i18nc("@action:button accessible name, %1 is an application", "Why %1 is so", row.appName)

                PlasmaComponents.ToolTip.text: text
                PlasmaComponents.ToolTip.visible: hovered
                PlasmaComponents.ToolTip.delay: Kirigami.Units.toolTipDelay
            }
            // On: it may listen. Off: it is muted, whether or not everything is.
            PlasmaComponents.Switch {
                id: mute

                visible: row.guard.mutesApplications && !row.pending && row.access !== "denied"
                checked: !row.mutedByItself
                onToggled: {
                    row.guard.setApplicationMuted(row.path, !checked);
                    checked = Qt.binding(() => !row.mutedByItself);
                }
                Accessible.name: i18nc("@option:check accessible name, %1 is an application", "Let %1 listen", row.appName)

                PlasmaComponents.ToolTip.text: checked ? i18nc("@info:tooltip", "Mute only %1", row.appName)
                                                       : i18nc("@info:tooltip", "Let %1 listen again", row.appName)
                PlasmaComponents.ToolTip.visible: hovered
                PlasmaComponents.ToolTip.delay: Kirigami.Units.toolTipDelay
            }
        }

        Flow {
            Layout.fillWidth: true
            visible: row.pending
            spacing: Kirigami.Units.smallSpacing

            PlasmaComponents.Button {
                text: i18nc("@action:button answers an application that asks to listen", "Allow Once")
                icon.name: "dialog-ok-symbolic"
                onClicked: row.guard.answer(row.path, true, "once")
            }
            PlasmaComponents.Button {
                // Anybody could claim to be it.
                visible: row.identity !== "claimed"
                text: i18nc("@action:button answers an application that asks to listen", "Always")
                icon.name: "dialog-ok-apply-symbolic"
                onClicked: row.guard.answer(row.path, true, "always")
            }
            PlasmaComponents.Button {
                text: i18nc("@action:button answers an application that asks to listen", "Deny")
                icon.name: "dialog-cancel-symbolic"
                onClicked: row.guard.answer(row.path, false, "run")
            }
        }

        Explanation {
            Layout.fillWidth: true
            Layout.leftMargin: Kirigami.Units.iconSizes.medium + Kirigami.Units.largeSpacing
            Layout.bottomMargin: Kirigami.Units.smallSpacing
            visible: row.open
            reason: row.reason
            identity: row.identity
            // Of the microphones that it uses, if it uses any.
            verdicts: row.verdicts.filter(verdict => row.microphones.length === 0 || row.microphones.includes(verdict.microphone))
        }
    }
}
