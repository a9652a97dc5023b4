# SPDX-License-Identifier: GPL-3.0-or-later
"""Tries what the unit's sandbox forbids and what the guard needs; prints {attempt: "done" or the error} and its marks as JSON.

Run once under the unit's settings and once without: what fails in both has shown nothing.
"""
import ctypes
import errno
import json
import mmap
import os
import socket
import stat
import subprocess
import sys
import tempfile

libc = ctypes.CDLL(None, use_errno=True)


def system(number):
    if number < 0:
        raise OSError(ctypes.get_errno(), "")


def set_user_id_bit():
    with tempfile.NamedTemporaryFile() as file:
        os.chmod(file.name, stat.S_ISUID | 0o700)


def become_root():
    done = subprocess.run(["sudo", "-n", "true"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise subprocess.SubprocessError(done.stderr.strip())


# Numbers of x86-64 and of all that came later; a machine that has others refuses both times, and the point is skipped.
SYS_add_key, SYS_io_uring_setup = 248, 425


def change_owner():
    with tempfile.NamedTemporaryFile() as file:
        os.chown(file.name, os.getuid(), os.getgid())


def ring():
    descriptor = libc.syscall(SYS_io_uring_setup, 1, ctypes.create_string_buffer(120))
    system(descriptor)
    return descriptor


def marks():
    """What else can be told of the sandbox that a process is in."""
    with open("/proc/self/status", encoding="utf-8") as file:
        lines = [line for line in file.read().splitlines() if line.startswith(("CapBnd", "Seccomp_filters", "NoNewPrivs"))]
    return lines + [os.readlink("/proc/self/ns/" + name) for name in sorted(os.listdir("/proc/self/ns"))]


def watch(folder):
    descriptor = libc.inotify_init1(os.O_CLOEXEC)
    system(descriptor)
    try:
        system(libc.inotify_add_watch(descriptor, folder.encode(), 0x120))  # IN_CREATE | IN_OPEN
    finally:
        os.close(descriptor)


def read_mounts(pid):
    with open(f"/proc/{pid}/mountinfo", encoding="utf-8") as file:
        file.read()


FORBIDDEN = {
    "memory that is writable and executable": lambda: mmap.mmap(
        -1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC),
    "an internet socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM).close(),
    "a set-user-id bit": set_user_id_bit,
    "another personality": lambda: system(libc.personality(0x0008)),
    "a choice of processors": lambda: os.sched_setaffinity(0, os.sched_getaffinity(0)),
    "becoming root by sudo": become_root,
    "another owner for a file": change_owner,
    "a key in the kernel": lambda: system(libc.syscall(SYS_add_key, b"user", b"micguard", b"x", 1, -2)),
    "requests to the kernel by a ring": lambda: os.close(ring()),
    # The last: where it succeeds, this process is another world's.
    "a user namespace": lambda: system(libc.unshare(0x10000000)),
}
NEEDED = {
    "a local socket": lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).close(),
    "a netlink socket": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 4).close(),
    "a priority": lambda: os.setpriority(os.PRIO_PROCESS, 0, os.getpriority(os.PRIO_PROCESS, 0) + 1),
    "the neighbours' executables": lambda: [os.readlink(f"/proc/{pid}/exe") for pid in sys.argv[1:]],
    "a watch on the devices": lambda: watch("/dev"),
    "the neighbours' mounts": lambda: [read_mounts(pid) for pid in sys.argv[1:]],
    "a process to wait for": lambda: [os.close(os.pidfd_open(int(pid))) for pid in sys.argv[1:]],
    "a file in the state folder": lambda: tempfile.TemporaryFile(dir=os.path.expanduser("~/.local/state")).close(),
}


def attempt(action):
    try:
        action()
    except (OSError, subprocess.SubprocessError) as error:
        return errno.errorcode.get(getattr(error, "errno", None) or 0, str(error))
    return "done"


found = marks()
print(json.dumps({"marks": found, **{kind: {name: attempt(action) for name, action in attempts.items()}
                                     for kind, attempts in (("needed", NEEDED), ("forbidden", FORBIDDEN))}}))
