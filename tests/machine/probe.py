# SPDX-License-Identifier: GPL-3.0-or-later
"""Tries what the unit's sandbox forbids and what the guard needs; prints {attempt: "done" or the error} and its marks as JSON.

Run once under the unit's settings and once without: what fails in both has shown nothing.
"""
import contextlib
import ctypes
import errno
import json
import mmap
import os
import platform
import resource
import socket
import stat
import struct
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


def asked_of_kernel(action):
    """Done if the question came to the kernel: it refuses what makes no sense (EINVAL) before it looks at who asks."""
    try:
        action()
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise


# Of no policy is there a priority of 1000. Who is not let ask gets EPERM, whatever he may.
def real_time_by_scheduler():
    asked_of_kernel(lambda: os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1000)))


def real_time_by_attributes():
    number = {"x86_64": 314, "aarch64": 274}[platform.machine()]
    # struct sched_attr: size, policy (SCHED_RR), flags, nice, priority, and what deadlines have.
    attributes = struct.pack("=IIQiIQQQ", 48, 2, 0, 0, 1000, 0, 0, 0)
    asked_of_kernel(lambda: system(libc.syscall(number, 0, attributes, 0)))


def other_architecture():
    """A call as 32-bit programs make it (x86: int 0x80), in a child: whoever may not is killed."""
    if platform.machine() != "x86_64":
        raise subprocess.SubprocessError("no other architecture is known here")
    code = bytes.fromhex("b814000000cd80c3")  # getpid
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
    with tempfile.TemporaryFile() as file:
        file.write(code)
        file.flush()
        # Not anonymous: it was never writable.
        address = libc.mmap(None, mmap.PAGESIZE, mmap.PROT_READ | mmap.PROT_EXEC, mmap.MAP_PRIVATE, file.fileno(), 0)
        if address == ctypes.c_void_p(-1).value:
            raise OSError(ctypes.get_errno(), "")
    child = os.fork()
    if child == 0:
        done = False
        try:
            with contextlib.suppress(OSError):
                resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            done = ctypes.CFUNCTYPE(ctypes.c_int)(address)() == os.getpid()
        finally:
            os._exit(0 if done else 1)
    status = os.waitpid(child, 0)[1]
    if status != 0:
        raise subprocess.SubprocessError(f"killed by signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else "no process id")


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
    "real time by sched_setscheduler": real_time_by_scheduler,
    "calls of another architecture": other_architecture,
    # The last: where it succeeds, this process is another world's.
    "a user namespace": lambda: system(libc.unshare(0x10000000)),
}
NEEDED = {
    "a local socket": lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).close(),
    "a netlink socket": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 4).close(),
    "asking for real time by sched_setattr": real_time_by_attributes,
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
