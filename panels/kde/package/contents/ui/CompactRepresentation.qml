// SPDX-License-Identifier: GPL-3.0-or-later
//
// The icon in the panel. Its shape says whether the microphones are muted, a dot that somebody listens or would like to:
// both are told without colour, too.
import QtQuick
import org.kde.kirigami as Kirigami
import org.kde.plasma.plasmoid
import org.micguard.panel

MouseArea {
    id: compact

    required property Guard guard
    required property PlasmoidItem applet

    property bool wasExpanded: false

    activeFocusOnTab: true
    hoverEnabled: true
    acceptedButtons: Qt.LeftButton | Qt.MiddleButton

    Accessible.role: Accessible.Button
    Accessible.name: applet.summary
    Accessible.description: applet.details
    Accessible.onPressAction: applet.expanded = !applet.expanded

    onPressed: mouse => wasExpanded = mouse.button === Qt.LeftButton && applet.expanded
    onClicked: mouse => {
        if (mouse.button === Qt.MiddleButton) {
            guard.toggle();
        } else {
            applet.expanded = !wasExpanded;
        }
    }
    Keys.onPressed: event => {
        switch (event.key) {
        case Qt.Key_Space:
        case Qt.Key_Enter:
        case Qt.Key_Return:
        case Qt.Key_Select:
            applet.expanded = !applet.expanded;
            event.accepted = true;
            break;
        }
    }

    Kirigami.Icon {
        id: icon
        anchors.fill: parent
        source: compact.applet.Plasmoid.icon + "-symbolic"
        fallback: "audio-input-microphone"
        active: compact.containsMouse
        opacity: compact.guard.glance === Guard.Absent ? 0.4 : 1
    }

    // On the icon's corner, cut out of it by a ring of the panel's colour.
    Rectangle {
        readonly property real iconSize: Math.min(icon.paintedWidth, icon.paintedHeight)

        visible: compact.guard.glance === Guard.InUse || compact.guard.glance === Guard.MutedAndTried
                 || compact.guard.glance === Guard.Degraded
        x: icon.x + (icon.width + iconSize) / 2 - width
        y: icon.y + (icon.height + iconSize) / 2 - height
        width: Math.max(6, Math.round(iconSize * 0.4))
        height: width
        radius: width / 2
        color: {
            switch (compact.guard.glance) {
            case Guard.InUse:
                return Kirigami.Theme.positiveTextColor;
            case Guard.Degraded:
                return Kirigami.Theme.negativeTextColor;
            default:
                return Kirigami.Theme.neutralTextColor;
            }
        }
        border.width: 1
        border.color: Kirigami.Theme.backgroundColor
    }
}
