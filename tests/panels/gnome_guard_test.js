// SPDX-License-Identifier: GPL-3.0-or-later
//
// The GNOME panel's side of the bus (panels/gnome/guard.js), outside of any shell, beside daemons that are not as they should be:
// none, one whose word changes while it is asked, one that goes in the midst of an answer, an older one. They are stand-ins on a
// bus of the test's own. Prints TAP.
//   gjs -m tests/panels/gnome_guard_test.js
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import System from 'system';

import {Guard, NAME, PATH} from '../../panels/gnome/guard.js';

let number = 0, failed = 0;

function same(got, wanted, name) {
    const good = JSON.stringify(got) === JSON.stringify(wanted);
    failed += !good;
    print(`${good ? 'ok' : 'not ok'} ${++number} - ${name}`);
    if (!good)
        print(`#   got ${JSON.stringify(got)}, not ${JSON.stringify(wanted)}`);
}

// Handles events until it is so; false when time is up.
function until(isSo) {
    const deadline = GLib.get_monotonic_time() + 10_000_000;
    return new Promise(resolve => GLib.timeout_add(GLib.PRIORITY_LOW, 2, () => {
        if (!isSo() && GLib.get_monotonic_time() < deadline)
            return GLib.SOURCE_CONTINUE;
        resolve(isSo());
        return GLib.SOURCE_REMOVE;
    }));
}

const APP = `${PATH}/apps/1`, GONE = `${PATH}/apps/2`;
const PROPERTIES = 'org.freedesktop.DBus.Properties', OBJECT_MANAGER = 'org.freedesktop.DBus.ObjectManager';
// What an older daemon has: no History, no Explain.
const GUARD_XML = `<node><interface name="${NAME}">
    <property name="State" type="s" access="read"/><property name="Muted" type="b" access="read"/>
    <property name="Connected" type="b" access="read"/>
    <method name="SetMuted"><arg type="b" direction="in"/></method></interface></node>`;
const OBJECTS_XML = `<node><interface name="${OBJECT_MANAGER}">
    <method name="GetManagedObjects"><arg type="a{oa{sa{sv}}}" direction="out"/></method></interface></node>`;

function connect() {
    return Gio.DBusConnection.new_for_address_sync(GLib.getenv('DBUS_SESSION_BUS_ADDRESS'),
        Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, null, null);
}

function toBus(connection, iface, member, parameters) {
    return connection.call_sync('org.freedesktop.DBus', '/org/freedesktop/DBus', iface, member, parameters, null,
        Gio.DBusCallFlags.NONE, -1, null).recursiveUnpack();
}

class Stranger {
    constructor() {
        this.State = 'live';
        this.Muted = false;
        this.Connected = false;
        this.before = this.after = () => {}; // the answer of GetManagedObjects
        this.answers = true;
        this.asked = [];
        this._bus = connect();
        this._exported = [GUARD_XML, OBJECTS_XML].map(xml => Gio.DBusExportedObject.wrapJSObject(xml, this));
        this._exported.forEach(one => one.export(this._bus, PATH));
    }

    appear() {
        toBus(this._bus, 'org.freedesktop.DBus', 'RequestName', new GLib.Variant('(su)', [NAME, 0]));
    }

    go() {
        this._exported.forEach(one => one.unexport());
        this._bus.close_sync(null);
    }

    changes(path, iface, values) {
        const changed = Object.fromEntries(Object.entries(values)
            .map(([key, value]) => [key, new GLib.Variant(typeof value === 'boolean' ? 'b' : 's', value)]));
        this._bus.emit_signal(null, path, PROPERTIES, 'PropertiesChanged', new GLib.Variant('(sa{sv}as)', [iface, changed, []]));
    }

    removes(path) {
        this._bus.emit_signal(null, PATH, OBJECT_MANAGER, 'InterfacesRemoved',
            new GLib.Variant('(oas)', [path, [`${NAME}.Application`]]));
    }

    GetManagedObjectsAsync(_parameters, invocation) {
        this.asked.push('GetManagedObjects');
        if (!this.answers)
            return;
        const application = {[`${NAME}.Application`]: {Name: new GLib.Variant('s', 'Zoom'), State: new GLib.Variant('s', 'capturing')}};
        this.before();
        invocation.return_value(new GLib.Variant('(a{oa{sa{sv}}})', [{[APP]: application, [GONE]: application}]));
        this.after();
    }

    // Never answered.
    SetMutedAsync() {
        this.asked.push('SetMuted');
    }
}

const outcome = promise => promise.then(() => 'done', error =>
    error.matches?.(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED) ? 'cancelled' : 'refused');

async function nobodyIsStarted(mark) {
    const guard = new Guard(() => {});
    const variant = new GLib.Variant('s', 'sever');
    same(await Promise.all([guard.setMuted(true), guard.setAppMuted(APP, true), guard.answer(APP, true, 'once'), guard.explain(APP),
        guard.config(), guard.setConfig('mute.mode', variant), guard.holdUnmute('talk')].map(outcome)),
    Array(7).fill('refused'), 'with nobody there every call is refused');
    same([guard.snapshot.present, mark.query_exists(null)], [false, false], 'and nobody is started');
    guard.destroy();
    // The control: what would have been seen.
    connect().call(NAME, PATH, NAME, 'Reload', null, null, Gio.DBusCallFlags.NONE, -1, null, () => {});
    same(await until(() => mark.query_exists(null)), true, 'control: a call that may start it does');
}

async function wordChanges() {
    const stranger = new Stranger();
    // It has said by now what its properties were.
    stranger.before = () => {
        stranger.changes(PATH, NAME, {Muted: true, State: 'muted', Connected: true});
    };
    stranger.after = () => {
        stranger.changes(APP, `${NAME}.Application`, {State: 'silenced'});
        stranger.removes(GONE);
    };
    stranger.appear();
    let calls = 0;
    const guard = new Guard(() => calls++);
    same(await until(() => guard.snapshot.ready), true, 'an older daemon is found');
    // Another signal, and all before it have been read.
    stranger.changes(PATH, NAME, {Mode: 'sever'});
    same(await until(() => guard.snapshot.root.Mode === 'sever'), true, 'its signals are heard');
    const {root, apps} = guard.snapshot;
    same([root.Muted, root.State, root.Connected], [true, 'muted', true],
        'what a signal says behind an answer is newer than the answer');
    same([...apps].map(([path, app]) => [path, app.State]), [[APP, 'silenced']], 'so it is of applications, and of those that went');
    same(calls > 0, true, 'and it is told');

    const pending = guard.setMuted(false);
    same(await until(() => stranger.asked.includes('SetMuted')), true, 'a call that is not answered');
    guard.destroy();
    same(await outcome(pending), 'cancelled', 'ends with the panel');
    const then = calls;
    stranger.changes(PATH, NAME, {Muted: false});
    const witness = connect();
    const rules = () => Object.values(toBus(witness, 'org.freedesktop.DBus.Debug.Stats', 'GetAllMatchRules', null)[0])
        .flat().filter(rule => rule.includes(NAME) || rule.includes(PATH)).length;
    same(await until(() => rules() === 0), true, 'of which no match rule is left on the bus');
    same(calls, then, 'and which hears of nothing any more');
    stranger.go();
}

async function goesInTheMidst() {
    const first = new Stranger(), second = new Stranger();
    first.answers = false;
    first.Muted = true;
    first.appear();
    const guard = new Guard(() => {});
    same(await until(() => first.asked.length > 0), true, 'a daemon that owes an answer');
    same([guard.snapshot.present, guard.snapshot.ready], [true, false], 'is there, and not ready');
    first.go();
    same(await until(() => !guard.snapshot.present), true, 'when it goes nobody is there');
    second.appear();
    same(await until(() => guard.snapshot.ready), true, 'the next one is found');
    same([guard.snapshot.root.Muted, guard.snapshot.apps.size], [false, 2], 'with its own word, and nothing of the former');
    second.go();
    same(await until(() => !guard.snapshot.present), true, 'and it is seen to go');
    same([guard.snapshot.ready, guard.snapshot.root, guard.snapshot.apps.size], [false, {}, 0], 'with all that it said');
    guard.destroy();
}

// A dbus-daemon of its own that could start a guard; what it would start leaves a mark.
const folder = GLib.Dir.make_tmp('micguard-panel-XXXXXX');
const mark = Gio.File.new_for_path(`${folder}/started`), service = `${folder}/guard.service`, config = `${folder}/bus.conf`;
GLib.file_set_contents(service, `[D-BUS Service]\nName=${NAME}\nExec=/bin/sh -c "touch ${folder}/started; exit 1"\n`);
GLib.file_set_contents(config, `<busconfig><type>session</type><listen>unix:path=${folder}/bus</listen>
    <servicedir>${folder}</servicedir><policy context="default"><allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`);
const daemon = Gio.Subprocess.new(['dbus-daemon', '--nofork', `--config-file=${config}`, '--print-address'],
    Gio.SubprocessFlags.STDOUT_PIPE);
const [address] = Gio.DataInputStream.new(daemon.get_stdout_pipe()).read_line_utf8(null);
GLib.setenv('DBUS_SESSION_BUS_ADDRESS', address, true);
Gio.DBus.session.set_exit_on_close(false);

const loop = new GLib.MainLoop(null, false);
(async () => {
    await nobodyIsStarted(mark);
    await wordChanges();
    await goesInTheMidst();
})().catch(error => same(`${error}\n${error.stack}`, '', 'no error')).finally(() => loop.quit());
loop.run();

daemon.force_exit();
daemon.wait(null);
for (const name of [mark.get_path(), service, config, `${folder}/bus`])
    GLib.unlink(name);
GLib.rmdir(folder);
print(`1..${number}`);
System.exit(failed ? 1 : 0);
