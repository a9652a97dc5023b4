# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands of a test, a line each on standard input, beside what comes from the bus."""
import os
import sys

from gi.repository import GLib


def obey(command, ready):
    """Calls `ready` once commands are taken, and `command` with each line, until there are no more."""
    loop = GLib.MainLoop()

    def read(stream, condition):
        # Not by readline(), which keeps to itself what came with the first line.
        text = os.read(0, 4096).decode()
        if not text:
            loop.quit()
            return False
        for line in text.splitlines():
            command(line)
        return True

    GLib.io_add_watch(sys.stdin, GLib.PRIORITY_DEFAULT, GLib.IO_IN | GLib.IO_HUP, read)
    ready()
    loop.run()
