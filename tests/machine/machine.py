# SPDX-License-Identifier: GPL-3.0-or-later
"""What the checks on a booted machine share: commands with a time limit, waiting, units, listeners, counting.

Runs inside of the container as the ordinary user whose session is looked at (scripts/test-system). Points are printed as
TAP. Nothing sleeps for luck: until() looks again until it is so or the time is up.
"""
import contextlib
import json
import os
import signal
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOOLS = os.environ.get("MICGUARD_TEST_BUILD", os.path.join(TOP, "build"))
FOLDER = os.environ["MICGUARD_TEST_FOLDER"]  # control files and listeners' figures; survives a boot
MICROPHONES = ("builtin", "headset")
UNIT = "micguard.service"
LET_IN = "micguard-let-in.service"
BUS = "org.micguard.MicGuard1"
PATH = "/org/micguard/MicGuard1"
PATIENCE = 20.0


class Points:
    """Counts. A point that fails is printed with its reason; nobody stops because of one."""

    def __init__(self):
        self.number = 0
        self.failed = 0

    def ok(self, good, name, detail=""):
        self.number += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.number} {name}")
        for line in "" if good else str(detail).splitlines():
            print("#   " + line)
        sys.stdout.flush()
        return bool(good)

    def same(self, got, wanted, name):
        return self.ok(got == wanted, name, f"got {got!r}, not {wanted!r}")

    def skip(self, name, why):
        self.number += 1
        print(f"ok {self.number} {name} # SKIP {why}", flush=True)


points = Points()


def note(text):
    for line in text.splitlines():
        print("# " + line, flush=True)


def run(*command, timeout=PATIENCE):
    """Exit status and output of a command; 124 if it took too long."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=timeout, text=True, errors="replace", check=False)
    except subprocess.TimeoutExpired as late:
        return 124, f"{command[0]} took longer than {timeout} s: {late.stdout or ''}"
    return done.returncode, done.stdout.strip()


def out(*command):
    return run(*command)[1]


def until(question, patience=PATIENCE):
    """The first answer that is true, or the last one."""
    end = time.monotonic() + patience
    while True:
        answer = question()
        if answer or time.monotonic() > end:
            return answer
        time.sleep(0.02)


def show(name, unit=UNIT):
    return out("systemctl", "--user", "show", "--value", "-p", name, unit)


def active():
    return show("ActiveState") == "active"


def guard_pid():
    return int(show("MainPID") or 0)


def confinement(pid):
    """What the kernel says of a process: NoNewPrivs, Seccomp, Umask …"""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8") as file:
            return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    except OSError:
        return {}


def prop(name):
    """A property of the guard as busctl prints it, without starting the guard."""
    code, text = run("busctl", "--user", "--auto-start=no", "get-property", BUS, PATH, BUS, name)
    return text.split(" ", 1)[1] if code == 0 else f"({text})"


def journal(*arguments):
    run("journalctl", "--user", "--sync")
    return out("journalctl", "--user", "--no-pager", "-u", UNIT, *arguments)


def tool(verb, argument):
    return out(TOOLS + "/tests/machine/mg-machine", FOLDER, verb, str(argument))


def phase(number):
    """What the microphones make from now on; its parity is what a listener tells apart."""
    tool("phase", number)


def heard(listener):
    return json.loads(tool("heard", listener))


def made(parity):
    return min(json.loads(tool("produced", name))["frames"][parity] for name in MICROPHONES)


def hears(listener, parity, samples=4800):
    """True once the listener has received that many more audible samples of this parity."""
    before = heard(listener)["audible"][parity]
    return until(lambda: heard(listener)["audible"][parity] >= before + samples)


def goes_on(listener, samples=24000):
    """True once the listener has received that many more samples, silent or not."""
    before = heard(listener)["samples"]
    return until(lambda: heard(listener)["samples"] >= before + samples)


def limit(name):
    """The guard's knob on a source: channelmix.max-volume as the server tells it."""
    for entry in json.loads(out("pw-dump") or "[]"):
        info = entry.get("info") or {}
        if (info.get("props") or {}).get("node.name") != name:
            continue
        for props in (info.get("params") or {}).get("Props", []):
            pairs = props.get("params", [])
            if "channelmix.max-volume" in pairs:
                return pairs[pairs.index("channelmix.max-volume") + 1]
    return None


def user_mutes():
    return {name: out("pactl", "get-source-mute", name) for name in MICROPHONES}


@contextlib.contextmanager
def listening(name, target="builtin", program=TOOLS + "/tests/support/mg-listen", unit=None, restart=True):
    """mg-listen, or a copy of it, as an ordinary program, linked by the session manager; where it is to be, started again when
    PipeWire goes away."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(f"{FOLDER}/{name}.stats")
    unit = unit or name
    again = ("-p", "Restart=always", "-p", "RestartSec=50ms", "-p", "StartLimitIntervalSec=0") if restart else ()
    run("systemd-run", "--user", "--quiet", "--collect", f"--unit={unit}", *again, program, "--name", name, "--target", target,
        "--stats", f"{FOLDER}/{name}.stats")
    try:
        yield name
    finally:
        run("systemctl", "--user", "stop", unit)


def silent(ears, what, done):
    """From here on nothing that is made now is heard: `done` happens in between, and again all go on and hear nothing."""
    phase(1)
    before = {ear: heard(ear)["audible"][1] for ear in ears}
    frames = made(1)
    done()
    went_on = all([goes_on(ear) for ear in ears])
    leaked = {ear: heard(ear)["audible"][1] - before[ear] for ear in ears}
    fresh = until(lambda: made(1) > frames + 24000)
    points.ok(went_on and fresh and not any(leaked.values()), f"nothing is heard: {what}",
              f"{leaked}, streams going on: {went_on}, microphones playing: {fresh}")


def live(ears, what):
    phase(2)
    points.ok(all([hears(ear, 0) for ear in ears]), f"all hear: {what}", f"{[heard(ear) for ear in ears]}")


def mute(what="micguardctl mute"):
    code, text = run("micguardctl", "mute")
    points.ok(code == 0 and prop("State") == '"muted"', what, f"{code} {text}, {prop('State')}")


def unmute():
    code, text = run("micguardctl", "unmute")
    points.ok(code == 0 and prop("State") == '"live"', "micguardctl unmute", f"{code} {text}, {prop('State')}")


@contextlib.contextmanager
def turning_up(name):
    """Somebody who unmutes the microphone all the time, as volume controls and conferences do."""
    with subprocess.Popen(["sh", "-c", f"while :; do pactl set-source-mute {name} 0; pactl set-source-volume {name} 100%; done"],
                          stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True) as process:
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGKILL)
