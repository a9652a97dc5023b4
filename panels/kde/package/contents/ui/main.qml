// SPDX-License-Identifier: GPL-3.0-or-later
//
// The applet: one Guard, what its icon and tooltip say of it, and the menu. Nothing here decides anything.
import QtQuick
import org.kde.plasma.core as PlasmaCore
import org.kde.plasma.plasmoid
import org.micguard.panel

PlasmoidItem {
    id: root

    readonly property bool silent: theGuard.glance === Guard.Muted || theGuard.glance === Guard.MutedAndTried

    // One sentence for the icon, the popup's head, the tooltip and the screen reader.
    readonly property string summary: {
        switch (theGuard.glance) {
        case Guard.Live:
            return i18nc("@info:status", "Microphones are live");
        case Guard.InUse:
            return i18nc("@info:status", "A microphone is in use");
        case Guard.Muted:
        case Guard.MutedAndTried:
            return i18nc("@info:status", "Microphones are muted");
        case Guard.Degraded:
            return theGuard.muted ? i18nc("@info:status", "The mute cannot be vouched for")
                               : i18nc("@info:status", "The microphone guard needs attention");
        default:
            return theGuard.present ? i18nc("@info:status", "Waiting for the microphone guard")
                                 : i18nc("@info:status", "The microphone guard is not running");
        }
    }
    readonly property string details: {
        if (theGuard.glance === Guard.Absent) {
            return "";
        }
        if (theGuard.glance === Guard.Degraded && theGuard.warnings.length > 0) {
            return theGuard.warnings[0].text;
        }
        if (theGuard.muted) {
            if (theGuard.triers.length > 0) {
                return i18nc("@info:status %1 is a list of applications", "Hearing silence: %1", listed(theGuard.triers));
            }
            return otherHolds.length > 0 ? holdText(otherHolds[0]) : i18nc("@info:status", "No application hears you");
        }
        if (theGuard.listeners.length > 0) {
            return i18nc("@info:status %1 is a list of applications", "Listening: %1", listed(theGuard.listeners));
        }
        return i18nc("@info:status", "No application is listening");
    }
    // What keeps the microphones muted apart from the button.
    readonly property var otherHolds: theGuard.holds.filter(hold => hold.kind !== "user" && hold.kind !== "hold-unmute")

    function listed(names: var): string {
        const shown = names.slice(0, 3).join(i18nc("between the names of applications", ", "));
        const left = names.length - 3;
        return left > 0 ? i18ncp("@info:status %2 is a list of applications", "%2 and %1 more", "%2 and %1 more", left, shown) : shown;
    }

    // The words are those of protocol/hold_words.hpp.
    function holdText(hold: var): string {
        switch (hold.kind) {
        case "locked":
            return i18nc("@info:status", "Muted while the session is locked");
        case "suspend":
            return i18nc("@info:status", "Muted while the computer sleeps");
        case "start":
            return i18nc("@info:status", "Muted since the session began");
        case "desktop":
            return i18nc("@info:status", "Muted by the desktop");
        case "privacy":
            return i18nc("@info:status", "Muted by the desktop's privacy switch");
        case "hold-mute":
            return hold.reason === "" ? i18nc("@info:status %1 is a program", "Kept muted by %1", hold.owner)
                                      : i18nc("@info:status %1 is a program", "Kept muted by %1: %2", hold.owner, hold.reason);
        default:
            return i18nc("@info:status, %1 is what keeps the microphones muted", "Kept muted (%1): %2", hold.kind,
                         hold.reason === "" ? hold.owner : hold.reason);
        }
    }

    // A struck-out microphone, one with waves, a plain one.
    Plasmoid.icon: {
        if (silent || (theGuard.glance === Guard.Degraded && theGuard.muted)) {
            return "microphone-sensitivity-muted";
        }
        return theGuard.glance === Guard.InUse ? "microphone-sensitivity-high" : "audio-input-microphone";
    }
    Plasmoid.title: i18nc("@title", "Microphone Guard")
    Plasmoid.status: {
        if (theGuard.asked || theGuard.glance === Guard.Degraded) {
            return PlasmaCore.Types.NeedsAttentionStatus;
        }
        return theGuard.glance === Guard.Live || theGuard.glance === Guard.Absent ? PlasmaCore.Types.PassiveStatus
                                                                            : PlasmaCore.Types.ActiveStatus;
    }
    Plasmoid.busy: theGuard.starting

    // What applications call themselves is text, never markup.
    toolTipTextFormat: Text.PlainText
    toolTipMainText: summary
    toolTipSubText: theGuard.ready ? i18nc("@info:tooltip %1 is a sentence", "%1\nMiddle-click to %2", details,
                                        theGuard.wanted ? i18nc("@info:tooltip Middle-click to …", "unmute")
                                                     : i18nc("@info:tooltip Middle-click to …", "mute"))
                                : details
    switchWidth: 0
    switchHeight: 0

    Plasmoid.contextualActions: [
        PlasmaCore.Action {
            text: theGuard.wanted ? i18nc("@action:inmenu", "Unmute Microphones") : i18nc("@action:inmenu", "Mute All Microphones")
            icon.name: theGuard.wanted ? "audio-input-microphone" : "microphone-sensitivity-muted"
            enabled: theGuard.ready
            onTriggered: theGuard.toggle()
        }
    ]

    Guard {
        id: theGuard

        // Refused while nobody looks: it has to be seen.
        onErrorChanged: {
            if (error !== "") {
                root.expanded = true;
            }
        }
    }

    compactRepresentation: CompactRepresentation {
        guard: theGuard
        applet: root
    }
    fullRepresentation: FullRepresentation {
        guard: theGuard
        applet: root
    }
}
