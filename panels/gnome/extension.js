// SPDX-License-Identifier: GPL-3.0-or-later
//
// The microphone guard's panel: one Guard (D-Bus), and what shows it. Decides nothing; whatever is clicked becomes a call, and
// what is shown is what the daemon then says.
import * as Main from 'resource:///org/gnome/shell/ui/main.js';
import {Extension, gettext as _, ngettext} from 'resource:///org/gnome/shell/extensions/extension.js';

import {Guard} from './guard.js';
import {Indicator} from './indicator.js';
import {Keys} from './keys.js';
import {ShellMicrophone} from './shellMicrophone.js';
import {MuteToggle} from './muteToggle.js';
import {present} from './presentation.js';

export default class MicguardExtension extends Extension {
    enable() {
        this._text = {_, ngettext};
        this._guard = new Guard(() => this._show());
        this._toggle = new MuteToggle(this._guard, this._text, () => this.openPreferences());
        this._indicator = new Indicator();
        this._indicator.quickSettingsItems.push(this._toggle);
        Main.panel.statusArea.quickSettings.addExternalIndicator(this._indicator);
        this._shellMicrophone = new ShellMicrophone();
        this._keys = new Keys(this._guard, this.getSettings(), this._text);
        this._show();
    }

    // Also when the session is locked: keys are of no use there, and a key that was held lets go.
    disable() {
        this._keys.destroy();
        this._keys = null;
        this._guard.destroy();
        this._guard = null;
        this._shellMicrophone.destroy();
        this._shellMicrophone = null;
        this._toggle.destroy();
        this._toggle = null;
        this._indicator.destroy();
        this._indicator = null;
        this._text = null;
    }

    _show() {
        const shown = present(this._guard.snapshot, this._text);
        this._toggle.show(shown);
        this._indicator.show(shown.indicator);
        this._shellMicrophone.show({covered: shown.indicator.visible, muted: shown.checked});
    }
}
