// SPDX-License-Identifier: GPL-3.0-or-later
//
// A row of the preferences for one key: shows it, and takes another one from the keyboard. Esc leaves it, Backspace removes it.
import Adw from 'gi://Adw';
import Gdk from 'gi://Gdk';
import GObject from 'gi://GObject';
import Gtk from 'gi://Gtk';

import {gettext as _} from 'resource:///org/gnome/Shell/Extensions/js/extensions/prefs.js';

const TYPING = Gdk.ModifierType.SHIFT_MASK;

export const ShortcutRow = GObject.registerClass(
class MicguardShortcutRow extends Adw.ActionRow {
    constructor(settings, key, title, subtitle) {
        super({title, subtitle, activatable: true, name: key});
        this._settings = settings;
        this._key = key;
        this._label = new Gtk.ShortcutLabel({disabled_text: _('Not set'), valign: Gtk.Align.CENTER});
        this.add_suffix(this._label);
        this._show();
        const changed = settings.connect(`changed::${key}`, () => this._show());
        this.connect('destroy', () => settings.disconnect(changed));
        this.connect('activated', () => this._ask());
    }

    _show() {
        this._label.accelerator = this._settings.get_strv(this._key)[0] ?? '';
    }

    _ask() {
        const status = new Adw.StatusPage({
            title: _('Press the key'), description: _('Esc leaves it as it is, Backspace removes it'), icon_name: 'preferences-desktop-keyboard-shortcuts-symbolic',
        });
        const dialog = new Adw.Window({
            title: this.title, modal: true, transient_for: this.get_root(), content: status, default_width: 420, default_height: 300,
        });
        const controller = new Gtk.EventControllerKey({propagation_phase: Gtk.PropagationPhase.CAPTURE});
        controller.connect('key-pressed', (_controller, keyval, _code, state) => {
            const mask = state & Gtk.accelerator_get_default_mod_mask();
            if (!mask && keyval === Gdk.KEY_Escape) {
                dialog.close();
            } else if (!mask && keyval === Gdk.KEY_BackSpace) {
                this._settings.set_strv(this._key, []);
                dialog.close();
            } else if (usable(keyval, mask)) {
                this._settings.set_strv(this._key, [Gtk.accelerator_name(Gdk.keyval_to_lower(keyval), mask)]);
                dialog.close();
            }
            return Gdk.EVENT_STOP;
        });
        dialog.add_controller(controller);
        dialog.present();
    }
});

// A letter by itself would be taken from everybody's text.
function usable(keyval, mask) {
    if (!Gtk.accelerator_valid(keyval, mask))
        return false;
    return (mask & ~TYPING) !== 0 || Gdk.keyval_to_unicode(keyval) === 0 && ![
        Gdk.KEY_Tab, Gdk.KEY_ISO_Left_Tab, Gdk.KEY_Return, Gdk.KEY_KP_Enter, Gdk.KEY_Up, Gdk.KEY_Down, Gdk.KEY_Left, Gdk.KEY_Right,
        Gdk.KEY_Delete, Gdk.KEY_Home, Gdk.KEY_End,
    ].includes(keyval);
}
