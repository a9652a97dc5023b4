// SPDX-License-Identifier: GPL-3.0-or-later
//
// A message for text from elsewhere: Kirigami's own reads markup, in which an application's name could say anything.
import QtQuick
import QtQuick.Layouts
import org.kde.kirigami as Kirigami

Kirigami.InlineMessage {
    property string message: ""

    signal closeRequested

    function escaped(text: string): string {
        return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/\n/g, "<br/>");
    }

    Layout.fillWidth: true
    Layout.margins: visible ? Kirigami.Units.smallSpacing : 0
    visible: message !== ""
    text: escaped(message)
    onVisibleChanged: {
        // Its close button hides it for good, binding and all.
        if (!visible && message !== "") {
            closeRequested();
            visible = Qt.binding(() => message !== "");
        }
    }
}
