# SPDX-License-Identifier: GPL-3.0-or-later
"""The Debian package in the sessions of several users: installed, upgraded, removed, purged and installed again, all of it
while they are logged in. Run by scripts/test-system as `tester`, who may use sudo. Three users:
  tester   logged in; his guard is killed, and nobody comes after it, before the package is removed
  second   logged in; his guard is killed and about to be restarted at that moment
  away     muted, under strict admission, and not logged in when the package goes
"""
import glob
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

from machine import (FOLDER, LET_IN, MICROPHONES, UNIT, active, confinement, guard_pid, hears, limit, listening, live, mute, note, out,
                     phase, points, prop, run, show, silent, turning_up, unmute, until, user_mutes)

HERE = os.path.abspath(__file__)
OLD, NEW = "/srv/packages/old.deb", glob.glob("/srv/packages/micguard_*.deb")[0]
OTHERS = {"second": 1001, "away": 1002}


def as_user(user, what, timeout=90):
    """What this program answers when `user` asks it in his own session."""
    code, text = run("sudo", "-n", "-H", "-u", user, "env", f"XDG_RUNTIME_DIR=/run/user/{OTHERS[user]}",
                     f"DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/{OTHERS[user]}/bus",
                     f"MICGUARD_TEST_FOLDER={os.path.dirname(FOLDER)}/{user}", "LANG=C.UTF-8",
                     "/usr/bin/python3", HERE, what, timeout=timeout)
    try:
        return json.loads(text.splitlines()[-1])
    except (ValueError, IndexError):
        return {"error": f"{code} {text}"}


def state():
    pid = guard_pid()
    try:
        program = os.readlink(f"/proc/{pid}/exe") if pid else ""
    except OSError as error:
        program = str(error)
    return {"active": active(), "pid": pid, "program": program, "state": prop("State"), "admission": prop("Admission"),
            "limits": {name: limit(name) for name in MICROPHONES}, "user": user_mutes()}


def prepared():
    """Muted, and PipeWire started for strict admission."""
    done = [run("micguardctl", "admission", "strict"), run("systemctl", "--user", "restart", "pipewire.service")]
    until(lambda: prop("Admission") == '"strict"' and all(limit(name) is not None for name in MICROPHONES))
    done.append(run("micguardctl", "mute"))
    return {"done": done, **state()}


def killed():
    os.kill(guard_pid(), signal.SIGKILL)
    return {}


def gathers(command, wanted=48000):
    """Whether what a recorder writes becomes audible within that many samples of 16 bits."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        with subprocess.Popen([*command, file.name], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE) as process:
            until(lambda: os.path.getsize(file.name) > 2 * wanted or process.poll() is not None)
            process.terminate()
            errors = process.stderr.read().decode(errors="replace")
        # What is behind the header.
        samples = file.read()[128:]
        return {"bytes": len(samples), "audible": any(samples), "errors": errors}


def ears():
    """Both kinds of recorder and of player that everybody has, as they come."""
    answer = {}
    for name in MICROPHONES:
        answer[f"pw-record of {name}"] = gathers(["pw-record", "--target", name, "--format", "s16"])
        answer[f"parecord of {name}"] = gathers(["parecord", f"--device={name}", "--file-format=wav", "--format=s16le"])
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        run("sox", "-n", "-r", "48000", "-c", "2", file.name, "synth", "0.3", "sine", "440")
        for player in ("pw-play", "paplay"):
            code, text = run(player, file.name)
            answer[player] = {"code": code, "errors": text}
    return answer


def usable():
    """What ordinary tools can do now. The desktop's own mute is lifted by hand, as its owner would."""
    until(lambda: all(limit(name) is not None for name in MICROPHONES))
    found = {"before": state()}
    done = [run("pactl", "set-source-mute", name, "0") for name in MICROPHONES]
    return {**found, "unmuted": done, "ears": ears()}


def processes():
    """Of this user: command line by process, with state and ticks on a processor."""
    found = {}
    for path in glob.glob("/proc/[0-9]*"):
        try:
            if os.stat(path).st_uid != os.getuid():
                continue
            with open(path + "/cmdline", "rb") as file:
                words = file.read().replace(b"\0", b" ").decode(errors="replace").strip()
            with open(path + "/stat", encoding="utf-8", errors="replace") as file:
                fields = file.read().rpartition(")")[2].split()
        except OSError:
            continue
        found[os.path.basename(path)] = (words, fields[0], int(fields[11]) + int(fields[12]))
    return found


def remains():
    """What there is of a session that does not answer, for whoever has to find out why. Asks no sound server."""
    before = processes()
    time.sleep(1)
    lines = [f"{pid} {state} +{ticks - before.get(pid, (0, 0, ticks))[2]} ticks in 1 s: {words}" for pid, (words, state, ticks) in processes().items()]
    units = out("systemctl", "--user", "--no-pager", "--plain", "--all", "list-units", "micguard*", "pipewire*", "wireplumber*")
    return {"text": "\n".join([*lines, units, out("journalctl", "--user", "--no-pager", "-o", "short-precise", "-n", "300")])}


def guards():
    """Command lines of processes that run the guard's program, whoever's they are."""
    lines = out("sudo", "-n", "sh", "-c", 'for p in /proc/[0-9]*; do case $(readlink $p/exe) in /usr/libexec/micguardd*) '
                'echo "$(stat -c %U $p) $(tr "\\0" " " <$p/cmdline)";; esac; done')
    return sorted(line.strip() for line in lines.splitlines())


def apt(*arguments):
    # The machine is cut off from the network, so that what is recommended (rtkit) is not to be had.
    code, text = run("sudo", "-n", "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qqy", "--no-install-recommends", *arguments, timeout=180)
    points.same(code, 0, f"apt-get {' '.join(arguments)}")
    if code != 0 or "micguard-sessions:" in text:
        note(text)
    points.ok("micguard-sessions:" not in text, f"apt-get {arguments[0]}: nothing failed in the sessions", text)


def works(found, who):
    """From an answer of usable()."""
    if "error" in found:
        points.ok(False, f"{who}: can be looked at", found["error"])
        return
    points.ok(all(code == 0 for code, _ in found["unmuted"]), f"{who}: pactl unmutes", found["unmuted"])
    points.ok(all(value and value >= 1 for value in found["before"]["limits"].values()), f"{who}: no limit is left", found["before"])
    for what, got in found["ears"].items():
        points.ok(got.get("audible") or got.get("code") == 0, f"{who}: {what} works", got)


def first_install():
    points.same(guards(), [], "control: there is no guard")
    works(usable(), "control")
    with listening("a", "builtin") as ear:
        phase(0)
        points.ok(hears(ear, 0), "control: the microphone is heard")
        apt("install", OLD)
        points.ok(until(active), "installed in the midst of a session, it guards it", show("ActiveState"))
        points.ok(until(lambda: as_user("second", "state").get("active")), "and that of another user", as_user("second", "state"))
        points.ok(hears(ear, 0), "who was listening goes on")
    points.ok(UNIT in show("Wants", "pipewire.service").split(), "PipeWire's start starts it from now on", show("Wants", "pipewire.service"))


def upgrade():
    mute("muted before the upgrade")
    points.same(as_user("second", "mute").get("state"), '"muted"', "the other user is muted, too")
    before, other = state(), as_user("second", "state")
    with listening("b", "builtin") as one, listening("c", "headset") as two, turning_up("builtin"):
        silent((one, two), "upgraded while muted, with somebody who unmutes all the time", lambda: apt("install", NEW))
    after, others = state(), as_user("second", "state")
    points.ok(after["active"] and after["pid"] != before["pid"] and after["program"] == "/usr/libexec/micguardd",
              "the new guard runs", after)
    points.same(after["state"], '"muted"', "muted as before")
    points.ok(others.get("active") and others["pid"] != other["pid"] and others["program"] == "/usr/libexec/micguardd" and
              others["state"] == '"muted"', "and so is the other user's", others)
    points.ok(all(text.endswith("no") for text in after["user"].values()), "the desktop's own mute was not touched", after["user"])
    with listening("d", "builtin") as ear:
        unmute()
        live((ear,), "after the upgrade")


def removal():
    for user in OTHERS:
        found = as_user(user, "prepared")
        points.ok(found.get("state") == '"muted"' and found.get("admission") == '"strict"', f"{user}: muted, under strict admission", found)
    found = prepared()
    points.ok(found["state"] == '"muted"' and found["admission"] == '"strict"', "tester: muted, under strict admission", found)
    run("sudo", "-n", "loginctl", "disable-linger", "away")
    points.same(run("sudo", "-n", "systemctl", "stop", "user@1002.service")[0], 0, "away logs out")
    # Masked for that moment, so that systemd starts no other: nobody comes after the guard who is killed.
    pid = guard_pid()
    run("systemctl", "--user", "mask", "--runtime", UNIT)
    os.kill(pid, signal.SIGKILL)
    gone = until(lambda: show("ActiveState") in ("inactive", "failed") and not os.path.exists(f"/proc/{pid}"))
    run("systemctl", "--user", "unmask", "--runtime", UNIT)
    points.ok(gone and not active(), "tester: the guard is killed, and stays away", show("ActiveState"))
    points.same({limit(name) for name in MICROPHONES}, {0.0}, "tester: what it did to the microphones is still there")
    as_user("second", "killed")
    phase(1)
    apt("remove", "micguard")
    points.ok(not os.path.exists("/usr/libexec/micguardd"), "the program is gone")
    points.same(guards(), ["second /usr/libexec/micguardd --let-in", "tester /usr/libexec/micguardd --let-in"],
                "all that runs is who lets in where PipeWire was started for strict admission")
    held = confinement(int(show("MainPID", LET_IN) or 0))
    points.same([held.get(name) for name in ("NoNewPrivs", "Seccomp", "Umask")], ["1", "2", "0077"],
                "and that works in its unit's sandbox: no new privileges, a filter of system calls, its umask")
    for who, found in (("tester", usable()), ("second", as_user("second", "usable"))):
        if "error" in found:
            note(as_user(who, "remains").get("text", "nothing can be said of it"))
        works(found, f"{who}, package removed")
        points.ok(all(text.endswith("yes") for text in found.get("before", {}).get("user", {"": ""}).values()),
                  f"{who}: the removal opened no microphone", found.get("before"))
    # WirePlumber is as PipeWire: a link of its own, as beside 0.5.15, must lead nowhere without harm.
    links = [os.path.expanduser(f"~/.config/{name}.conf.d/90-micguard-admission.conf") for name in ("pipewire/pipewire", "wireplumber/wireplumber")]
    points.ok(os.path.islink(links[0]) and not os.path.exists(links[0]), "the user's link for strict admission leads nowhere", links[0])
    os.makedirs(os.path.dirname(links[1]), exist_ok=True)
    if not os.path.islink(links[1]):
        os.symlink("/usr/share/micguard/wireplumber-admission.conf", links[1])
    code, text = run("systemctl", "--user", "restart", "pipewire.service", "wireplumber.service")
    points.ok(code == 0, "PipeWire and WirePlumber are started anew at once, with both links", text)
    works(usable(), "tester, PipeWire started anew")
    # The manager still has the unit, wanted by PipeWire's, and nobody has told it that the program is gone.
    points.same((show("ActiveState"), show("NRestarts")), ("inactive", "0"), "and the guard's unit is not started over and over")
    os.unlink(links[1])
    points.ok(until(lambda: guards() == ["second /usr/libexec/micguardd --let-in"]), "who let in has gone with its PipeWire", guards())
    points.same(run("sudo", "-n", "systemctl", "start", "user@1002.service")[0], 0, "away logs in")
    works(as_user("away", "usable"), "away, at the next login")


def again():
    apt("install", NEW)
    points.ok(until(active), "installed again, it guards the session", show("ActiveState"))
    points.same(prop("State"), '"muted"', "and knows that it was muted")
    with listening("e", "builtin") as one, listening("f", "headset") as two:
        silent((one, two), "installed again", lambda: None)
        unmute()
        live((one, two), "unmuted after it was installed again")
    # Who stopped his guard means it.
    run("micguardctl", "release")
    until(lambda: not active())
    apt("install", "--reinstall", NEW)
    points.ok(not active() and as_user("second", "state").get("active"), "the same version again: who had stopped his guard has none", show("ActiveState"))


def purge():
    files = [line for line in out("dpkg", "-L", "micguard").splitlines() if os.path.isfile(line)]
    points.ok(len(files) > 20 and "/etc/micguard/micguard.toml" in files, "the package has its files", files)
    apt("purge", "micguard")
    points.same([file for file in files if os.path.lexists(file)], [], "purged, none of them is left")
    left = out("sudo", "-n", "find", "/etc", "/usr", "/var", "/opt", "/root", "-xdev", "-iname", "*micguard*")
    left = [path for path in left.splitlines() if not path.startswith((os.path.dirname(FOLDER), "/etc/systemd/system/", "/var/cache/apt"))
            and "multi-user.target.wants" not in path]
    points.same(left, [], "nor anything else of its name")
    points.ok(os.path.isdir(os.path.expanduser("~/.local/state/micguard")), "what is the users' own is left in their homes")
    works(usable(), "tester, package purged")
    apt("install", NEW)
    points.ok(until(active), "installed after the purge", show("ActiveState"))
    for command in (("unmute",), ("admission", "relaxed")):
        points.same(run("micguardctl", *command)[0], 0, "micguardctl " + " ".join(command))
    run("systemctl", "--user", "restart", "pipewire.service")
    # The rest is about one user.
    for user, uid in OTHERS.items():
        run("sudo", "-n", "loginctl", "disable-linger", user)
        run("sudo", "-n", "systemctl", "stop", f"user@{uid}.service")


def muted():
    run("micguardctl", "mute")
    return state()


ANSWERS = {"state": state, "prepared": prepared, "killed": killed, "usable": usable, "mute": muted, "remains": remains}


def main():
    if len(sys.argv) == 2 and sys.argv[1] in ANSWERS:
        print(json.dumps(ANSWERS[sys.argv[1]]()))
        return 0
    if sys.argv[1:] != ["package"]:
        print(__doc__, file=sys.stderr)
        return 2
    for unit in ("pipewire.service", "wireplumber.service", "pipewire-pulse.service"):
        points.ok(until(lambda unit=unit: show("ActiveState", unit) == "active"), f"{unit} of the distribution is running")
    for step in (first_install, upgrade, removal, again, purge):
        step()
    print(f"1..{points.number}")
    return 1 if points.failed else 0


if __name__ == "__main__":
    sys.exit(main())
