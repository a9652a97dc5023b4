# SPDX-License-Identifier: GPL-3.0-or-later
"""The installed unit in a real systemd user session: unit_checks.py BOOT, where a boot is one of those below.

One boot after the other on the same machine, as scripts/test-system starts them, after the package was installed:
  installed     sandbox, bus, journal, crash, watchdog, reload, stop, release. Ends muted.
  login-muted   nobody has called anything: the guard is there before the session manager, and nothing was heard.
  forgotten     the same with the session manager's memory of the sources deleted: the silence is the guard's own.
  login-live    unmuted: the programs that start at login hear. The guard is masked at the end.
  control       no guard: they hear. What was silent above was not so by itself.
"""
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import xml.etree.ElementTree

from machine import (BUS, LET_IN, MICROPHONES, PATH, TOP, UNIT, active, confinement, goes_on, guard_pid, heard, hears, journal, limit, listening, live,
                     made, mute, note, out, phase, points, prop, run, show, silent, turning_up, unmute,
                     until, user_mutes)

EARS = ("ear-builtin", "ear-headset", "ear-self-linked")


def versions():
    for command in (["systemctl", "--version"], ["pipewire", "--version"], ["wireplumber", "--version"],
                    ["dbus-daemon", "--version"]):
        text = out(*command)
        note(" / ".join(line for line in text.splitlines() if re.search(r"\d+\.\d+|systemd \d", line))[:120])
    note("micguardd " + out("/usr/libexec/micguardd", "--version"))


def enabled():
    for unit in ("pipewire.service", "pipewire-pulse.service", "wireplumber.service"):
        points.ok(until(lambda unit=unit: show("ActiveState", unit) == "active"), f"{unit} of the distribution is running")
    points.ok(until(active), "the guard runs: the package has enabled it for everybody", show("ActiveState"))
    points.ok(UNIT in show("Wants", "pipewire.service").split(), "pipewire.service wants it", show("Wants", "pipewire.service"))
    code, text = run("systemd-analyze", "--user", "verify", show("FragmentPath"))
    points.ok(code == 0 and not text, "systemd-analyze verify has nothing to say", text)
    for name, wanted in (("Restart", "always"), ("WatchdogUSec", "10s"), ("StartLimitIntervalUSec", "0"),
                         ("NotifyAccess", "main"), ("NRestarts", "0"), ("Result", "success")):
        points.same(show(name), wanted, f"{name} is {wanted}")
    number = int(re.search(r"systemd (\d+)", out("systemctl", "--version"))[1])
    wanted = "notify-reload" if number >= 253 else "notify"
    points.same(show("Type"), wanted, f"Type is {wanted} with systemd {number}")


def settings_of(unit):
    """What of a unit's settings is its sandbox."""
    with open(show("FragmentPath", unit), encoding="utf-8") as file:
        return [line for line in file.read().splitlines()
                if re.match(r"(NoNew|Lock|Memory|Restrict|SystemCall|UMask|Protect|Private)", line)]


# What single settings of the unit do, where others of it refuse the same.
ALONE = (("RestrictRealtime=yes", "real time by sched_setscheduler"), ("SystemCallArchitectures=native", "calls of another architecture"))


def sandbox():
    for name, wanted in (("NoNewPrivs", "1"), ("Seccomp", "2"), ("Umask", "0077")):
        points.same(confinement(guard_pid()).get(name), wanted, f"the running guard has {name} {wanted}")
    command = ["systemd-run", "--user", "--quiet", "--pipe", "--wait", "--collect"]
    tried = ["/usr/bin/python3", TOP + "/tests/machine/probe.py", show("MainPID", "wireplumber.service"), show("MainPID", "pipewire.service")]
    run("mkdir", "-p", os.path.expanduser("~/.local/state"))

    def probed(settings):
        return out(*command, *[option for line in settings for option in ("-p", line)], *tried)
    outside = probed([])
    if not points.ok(outside.startswith("{"), "the probe of the sandbox runs", outside):
        return
    outside = json.loads(outside)
    # The units themselves with another program in them.
    for unit in (UNIT, LET_IN):
        inside = probed(settings_of(unit))
        if points.ok(inside.startswith("{"), f"{unit}: the probe runs in its sandbox", inside):
            within(unit, outside, json.loads(inside))
    for setting, name in ALONE:
        text = probed([setting])
        if outside["forbidden"][name] != "done":
            points.skip(f"{setting} alone refuses {name}", f"so does this machine: {outside['forbidden'][name]}")
        elif points.ok(text.startswith("{"), f"the probe runs under {setting}", text):
            points.ok(json.loads(text)["forbidden"][name] != "done", f"{setting} alone refuses {name}", text)
            points.same(json.loads(text)["needed"]["asking for real time by sched_setattr"], "done", f"{setting} does not reach sched_setattr")
    left_out(command, tried)
    for unit in (UNIT, LET_IN):
        rating = out("systemd-analyze", "--user", "--no-pager", "security", unit).splitlines()[-1]
        note(rating)
        level = re.search(rf"level for {re.escape(unit)}: ([\d.]+)", rating)
        points.ok(level and float(level[1]) < 6.5, f"systemd-analyze security rates {unit} below 6.5", rating)


def within(unit, outside, inside):
    for name, answer in inside["forbidden"].items():
        if outside["forbidden"][name] != "done":
            points.skip(f"{unit} refuses {name}", f"so does this machine: {outside['forbidden'][name]}")
        else:
            points.ok(answer != "done", f"{unit} refuses {name}")
    for name, answer in inside["needed"].items():
        points.same(answer, "done", f"{unit} allows {name}")


# What systemd could do to a system service, one by one. A user's manager grants it not at all, or by namespaces in which the guard
# could not do its work; what it grants and the guard can bear belongs into the unit.
NOT_IN_THE_UNIT = ("ProtectSystem=strict", "ProtectHome=read-only", "PrivateTmp=yes", "PrivateDevices=yes", "ProtectProc=invisible",
                   "ProcSubset=pid", "ProtectKernelTunables=yes", "ProtectKernelModules=yes", "ProtectKernelLogs=yes",
                   "ProtectControlGroups=yes", "ProtectClock=yes", "ProtectHostname=yes", "PrivateNetwork=yes", "PrivateUsers=yes",
                   "PrivateIPC=yes", "PrivateMounts=yes", "KeyringMode=private", "CapabilityBoundingSet=", "DevicePolicy=closed",
                   "IPAddressDeny=any", "SocketBindDeny=any", "RemoveIPC=yes", "NoExecPaths=/home", "InaccessiblePaths=-/boot")
# With these a user's manager starts no program at all.
NOT_STARTED = ("ProtectKernelLogs=yes", "CapabilityBoundingSet=")


def left_out(command, tried):
    outside = json.loads(out(*command, *tried))
    for setting in NOT_IN_THE_UNIT:
        text = out(*command, "-p", setting, *tried)
        if not text.startswith("{"):
            points.ok(setting in NOT_STARTED, f"left out: {setting}: not granted", text or "the probe says nothing")
            continue
        found = json.loads(text)
        broken = [name for name, answer in found["needed"].items() if answer != "done"]
        unchanged = found["marks"] == outside["marks"] and found["forbidden"] == outside["forbidden"]
        points.ok(broken or unchanged, f"left out: {setting}: " + (f"under it the guard has not: {', '.join(broken)}" if broken else "without effect"),
                  f"it is granted, and the guard can bear it: {found}")


def doctor():
    code, text = run("micguardctl", "doctor")
    note(text)
    points.same(code, 0, "micguardctl doctor finds no fault")
    findings = json.loads(out("micguardctl", "doctor", "--json"))["findings"]
    seen = {finding["check"]: finding["level"] for finding in findings}
    for check in ("daemon", "pipewire", "session-manager", "unit", "enabled"):
        points.same(seen.get(check), "ok", f"doctor: {check} is ok")
    manager = next((f["text"] for f in findings if f["check"] == "session-manager"), "")
    points.ok("wireplumber" in manager, "under its sandbox the guard recognises the session manager", manager)


def introspection():
    contract = xml.etree.ElementTree.parse(TOP + "/protocol/org.micguard.MicGuard1.xml").getroot()
    wanted = set()
    for interface in contract.iter("interface"):
        if interface.get("name") != BUS:
            continue
        for member in interface:
            if member.tag not in ("method", "property", "signal") or any(
                    a.get("name") == "org.micguard.Status" and a.get("value") == "planned" for a in member.iter("annotation")):
                continue
            arguments = "".join(a.get("type") for a in member.findall("arg") if a.get("direction", "in") == "in")
            wanted.add((member.get("name"), member.tag, member.get("type") or arguments or "-"))
    table = out("busctl", "--user", "--no-pager", "introspect", BUS, PATH)
    shown, interface = set(), ""
    for words in map(str.split, table.splitlines()):
        if len(words) > 1 and words[1] == "interface":
            interface = words[0]
        elif interface == BUS and len(words) > 2 and words[0].startswith("."):
            shown.add((words[0][1:], words[1], words[2]))
    points.ok(len(wanted) > 15 and shown == wanted, f"busctl introspect shows the contract's {len(wanted)} members",
              f"missing {sorted(wanted - shown)}, too much {sorted(shown - wanted)}\n{table}")


@contextlib.contextmanager
def monitored():
    """The lines of gdbus monitor, a list that grows."""
    lines = []
    process = subprocess.Popen(["gdbus", "monitor", "--session", "--dest", BUS], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, text=True)
    reader = threading.Thread(target=lambda: [lines.append(line) for line in process.stdout], daemon=True)
    reader.start()
    try:
        until(lambda: any("is owned by" in line for line in lines))
        yield lines
    finally:
        process.terminate()
        process.wait(10)
        reader.join(10)


def announced(lines, name, value):
    return until(lambda: any("PropertiesChanged" in line and f"'{BUS}'" in line and f"'{name}': <{value}>" in line
                             for line in lines))


def muting(ears):
    with monitored() as lines:
        live(ears, "unmuted under the guard")
        mute()
        points.ok(announced(lines, "Muted", "true"), "gdbus monitor shows PropertiesChanged on mute", "".join(lines))
        silent(ears, "muted", lambda: None)
        unmute()
        points.ok(announced(lines, "Muted", "false"), "gdbus monitor shows PropertiesChanged on unmute", "".join(lines))
    live(ears, "unmuted again")
    text = journal("-x")
    for subject in ("Microphones muted", "Microphones live"):
        points.ok(f"Subject: {subject}" in text, f"journalctl -x explains: {subject}", text[-2000:])
    points.ok(re.search(r"Wanted by: micguardctl \(pid \d+\)", text), "and by whom", text[-2000:])
    fields()


def entries(*match):
    return [json.loads(line) for line in journal("-o", "json", *match).splitlines()]


def fields():
    """What docs/journal-fields.md says is what a real journal has."""
    muted = entries("MESSAGE_ID=1dc6e56c2c734403a28b8b1f267893fb")
    points.ok(muted and all(entry.get("MICGUARD_MODE") == "silence" and
                            re.match(r"micguardctl \(pid \d+\)", entry.get("MICGUARD_REASON", "")) and
                            entry.get("PRIORITY") == "5" and entry.get("SYSLOG_IDENTIFIER") == "micguardd" and
                            entry.get("_SYSTEMD_USER_UNIT") == UNIT for entry in muted),
              "journalctl -o json: a mute has mode and reason, and is the unit's", json.dumps(muted[-1:]))
    points.ok(entries("MICGUARD_MODE=silence") == muted, "a field finds the same entries as the MESSAGE_ID")
    live = entries("MESSAGE_ID=70d31b19c91548d8a4031c52277e8528")
    points.ok(live and re.match(r"micguardctl \(pid \d+\)", live[-1].get("MICGUARD_REASON", "")),
              "an unmute says who", json.dumps(live[-1:]))
    # Somebody on the manager socket who does not belong there, for as long as he is.
    process = subprocess.Popen(["pw-cli", "--remote", "pipewire-0-manager"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    named = f"bypass:manager:{process.pid}"
    points.ok(until(lambda: named in prop("Warnings")), "pw-cli on the manager socket is warned of", prop("Warnings"))
    process.kill()
    process.wait(10)
    points.ok(until(lambda: named not in prop("Warnings")), "and no longer when it is gone", prop("Warnings"))
    told = entries(f"MICGUARD_WARNING={named}")
    points.ok(len(told) == 2 and told[0].get("MICGUARD_PID") == str(process.pid) and
              told[0].get("MICGUARD_APP", "").endswith("/pw-cli"), "its beginning and end are in the journal", json.dumps(told))


def written_and_proven(ears):
    """History and proof, within the unit's sandbox and on its files."""
    code, text = run("micguardctl", "history", "--kind", "mute", "--json")
    mutes = json.loads(text)["entries"] if code == 0 else []
    points.ok(mutes and mutes[-1]["end"] and "micguardctl" in mutes[-1]["by"], "micguardctl history has the mute, and who it was", text)
    database = os.path.expanduser("~/.local/state/micguard/history.db")
    points.same(os.path.exists(database) and oct(os.stat(database).st_mode & 0o777), "0o600", "the history is its owner's alone")
    live(ears, "before the proof")
    # The microphones here make a constant level, which could come from anywhere: a proof that it runs, and hears them.
    constant = "never heard: only a constant level came"
    code, text = run("micguardctl", "verify", timeout=90)
    points.ok(code == 6 and text.count(constant) == len(MICROPHONES), "micguardctl verify hears both, and proves nothing by a constant level",
              f"{code} {text}")
    code, text = run("busctl", "--user", "--timeout=90", "--json=short", "call", BUS, PATH, BUS, "Verify", "a{sv}", "1",
                     "seconds", "u", "1", timeout=100)
    results = json.loads(text)["data"][0] if code == 0 else []
    points.ok(len(results) == len(MICROPHONES) and
              all(one["why"]["data"] == constant and one["samples"]["data"] > 0 for one in results),
              "so does Verify on the bus, which the guard starts within its sandbox", f"{code} {text}")
    live(ears, "after the proof")


def restarted_by(action, what, ears, patience=30):
    """`action` takes the process away while muted; systemd brings another one."""
    pid, restarts = guard_pid(), int(show("NRestarts"))

    def gone():
        action(pid)
        back = until(lambda: active() and guard_pid() not in (0, pid), patience)
        points.ok(back, f"{what}: systemd starts another guard", show("ActiveState") + " " + show("Result"))
        points.same(int(show("NRestarts")), restarts + 1, f"{what}: counted as one restart")
    silent(ears, what, gone)
    points.same(prop("State"), '"muted"', f"{what}: muted as before")


def crashes(ears):
    mute()
    restarted_by(lambda pid: os.kill(pid, signal.SIGKILL), "kill -9", ears)
    pid = guard_pid()

    def many():
        for _ in range(12):
            last = guard_pid()
            os.kill(last, signal.SIGKILL)
            until(lambda last=last: active() and guard_pid() not in (0, last))
    silent(ears, "killed 12 times in a row", many)
    points.ok(active() and guard_pid() != pid, "no start limit ends it")
    restarted_by(lambda pid: os.kill(pid, signal.SIGSTOP), "stopped with SIGSTOP, found by the watchdog", ears)
    points.ok("watchdog" in journal("-o", "cat") or "Watchdog" in out("journalctl", "--user", "--no-pager", "-u", UNIT),
              "the journal names the watchdog", journal()[-1500:])
    unmute()
    live(ears, "after crashes")


def neighbours_restarted(ears):
    mute()
    pid = guard_pid()
    silent(ears, "WirePlumber restarted",
           lambda: points.same(run("systemctl", "--user", "restart", "wireplumber")[0], 0, "restart of WirePlumber"))
    silent(ears, "PipeWire restarted",
           lambda: points.same(run("systemctl", "--user", "restart", "pipewire")[0], 0, "restart of PipeWire"))
    points.same(guard_pid(), pid, "the guard went through both")
    points.ok(until(lambda: prop("State") == '"muted"'), "and is whole again", prop("Warnings"))
    unmute()
    live(ears, "after restarts of WirePlumber and PipeWire")


def reload():
    folder = os.path.expanduser("~/.config/micguard")
    os.makedirs(folder, exist_ok=True)
    pid = guard_pid()
    for text, wanted, what in (('[mute]\nmode = "sever"\n', '"sever"', "reads the new settings"),
                               ("[mute\n", '"sever"', "keeps the last good settings if the new are broken")):
        with open(folder + "/micguard.toml", "w", encoding="utf-8") as file:
            file.write(text)
        code, text = run("systemctl", "--user", "reload", "micguard")
        points.ok(code == 0 and active() and guard_pid() == pid, "systemctl --user reload", text)
        points.ok(until(lambda wanted=wanted: prop("Mode") == wanted), f"reload {what}", prop("Mode"))
    points.ok(until(lambda: "micguard.toml:1:" in prop("Warnings")), "and says where they are broken", prop("Warnings"))
    os.unlink(folder + "/micguard.toml")
    run("systemctl", "--user", "reload", "micguard")
    points.ok(until(lambda: prop("Mode") == '"silence"' and prop("Warnings") == "0"), "reload without a file: the built-in settings",
              prop("Mode") + prop("Warnings"))


def opened_by_hand(ears, what):
    """The guard is away and nothing is open; every ordinary tool can open."""
    points.ok(all(text.endswith("yes") for text in user_mutes().values()), f"{what}: the user's own mute is set instead", user_mutes())
    limits = {name: limit(name) for name in MICROPHONES}
    points.ok(all(value and value >= 1 for value in limits.values()), f"{what}: the guard's own limits are given back", limits)
    with open(os.environ["XDG_RUNTIME_DIR"] + "/micguard/marker.json", encoding="utf-8") as file:
        marker = json.load(file)
    points.ok(marker["muted"] and not any(marker[name] for name in ("restore", "cut", "revoked", "leds")),
              f"{what}: remembered as muted, with nothing left to give back", marker)
    for name in MICROPHONES:
        run("pactl", "set-source-mute", name, "0")
    live(ears, f"{what}: pactl alone unmutes")


def stopping(ears):
    mute()
    silent(ears, "systemctl --user stop",
           lambda: points.same(run("systemctl", "--user", "stop", "micguard")[0], 0, "systemctl --user stop while muted"))
    points.same((show("ActiveState"), show("Result")), ("inactive", "success"), "it has ended in order")
    opened_by_hand(ears, "stopped")
    code, _ = run("micguardctl", "status")
    points.same(code, 3, "micguardctl says with 3 that nobody guards, and starts nobody")
    points.same(show("ActiveState"), "inactive", "still nobody")


def activation(ears):
    code, text = run("busctl", "--user", "call", BUS, PATH, BUS, "SetMuted", "b", "true")
    points.ok(code == 0 and active(), "SetMuted on the bus starts the unit", f"{code} {text}")
    silent(ears, "muted by the call that started it", lambda: None)
    owner = out("busctl", "--user", "call", "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                "GetConnectionUnixProcessID", "s", BUS)
    points.same(owner, f"u {guard_pid()}", "the name belongs to the unit's own process")
    code, text = run("/usr/libexec/micguardd")
    points.ok(code == 1 and str(guard_pid()) in text, "a second guard says who owns the name and exits with 1", f"{code} {text}")
    with turning_up("builtin"):
        silent(ears, "systemctl --user restart, with somebody who unmutes all the time",
               lambda: points.same(run("systemctl", "--user", "restart", "micguard")[0], 0, "restart in order while muted"))
    points.same(prop("State"), '"muted"', "muted after a restart in order")
    points.ok(all(text.endswith("no") for text in user_mutes().values()), "handed over: the desktop's own mute was not needed", user_mutes())
    unmute()
    live(ears, "after a restart in order")


def released(ears):
    mute()
    restarts = show("NRestarts")
    silent(ears, "micguardctl release", lambda: points.same(run("micguardctl", "release")[0], 0, "micguardctl release while muted"))
    points.ok(until(lambda: show("ActiveState") == "inactive"), "the unit is down", show("ActiveState"))
    # Longer than RestartSec: had it been started again, these would see it.
    opened_by_hand(ears, "released")
    points.same((show("ActiveState"), show("Result"), show("NRestarts"), show("ExecMainStatus")),
                ("inactive", "success", restarts, "77"), "and is not started again")
    points.same(run("systemctl", "--user", "start", "micguard")[0], 0, "started by hand")


def hung(ears):
    """Stopped while it cannot answer: systemd kills it, and nobody comes after it who would give back."""
    mute()
    holder = subprocess.Popen(["/usr/bin/python3", TOP + "/tests/machine/hang.py", str(guard_pid())],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        points.same(holder.stdout.readline(), "held\n", "the guard is made to hang")
        silent(ears, "systemctl --user stop of a hung guard",
               lambda: run("systemctl", "--user", "stop", "micguard", timeout=40))
    finally:
        holder.terminate()
        holder.wait(10)
    points.same((show("ActiveState"), show("Result")), ("failed", "timeout"), "systemd had to kill it")
    opened_by_hand(ears, "stopped while hung")
    points.same(run("systemctl", "--user", "start", "micguard")[0], 0, "started by hand")


def installed():
    versions()
    enabled()
    sandbox()
    doctor()
    introspection()
    with listening("a", "builtin") as one, listening("b", "headset") as two:
        ears = (one, two)
        run("micguardctl", "unmute")
        for step in (muting, written_and_proven, crashes, neighbours_restarted, stopping, activation, released, hung):
            step(ears)
    reload()
    mute("muted before the machine is shut down")
    phase(1)


def at_login():
    """(microseconds, what) of how the session came up."""
    stamps = {name: int(show(stamp, unit)) for name, stamp, unit in (
        ("PipeWire ready", "ActiveEnterTimestampMonotonic", "pipewire.service"),
        ("guard started", "ExecMainStartTimestampMonotonic", UNIT),
        ("guard ready", "ActiveEnterTimestampMonotonic", UNIT),
        ("session manager started", "ExecMainStartTimestampMonotonic", "wireplumber.service"))}
    first = min(stamps.values())
    note(", ".join(f"{name} +{(stamp - first) / 1000:.1f} ms" for name, stamp in stamps.items()))
    return list(stamps.values())


def guard_came_first():
    points.ok(until(active), "the guard runs, and nobody has called it", show("ActiveState"))
    until(lambda: show("ActiveState", "wireplumber.service") == "active")
    stamps = at_login()
    points.ok(stamps == sorted(stamps) and stamps[0] > 0, "in order: PipeWire, guard, guard ready, session manager", stamps)
    points.same(show("NRestarts"), "0", "at the first try")
    findings = json.loads(out("micguardctl", "doctor", "--json"))
    points.ok(findings["ok"] and not any(finding["level"] == "fail" or finding["check"] in ("order", "session-manager", "unit")
                                         and finding["level"] != "ok" for finding in findings["findings"]),
              "micguardctl doctor is content with the order", json.dumps(findings, indent=1))


def nothing_since_login():
    points.same(prop("State"), '"muted"', "muted from the last session on")
    playing = until(lambda: made(1) > 0)
    went_on = {ear: goes_on(ear) for ear in EARS}
    figures = {ear: heard(ear) for ear in EARS}
    note(json.dumps(figures))
    points.ok(playing and went_on["ear-builtin"] and went_on["ear-headset"], "the programs of the login receive", f"{playing} {went_on}")
    points.ok(not any(figure["audible"][parity] for figure in figures.values() for parity in (0, 1)),
              "nothing was heard since the boot", figures)


def login_muted():
    guard_came_first()
    nothing_since_login()
    unmute()
    live(EARS, "after unmute")
    mute()
    phase(1)


def forgotten():
    guard_came_first()
    nothing_since_login()
    unmute()
    live(EARS, "after unmute")


def login_live():
    guard_came_first()
    points.ok(all([hears(ear, 0) for ear in EARS]), "unmuted: the programs of the login hear", f"{[heard(ear) for ear in EARS]}")
    points.same(run("systemctl", "--user", "mask", "--now", UNIT)[0], 0, "systemctl --user mask --now micguard")


def control():
    points.same(show("ActiveState"), "inactive", "masked: nobody starts the guard")
    points.ok(all([hears(ear, 0) for ear in EARS]), "control: without a guard the programs of the login hear",
              f"{[heard(ear) for ear in EARS]}")


BOOTS = {"installed": installed, "login-muted": login_muted, "forgotten": forgotten, "login-live": login_live, "control": control}


def main():
    if len(sys.argv) != 2 or sys.argv[1] not in BOOTS:
        print(__doc__, file=sys.stderr)
        return 2
    BOOTS[sys.argv[1]]()
    print(f"1..{points.number}")
    return 1 if points.failed else 0


if __name__ == "__main__":
    sys.exit(main())
