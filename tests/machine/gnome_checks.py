# SPDX-License-Identifier: GPL-3.0-or-later
"""The extension in a real GNOME Shell, by real clicks and keys, beside the installed daemon: scripts/test-desktop gnome.

What listens are the tests' own programs on test microphones, in the user's own PipeWire: "Voice Recorder" has a desktop entry and an
icon, "ear-other" has none.
"""
import json
import os
import subprocess
import sys
import threading
import zipfile

from gnome_shell import Shell
from machine import (BUS, PATH, TOP, Points, active, goes_on, heard, hears, listening, note, out, phase, prop, run, until)

UUID = "micguard@micguard.org"
RECORDER = "/usr/local/bin/voice-recorder"
OTHER = "/usr/local/bin/other-listener"
MUTED_ICON = "microphone-disabled-symbolic"
points = Points()
shell = Shell()
pressed = "mg.toggle()._box.get_first_child()"  # the half of the toggle that is not the menu's


def running(program, name):
    """A program that listens, from a file of its own, and so an application of its own."""
    return listening(name, program=program, restart=False)


parity = 0


def is_heard(ear):
    """The ear receives what is made from now on."""
    global parity
    parity ^= 1
    phase(parity)
    return hears(ear, parity)


def is_silent(ear):
    """Of what is made from now on nothing arrives, and the stream goes on."""
    global parity
    parity ^= 1
    before = heard(ear)["audible"][parity]
    phase(parity)
    return goes_on(ear) and heard(ear)["audible"][parity] == before


def same(code, wanted, name):
    got = until(lambda: shell.js(code) == wanted) and wanted
    return points.ok(got == wanted, name, f"{code}: {shell.js(code)!r}, not {wanted!r}")


def settled(code, name):
    return points.ok(shell.until(code), name, f"{code}: {getattr(shell, 'last', None)}")


def app(name, member):
    return shell.js(f"[...{GUARD}._apps.values()].find(app => app.Name === '{name}')?.{member} ?? null")


GUARD = f"Main.extensionManager.lookup('{UUID}').stateObj._guard"


def beginning():
    note(out("gnome-shell", "--version"))
    run("gsettings", "set", "org.gnome.desktop.interface", "enable-animations", "true")
    run("gsettings", "set", "org.gnome.shell", "welcome-dialog-last-shown-version", "'999'")
    run("gsettings", "set", "org.gnome.shell", "disable-user-extensions", "false")
    run("gsettings", "reset", "org.gnome.shell", "disabled-extensions")
    run("gsettings", "set", "org.gnome.shell", "enabled-extensions", f"['{UUID}']")
    code, text = run("systemctl", "--user", "enable", "--now", "micguard")
    points.ok(code == 0 and active(), "the guard runs", text)
    run("micguardctl", "unmute")
    points.ok(shell.start(), "GNOME Shell starts", shell.log())
    shell.js("(Main.overview.hide(), true)")
    same(f"Main.extensionManager.lookup('{UUID}').state", 1, "the extension is active")
    settled(f"{GUARD}.snapshot.ready", "it has found the guard")
    same("mg.toggle().subtitle", "Off", "nobody listens, nothing is muted: Off")
    same("[mg.toggle().checked, mg.indicator().visible]", [False, False], "the toggle is not lit, and no icon in the panel")


def application_appears():
    """In the shell's own clock: when the daemon announced the application, when its row was there."""
    shell.js("""(() => {
        mg.announced = mg.shown = 0;
        mg.watch = imports.gi.Gio.DBus.session.signal_subscribe(null, 'org.freedesktop.DBus.ObjectManager', 'InterfacesAdded',
            '%s', null, 0, () => { mg.announced ||= mg.now(); });
        mg.toggle()._apps.box.connect('child-added', () => { mg.shown ||= mg.now(); });
        return true; })()""" % PATH)


def in_use():
    application_appears()
    with running(RECORDER, "recorder") as ear:
        settled("mg.row('Voice Recorder') !== undefined", "an application that starts to listen has a row")
        took = shell.js("mg.announced && mg.shown ? (mg.shown - mg.announced) / 1000 : null")
        points.ok(took is not None and took >= 0, f"the row follows the daemon's announcement", f"{took} ms")
        note(f"row {took} ms after the announcement")
        shell.js("(imports.gi.Gio.DBus.session.signal_unsubscribe(mg.watch), true)")
        same("mg.row('Voice Recorder')._icon.icon_name", "org.example.VoiceRecorder", "it has its name and icon")
        points.ok(is_heard(ear), "it hears", (heard(ear), out("micguardctl", "apps"), out("micguardctl", "sources")))
        same("mg.toggle().subtitle", "In use: Voice Recorder", "the toggle says by whom the microphone is in use")
        same("[mg.indicator().visible, mg.indicator()._icon.icon_name]", [True, "microphone-sensitivity-high-symbolic"],
             "the panel has the icon of an open microphone")
        same("mg.quick()._volumeInput.visible", False, "and not the shell's own beside it")
        settled("mg.quick()._volumeInput.quickSettingsItems[0]._showInput", "although the shell would show it")

        run("pactl", "set-source-mute", "builtin", "1")
        same("mg.quick()._volumeInput.visible", True, "muted by the user in the sound settings: the shell's icon says so beside ours")
        run("pactl", "set-source-mute", "builtin", "0")
        same("mg.quick()._volumeInput.visible", False, "and no longer")
        points.ok(shell.open_quick_settings(), "Quick Settings open by a click")
        points.ok(shell.click(pressed), "the toggle is clicked")
        settled("mg.toggle().checked", "it is lit")
        points.same(prop("State"), '"muted"', "the guard is muted")
        points.ok(is_silent(ear), "the application gets nothing but zeros")
        same("[mg.indicator().visible, mg.indicator()._icon.icon_name, mg.indicator()._count.text]", [True, MUTED_ICON, "1"],
             "the panel's icon is another one, and counts who tries")
        same("mg.toggle().subtitle", "On; Voice Recorder tries", "the toggle says who tries")
        same("mg.quick()._volumeInput.visible", False, "the shell's icon of an open microphone is gone")
        same("mg.quick()._volumeInput.quickSettingsItems[0].icon_name", MUTED_ICON, "its slider shows the muted icon")
        run("pactl", "set-source-volume", "builtin", "41%")
        settled("Math.abs(mg.quick()._volumeInput.quickSettingsItems[0].slider.value - 0.41) < 0.02", "its slider is still the user's")
        same("mg.quick()._volumeInput.quickSettingsItems[0].icon_name", MUTED_ICON, "and still shows the muted icon")
        points.ok(is_silent(ear), "which opens nothing")
        run("pactl", "set-source-volume", "builtin", "90%")
        shell.close()
    same("[mg.indicator().visible, mg.indicator()._icon.icon_name, mg.indicator()._count.visible]", [True, MUTED_ICON, False],
         "muted and nobody tries: the icon stays, without a number")
    same("mg.toggle().subtitle", "On", "the toggle says: On")
    shell.open_quick_settings()
    points.ok(shell.click(pressed), "the toggle is clicked once more")
    settled("!mg.toggle().checked && !mg.indicator().visible", "neither toggle nor icon")
    shell.close()
    with running(RECORDER, "recorder") as ear:
        points.ok(is_heard(ear), "and the application hears again")


def own_switch():
    with running(RECORDER, "recorder") as ear, running(OTHER, "other") as other:
        settled("mg.rows().length === 2", "two applications, two rows")
        points.ok(shell.open_menu(), "the menu opens by a click")
        points.ok(is_heard(ear) and is_heard(other), "both hear")
        points.ok(shell.click("mg.row('Voice Recorder')._switch"), "the switch of one is clicked")
        settled("mg.row('Voice Recorder')._switch.state === false", "it is off")
        points.ok(is_silent(ear), "this one gets zeros")
        points.ok(is_heard(other), "the other one goes on hearing")
        points.ok("Voice Recorder" not in (shell.js("mg.toggle().subtitle") or ""), "the toggle names who hears, and no longer this one")
        shell.click("mg.row('Voice Recorder')._whyButton")
        settled("mg.row('Voice Recorder')._explanation.mapped && mg.row('Voice Recorder')._explanation.text.includes(':')",
                "its arrow shows why")
        note(str(shell.js("mg.row('Voice Recorder')._explanation.text")))
        points.ok(shell.js("mg.toggle().menu.isOpen"), "the menu stays open")
        points.ok(shell.picture("explained-dark"), "a picture of it")
        shell.click("mg.row('Voice Recorder')._switch")
        settled("mg.row('Voice Recorder')._switch.state", "clicked again, it is on")
        points.ok(is_heard(ear), "and it hears")
        keyboard(ear)
        shell.close()


def keyboard(ear):
    shell.js("(mg.row('Voice Recorder').grab_key_focus(), true)")
    shell.tap("space")
    settled("mg.row('Voice Recorder')._switch.state === false", "the space bar on the row presses its switch")
    points.ok(is_silent(ear), "and it gets zeros")
    shell.tap("enter")
    settled("mg.row('Voice Recorder')._switch.state", "so does Enter")
    shell.tap("right")
    same("global.stage.get_key_focus() === mg.row('Voice Recorder')._whyButton", True, "the right arrow goes on to its explanation")
    shell.tap("left")
    same("global.stage.get_key_focus() === mg.row('Voice Recorder')", True, "the left one back")
    shell.tap("tab")
    same("mg.toggle().menu.box.contains(global.stage.get_key_focus()) && global.stage.get_key_focus() !== mg.row('Voice Recorder')", True,
         "Tab goes on in the menu")
    unnamed = shell.js("""mg.all(mg.toggle().menu.box, a => a.can_focus && a.mapped).concat([mg.toggle(), mg.toggle()._menuButton])
        .filter(a => !(a.get_accessible().get_name() || a.accessible_name || a.label_actor?.text)).map(a => String(a))""")
    points.same(unnamed, [], "everything that the keyboard reaches has a name for a screen reader")
    same("mg.row('Voice Recorder').get_accessible().get_name().startsWith('Voice Recorder may listen')", True,
         "the row's name says what its switch does")


def looks():
    with running(RECORDER, "recorder"):
        settled("mg.row('Voice Recorder') !== undefined", "for the pictures: somebody listens")
        for style, settings in {
            "dark": [("org.gnome.desktop.interface", "color-scheme", "'prefer-dark'")],
            "light": [("org.gnome.desktop.interface", "color-scheme", "'prefer-light'")],
            "contrast": [("org.gnome.desktop.interface", "color-scheme", "'prefer-dark'"),
                         ("org.gnome.desktop.a11y.interface", "high-contrast", "true")],
        }.items():
            for setting in settings:
                run("gsettings", "set", *setting)
            for state in ("in-use", "wanted"):
                run("micguardctl", "mute" if state == "wanted" else "unmute")
                shell.open_menu()
                settled(f"mg.toggle().checked === {'true' if state == 'wanted' else 'false'}", f"{style}: {state}")
                shell.move(400, 500)
                points.ok(shell.picture(f"{state}-{style}", (848, 0, 432, 520)), f"picture {state}-{style}")
                shell.close()
        run("gsettings", "set", "org.gnome.desktop.interface", "color-scheme", "'prefer-dark'")
        run("gsettings", "reset", "org.gnome.desktop.a11y.interface", "high-contrast")
    settled("mg.rows().length === 0", "nobody listens any more")
    run("micguardctl", "mute")
    with running(RECORDER, "recorder"):
        settled("mg.toggle()._blocked.visible", "who comes while muted is kept out")
    settled("mg.rows().length === 0", "and goes")
    for state in ("muted", "live"):
        run("micguardctl", "mute" if state == "muted" else "unmute")
        shell.open_menu()
        settled(f"mg.toggle().checked === {'true' if state == 'muted' else 'false'}", state)
        if state == "muted":
            shell.click("mg.toggle()._blocked")
            settled("mg.toggle()._blocked.menu.box.mapped && mg.texts(mg.toggle()._blocked.menu.box).some(t => t.includes('Voice Recorder'))",
                    "who was kept out is listed")
        points.ok(shell.picture(f"{state}-dark", (848, 0, 432, 520)), f"picture {state}-dark")
        shell.close()


def comes_and_goes():
    with running(RECORDER, "recorder") as ear:
        settled("mg.row('Voice Recorder') !== undefined", "a row before the restart")
        run("micguardctl", "mute")
        before = shell.js(f"{GUARD}._owner")
        run("systemctl", "--user", "restart", "micguard")
        settled(f"{GUARD}._owner !== null && {GUARD}._owner !== '{before}' && {GUARD}.snapshot.ready", "the daemon restarted: the panel is back by itself")
        settled("mg.toggle().checked && mg.row('Voice Recorder') !== undefined", "muted, with the application's row")
        before = shell.js(f"{GUARD}._owner")
        run("systemctl", "--user", "kill", "-s", "KILL", "micguard")
        settled(f"{GUARD}._owner !== null && {GUARD}._owner !== '{before}' && {GUARD}.snapshot.ready", "it is back after a kill -9, too")
        settled("mg.toggle().checked && mg.row('Voice Recorder') !== undefined", "muted as before, with the row")
        code, text = run("micguardctl", "unmute")
        points.ok(code == 0, "unmuted", text)
        settled(f"{GUARD}.snapshot.ready && !mg.toggle().checked", "it follows")

        run("systemctl", "--user", "stop", "micguard")
        same("mg.toggle().subtitle", "Not running", "stopped: it says so")
        same("mg.indicator().visible", False, "its icon is gone")
        same("mg.quick()._volumeInput.visible", True, "the shell's own is back")
        # Every way to press something: none of them may start what the user has stopped.
        shell.open_quick_settings()
        shell.click(pressed)
        settled("mg.toggle().menu.isOpen && mg.toggle()._start.mapped", "pressed, it offers a button that starts the guard")
        points.ok(shell.picture("stopped-dark", (848, 0, 432, 520)), "a picture of it")
        shell.close()
        run("gsettings", "set", "org.gnome.shell.extensions.micguard", "toggle-key", "['<Super><Shift>m']")
        shell.js("true")
        shell.tap("super", "shift", "m")
        run("gnome-extensions", "disable", UUID)
        same(f"Main.extensionManager.lookup('{UUID}').state === 1", False, "the extension is turned off")
        run("gnome-extensions", "enable", UUID)
        same(f"Main.extensionManager.lookup('{UUID}').state", 1, "and on again")
        owned = out("busctl", "--user", "call", "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "NameHasOwner", "s", BUS)
        points.ok(not active() and owned == "b false", "none of it has started the guard", owned)
        points.ok(is_heard(ear), "and the application hears")
        shell.open_menu()
        points.ok(shell.click("mg.toggle()._start"), "the button is clicked")
        points.ok(until(active), "the unit is active")
        settled(f"{GUARD}.snapshot.ready && mg.row('Voice Recorder') !== undefined", "and the panel is back, with the row")
        same("mg.toggle().subtitle", "In use: Voice Recorder", "which is in use")
        note(str(shell.js("mg.row('Voice Recorder')?._row")) + prop("State") + prop("Warnings") + out("micguardctl", "apps"))
        shell.close()


def questions():
    """An application that a rule makes ask: answered by a click."""
    run("busctl", "--user", "call", BUS, PATH, BUS, "SetConfig", "sv", "policy.default", "s", "ask")
    with running(OTHER, "other") as ear:
        settled("mg.row('other')?._answers.mapped !== undefined && mg.row('other')._row.asks", "who has to ask has a row with answers")
        same("[mg.toggle().subtitle, mg.indicator().visible]", ["other asks", True], "toggle and panel say so")
        points.ok(is_silent(ear), "and hears nothing yet")
        shell.open_menu()
        settled("mg.row('other')._answers.mapped", "the answers are there to be clicked")
        points.ok(shell.picture("question-dark", (848, 0, 432, 520)), "a picture of it")
        points.ok(shell.click("mg.row('other')._answers.get_first_child()"), "Allow Once is clicked")
        settled("!mg.row('other')._answers.visible && mg.row('other')._switch.state", "the question is gone")
        points.ok(is_heard(ear), "and it hears")
        shell.close()
    run("busctl", "--user", "call", BUS, PATH, BUS, "SetConfig", "sv", "policy.default", "s", "")


def setting(key):
    settings = json.loads(out("busctl", "--user", "--json=short", "--auto-start=no", "call", BUS, PATH, BUS, "Config"))["data"][0]
    return settings[key]["data"]


def preferences():
    shell.open_menu()
    points.ok(shell.click("mg.toggle().menu._getMenuItems().at(-1)"), "the menu's last item is clicked")
    window = "global.get_window_actors().map(actor => actor.meta_window).find(window => window.title === 'micguard')"
    settled(f"{window} !== undefined", "the preferences open")
    frame = f"(frame => [frame.x, frame.y, frame.width, frame.height])({window}.get_frame_rect())"
    was = setting("mute.led")
    # Its switch is the last one that is seen without scrolling; where exactly goes by the fonts.
    for row in range(520, 580, 10):
        # Anew each time: a window is told of before it is where it will be.
        x, y, width, _ = until(lambda: shell.js(frame)) or (0, 0, 0, 0)
        shell.move(x + width - 90, y + row)
        for state in ("PRESSED", "RELEASED"):
            shell.js(f"mg.pointer.notify_button(mg.now(), 1, imports.gi.Clutter.ButtonState.{state}) ?? true")
        if until(lambda: setting("mute.led") != was, 5.0):
            break
    points.ok(shell.picture("preferences"), "a picture of it")
    points.same(setting("mute.led"), not was, "a switch that is clicked there changes the daemon's setting")
    points.ok("90-micguard.toml" in setting("mute.led@origin"), "in the guard's own file", setting("mute.led@origin"))
    run("busctl", "--user", "call", BUS, PATH, BUS, "SetConfig", "sv", "mute.led", "s", "")
    shell.js(f"({window}.delete(global.get_current_time()), true)")
    settled(f"{window} === undefined", "they close")


def package():
    """The zip has what is installed, and its schema."""
    code, text = run(f"{TOP}/scripts/pack-gnome", "/tmp/micguard-zip")
    if not points.ok(code == 0, "gnome-extensions pack makes the zip", text):
        return
    with zipfile.ZipFile(f"/tmp/micguard-zip/{UUID}.shell-extension.zip") as archive:
        packed = {name for name in archive.namelist() if "/" not in name}
        schemas = [name for name in archive.namelist() if name.endswith(".gschema.xml")]
    points.same(sorted(packed), sorted(os.listdir(f"/usr/share/gnome-shell/extensions/{UUID}")), "it has the files that are installed")
    points.same(len(schemas), 1, "and the schema")


def holds():
    return prop("Holds")


def talking():
    run("gsettings", "set", "org.gnome.shell.extensions.micguard", "talk-key", "['F9', '<Super>t']")
    settled(f"Main.extensionManager.lookup('{UUID}').stateObj._keys._settings.get_strv('talk-key').length === 2", "the key is set")
    with running(RECORDER, "recorder") as ear:
        shell.tap("super", "shift", "m")
        settled("mg.toggle().checked", "the other key mutes")
        points.ok(is_silent(ear), "the application gets zeros")
        shell.key("f9", True)
        points.ok(until(lambda: "hold-unmute" in holds()), "the key is held: the guard has a hold", holds())
        points.ok(is_heard(ear), "and the application hears")
        same("mg.toggle().subtitle", "Talking", "the toggle says so")
        shell.key("f9", False)
        points.ok(until(lambda: "hold-unmute" not in holds()), "let go: the hold is gone", holds())
        points.ok(is_silent(ear), "and nothing is heard")
        shell.key("super", True)
        shell.key("t", True)
        points.ok(until(lambda: "hold-unmute" in holds()), "with a modifier", holds())
        shell.key("super", False)
        points.ok(until(lambda: "hold-unmute" not in holds()), "the modifier let go first ends it too", holds())
        shell.key("t", False)
        shell.key("f9", True)
        until(lambda: "hold-unmute" in holds())
        shell.key("shift", True)
        points.ok(until(lambda: "hold-unmute" not in holds()), "another modifier pressed meanwhile ends it", holds())
        shell.key("f9", False)
        shell.key("shift", False)
        # All of it in one turn of the shell's loop: released before the guard can have answered.
        f9 = 67
        shell.js("""(() => { for (let i = 0; i < 100; i++) for (const state of ['PRESSED', 'RELEASED'])
            mg.keyboard.notify_key(mg.now(), %d, imports.gi.Clutter.KeyState[state]); return true; })()""" % f9)
        settled(f"(keys => !keys._asking && !keys._held)(Main.extensionManager.lookup('{UUID}').stateObj._keys)",
                "100 short taps: the last question is answered, nothing is held")
        points.ok(until(lambda: "hold-unmute" not in holds()), "and the guard has no hold", holds())
        points.ok(is_silent(ear), "and nothing is heard")
        points.ok(until(lambda: "hold-unmute" not in holds()), "still no hold", holds())
        shell.key("f9", True)
        until(lambda: "hold-unmute" in holds())
        run("gnome-extensions", "disable", UUID)
        points.ok(until(lambda: "hold-unmute" not in holds()), "turned off while the key is held: the hold is gone", holds())
        shell.key("f9", False)
        run("gnome-extensions", "enable", UUID)
        settled(f"{GUARD}?.snapshot.ready", "on again")
        shell.tap("super", "shift", "m")
        settled("!mg.toggle().checked", "the key unmutes")


class MatchRules:
    """The match rules that one connection has added to the bus and not removed, of those that concern the guard."""

    def __init__(self, sender):
        self.sender = sender
        self.open, self.added = [], 0
        self.process = subprocess.Popen(["dbus-monitor", "--session", "type='method_call',interface='org.freedesktop.DBus'"],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.seen = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()
        # Once it is told of a call, it is told of all.
        until(lambda: run("busctl", "--user", "call", "org.freedesktop.DBus", "/", "org.freedesktop.DBus", "GetId") and self.seen.wait(0.2))

    def _read(self):
        member = None
        for line in self.process.stdout:
            if line.startswith("method call"):
                self.seen.set()
                member = line.rsplit("member=", 1)[1].strip() if f"sender={self.sender} " in line else None
            elif member in ("AddMatch", "RemoveMatch") and "string" in line:
                rule = line.split('"', 1)[1].rstrip().rstrip('"')
                if member == "RemoveMatch" and rule in self.open:
                    self.open.remove(rule)
                elif member == "AddMatch" and self._ours(rule):
                    self.added += 1
                    self.open.append(rule)

    def _ours(self, rule):
        # Properties and objects are asked for from the unique name that owns the guard's.
        return "micguard" in rule or "PropertiesChanged" in rule and "path=" not in rule or "Interfaces" in rule and "path=" not in rule

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


def off():
    with running(RECORDER, "recorder"):
        run("micguardctl", "mute")
        settled("mg.toggle().checked && mg.row('Voice Recorder') !== undefined", "on, muted, with a row")
        points.ok(shell.js("mg.all(global.stage, mg.ours).length > 5"), "control: there are actors", shell.last)
        for _ in range(10):
            run("gnome-extensions", "disable", UUID)
            until(lambda: shell.js(f"Main.extensionManager.lookup('{UUID}').state !== 1"))
            run("gnome-extensions", "enable", UUID)
            settled_once = shell.until(f"Main.extensionManager.lookup('{UUID}').state === 1 && {GUARD}.snapshot.ready")
        points.ok(settled_once, "off and on ten times")
        run("gnome-extensions", "disable", UUID)
        until(lambda: shell.js(f"Main.extensionManager.lookup('{UUID}').state !== 1"))
        rules = MatchRules(shell.js("imports.gi.Gio.DBus.session.get_unique_name()"))
        run("gnome-extensions", "enable", UUID)
        shell.until(f"Main.extensionManager.lookup('{UUID}').state === 1 && {GUARD}.snapshot.ready")
        points.ok(until(lambda: rules.added >= 5), "control: turned on, the shell adds match rules to the bus", rules.open)
        run("gnome-extensions", "disable", UUID)
        same(f"Main.extensionManager.lookup('{UUID}').state === 1", False, "off")
        same("mg.all(global.stage, mg.ours).map(a => String(a)).slice(0, 5)", [], "no actor is left")
        points.ok(until(lambda: not rules.open), f"and none of its {rules.added} match rules", rules.open)
        rules.stop()
        same("[Main.wm._allowedKeybindings['talk-key'] || null, Main.wm._allowedKeybindings['toggle-key'] || null]", [None, None],
             "no key is grabbed")
        same("mg.quick()._volumeInput.visible", True, "the shell's microphone icon is its own again")
        same("mg.quick()._volumeInput.quickSettingsItems[0].icon_name === '%s'" % MUTED_ICON, False, "and its slider's icon")
        shell.tap("super", "shift", "m")
        shell.js("true")
        points.same(prop("Muted"), "true", "the key does nothing any more")
        run("micguardctl", "unmute")


def told():
    """What the shell logged about us, other than what was asked for here."""
    signs = (UUID, "micguard:", "Gjs_micguard", "JS ERROR", "already been disposed", "deallocated")
    bad = [line for line in shell.log().splitlines() if any(sign in line for sign in signs)]
    points.same(bad, [], "the shell has logged nothing about the extension, and no error of JavaScript")


def main():
    parts = [beginning, in_use, own_switch, questions, looks, comes_and_goes, talking, preferences, off, package, told]
    if sys.argv[1:]:
        parts = [beginning] + [part for part in parts if part.__name__ in sys.argv[1:]]
    try:
        for part in parts:
            note(f"-- {part.__name__}")
            try:
                part()
            finally:
                shell.close()
    finally:
        shell.stop()
        run("micguardctl", "unmute")
    print(f"1..{points.number}")
    return points.failed != 0


sys.exit(main())
