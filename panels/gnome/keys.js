// SPDX-License-Identifier: GPL-3.0-or-later
//
// The two keys: one toggles the mute, one opens the microphones while it is held.
//
// What is held is a descriptor of the guard's; it is closed when the key is let go, and goes with the shell if that dies. A key that is
// let go before the guard has answered closes it as soon as it comes. Mutter tells of a release only if the modifiers are those of the
// press (the user lets go of Super first, or presses Ctrl meanwhile), so as long as the key is held, and only then, the
// modifiers are looked at; whatever differs from the press ends the hold. So does a second press: the release before it was lost.
import Clutter from 'gi://Clutter';
import GLib from 'gi://GLib';
import Meta from 'gi://Meta';
import Shell from 'gi://Shell';

import * as Main from 'resource:///org/gnome/shell/ui/main.js';

import {complain} from './complain.js';

const TALK = 'talk-key';
const TOGGLE = 'toggle-key';
const LOOK_EVERY = 30; // ms, while the key is held

function modifiers() {
    const [, , state] = global.get_pointer();
    return state & (Clutter.ModifierType.SHIFT_MASK | Clutter.ModifierType.CONTROL_MASK |
        Clutter.ModifierType.MOD1_MASK | Clutter.ModifierType.MOD4_MASK);
}

export class Keys {
    constructor(guard, settings, text) {
        this._guard = guard;
        this._settings = settings;
        this._text = text;
        this._held = null;
        this._asking = false;
        this._look = 0;
        const once = Meta.KeyBindingFlags.IGNORE_AUTOREPEAT | Meta.KeyBindingFlags.NON_MASKABLE;
        Main.wm.addKeybinding(TOGGLE, settings, once, Shell.ActionMode.ALL, () => this._toggle());
        // Before GNOME 47 nobody is told of a release, so there is no key to hold.
        this._talks = Meta.KeyBindingFlags.TRIGGER_RELEASE !== undefined;
        if (this._talks) {
            Main.wm.addKeybinding(TALK, settings, once | Meta.KeyBindingFlags.TRIGGER_RELEASE, Shell.ActionMode.ALL,
                (_display, _window, event) => {
                    if (event?.type() === Clutter.EventType.KEY_RELEASE)
                        this._letGo();
                    else
                        this._press();
                });
        }
        // With the key goes whatever it held: its release would never come.
        settings.connectObject(`changed::${TALK}`, () => this._letGo(), this);
    }

    destroy() {
        this._letGo();
        this._settings.disconnectObject(this);
        Main.wm.removeKeybinding(TOGGLE);
        if (this._talks)
            Main.wm.removeKeybinding(TALK);
        this._settings = this._guard = null;
    }

    _toggle() {
        const {present, root} = this._guard.snapshot;
        if (present)
            this._guard.setMuted(!root.Muted).catch(error => complain(this._text, error));
    }

    _press() {
        this._letGo();
        if (!this._guard.snapshot.present)
            return;
        this._held = {descriptor: -1, over: false};
        this._ask();
        const pressed = modifiers();
        this._look = GLib.timeout_add(GLib.PRIORITY_HIGH, LOOK_EVERY, () => {
            if (modifiers() === pressed && !global.display.is_grabbed?.())
                return GLib.SOURCE_CONTINUE;
            this._look = 0;
            this._letGo();
            return GLib.SOURCE_REMOVE;
        });
    }

    // One question at a time: whoever taps fast does not leave a queue behind that opens the microphones after the last tap.
    _ask() {
        const hold = this._held;
        if (!hold || this._asking)
            return;
        this._asking = true;
        this._guard.holdUnmute(this._text._('Push-to-talk')).then(descriptor => {
            hold.descriptor = descriptor;
            if (hold.over)
                GLib.close(descriptor);
        }).catch(error => {
            if (this._held === hold)
                this._letGo();
            // Turned off meanwhile, also by the lock: there is nobody to be told.
            if (this._guard)
                complain(this._text, error);
        }).finally(() => {
            this._asking = false;
            if (this._held !== hold)
                this._ask();
        });
    }

    _letGo() {
        if (this._look)
            GLib.source_remove(this._look);
        this._look = 0;
        const hold = this._held;
        this._held = null;
        if (!hold)
            return;
        hold.over = true;
        if (hold.descriptor >= 0)
            GLib.close(hold.descriptor);
    }
}
