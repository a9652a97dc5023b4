// SPDX-License-Identifier: GPL-3.0-or-later
import QtQuick
import org.kde.plasma.configuration

ConfigModel {
    ConfigCategory {
        name: i18nc("@title:tab", "Microphones")
        icon: "audio-input-microphone"
        source: "ConfigMicrophones.qml"
    }
}
