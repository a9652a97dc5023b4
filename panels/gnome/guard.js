// SPDX-License-Identifier: GPL-3.0-or-later
//
// The daemon as it is seen over D-Bus: properties, applications, streams and microphones, kept up to date by its signals. Knows
// nothing of the shell. Never starts a daemon that is not there, unless it is told to (start()).
//
// Everything that the daemon says comes from one connection and so in order: signals are subscribed to before the first
// question is asked, and a reply that arrives is at least as new as the signals before it. So replies are taken over where they arrive: a
// promise goes on only after the signals behind its reply, and would put what was so before in the place of what they said. A member that an
// older daemon does not have is simply missing here.
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';

export const NAME = 'org.micguard.MicGuard1';
export const PATH = '/org/micguard/MicGuard1';
const UNIT = 'micguard.service';
const BLOCKED_KEPT = 5;
const ANSWER_WITHIN = 15000; // ms
const UNTIL_IT_GOES = GLib.MAXINT32; // one that hangs answers when it goes on, one that dies ends the call
const PROPERTIES = 'org.freedesktop.DBus.Properties';
const OBJECT_MANAGER = 'org.freedesktop.DBus.ObjectManager';

export class Guard {
    // `changed` is called from an idle source, once for whatever has changed until then.
    constructor(changed) {
        this._changed = changed;
        this._idle = 0;
        this._subscriptions = [];
        this._cancellable = new Gio.Cancellable();
        this._connection = Gio.DBus.session;
        this._forget();
        this._watch = Gio.bus_watch_name_on_connection(this._connection, NAME, Gio.BusNameWatcherFlags.NONE,
            (_connection, _name, owner) => this._appeared(owner), () => this._vanished());
    }

    destroy() {
        this._vanished();
        Gio.bus_unwatch_name(this._watch);
        this._cancellable.cancel();
        if (this._idle)
            GLib.source_remove(this._idle);
        this._idle = 0;
        this._changed = null;
    }

    // What presentation.js makes texts of. Maps go from object path to properties.
    get snapshot() {
        return {
            present: this._owner !== null, ready: this._ready, root: this._root,
            apps: this._apps, streams: this._streams, sources: this._sources, blocked: this._blocked,
        };
    }

    setMuted(muted) {
        return this._call(PATH, NAME, 'SetMuted', new GLib.Variant('(b)', [muted]));
    }

    setAppMuted(path, muted) {
        return this._call(path, `${NAME}.Application`, 'SetMuted', new GLib.Variant('(b)', [muted]));
    }

    answer(path, allow, scope) {
        return this._call(path, `${NAME}.Application`, 'Answer', new GLib.Variant('(bs)', [allow, scope]));
    }

    async explain(path) {
        const [explanation] = await this._call(PATH, NAME, 'Explain', new GLib.Variant('(s)', [path]));
        return explanation;
    }

    async config() {
        const [settings] = await this._call(PATH, NAME, 'Config', null);
        return settings;
    }

    setConfig(key, variant) {
        return this._call(PATH, NAME, 'SetConfig', new GLib.Variant('(sv)', [key, variant]));
    }

    // A descriptor: the microphones are live while it is open. The caller closes it.
    holdUnmute(reason) {
        return new Promise((resolve, reject) => {
            this._connection.call_with_unix_fd_list(NAME, PATH, NAME, 'HoldUnmute', new GLib.Variant('(s)', [reason]),
                new GLib.VariantType('(h)'), Gio.DBusCallFlags.NO_AUTO_START, ANSWER_WITHIN, null, null, (connection, result) => {
                    try {
                        const [reply, descriptors] = connection.call_with_unix_fd_list_finish(result);
                        resolve(descriptors.get(reply.get_child_value(0).get_handle()));
                    } catch (error) {
                        reject(error);
                    }
                });
        });
    }

    // The one call that may start the daemon: by its unit, so that it is as if it had been started at login.
    start() {
        return this._send('org.freedesktop.systemd1', '/org/freedesktop/systemd1', 'org.freedesktop.systemd1.Manager',
            'StartUnit', new GLib.Variant('(ss)', [UNIT, 'replace']), Gio.DBusCallFlags.NONE);
    }

    _call(path, iface, method, parameters) {
        return this._send(NAME, path, iface, method, parameters, Gio.DBusCallFlags.NO_AUTO_START);
    }

    // `take` has the reply at once.
    _ask(owner, path, iface, method, parameters, take) {
        return this._send(owner, path, iface, method, parameters, Gio.DBusCallFlags.NO_AUTO_START, UNTIL_IT_GOES,
            reply => this._owner === owner && take(...reply));
    }

    _send(name, path, iface, method, parameters, flags, within = ANSWER_WITHIN, take = reply => reply) {
        return new Promise((resolve, reject) => {
            this._connection.call(name, path, iface, method, parameters, null, flags, within, this._cancellable,
                (connection, result) => {
                    try {
                        resolve(take(connection.call_finish(result).recursiveUnpack()));
                    } catch (error) {
                        reject(error);
                    }
                });
        });
    }

    _forget() {
        this._owner = null;
        this._ready = false;
        this._root = {};
        this._apps = new Map();
        this._streams = new Map();
        this._sources = new Map();
        this._blocked = [];
    }

    _appeared(owner) {
        this._vanished();
        this._owner = owner;
        const subscribe = (iface, member, handler) => this._subscriptions.push(
            this._connection.signal_subscribe(owner, iface, member, null, null, Gio.DBusSignalFlags.NONE,
                (_connection, _sender, path, _iface, _member, parameters) => {
                    if (path === PATH || path.startsWith(`${PATH}/`))
                        handler(path, parameters.recursiveUnpack());
                    this._announce();
                }));
        subscribe(PROPERTIES, 'PropertiesChanged', (path, [, changed]) => this._merge(path, changed));
        subscribe(OBJECT_MANAGER, 'InterfacesAdded', (_path, [path, interfaces]) => this._add(path, interfaces));
        subscribe(OBJECT_MANAGER, 'InterfacesRemoved', (_path, [path]) => this._kindOf(path)?.delete(path));
        subscribe(NAME, 'Blocked', (_path, [app, reason]) => this._noteBlocked(app, reason));
        this._read(owner).catch(error => {
            if (this._owner === owner && !error.matches?.(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED))
                console.warn(`micguard: ${error.message}`);
        });
        this._announce();
    }

    _vanished() {
        this._subscriptions.forEach(id => this._connection.signal_unsubscribe(id));
        this._subscriptions = [];
        this._forget();
        this._announce();
    }

    async _read(owner) {
        await Promise.all([
            this._ask(owner, PATH, PROPERTIES, 'GetAll', new GLib.Variant('(s)', [NAME]), root => Object.assign(this._root, root)),
            this._ask(owner, PATH, OBJECT_MANAGER, 'GetManagedObjects', null, objects => {
                for (const [path, interfaces] of Object.entries(objects))
                    this._add(path, interfaces);
            }),
        ]);
        if (this._owner !== owner)
            return;
        this._ready = true;
        this._announce();
        await this._readBlocked(owner);
    }

    // Those before our time; without a history, or with an older daemon, there are none.
    async _readBlocked(owner) {
        const filter = {kinds: new GLib.Variant('as', ['block']), limit: new GLib.Variant('u', BLOCKED_KEPT)};
        const [entries] = await this._call(PATH, NAME, 'History', new GLib.Variant('(a{sv})', [filter])).catch(() => [[]]);
        if (this._owner !== owner)
            return;
        const known = new Set(this._blocked.map(entry => entry.app));
        const older = entries.map(entry => ({
            app: entry.app ?? '', name: entry.name ?? '', icon: '', reason: entry.reason ?? '', time: Number(entry.end || entry.start),
        })).filter(entry => !known.has(entry.app));
        this._blocked = onePerApplication([...this._blocked, ...older]);
        this._announce();
    }

    _noteBlocked(path, reason) {
        const app = this._apps.get(path);
        this._blocked = onePerApplication([{
            path, app: app?.AppId ?? path, name: app?.Name ?? '', icon: app?.IconName ?? '', reason, time: GLib.get_real_time(),
        }, ...this._blocked]);
    }

    _kindOf(path) {
        const kind = path.slice(PATH.length + 1).split('/')[0];
        return {apps: this._apps, streams: this._streams, sources: this._sources}[kind];
    }

    _add(path, interfaces) {
        const properties = Object.entries(interfaces).find(([name]) => name.startsWith(`${NAME}.`))?.[1];
        if (properties)
            this._kindOf(path)?.set(path, properties);
    }

    _merge(path, changed) {
        const properties = path === PATH ? this._root : this._kindOf(path)?.get(path);
        if (!properties)
            return;
        Object.assign(properties, changed);
        // Who it is can become known after it was blocked.
        for (const entry of this._blocked) {
            if (entry.path === path)
                Object.assign(entry, {name: properties.Name ?? '', icon: properties.IconName ?? ''});
        }
    }

    _announce() {
        if (this._idle || this._cancellable.is_cancelled())
            return;
        this._idle = GLib.idle_add(GLib.PRIORITY_DEFAULT, () => {
            this._idle = 0;
            this._changed();
            return GLib.SOURCE_REMOVE;
        });
    }
}

// The newest of each application, so that one that tries all the time does not push the others out.
function onePerApplication(entries) {
    const seen = new Set();
    return entries.filter(entry => !seen.has(entry.app) && seen.add(entry.app)).slice(0, BLOCKED_KEPT);
}
