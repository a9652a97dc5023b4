// SPDX-License-Identifier: GPL-3.0-or-later
//
// From what the daemon says to what is shown: texts, icons, who is listed. Pure: imports nothing, so that it is tested outside of
// the shell (tests/panels/gnome_test.js). `text` has the functions of gettext: {_, ngettext}.

const ROWS = 8; // applications listed; the others are counted

const ICON = {
    live: 'microphone-sensitivity-high-symbolic',
    idle: 'audio-input-microphone-symbolic',
    muted: 'microphone-disabled-symbolic',
    asks: 'dialog-question-symbolic',
    warning: 'dialog-warning-symbolic',
    application: 'application-x-executable-symbolic',
};

// The shell's "%s": names are put in as they are.
function filled(format, ...values) {
    return format.replace(/%[sd]/g, () => String(values.shift()));
}

function wants(app) {
    return !app.LevelMeterOnly && ['capturing', 'silenced', 'severed', 'denied', 'pending'].includes(app.State);
}

// Has a stream that may go on any moment: between two states it is idle for an instant, too, and its row has to stay.
function listed(app) {
    return wants(app) || (!app.LevelMeterOnly && app.State === 'idle' && (app.Streams ?? []).length > 0);
}

function nameOf(app, {_}) {
    return app.Name || app.AppId || _('Unknown application');
}

function holdText([kind, owner, reason], {_}) { // in the words of protocol/hold_words.hpp
    const because = reason ? `: ${reason}` : '';
    switch (kind) {
    case 'locked': return _('Muted while the session is locked');
    case 'suspend': return _('Muted while the computer sleeps');
    case 'hold-mute': return filled(_('Kept muted by %s'), owner) + because;
    case 'hold-unmute': return filled(_('Kept live by %s'), owner) + because;
    case 'user': return _('Muted by you');
    case 'desktop': return _('Muted by the desktop');
    case 'privacy': return _('Muted by the desktop’s privacy switch');
    case 'start': return _('Muted since the session began');
    default: return owner ? `${kind}: ${owner}${because}` : `${kind}${because}`;
    }
}

// Everything that is shown of a snapshot (guard.js).
export function present(snapshot, text) {
    const {_} = text;
    if (!snapshot.present || !snapshot.ready)
        return absent(snapshot.present, text);

    const root = snapshot.root;
    const muted = root.Muted ?? false;
    const state = root.State ?? (muted ? 'muted' : 'live');
    const wanting = [...snapshot.apps].filter(([, app]) => wants(app));
    const there = [...snapshot.apps].filter(([, app]) => listed(app));
    const hearing = wanting.filter(([, app]) => app.State === 'capturing');
    const asking = wanting.filter(([, app]) => app.State === 'pending');
    // Who is asked for, or was turned down by a rule, tries as well, but that is no news while nothing is muted.
    const trying = muted ? wanting : [];
    const holds = (root.Holds ?? []).map(hold => holdText(hold, text));
    const open = (root.Holds ?? []).some(([kind]) => kind === 'hold-unmute');

    const shown = {
        absent: false, checked: muted, title: _('Mic Mute'), subtitle: '', icon: ICON.idle, header: _('Microphones'),
        detail: muted || open ? holds.join(' · ') : '', canStart: false,
        indicator: {visible: false, icon: ICON.live, style: '', count: '', name: ''},
        rows: there.slice(0, ROWS).map(([path, app]) => row(path, app, snapshot, muted, text)),
        more: Math.max(0, there.length - ROWS),
        blocked: snapshot.blocked.map(entry => ({
            name: entry.name || entry.app, icon: entry.icon || ICON.application, reason: entry.reason, time: entry.time,
        })),
        warnings: (root.Warnings ?? []).map(([, warning]) => warning),
    };
    const indicator = shown.indicator;

    if (state === 'degraded') {
        shown.icon = indicator.icon = ICON.warning;
        shown.subtitle = muted ? _('Not certain') : _('Needs attention');
        indicator.visible = true;
        indicator.style = 'micguard-degraded';
        indicator.name = muted
            ? _('Microphones: a mute is wanted, but cannot be vouched for') : _('Microphones: the guard needs attention');
    } else if (state === 'muting') {
        shown.icon = indicator.icon = ICON.muted;
        shown.subtitle = _('Muting…');
        indicator.visible = true;
        indicator.style = 'micguard-muted';
        indicator.name = _('Microphones: muting');
    } else if (muted) {
        shown.icon = indicator.icon = ICON.muted;
        indicator.visible = true;
        indicator.style = 'micguard-muted';
        if (trying.length) {
            shown.detail = [shown.detail, filled(_('%s would listen'), namesOf(trying, text))].filter(part => part).join(' · ');
            shown.subtitle = whoTries(trying, text);
            indicator.style = 'micguard-wanted';
            indicator.count = String(trying.length);
            indicator.name = filled(text.ngettext('Microphones muted; %d application tries to listen',
                'Microphones muted; %d applications try to listen', trying.length), trying.length);
        } else {
            shown.subtitle = _('On');
            indicator.name = _('Microphones muted');
        }
    } else if (hearing.length) {
        shown.icon = ICON.live;
        shown.subtitle = open ? _('Talking') : whoListens(hearing, text);
        indicator.visible = true;
        indicator.style = 'micguard-live';
        indicator.name = filled(_('Microphone in use: %s'), namesOf(hearing, text));
        shown.detail ||= filled(_('In use: %s'), namesOf(hearing, text));
    } else if (asking.length) {
        shown.subtitle = filled(_('%s asks'), nameOf(asking[0][1], text));
        shown.detail ||= filled(_('%s asks to listen'), namesOf(asking, text));
        indicator.visible = true;
        indicator.icon = ICON.asks;
        indicator.name = filled(_('Microphone: %s asks to listen'), namesOf(asking, text));
    } else {
        shown.subtitle = open ? _('Talking') : root.Connected === false ? _('No sound server') : _('Off');
    }
    shown.accessibleName = `${_('Mute all microphones')}, ${shown.subtitle}`;
    return shown;
}

function absent(coming, {_}) {
    return {
        absent: true, checked: false, title: _('Mic Mute'), subtitle: coming ? _('Starting…') : _('Not running'), icon: ICON.idle,
        header: _('Microphones'), detail: _('The microphone guard is not running'), canStart: !coming,
        indicator: {visible: false, icon: ICON.live, style: '', count: '', name: ''},
        rows: [], more: 0, blocked: [], warnings: [],
        accessibleName: _('Mute all microphones: the microphone guard is not running'),
    };
}

function namesOf(apps, text) {
    return apps.slice(0, 3).map(([, app]) => nameOf(app, text)).join(', ') + (apps.length > 3 ? ' …' : '');
}

function whoListens(apps, text) {
    const name = nameOf(apps[0][1], text);
    return apps.length === 1 ? filled(text._('In use: %s'), name) : filled(text._('In use: %s +%d'), name, apps.length - 1);
}

function whoTries(apps, text) {
    const name = nameOf(apps[0][1], text);
    return apps.length === 1 ? filled(text._('On; %s tries'), name) : filled(text._('On; %s +%d try'), name, apps.length - 1);
}

function row(path, app, snapshot, muted, text) {
    const {_} = text;
    const name = nameOf(app, text);
    const sources = [...new Set((app.Streams ?? []).map(stream => snapshot.streams.get(stream)?.Source)
        .map(source => snapshot.sources.get(source)).filter(source => source).map(source => source.Description || source.Name))];
    const heard = sources.length ? filled(_('Listens to %s'), sources.join(', ')) : _('Listens');
    const claimed = app.Identity === 'claimed';
    return {
        path, name, icon: app.IconName || ICON.application,
        why: app.State === 'capturing' ? heard : app.State === 'idle' ? _('Not listening now') : app.Reason || (muted ? _('Silenced by the mute') : ''),
        claimed: claimed ? _('It says so itself; the system cannot confirm who it is') : '',
        // The switch is about this application alone: off is muted by itself. What a rule denies, it cannot lift.
        allowed: !app.Muted && app.State !== 'denied',
        canSwitch: app.Muted !== undefined && app.State !== 'denied',
        asks: app.State === 'pending',
        accessibleName: filled(_('%s may listen'), name),
    };
}

// What Explain says, as lines of text.
export function explained(explanation, snapshot, text) {
    const {_} = text;
    const names = new Map([...snapshot.sources.values()].map(source => [source.Name, source.Description || source.Name]));
    // What is the same for several microphones is said once.
    const sources = new Map();
    for (const verdict of explanation.verdicts ?? []) {
        const rule = verdict.rule ? ` [${verdict.rule}]` : '';
        const why = `${verdict.muted || verdict.reason || verdict.verdict}${rule}`;
        sources.set(why, [...sources.get(why) ?? [], names.get(verdict.source) ?? verdict.source]);
    }
    if (!sources.size)
        return _('There is no microphone that it could listen to.');
    if (sources.size === 1)
        return filled(_('Every microphone: %s'), [...sources.keys()][0]);
    return [...sources].map(([why, where]) => `${where.join(', ')}: ${why}`).join('\n');
}

// "5 min ago"; times are µs since the epoch.
export function ago(time, now, text) {
    const {_, ngettext} = text;
    const minutes = Math.floor(Math.max(0, now - time) / 60_000_000);
    if (minutes < 1)
        return _('just now');
    if (minutes < 60)
        return filled(ngettext('%d minute ago', '%d minutes ago', minutes), minutes);
    const hours = Math.floor(minutes / 60);
    if (hours < 24)
        return filled(ngettext('%d hour ago', '%d hours ago', hours), hours);
    const days = Math.floor(hours / 24);
    return filled(ngettext('%d day ago', '%d days ago', days), days);
}
