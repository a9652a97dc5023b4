// SPDX-License-Identifier: GPL-3.0-or-later
//
// The shell's own microphone icon and slider, kept from contradicting the guard's. They know of the user's volume and mute
// only, and would show an open microphone while all are muted. The icon is hidden while ours is there, which tells more, unless it
// tells of a mute of the user's own that ours does not know; the slider goes on working, for the volume after the unmute, and shows the
// muted icon.
// There is no public way to either; where the shell looks different, nothing is done.
import * as Main from 'resource:///org/gnome/shell/ui/main.js';

const MUTED_ICON = 'microphone-disabled-symbolic';

export class ShellMicrophone {
    constructor() {
        this._input = null;
        this._slider = null;
        this._covered = false;
        this._muted = false;
    }

    show({covered, muted}) {
        this._find();
        const wasCovered = this._covered, wasMuted = this._muted;
        this._covered = covered;
        this._muted = muted;
        if (covered || wasCovered)
            this._cover();
        if (muted)
            this._markMuted();
        else if (wasMuted)
            this._unmark();
    }

    destroy() {
        this.show({covered: false, muted: false});
        this._input?.disconnectObject(this);
        this._slider?.disconnectObject(this);
        this._input = this._slider = null;
    }

    // The shell makes them some time after its start.
    _find() {
        const input = Main.panel.statusArea.quickSettings?._volumeInput ?? null;
        if (this._input || !input)
            return;
        this._input = input;
        this._slider = input.quickSettingsItems?.[0] ?? null;
        input.connectObject('notify::visible', () => this._covered && this._cover(),
            'destroy', () => (this._input = null), this);
        this._slider?.connectObject('notify::icon-name', () => this._muted && this._markMuted(),
            'stream-updated', () => this._covered && this._cover(),
            'destroy', () => (this._slider = null), this);
    }

    _cover() {
        if (!this._input)
            return;
        const ownMute = this._slider?.stream?.is_muted && !this._muted;
        const visible = (!this._covered || ownMute) && this._input.get_children().some(child => child.visible);
        if (this._input.visible !== visible)
            this._input.visible = visible;
    }

    _markMuted() {
        if (this._slider && this._slider.icon_name !== MUTED_ICON)
            this._slider.icon_name = MUTED_ICON;
    }

    _unmark() {
        if (this._slider)
            this._slider.icon_name = this._slider.getIcon?.() ?? 'audio-input-microphone-symbolic';
    }
}
