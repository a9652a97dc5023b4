// SPDX-License-Identifier: GPL-3.0-or-later
//
// The preferences. The guard's settings are the guard's: read by Config(), written by SetConfig(), shown only where the running
// daemon has the key, and greyed where somebody made it final. Only the two keys are the extension's own.
import Adw from 'gi://Adw';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import Gtk from 'gi://Gtk';

import {ExtensionPreferences, gettext as _} from 'resource:///org/gnome/Shell/Extensions/js/extensions/prefs.js';

import {Guard} from './guard.js';
import {ShortcutRow} from './shortcutRow.js';

export default class MicguardPreferences extends ExtensionPreferences {
    fillPreferencesWindow(window) {
        window._micguard = new Page(window, this.getSettings());
    }
}

// What is shown of the guard's settings. A choice without a value of its own ("" takes back what SetConfig said) is `unset`.
function groups() {
    return [
        {title: _('Mute'), rows: [
            {key: 'mute.mode', title: _('While muted'), subtitle: _('Cut off, unused microphones are closed'),
                words: [['silence', _('Silence')], ['sever', _('Cut off')]]},
            {key: 'mute.bluetooth', title: _('Bluetooth microphones while muted'), subtitle: _('Cut off, a headset goes back to its music quality'),
                words: [['silence', _('Silence')], ['sever', _('Cut off')]], unset: _('As the others')},
            {key: 'mute.start', title: _('At login'), words: [['last', _('As it was')], ['muted', _('Muted')]]},
            {key: 'mute.follow-desktop', title: _('Follow the microphone key'), subtitle: _('Muting the microphone in the desktop mutes all microphones')},
            {key: 'mute.led', title: _('Switch the lamp on the microphone key')},
        ]},
        {title: _('Lock and Sleep'), rows: [
            {key: 'mute.on-lock', title: _('Muted while the session is locked')},
            {key: 'mute.on-suspend', title: _('Muted while the computer sleeps')},
        ]},
        {title: _('Applications'), rows: [
            {key: 'policy.default', title: _('Applications without a rule'),
                words: [['allow', _('May listen')], ['ask', _('Ask')], ['silence', _('Hear silence')], ['deny', _('See no microphone')]]},
        ]},
        {title: _('Notifications'), rows: [
            {key: 'notify.questions', title: _('Ask by notification'), subtitle: _('With buttons to allow or deny')},
            {key: 'notify.capture', title: _('When an application starts to listen'),
                words: [['off', _('Never')], ['first', _('The first time')], ['always', _('Always')]]},
            {key: 'notify.blocked', title: _('When an application wants a muted microphone')},
            {key: 'notify.bypass', title: _('When something goes around the guard')},
        ]},
        {title: _('History'), rows: [
            {key: 'history.enabled', title: _('Write down who listened, and when'), subtitle: _('Never a sound; for you alone')},
        ]},
    ];
}

class Page {
    constructor(window, settings) {
        this._window = window;
        this._page = new Adw.PreferencesPage();
        window.add(this._page);

        this._notice = new Adw.PreferencesGroup({visible: false});
        const missing = new Adw.ActionRow({
            title: _('The microphone guard is not running'), subtitle: _('Its settings can be changed while it runs'),
        });
        missing.add_prefix(new Gtk.Image({icon_name: 'dialog-warning-symbolic'}));
        const start = new Gtk.Button({label: _('Start'), valign: Gtk.Align.CENTER});
        start.connect('clicked', () => this._guard.start().catch(error => this._complain(error)));
        missing.add_suffix(start);
        missing.activatable_widget = start;
        this._notice.add(missing);
        this._page.add(this._notice);

        const keys = new Adw.PreferencesGroup({title: _('Keys'), description: _('Here and everywhere else in GNOME; not while the session is locked')});
        keys.add(new ShortcutRow(settings, 'toggle-key', _('Mute or unmute'), _('Press once')));
        keys.add(new ShortcutRow(settings, 'talk-key', _('Push to talk'), _('The microphones are live while it is held; GNOME 47 or later')));
        this._page.add(keys);

        this._groups = [];
        this._read = 0;
        this._owner = null;
        this._guard = new Guard(() => this._update());
        window.connect('close-request', () => {
            this._guard.destroy();
            return false;
        });
        this._update();
    }

    // Once for each daemon that comes: from then on, what is shown is what was changed here.
    _update() {
        const {present, ready} = this._guard?.snapshot ?? {};
        this._notice.visible = !present;
        const owner = ready ? this._guard._owner : null;
        if (this._owner === owner)
            return;
        this._owner = owner;
        this._clear();
        if (owner)
            this._load().catch(error => this._complain(error));
    }

    _clear() {
        for (const group of this._groups)
            this._page.remove(group);
        this._groups = [];
    }

    async _load() {
        const reading = ++this._read;
        const config = await this._guard.config();
        if (reading !== this._read || !this._guard.snapshot.present)
            return;
        this._clear();
        for (const {title, rows} of groups()) {
            const known = rows.filter(row => row.key in config || (row.unset && 'mute.mode' in config));
            if (!known.length)
                continue;
            const group = new Adw.PreferencesGroup({title});
            for (const row of known)
                group.add(row.words ? this._choice(row, config) : this._switch(row, config));
            this._page.add(group);
            this._groups.push(group);
        }
    }

    _switch(description, config) {
        const row = new Adw.SwitchRow({title: description.title, active: config[description.key]});
        this._finish(row, description, config);
        row.connect('notify::active', () => this._set(description.key, new GLib.Variant('b', row.active)));
        return row;
    }

    _choice(description, config) {
        const words = [...description.unset ? [['', description.unset]] : [], ...description.words];
        const value = config[description.key] ?? '';
        // A word that a newer daemon knows, and we do not.
        if (!words.some(([word]) => word === value))
            words.push([value, value]);
        const row = new Adw.ComboRow({
            title: description.title, model: Gtk.StringList.new(words.map(([, label]) => label)),
            selected: words.findIndex(([word]) => word === value),
        });
        this._finish(row, description, config);
        row.connect('notify::selected', () => this._set(description.key, new GLib.Variant('s', words[row.selected][0])));
        return row;
    }

    _finish(row, description, config) {
        const final = config[`${description.key}@final`];
        row.name = description.key;
        row.use_markup = false;
        row.subtitle = final ? _('Decided by %s').replace('%s', final) : description.subtitle ?? '';
        row.sensitive = !final;
    }

    // Refused, the row shows what is in force again.
    _set(key, value) {
        this._guard.setConfig(key, value).catch(error => {
            this._complain(error);
            this._load().catch(failure => this._complain(failure));
        });
    }

    _complain(error) {
        if (error.matches?.(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED))
            return;
        Gio.DBusError.strip_remote_error(error);
        this._window.add_toast(new Adw.Toast({title: GLib.markup_escape_text(error.message, -1), timeout: 8}));
    }
}
