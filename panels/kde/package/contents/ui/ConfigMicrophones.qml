// SPDX-License-Identifier: GPL-3.0-or-later
//
// The settings page. Nothing is stored by Plasma: values are the guard's own (Config, SetConfig), and a row is there
// only if this guard has its key. What an administrator made final is shown and cannot be changed.
import QtQuick
import QtQuick.Controls as QQC2
import QtQuick.Layouts
import org.kde.kcmutils as KCM
import org.kde.kirigami as Kirigami
import org.micguard.panel

KCM.SimpleKCM {
    id: page

    signal configurationChanged

    // What was changed here and not yet applied, by key.
    property var changes: ({})

    function valueOf(key: string): var {
        return key in changes ? changes[key] : settings.values[key];
    }
    function change(key: string, value: var): void {
        const next = Object.assign({}, changes);
        if (value === settings.values[key]) {
            delete next[key];
        } else {
            next[key] = value;
        }
        changes = next;
        configurationChanged();
    }
    function saveConfig(): void {
        settings.save(changes);
    }

    Settings {
        id: settings

        onSaved: page.changes = {}
    }

    component Flag: QQC2.CheckBox {
        required property string key

        readonly property string finalAt: settings.values[key + "@final"] ?? ""

        visible: key in settings.values
        enabled: finalAt === ""
        checked: page.valueOf(key) === true
        onToggled: {
            page.change(key, checked);
            checked = Qt.binding(() => page.valueOf(key) === true);
        }
        QQC2.ToolTip.visible: finalAt !== "" && hovered
        QQC2.ToolTip.text: i18nc("@info:tooltip %1 is file:line", "Decided by %1", finalAt)
    }

    component Choice: QQC2.ComboBox {
        required property string key
        required property var choices // {value, text}

        readonly property string finalAt: settings.values[key + "@final"] ?? ""

        visible: key in settings.values
        enabled: finalAt === ""
        textRole: "text"
        valueRole: "value"
        // A value of a newer guard is shown as it is.
        model: choices.some(choice => choice.value === page.valueOf(key)) || !visible
               ? choices : choices.concat([{value: page.valueOf(key), text: String(page.valueOf(key))}])
        currentIndex: model.findIndex(choice => choice.value === page.valueOf(key))
        onActivated: index => {
            page.change(key, model[index].value);
            currentIndex = Qt.binding(() => model.findIndex(choice => choice.value === page.valueOf(key)));
        }
        QQC2.ToolTip.visible: finalAt !== "" && hovered
        QQC2.ToolTip.text: i18nc("@info:tooltip %1 is file:line", "Decided by %1", finalAt)
    }

    headerPaddingEnabled: false
    header: ColumnLayout {
        spacing: 0

        Notice {
            type: Kirigami.MessageType.Information
            message: settings.present ? "" : i18nc("@info", "The microphone guard is not running. Its settings can be changed while it runs.")
            actions: [
                Kirigami.Action {
                    text: i18nc("@action:button", "Start Microphone Guard")
                    icon.name: "media-playback-start"
                    visible: settings.startable
                    onTriggered: settings.start()
                }
            ]
        }
        Notice {
            type: Kirigami.MessageType.Error
            message: settings.error
        }
    }

    Kirigami.FormLayout {
        id: form

        enabled: settings.present

        Choice {
            key: "mute.mode"
            Kirigami.FormData.label: i18nc("@label:listbox", "While muted, applications:")
            choices: [
                {value: "silence", text: i18nc("@item:inlistbox while muted, applications", "Hear silence")},
                {value: "sever", text: i18nc("@item:inlistbox while muted, applications", "Are cut off")}
            ]
        }
        Choice {
            key: "mute.start"
            Kirigami.FormData.label: i18nc("@label:listbox", "At login:")
            choices: [
                {value: "last", text: i18nc("@item:inlistbox at login, microphones are", "As they were")},
                {value: "muted", text: i18nc("@item:inlistbox at login, microphones are", "Muted")}
            ]
        }

        Item {
            Kirigami.FormData.isSection: true
        }

        Flag {
            key: "mute.on-lock"
            Kirigami.FormData.label: i18nc("@label", "Also mute:")
            text: i18nc("@option:check also mute", "While the screen is locked")
        }
        Flag {
            key: "mute.on-suspend"
            text: i18nc("@option:check also mute", "While the computer sleeps")
        }
        Flag {
            key: "mute.follow-desktop"
            text: i18nc("@option:check also mute", "When the desktop mutes the microphone")
        }
        Flag {
            key: "mute.led"
            text: i18nc("@option:check also mute", "The hardware's switch, for its light")
        }

        Item {
            Kirigami.FormData.isSection: true
        }

        Choice {
            key: "notify.capture"
            Kirigami.FormData.label: i18nc("@label:listbox", "Notify of a new listener:")
            choices: [
                {value: "off", text: i18nc("@item:inlistbox notify", "Never")},
                {value: "first", text: i18nc("@item:inlistbox notify", "The first time")},
                {value: "always", text: i18nc("@item:inlistbox notify", "Always")}
            ]
        }
        Flag {
            key: "notify.questions"
            Kirigami.FormData.label: i18nc("@label", "Notifications:")
            text: i18nc("@option:check notify", "When an application asks to listen")
        }
        Flag {
            key: "notify.blocked"
            text: i18nc("@option:check notify", "When an application tries to listen while muted")
        }
        Flag {
            key: "notify.bypass"
            text: i18nc("@option:check notify", "When a program goes around PipeWire")
        }

        Item {
            Kirigami.FormData.isSection: true
        }

        Flag {
            key: "talk.shortcut"
            Kirigami.FormData.label: i18nc("@label", "Push to talk:")
            text: i18nc("@option:check push to talk", "Hold a key to talk")
        }
    }
}
