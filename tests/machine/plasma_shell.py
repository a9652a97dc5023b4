# SPDX-License-Identifier: GPL-3.0-or-later
"""A Plasma of the tests' own: kwin_x11 and plasmashell on an Xvfb, as units of the user's; the pointer and keys by xdotool, pictures
by ImageMagick. What is on the screen is found as a screen reader finds it, by name and role over AT-SPI: what has no name
cannot be clicked here.
"""
import os
import re
import subprocess
import time

from machine import out, run, until

DISPLAY = ":9"
SIZE = (1280, 800)
APPLET = "org.micguard.plasma"
# A popup slides in; what is slow here is the machine without a graphics card.
PATIENCE = float(os.environ.get("MICGUARD_PATIENCE", 60))
ENVIRONMENT = {
    "DISPLAY": DISPLAY, "XDG_CURRENT_DESKTOP": "KDE", "XDG_SESSION_TYPE": "x11", "KDE_FULL_SESSION": "true",
    "KDE_SESSION_VERSION": "6", "LIBGL_ALWAYS_SOFTWARE": "1", "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1",
    "XDG_MENU_PREFIX": "plasma-", "XDG_CONFIG_DIRS": "/etc/xdg", "QT_FORCE_STDERR_LOGGING": "1",
}
UNITS = ("desk-screen", "desk-windows", "desk-shell")


def service(name, *command, **settings):
    arguments = [f"--setenv={key}={value}" for key, value in ENVIRONMENT.items()]
    arguments += [argument for key, value in settings.items() for argument in ("-p", f"{key}={value}")]
    return run("systemd-run", "--user", "--quiet", "--collect", f"--unit={name}", *arguments, *command)


def bus(method, *arguments, timeout=PATIENCE):
    return run("busctl", "--user", "--auto-start=no", "call", "org.kde.plasmashell", "/PlasmaShell", "org.kde.PlasmaShell", method,
               *arguments, timeout=timeout)


def script(text):
    """What Plasma's own scripting prints."""
    code, answer = bus("evaluateScript", "s", text)
    if code != 0:
        return f"({answer})"
    return answer[3:-1].encode().decode("unicode_escape").strip()


def begin():
    """True once there is a desktop with a panel."""
    os.environ.update(ENVIRONMENT)
    # Also for what they have systemd and the bus start: the activity manager, without which there is no desktop.
    run("dbus-update-activation-environment", "--systemd", *ENVIRONMENT)
    service(UNITS[0], "Xvfb", DISPLAY, "-screen", "0", f"{SIZE[0]}x{SIZE[1]}x24", "-nolisten", "tcp")
    if not until(lambda: run("xdpyinfo")[0] == 0, PATIENCE):
        return False
    service(UNITS[1], "kwin_x11", "--no-kactivities")
    if not until(lambda: "window id" in out("xprop", "-root", "_NET_SUPPORTING_WM_CHECK"), PATIENCE):
        return False
    return begin_shell()


def begin_shell():
    service(UNITS[2], "plasmashell", "--no-respawn")
    return until(lambda: re.fullmatch("[1-9]", script("print(panels().length)")), PATIENCE * 3)


def end_shell():
    run("systemctl", "--user", "stop", UNITS[2])


def end():
    for unit in reversed(UNITS):
        run("systemctl", "--user", "stop", unit)


def shell_log():
    """Of the present one."""
    invocation = out("systemctl", "--user", "show", "--value", "-p", "InvocationID", UNITS[2])
    return out("journalctl", "--user", "--no-pager", "-o", "cat", f"_SYSTEMD_INVOCATION_ID={invocation}")


def add_applet():
    return script(f'print(panels()[0].addWidget("{APPLET}").type)')


def applets():
    return script(f'print(panels().reduce((sum, panel) => sum + panel.widgets("{APPLET}").length, 0))')


def remove_applet():
    """True once no panel has one."""
    script(f'panels().forEach(panel => panel.widgets("{APPLET}").forEach(widget => widget.remove()))')
    return until(lambda: applets() == "0")


def colours(scheme):
    return run("plasma-apply-colorscheme", scheme, timeout=PATIENCE)


# What a screen reader sees. pyatspi asks the accessibility bus, so it is imported once that is there.

def _shell():
    import pyatspi
    for application in pyatspi.Registry.getDesktop(0):
        if application is not None and application.name == "plasmashell":
            return application
    return None


def _walk(node, depth=0):
    if node is None or depth > 60:
        return
    yield node
    try:
        count = node.childCount
    except Exception:  # it has gone while it was looked at
        return
    for number in range(min(count, 400)):
        try:
            child = node.getChildAtIndex(number)
        except Exception:
            continue
        yield from _walk(child, depth + 1)


def _showing(node):
    import pyatspi
    try:
        states = node.getState()
        return states.contains(pyatspi.STATE_VISIBLE) and states.contains(pyatspi.STATE_SHOWING)
    except Exception:
        return False


def find(name, role=None):
    """The first thing on the screen whose accessible name matches, and its role, if one is given."""
    pattern = re.compile(name)
    try:
        for node in _walk(_shell()):
            try:
                if pattern.fullmatch(node.name or "") and (role is None or node.getRoleName() == role) and _showing(node):
                    return node
            except Exception:
                continue
    except Exception:
        return None
    return None


def there(name, role=None, patience=PATIENCE):
    return until(lambda: find(name, role), patience)


def gone(name, role=None, patience=PATIENCE):
    return until(lambda: find(name, role) is None, patience)


def description(name, role=None):
    node = find(name, role)
    return node.description if node else ""


def is_checked(name, role=None):
    import pyatspi
    node = find(name, role)
    return bool(node) and node.getState().contains(pyatspi.STATE_CHECKED)


def place(node):
    import pyatspi
    box = node.queryComponent().getExtents(pyatspi.DESKTOP_COORDS)
    return box.x, box.y, box.width, box.height


def click(name, role=None, button=1, patience=PATIENCE):
    """A real click on the middle of what has this name; False if there is no such thing."""
    node = there(name, role, patience)
    if not node:
        return False
    # It may still be sliding in.
    before = None
    end_of_patience = time.monotonic() + patience
    while (now := place(node)) != before and time.monotonic() < end_of_patience:
        before = now
        time.sleep(0.1)
    x, y, width, height = now
    return run("xdotool", "mousemove", str(x + width // 2), str(y + height // 2), "click", str(button))[0] == 0


def key(*names):
    return run("xdotool", "key", *names)[0] == 0


def rest_pointer():
    """Away from everything that would show a tooltip."""
    run("xdotool", "mousemove", "300", "300")


def picture(path, patience=PATIENCE):
    """Of the whole screen, once nothing on it moves any more."""
    before = None

    def rests():
        nonlocal before
        run("import", "-window", "root", "-display", DISPLAY, path)
        now = out("magick", path, "-format", "%#", "info:")
        rested, before = now == before, now
        return rested

    return until(rests, patience)


def tree():
    """Everything with a name, for who looks why something was not found."""
    lines = []
    for node in _walk(_shell()):
        try:
            if node.name and _showing(node):
                lines.append(f"{node.getRoleName()}: {node.name} | {node.description} {place(node)}")
        except Exception:
            continue
    return "\n".join(lines)
