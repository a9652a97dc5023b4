# SPDX-License-Identifier: GPL-3.0-or-later
"""The applet in a real Plasma, by real clicks: plasma_checks.py, as scripts/test-desktop starts it on a booted machine.

Pictures of what was seen go to /srv/results/pictures.
"""
import contextlib
import os
import re
import sys

import plasma_shell as desk
from machine import (BUS, PATH, TOOLS, UNIT, Points, active, goes_on, guard_pid, heard, hears, listening, note, out, phase, prop, run, show,
                     until)

PICTURES = "/srv/results/pictures"
LIVE = "Microphones are live"
USED = "A microphone is in use"
MUTED = "Microphones are muted"
ABSENT = "The microphone guard is not running"
TOGGLE = "Mute all microphones"
# The panel's button and the applet's own icon in it have the same name.
BUTTON = "button"

points = Points()


def picture(name):
    desk.rest_pointer()
    desk.picture(f"{PICTURES}/{name}.png")


def see(summary, what):
    """The icon says so; told by its accessible name, which is also its tooltip."""
    return points.ok(desk.there(summary, BUTTON), what, desk.tree())


def open_popup(summary):
    if not desk.find(TOGGLE):
        desk.click(summary, BUTTON)
    return desk.there(TOGGLE)


def close_popup(summary):
    if desk.find(TOGGLE):
        desk.click(summary, BUTTON)
    desk.rest_pointer()
    return desk.gone(TOGGLE)


def silent_while(listener, parity):
    """What the listener receives is exact silence while the microphones go on making sound of that parity."""
    before = heard(listener)
    if not goes_on(listener):
        return False, "it does not go on"
    after = heard(listener)
    return after["audible"][parity] == before["audible"][parity] and after["nonZero"] == before["nonZero"], f"{before} {after}"


@contextlib.contextmanager
def recorder(name, target="builtin"):
    """An application as a desktop knows it: with an entry that gives its name and icon, and a file of its own."""
    folder = os.path.expanduser("~/.local/share/applications")
    programs = os.path.expanduser("~/programs")
    os.makedirs(folder, exist_ok=True)
    os.makedirs(programs, exist_ok=True)
    program = f"{programs}/{name.lower()}"
    run("cp", f"{TOOLS}/tests/support/mg-listen", program)
    with open(f"{folder}/{name.lower()}.desktop", "w", encoding="utf-8") as entry:
        entry.write(f"[Desktop Entry]\nType=Application\nName={name}\nIcon=audio-headphones\nExec={program}\n")
    with listening(name, target, program, f"app-{name.lower()}", restart=False):
        yield name


def bus_pid(name):
    """Who owns a name, without starting anybody; 0: nobody."""
    code, text = run("busctl", "--user", "call", "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                     "GetConnectionUnixProcessID", "s", name)
    return int(text.split()[1]) if code == 0 else 0


def watched():
    """How many match rules about the guard the shell has on the bus."""
    code, text = run("busctl", "--user", "call", "org.freedesktop.DBus", "/org/freedesktop/DBus",
                     "org.freedesktop.DBus.Debug.Stats", "GetAllMatchRules")
    if code != 0:
        return None
    # a{sas}: each connection with its rules. Only the shell has the applet.
    return len(re.findall(r"MicGuard1", text))


def without_guard():
    run("systemctl", "--user", "stop", UNIT)
    points.ok(desk.begin(), "a Plasma with a panel came up", desk.shell_log())
    before = watched()
    points.same(desk.add_applet(), desk.APPLET, "the applet is added to the panel")
    see(ABSENT, "without a guard the icon says so")
    points.ok(open_popup(ABSENT), "a click opens the popup", desk.tree())
    points.ok(desk.there("Start Microphone Guard", "button"), "which offers to start it", desk.tree())
    picture("absent")
    points.ok(not active() and bus_pid(BUS) == 0, "and nobody has started it by looking")
    points.ok(desk.click("Start Microphone Guard", "button") and until(active), "a click on it starts the guard")
    see(LIVE, "and the applet shows it")
    return before


def muting():
    with recorder("Recorder") as ear:
        phase(0)
        points.ok(hears(ear, 0), "control: an application hears the microphone")
        see(USED, "the icon says that a microphone is in use")
        points.ok(desk.there("Recorder", "list item"), "the application has a row with its name", desk.tree())
        points.ok("builtin" in desk.description("Recorder", "list item") and "Listening" in desk.description("Recorder", "list item"),
                  "which says what it does and on which microphone", desk.description("Recorder", "list item"))
        picture("in-use-light")
        points.ok(desk.click(TOGGLE), "a click on the toggle")
        see(MUTED, "mutes: the icon says so")
        points.same(prop("State"), '"muted"', "and so does the guard")
        phase(1)
        points.ok(*swapped(silent_while(ear, 1), "the application receives exact zeros"))
        points.ok(desk.there("Recorder", "list item") and until(lambda: "silence" in desk.description("Recorder", "list item")),
                  "its row says that it hears silence", desk.description("Recorder", "list item"))
        picture("muted-light")
        points.ok(close_popup(MUTED), "the popup closes")
        points.ok(desk.click(MUTED, BUTTON, button=2), "a middle click on the icon")
        see(USED, "unmutes")
        phase(2)
        points.ok(hears(ear, 0), "the application hears again")
        points.ok(desk.click(USED, BUTTON, button=2), "a middle click")
        see(MUTED, "mutes")
        phase(3)
        points.ok(*swapped(silent_while(ear, 1), "and it receives zeros"))
        points.ok(desk.click(MUTED, BUTTON, button=2) and desk.there(USED, BUTTON), "and one more unmutes")


def swapped(result, name):
    good, detail = result
    return good, name, detail


def applications():
    with recorder("Recorder") as first, recorder("Dictation") as second:
        phase(4)
        points.ok(hears(first, 0) and hears(second, 0), "control: two applications hear")
        points.ok(open_popup(USED), "the popup opens")
        points.ok(desk.there("Dictation", "list item"), "a new application has its row", desk.tree())
        points.ok(desk.click("Let Dictation listen"), "a click on its switch", desk.tree())
        points.ok(until(lambda: "Muted" in desk.description("Dictation", "list item")), "its row says that it is muted",
                  desk.description("Dictation", "list item"))
        phase(5)
        points.ok(*swapped(silent_while(second, 1), "it receives zeros"))
        points.ok(hears(first, 1), "the other one goes on hearing")
        points.ok(desk.click("Why Dictation is so"), "a click on its arrow")
        points.ok(desk.there(".*muted.*", "label"), "says why", desk.tree())
        picture("one-muted-light")
        points.ok(desk.click("Let Dictation listen"), "a click on the switch again")
        phase(6)
        points.ok(hears(second, 0), "lets it hear")
    points.ok(desk.gone("Recorder", "list item"), "applications that have ended have no rows")


def blocked():
    run("micguardctl", "mute")
    see(MUTED, "muted by the command line, the icon says so")
    with recorder("Meeting"):
        points.ok(open_popup(MUTED), "the popup opens")
        points.ok(desk.there("Meeting", "list item"), "who asks while muted is shown")
        points.ok(until(lambda: "silence: Meeting" in desk.description(TOGGLE)), "and named in the head", desk.description(TOGGLE))
        points.ok(desk.there("Kept from a microphone"), "and among those who were blocked", desk.tree())
        picture("tried-light")
        desk.colours("BreezeDark")
        # The colours come by a signal of their own; the picture is for people.
        desk.there(TOGGLE)
        points.ok(until(lambda: desk.picture(f"{PICTURES}/tried-dark.png") and dark(f"{PICTURES}/tried-dark.png"), desk.PATIENCE),
                  "the popup follows the dark colours")
        with recorder("Recorder"):
            run("micguardctl", "unmute")
            see(USED, "unmuted by the command line, the icon says so")
            desk.there("Recorder", "list item")
            picture("in-use-dark")
        run("micguardctl", "mute")
        desk.there(MUTED, BUTTON)
        picture("muted-dark")
        run("micguardctl", "unmute")
        desk.colours("BreezeLight")
    close_popup(LIVE)


def dark(path):
    """The popup's ground, by its mean brightness."""
    node = desk.find(TOGGLE)
    if not node:
        return False
    x, y, width, height = desk.place(node)
    code, text = run("magick", path, "-crop", f"{width}x{height}+{x}+{y}", "-colorspace", "Gray", "-format", "%[fx:mean]", "info:")
    return code == 0 and float(text) < 0.4


def keyboard():
    points.ok(open_popup(LIVE), "the popup opens")
    desk.key("space")
    see(MUTED, "the space bar in it mutes")
    desk.key("space")
    see(LIVE, "and unmutes")
    with recorder("Dictation"):
        desk.there("Dictation", "list item")
        desk.key("Down")
        desk.key("space")
        points.ok(until(lambda: "Muted" in desk.description("Dictation", "list item")),
                  "arrow down and the space bar mute an application", desk.tree())
        desk.key("space")
        points.ok(until(lambda: "Listening" in desk.description("Dictation", "list item")), "and let it listen again")
    desk.key("Escape")
    points.ok(desk.gone(TOGGLE), "Escape closes the popup")


def restarts():
    with recorder("Recorder"):
        see(USED, "in use before the guard is killed")
        before = guard_pid()
        run("kill", "-9", str(before))
        points.ok(until(lambda: guard_pid() not in (0, before)), "the guard is killed and restarted")
        see(USED, "the applet is back by itself")
        points.ok(open_popup(USED) and desk.there("Recorder", "list item"), "with its rows", desk.tree())
        close_popup(USED)
        run("systemctl", "--user", "stop", UNIT)
        see(ABSENT, "stopped in order, the icon says that there is no guard")
        desk.click(ABSENT, BUTTON, button=2)
        open_popup(ABSENT)
        points.ok(desk.there("Start Microphone Guard", "button"), "the button is there again")
        points.ok(not active() and bus_pid(BUS) == 0 and show("NRestarts") is not None,
                  "neither a middle click nor the popup has started a guard that the user stopped")
        desk.click("Start Microphone Guard", "button")
        see(USED, "the button has")
        close_popup(USED)


def settings():
    code, text = run("busctl", "--user", "call", BUS, PATH, BUS, "Config")
    points.ok(code == 0 and '"mute.on-lock" b false' in text, "the guard does not mute on lock", text)
    desk.click(LIVE, BUTTON, button=3)
    # The menu is no part of the accessible tree. Its first entry is the applet's own, the second the settings.
    points.ok(until(lambda: desk.key("Down", "Down", "Return") and desk.there("While the screen is locked", patience=5)),
              "the second entry of the icon's menu is the settings' page, with the guard's settings", desk.tree())
    picture("settings-light")
    points.ok(desk.click("While the screen is locked"), "a click on a setting")
    points.ok(desk.click("Apply", "button") or desk.click("Apply", "push button"), "and on Apply", desk.tree())
    config = "/home/tester/.config/micguard/conf.d/90-micguard.toml"
    points.ok(until(lambda: '"mute.on-lock" b true' in run("busctl", "--user", "call", BUS, PATH, BUS, "Config")[1]),
              "puts it in force", out("cat", config))
    desk.click("Cancel", "button") or desk.click("Cancel", "push button")


def leaving(before):
    """Without the applet nothing of it is left: on the bus, and among processes."""
    rules = watched()
    points.ok(rules is None or rules > before, "with the applet the shell watches the guard", f"{before} -> {rules}")
    points.ok(desk.remove_applet(), "the applet is removed", desk.applets())
    points.ok(desk.gone(f"{LIVE}|{USED}|{MUTED}", BUTTON), "its icon is gone")
    if rules is None:
        points.skip("nothing of it is left on the bus", "this bus tells no match rules")
    else:
        points.ok(until(lambda: watched() == before), "nothing of it is left on the bus", f"{before} -> {watched()}")
    log = desk.shell_log()
    # The last is said of every applet's settings page, and the shell's own doing.
    faults = [line for line in log.splitlines() if "micguard" in line.lower() and "not placed in the graphics scene" not in line]
    points.ok(not faults, "the shell had nothing to complain of about it", "\n".join(faults[:20]))


def main():
    os.makedirs(PICTURES, exist_ok=True)
    note(out("plasmashell", "--version"))
    parts = {"muting": muting, "applications": applications, "blocked": blocked, "keyboard": keyboard, "restarts": restarts,
             "settings": settings}
    wanted = sys.argv[1:] or list(parts)
    before = without_guard()
    for name in wanted:
        parts[name]()
    leaving(before)
    desk.end()
    print(f"1..{points.number}", flush=True)
    sys.exit(points.failed != 0)


main()
