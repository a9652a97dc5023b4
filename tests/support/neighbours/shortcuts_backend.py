#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The backend of a desktop for the real xdg-desktop-portal: GlobalShortcuts, with keys that a test presses. Each line of its
# standard input is one: "down ID", "up ID", "close" (the session), "foreign ID" (of a session that is not there). It says
# "bound ID TRIGGER" for each shortcut it was asked for. With the argument "refuse" it says no, as a user would.
import sys

import dbus
import dbus.mainloop.glib
import dbus.service
from commands import obey

NAME = "org.freedesktop.impl.portal.desktop.mgtest"
PATH = "/org/freedesktop/portal/desktop"
SHORTCUTS = "org.freedesktop.impl.portal.GlobalShortcuts"
SESSION = "org.freedesktop.impl.portal.Session"


def say(text):
    print(text, flush=True)


class Session(dbus.service.Object):
    @dbus.service.method(SESSION, in_signature="", out_signature="")
    def Close(self):
        say("closed")
        self.remove_from_connection()

    @dbus.service.signal(SESSION, signature="")
    def Closed(self):
        pass


class Backend(dbus.service.Object):
    def __init__(self, bus, refuse):
        super().__init__(bus, PATH)
        self.bus, self.refuse, self.session, self.handle, self.time = bus, refuse, None, None, 0

    @dbus.service.method(SHORTCUTS, in_signature="oosa{sv}", out_signature="ua{sv}")
    def CreateSession(self, handle, session, app, options):
        self.handle = session
        self.session = Session(self.bus, session)
        return 0, {}

    @dbus.service.method(SHORTCUTS, in_signature="ooa(sa{sv})sa{sv}", out_signature="ua{sv}")
    def BindShortcuts(self, handle, session, shortcuts, parent, options):
        for identifier, details in shortcuts:
            say("bound %s %s" % (identifier, details.get("preferred_trigger", "-")))
        if self.refuse:
            return 1, {}
        bound = [(i, {"description": d["description"], "trigger_description": "Super+T"}) for i, d in shortcuts]
        return 0, {"shortcuts": dbus.Array(bound, signature="(sa{sv})")}

    @dbus.service.method(SHORTCUTS, in_signature="oo", out_signature="ua{sv}")
    def ListShortcuts(self, handle, session):
        return 0, {}

    @dbus.service.method("org.freedesktop.DBus.Properties", in_signature="ss", out_signature="v")
    def Get(self, interface, name):
        return dbus.UInt32(1)

    @dbus.service.method("org.freedesktop.DBus.Properties", in_signature="s", out_signature="a{sv}")
    def GetAll(self, interface):
        return {"version": dbus.UInt32(1)}

    @dbus.service.signal(SHORTCUTS, signature="osta{sv}")
    def Activated(self, session, identifier, time, options):
        pass

    @dbus.service.signal(SHORTCUTS, signature="osta{sv}")
    def Deactivated(self, session, identifier, time, options):
        pass

    def command(self, line):
        words = line.split()
        self.time += 1
        if not words:
            return
        if words[0] == "close":
            self.session.Closed()
            return
        session = PATH + "/session/1_1/other" if words[0] == "foreign" else self.handle
        signal = self.Deactivated if words[0] == "up" else self.Activated
        signal(dbus.ObjectPath(session), words[1], dbus.UInt64(self.time), dbus.Dictionary({}, signature="sv"))


dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
connection = dbus.SessionBus()
name = dbus.service.BusName(NAME, connection)
backend = Backend(connection, sys.argv[1:] == ["refuse"])
obey(backend.command, lambda: say("ready"))
