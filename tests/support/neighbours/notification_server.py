#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A notification server for tests, well behaved or not. Prints one line of JSON for each call. Commands on standard input:
# "press ID ACTION", "dismiss ID", "expire ID"; "stranger ID ACTION" has somebody who is not the server say that.
# Arguments: "plain" (no buttons, no markup), "hang" (Notify is never answered), "late" (all is answered, after six seconds; a line
# of JSON says when).
import json
import os
import sys

import dbus
import dbus.mainloop.glib
import dbus.lowlevel
import dbus.service
from commands import obey
from gi.repository import GLib

IFACE = "org.freedesktop.Notifications"
PATH = "/org/freedesktop/Notifications"


LATE = 6000  # ms


def say(**what):
    print(json.dumps(what), flush=True)


class Server(dbus.service.Object):
    def __init__(self, bus, kind):
        super().__init__(bus, PATH)
        self.kind, self.last = kind, 0

    def answer(self, done, *what):
        if self.kind == "late":
            GLib.timeout_add(LATE, lambda: (done(*what), say(answered=str(what))) and False)
        elif self.kind != "hang":
            done(*what)

    @dbus.service.method(IFACE, in_signature="", out_signature="as", async_callbacks=("done", "fail"))
    def GetCapabilities(self, done, fail):
        can = ["body"] if self.kind == "plain" else ["body", "actions", "body-markup"]
        if self.kind == "hang":
            done(can)
        else:
            self.answer(done, can)

    @dbus.service.method(IFACE, in_signature="susssasa{sv}i", out_signature="u", async_callbacks=("done", "fail"))
    def Notify(self, app, replaces, icon, summary, body, actions, hints, timeout, done, fail):
        if replaces == 0:
            self.last += 1
        number = replaces or self.last
        say(call="notify", id=int(number), replaces=int(replaces), icon=str(icon), summary=str(summary), body=str(body),
            actions=[str(a) for a in actions], urgency=int(hints.get("urgency", 1)), entry=str(hints.get("desktop-entry", "")),
            timeout=int(timeout))
        self.answer(done, dbus.UInt32(number))

    @dbus.service.method(IFACE, in_signature="u", out_signature="")
    def CloseNotification(self, number):
        say(call="close", id=int(number))
        self.NotificationClosed(number, dbus.UInt32(3))

    @dbus.service.method(IFACE, in_signature="", out_signature="ssss")
    def GetServerInformation(self):
        return "test", "micguard", "1", "1.2"

    @dbus.service.signal(IFACE, signature="us")
    def ActionInvoked(self, number, action):
        pass

    @dbus.service.signal(IFACE, signature="uu")
    def NotificationClosed(self, number, reason):
        pass


def command(line):
    words = line.split()
    if not words:
        return
    number = dbus.UInt32(int(words[1]))
    if words[0] == "press":
        server.ActionInvoked(number, words[2])
    elif words[0] == "stranger":
        other = dbus.bus.BusConnection(os.environ["DBUS_SESSION_BUS_ADDRESS"])
        message = dbus.lowlevel.SignalMessage(PATH, IFACE, "ActionInvoked")
        message.append(number, words[2], signature="us")
        other.send_message(message)
        other.flush()
    else:
        server.NotificationClosed(number, dbus.UInt32(2 if words[0] == "dismiss" else 1))
    say(done=line.strip())


dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
session = dbus.SessionBus()
server = Server(session, sys.argv[1] if len(sys.argv) > 1 else "")
name = dbus.service.BusName(IFACE, session)
obey(command, lambda: say(ready=True))
