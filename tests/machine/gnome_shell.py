# SPDX-License-Identifier: GPL-3.0-or-later
"""A real GNOME Shell, headless, as the user's own service: JavaScript in it, a pointer and a keyboard, pictures.

Clicks go through a virtual device of Clutter's, so that they take the way of a real pointer's; JavaScript is for looking, never for
pressing. What is to be seen is waited for (machine.until), not slept for.
"""
import json
import os

import gi
from gi.repository import Gio, GLib

from machine import out, run, until

PICTURES = "/srv/results/pictures"
KEYS = {"super": 125, "ctrl": 29, "shift": 42, "alt": 56, "t": 20, "m": 50, "esc": 1, "tab": 15, "space": 57, "enter": 28,
        "down": 108, "left": 105, "right": 106, "up": 103, "f9": 67}  # evdev

# What is looked at in the shell, by name. `find` gives the first actor below another for which a test holds.
LOOKING = """
(() => {
    const {Clutter, GLib} = imports.gi;
    const seat = Clutter.get_default_backend().get_default_seat();
    const mg = globalThis.mg = {};
    mg.pointer = seat.create_virtual_device(Clutter.InputDeviceType.POINTER_DEVICE);
    mg.keyboard = seat.create_virtual_device(Clutter.InputDeviceType.KEYBOARD_DEVICE);
    mg.now = () => GLib.get_monotonic_time();
    mg.quick = () => Main.panel.statusArea.quickSettings;
    mg.find = (actor, test) => {
        for (const child of actor.get_children()) {
            if (test(child)) return child;
            const found = mg.find(child, test);
            if (found) return found;
        }
        return null;
    };
    mg.all = (actor, test) => actor.get_children().flatMap(child => [...(test(child) ? [child] : []), ...mg.all(child, test)]);
    mg.toggle = () => mg.find(mg.quick().menu._grid, actor => actor.name === 'micguard-toggle');
    mg.indicator = () => mg.find(mg.quick(), actor => actor.name === 'micguard-indicator');
    mg.ours = actor => String(actor.constructor?.name).startsWith('Micguard') ||
        String(actor.style_class ?? '').includes('micguard') || String(actor.name ?? '').startsWith('micguard');
    mg.rows = () => mg.all(mg.toggle().menu.box, actor => actor.constructor.name === 'MicguardApplicationRow');
    mg.row = name => mg.rows().find(row => row._name.text === name);
    mg.texts = actor => mg.all(actor, a => a.text !== undefined && a.mapped && a.constructor.name.includes('Label')).map(a => a.text);
    mg.box = actor => {
        if (!actor?.mapped) return null;
        const box = actor.get_transformed_extents();
        return [box.get_x() + box.get_width() / 2, box.get_y() + box.get_height() / 2];
    };
    return true;
})()
"""


class Shell:
    """`gnome-shell --headless` with our own settings; one at a time. Ended by stop()."""

    def __init__(self):
        os.makedirs(PICTURES, exist_ok=True)
        self.bus = Gio.bus_get_sync(Gio.BusType.SESSION)

    def start(self):
        run("systemctl", "--user", "reset-failed", "shell.service")
        run("systemd-run", "--user", "--quiet", "--collect", "--unit=shell", "-p", "TimeoutStopSec=10", "gnome-shell",
            "--headless", "--virtual-monitor", "1280x800", "--no-x11", "--unsafe-mode")
        self.invocation = out("systemctl", "--user", "show", "--value", "-p", "InvocationID", "shell.service")
        return until(lambda: self.js("Main.layoutManager._startingUp === false && Main.panel.statusArea.quickSettings._system !== undefined"),
                     60) and self.js(LOOKING)

    def stop(self):
        run("systemctl", "--user", "stop", "shell.service")

    def js(self, code):
        """What an expression is worth in the shell; None if the shell is not there or says it is an error."""
        try:
            good, text = self.bus.call_sync("org.gnome.Shell", "/org/gnome/Shell", "org.gnome.Shell", "Eval",
                                            GLib.Variant("(s)", (code,)), None, Gio.DBusCallFlags.NONE, 20000, None).unpack()
        except GLib.Error:
            return None
        self.last = text
        if not good:
            return None
        return json.loads(text) if text else None

    def until(self, code, patience=20.0):
        return until(lambda: self.js(code), patience)

    def log(self):
        run("journalctl", "--user", "--sync")
        return out("journalctl", "--user", "--no-pager", "-o", "cat", f"_SYSTEMD_INVOCATION_ID={self.invocation}")

    def _place(self, actor):
        # At rest: twice at the same place, so that a click does not hit what is still moving.
        seen = []

        def rested():
            seen.append(self.js(f"mg.box({actor})"))
            return len(seen) > 2 and seen[-1] is not None and seen[-1] == seen[-2] == seen[-3]
        return seen[-1] if until(rested) else None

    def move(self, x, y):
        self.js(f"mg.pointer.notify_absolute_motion(mg.now(), {x}, {y}) ?? true")

    def click(self, actor):
        """Real motion, press and release in the middle of an actor; False if it is not to be seen."""
        place = self._place(actor)
        if place is None:
            return False
        self.move(*place)
        for state in ("PRESSED", "RELEASED"):
            self.js(f"mg.pointer.notify_button(mg.now(), 1, imports.gi.Clutter.ButtonState.{state}) ?? true")
        return True

    def idle(self):
        """Everything that is queued in the shell is done: it takes over new key bindings only when it is idle."""
        self.js("(() => { mg.idle = false; imports.gi.GLib.idle_add(300, () => { mg.idle = true; return false; }); return true; })()")
        return self.until("mg.idle")

    def key(self, name, pressed):
        self.js(f"mg.keyboard.notify_key(mg.now(), {KEYS[name]}, imports.gi.Clutter.KeyState.{'PRESSED' if pressed else 'RELEASED'}) ?? true")

    def tap(self, *names):
        self.idle()
        for name in names:
            self.key(name, True)
        for name in reversed(names):
            self.key(name, False)

    def open_quick_settings(self):
        if not self.js("mg.quick().menu.isOpen"):
            self.click("mg.quick()")
        return self.until("mg.quick().menu.isOpen && mg.toggle().mapped")

    def open_menu(self):
        self.open_quick_settings()
        if not self.js("mg.toggle().menu.isOpen"):
            self.click("mg.toggle()._menuButton")
        return self.until("mg.toggle().menu.isOpen && mg.toggle().menu.box.opacity === 255")

    def close(self):
        self.js("(mg.quick().menu.close(), true)")
        return self.until("!mg.quick().menu.isOpen && !mg.quick().menu.actor.visible")

    def picture(self, name, area=None):
        """Of the whole screen, or of x, y, width, height."""
        path = f"{PICTURES}/{name}.png"
        method, signature, arguments = "Screenshot", "(bbs)", (False, False, path)
        if area:
            method, signature, arguments = "ScreenshotArea", "(iiiibs)", (*area, False, path)
        try:
            good, _ = self.bus.call_sync("org.gnome.Shell", "/org/gnome/Shell/Screenshot", "org.gnome.Shell.Screenshot",
                                         method, GLib.Variant(signature, arguments), None, Gio.DBusCallFlags.NONE,
                                         20000, None).unpack()
        except GLib.Error:
            return False
        return good and os.path.getsize(path) > 1000
