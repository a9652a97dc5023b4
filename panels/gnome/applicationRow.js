// SPDX-License-Identifier: GPL-3.0-or-later
//
// One application that listens, or would: its switch, why it is as it is, and, if it asks, the answers.
import Atk from 'gi://Atk';
import Clutter from 'gi://Clutter';
import GObject from 'gi://GObject';
import Pango from 'gi://Pango';
import St from 'gi://St';

import * as PopupMenu from 'resource:///org/gnome/shell/ui/popupMenu.js';

import {complain} from './complain.js';
import {explained} from './presentation.js';

function wrapping(style) {
    const label = new St.Label({style_class: style, visible: false});
    label.clutter_text.set({line_wrap: true, line_wrap_mode: Pango.WrapMode.WORD_CHAR, ellipsize: Pango.EllipsizeMode.NONE});
    return label;
}

export const ApplicationRow = GObject.registerClass(
class MicguardApplicationRow extends PopupMenu.PopupBaseMenuItem {
    constructor(guard, path, text) {
        super();
        const {_} = text;
        this._guard = guard;
        this._path = path;
        this._text = text;
        this._gone = false;
        this.accessible_role = Atk.Role.CHECK_MENU_ITEM;
        this.add_style_class_name('micguard-application');

        this._icon = new St.Icon({style_class: 'popup-menu-icon micguard-application-icon', y_align: Clutter.ActorAlign.CENTER});
        this.add_child(this._icon);

        const lines = new St.BoxLayout({x_expand: true, y_align: Clutter.ActorAlign.CENTER, style_class: 'micguard-lines'});
        lines.layout_manager.orientation = Clutter.Orientation.VERTICAL;
        this._name = new St.Label();
        this._name.clutter_text.ellipsize = Pango.EllipsizeMode.END;
        this._why = wrapping('micguard-detail');
        this._claimed = wrapping('micguard-detail');
        this._explanation = wrapping('micguard-detail micguard-explanation');
        this._answers = new St.BoxLayout({style_class: 'micguard-answers', visible: false});
        for (const [label, allow, scope] of [
            [_('Allow Once'), true, 'once'], [_('Always'), true, 'always'], [_('Deny'), false, 'run'],
        ]) {
            const button = new St.Button({label, style_class: 'micguard-answer', can_focus: true, track_hover: true, x_expand: true});
            button.connect('clicked', () => this._attempt(guard.answer(path, allow, scope)));
            this._answers.add_child(button);
        }
        for (const child of [this._name, this._why, this._claimed, this._explanation, this._answers])
            lines.add_child(child);
        this.add_child(lines);

        this._whyButton = new St.Button({
            child: new St.Icon({icon_name: 'pan-down-symbolic', style_class: 'popup-menu-icon'}),
            style_class: 'micguard-why', can_focus: true, track_hover: true, y_align: Clutter.ActorAlign.CENTER,
        });
        this._whyButton.connect('clicked', () => this._toggleExplanation());
        this._whyButton.connect('key-press-event', (_button, event) => this._leave(event));
        this.add_child(this._whyButton);

        // The whole row is the switch, for the pointer and the keyboard.
        this._switch = new PopupMenu.Switch(false);
        this._switch.set({reactive: false, y_align: Clutter.ActorAlign.CENTER});
        this.add_child(this._switch);
        this.connect('destroy', () => (this._gone = true));
    }

    show(row) {
        this._row = row;
        if (this._iconName !== row.icon) {
            this._iconName = row.icon;
            this._icon.set({icon_name: row.icon, fallback_icon_name: 'application-x-executable-symbolic'});
        }
        this._name.text = row.name;
        this._why.set({text: row.why, visible: row.why !== ''});
        this._claimed.set({text: row.claimed, visible: row.claimed !== '' && this._explanation.visible});
        this._answers.visible = row.asks;
        this.can_focus = !row.asks; // the buttons do
        this._switch.state = row.allowed;
        this._switch.opacity = row.canSwitch ? 255 : 110;
        this._switch.visible = this._whyButton.visible = !row.asks;
        this.accessible_name = row.why ? `${row.accessibleName}. ${row.why}` : row.accessibleName;
        if (row.allowed)
            this.add_accessible_state(Atk.StateType.CHECKED);
        else
            this.remove_accessible_state(Atk.StateType.CHECKED);
        this._whyButton.accessible_name = this._text._('Why?');
    }

    // What is inside of something that has the focus itself, the shell's keys do not reach: the arrows do, sideways.
    vfunc_key_press_event(event) {
        if (this._isArrow(event, Clutter.KEY_Right, Clutter.KEY_Left) && global.stage.get_key_focus() === this) {
            this._whyButton.grab_key_focus();
            return Clutter.EVENT_STOP;
        }
        return super.vfunc_key_press_event(event);
    }

    _leave(event) {
        if (!this._isArrow(event, Clutter.KEY_Left, Clutter.KEY_Right) || !this.can_focus)
            return Clutter.EVENT_PROPAGATE;
        this.grab_key_focus();
        return Clutter.EVENT_STOP;
    }

    _isArrow(event, key, mirrored) {
        return event.get_key_symbol() === (this.get_text_direction() === Clutter.TextDirection.RTL ? mirrored : key);
    }

    // Not the shell's: that would close the menu.
    activate(_event) {
        if (!this._row || this._row.asks)
            return;
        if (this._row.canSwitch)
            this._attempt(this._guard.setAppMuted(this._path, this._row.allowed));
        else
            this._toggleExplanation();
    }

    async _toggleExplanation() {
        if (this._explanation.visible) {
            this._explanation.hide();
            this._claimed.hide();
            this._whyButton.child.icon_name = 'pan-down-symbolic';
            return;
        }
        try {
            const explanation = await this._guard.explain(this._path);
            if (this._gone)
                return;
            this._explanation.text = explained(explanation, this._guard.snapshot, this._text);
            this._explanation.show();
            this._whyButton.child.icon_name = 'pan-up-symbolic';
            this._claimed.visible = this._claimed.text !== '';
        } catch (error) {
            complain(this._text, error);
        }
    }

    _attempt(call) {
        call.catch(error => complain(this._text, error));
    }
});
