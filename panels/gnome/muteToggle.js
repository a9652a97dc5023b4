// SPDX-License-Identifier: GPL-3.0-or-later
//
// The Quick Settings toggle, lit while muted, and its menu: who captures, who was kept out, what to know.
import Clutter from 'gi://Clutter';
import GObject from 'gi://GObject';
import Pango from 'gi://Pango';
import St from 'gi://St';
import GLib from 'gi://GLib';

import * as PopupMenu from 'resource:///org/gnome/shell/ui/popupMenu.js';
import {QuickMenuToggle} from 'resource:///org/gnome/shell/ui/quickSettings.js';

import {ApplicationRow} from './applicationRow.js';
import {complain} from './complain.js';
import {ago} from './presentation.js';

export const MuteToggle = GObject.registerClass(
class MicguardMuteToggle extends QuickMenuToggle {
    constructor(guard, text, openPreferences) {
        super();
        const {_} = text;
        this.name = 'micguard-toggle';
        this._guard = guard;
        this._text = text;
        this._rows = new Map();
        this._absent = true;

        this._apps = new PopupMenu.PopupMenuSection();
        this._nobody = note('', _('No application is listening'));
        this._more = note('', '');
        this._warnings = new PopupMenu.PopupMenuSection();
        this._blocked = new PopupMenu.PopupSubMenuMenuItem(_('Recently Kept Out'), true);
        this._blocked.icon.icon_name = 'action-unavailable-symbolic';
        this._start = new PopupMenu.PopupImageMenuItem(_('Start the Microphone Guard'), 'media-playback-start-symbolic');
        this._start.connect('activate', () => guard.start().catch(error => complain(text, error)));

        this.menu.addMenuItem(this._start);
        this.menu.addMenuItem(this._nobody);
        this.menu.addMenuItem(this._apps);
        this.menu.addMenuItem(this._more);
        this.menu.addMenuItem(this._blocked);
        this.menu.addMenuItem(this._warnings);
        this.menu.addMenuItem(new PopupMenu.PopupSeparatorMenuItem());
        this.menu.addAction(_('Microphone Guard Settings'), openPreferences);
        this.menu.connect('open-state-changed', (_menu, open) => open && this._tellTimes());

        this.connect('clicked', () => this._press());
    }

    // The menu is not the toggle's child: the shell leaves it where it is.
    destroy() {
        this._rows.clear();
        this.menu.destroy();
        super.destroy();
    }

    // presentation.js says what. Rows stay the same actors as long as their application is there, so that the keyboard's focus does.
    show(shown) {
        this._absent = shown.absent;
        this._shown = shown;
        this.set({title: shown.title, subtitle: shown.subtitle, icon_name: shown.icon, checked: shown.checked});
        this.accessible_name = shown.accessibleName;
        this.menu.setHeader(shown.icon, shown.header, shown.detail);

        this._start.visible = shown.canStart;
        this._nobody.visible = !shown.absent && shown.rows.length === 0;
        const paths = new Set(shown.rows.map(row => row.path));
        for (const [path, row] of this._rows) {
            if (!paths.has(path)) {
                this._rows.delete(path);
                row.destroy();
            }
        }
        for (const row of shown.rows) {
            if (!this._rows.has(row.path)) {
                const made = new ApplicationRow(this._guard, row.path, this._text);
                this._rows.set(row.path, made);
                this._apps.addMenuItem(made);
            }
            this._rows.get(row.path).show(row);
        }
        this._more.visible = shown.more > 0;
        this._more.setText(this._text.ngettext('and %d more', 'and %d more', shown.more).replace('%d', shown.more));

        this._showBlocked(shown.blocked);
        this._showWarnings(shown.warnings);
    }

    _showBlocked(blocked) {
        this._blocked.visible = blocked.length > 0;
        if (sameAs(this._blockedShown, blocked))
            return;
        this._blockedShown = blocked;
        this._blocked.menu.removeAll();
        for (const entry of blocked) {
            const item = note(entry.icon, entry.name, entry.reason);
            item.time = entry.time;
            this._blocked.menu.addMenuItem(item);
        }
        this._tellTimes();
    }

    _showWarnings(warnings) {
        if (sameAs(this._warningsShown, warnings))
            return;
        this._warningsShown = warnings;
        this._warnings.removeAll();
        for (const warning of warnings)
            this._warnings.addMenuItem(note('dialog-warning-symbolic', warning));
    }

    _tellTimes() {
        for (const item of this._blocked.menu._getMenuItems())
            item.setTime(ago(item.time, GLib.get_real_time(), this._text));
    }

    _press() {
        // Nothing to press: the menu has the button that starts it.
        if (this._absent) {
            this.menu.open();
            return;
        }
        const muted = !this.checked;
        this._guard.setMuted(muted).then(() => {
            const {root} = this._guard.snapshot;
            if (!muted && root.Muted && this._shown)
                complain(this._text, new Error(this._shown.detail));
        }).catch(error => complain(this._text, error));
    }
});

function sameAs(former, now) {
    return former !== undefined && JSON.stringify(former) === JSON.stringify(now);
}

// Something to read: reachable with the keyboard, but nothing happens.
const Note = GObject.registerClass(
class MicguardNote extends PopupMenu.PopupBaseMenuItem {
    constructor(icon, title, detail) {
        super({activate: false, hover: false});
        if (icon)
            this.add_child(new St.Icon({icon_name: icon, style_class: 'popup-menu-icon', y_align: Clutter.ActorAlign.START}));
        const box = new St.BoxLayout({x_expand: true, style_class: 'micguard-lines'});
        box.layout_manager.orientation = Clutter.Orientation.VERTICAL;
        this._title = new St.Label({text: title, x_expand: true});
        this._title.clutter_text.set({line_wrap: true, line_wrap_mode: Pango.WrapMode.WORD_CHAR, ellipsize: Pango.EllipsizeMode.NONE});
        this._name = title;
        box.add_child(this._title);
        if (detail) {
            const label = new St.Label({text: detail, style_class: 'micguard-detail'});
            label.clutter_text.set({line_wrap: true, line_wrap_mode: Pango.WrapMode.WORD_CHAR, ellipsize: Pango.EllipsizeMode.NONE});
            box.add_child(label);
        }
        this.add_child(box);
        this.label_actor = this._title;
    }

    setText(title) {
        this._title.text = title;
    }

    setTime(time) {
        this._title.text = `${this._name}, ${time}`;
    }
});

function note(icon, title, detail = '') {
    return new Note(icon, title, detail);
}
