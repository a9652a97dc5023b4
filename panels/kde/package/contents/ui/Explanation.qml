// SPDX-License-Identifier: GPL-3.0-or-later
//
// Why an application's access is as it is, in the guard's own words, and what rules make of it for each microphone.
import QtQuick
import QtQuick.Layouts
import org.kde.kirigami as Kirigami
import org.kde.plasma.components as PlasmaComponents

ColumnLayout {
    id: explanation

    required property string reason
    required property string identity
    required property var verdicts

    spacing: Kirigami.Units.smallSpacing

    function why(verdict: var): string {
        return verdict.muted !== "" ? verdict.muted : verdict.reason;
    }

    component Line: PlasmaComponents.Label {
        Layout.fillWidth: true
        textFormat: Text.PlainText
        wrapMode: Text.Wrap
        font: Kirigami.Theme.smallFont
        opacity: 0.85
    }

    Line {
        visible: explanation.reason !== ""
        text: explanation.reason
    }
    Repeater {
        // A page of them is no answer to "why".
        model: explanation.verdicts.filter(verdict => explanation.why(verdict) !== explanation.reason).slice(0, 6)
        delegate: Line {
            required property var modelData

            text: i18nc("@info a microphone, and why an application hears it or not", "%1: %2", modelData.microphone,
                        explanation.why(modelData))
        }
    }
    Line {
        visible: explanation.identity === "claimed"
        text: i18nc("@info", "Its name is only what it says of itself.")
    }
}
