# SPDX-License-Identifier: GPL-3.0-or-later
"""hang.py PID: keeps a process from running, signals included (SIGKILL excepted), until it or this one is ended."""
import ctypes
import os
import signal
import sys

PTRACE_INTERRUPT, PTRACE_SEIZE = 0x4207, 0x4206

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long
for thread in map(int, os.listdir(f"/proc/{sys.argv[1]}/task")):
    if libc.ptrace(PTRACE_SEIZE, thread, None, None) < 0 or libc.ptrace(PTRACE_INTERRUPT, thread, None, None) < 0:
        sys.exit(os.strerror(ctypes.get_errno()))
print("held", flush=True)
signal.pause()
