// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the GNOME panel shows of what the daemon says: panels/gnome/presentation.js, outside of any shell. Prints TAP.
//   gjs -m tests/panels/gnome_test.js
import System from 'system';

import {ago, explained, present} from '../../panels/gnome/presentation.js';

const text = {_: words => words, ngettext: (one, many, number) => number === 1 ? one : many};
let number = 0, failed = 0;

function same(got, wanted, name) {
    const good = JSON.stringify(got) === JSON.stringify(wanted);
    failed += !good;
    print(`${good ? 'ok' : 'not ok'} ${++number} - ${name}`);
    if (!good)
        print(`#   got ${JSON.stringify(got)}, not ${JSON.stringify(wanted)}`);
}

const PATH = '/org/micguard/MicGuard1';

function application(state, more = {}) {
    return {AppId: 'org.example.App', Name: 'Zoom', IconName: 'zoom', Identity: 'kernel', State: state, Reason: 'because',
        LevelMeterOnly: false, Muted: false, Streams: [`${PATH}/streams/1`], ...more};
}

function snapshot(root, apps = [], more = {}) {
    return {
        present: true, ready: true, root: {State: 'live', Muted: false, Holds: [], Connected: true, Warnings: [], ...root},
        apps: new Map(apps.map((app, index) => [`${PATH}/apps/${index + 1}`, app])),
        streams: new Map([[`${PATH}/streams/1`, {Source: `${PATH}/sources/1`}]]),
        sources: new Map([[`${PATH}/sources/1`, {Name: 'alsa_input.x', Description: 'Built-in Microphone'}]]),
        blocked: [], ...more,
    };
}

function shown(...what) {
    return present(snapshot(...what), text);
}

const glance = s => [s.checked, s.subtitle, s.indicator.visible, s.indicator.style, s.indicator.count];
const muted = {State: 'muted', Muted: true, Holds: [['user', 'me', '']]};

same(glance(shown({})), [false, 'Off', false, '', ''], 'live, nobody listens');
same(glance(shown({}, [application('capturing')])), [false, 'In use: Zoom', true, 'micguard-live', ''], 'live, in use by one');
same(glance(shown({}, [application('capturing'), application('capturing', {Name: 'OBS'})])),
    [false, 'In use: Zoom +1', true, 'micguard-live', ''], 'live, in use by two');
same(glance(shown({}, [application('capturing', {LevelMeterOnly: true})])), [false, 'Off', false, '', ''],
    'a level meter is not listening');
same(glance(shown({}, [application('silenced', {Muted: true})])), [false, 'Off', false, '', ''],
    'one that is muted by itself does not use the microphone');
same(glance(shown(muted)), [true, 'On', true, 'micguard-muted', ''], 'muted');
same(glance(shown(muted, [application('silenced')])), [true, 'On; Zoom tries', true, 'micguard-wanted', '1'],
    'muted, and somebody tries');
same(glance(shown(muted, [application('severed'), application('denied'), application('idle')])),
    [true, 'On; Zoom +1 try', true, 'micguard-wanted', '2'], 'muted, and two of three try');
same(shown(muted, [application('silenced')]).indicator.name, 'Microphones muted; 1 application tries to listen',
    'a screen reader hears the same');
same(glance(shown({State: 'muting', Muted: true})), [true, 'Muting…', true, 'micguard-muted', ''], 'muting');
same(glance(shown({State: 'degraded', Muted: true})), [true, 'Not certain', true, 'micguard-degraded', ''],
    'a mute that is not vouched for does not look like one');
same(glance(shown({State: 'degraded', Muted: false})), [false, 'Needs attention', true, 'micguard-degraded', ''], 'degraded and live');
same(glance(shown({Holds: [['hold-unmute', 'gnome-shell', 'Push-to-talk'], ['user', 'me', '']]}, [application('capturing')])),
    [false, 'Talking', true, 'micguard-live', ''], 'push-to-talk');
same(shown({...muted, Holds: [['locked', '', ''], ['newkind', 'somebody', 'a reason']]}).detail,
    'Muted while the session is locked · newkind: somebody: a reason', 'a hold of a kind that is not known is shown as it is');

same(shown({}, [application('capturing')]).rows[0].why, 'Listens to Built-in Microphone', 'what it listens to');
same(shown({}, [application('denied')]).rows.map(row => [row.allowed, row.canSwitch, row.why]), [[false, false, 'because']],
    'what a rule denies the switch does not lift');
same(glance(shown({}, [application('pending')])), [false, 'Zoom asks', true, '', ''], 'somebody waits for an answer');
same(shown({}, [application('pending')]).rows[0].asks, true, 'who asks gets answers');
same(shown({}, [application('capturing', {Name: '', AppId: '/opt/x'})]).rows[0].name, '/opt/x', 'without a name, its id');
same(shown({}, [application('capturing', {Name: '%s<b>%d'})]).subtitle, 'In use: %s<b>%d', 'a name is put in as it is');
same(shown({}, Array.from({length: 11}, () => application('capturing'))).more, 3, 'a crowd is cut, and counted');
same(shown({}, [application('idle')]).rows.length, 1, 'one that pauses keeps its row');
same(shown({}, [application('idle', {Streams: []})]).rows.length, 0, 'one without streams has none');

// An older daemon, or one whose answer has not come yet.
const bare = {present: true, ready: true, root: {}, apps: new Map([['/a', {Name: 'X', State: 'capturing'}]]), streams: new Map(),
    sources: new Map(), blocked: []};
same(glance(present(bare, text)), [false, 'In use: X', true, 'micguard-live', ''], 'members that are missing');
same(present(bare, text).rows[0].canSwitch, false, 'no switch where the daemon has none');
same(glance(present({...bare, root: {Muted: true}}, text)), [true, 'On; X tries', true, 'micguard-wanted', '1'], 'Muted without a State');
same(present({...bare, ready: false}, text).canStart, false, 'while it starts there is no button to start it');
same(present({...bare, present: false}, text).canStart, true, 'when it is not there, there is');
same(glance(present({...bare, present: false}, text)), [false, 'Not running', false, '', ''], 'absent');

const two = [{source: 'alsa_input.x', muted: '', reason: 'denied', rule: '/etc/a.toml:3'}, {source: 'b', muted: 'muted by you', reason: 'allowed', rule: ''}];
same(explained({verdicts: two}, snapshot({}), text), 'Built-in Microphone: denied [/etc/a.toml:3]\nb: muted by you', 'why, per microphone');
same(explained({verdicts: [two[1], {...two[1], source: 'c'}]}, snapshot({}), text), 'Every microphone: muted by you', 'why, once');
same(explained({verdicts: []}, snapshot({}), text), 'There is no microphone that it could listen to.', 'why, without any');
same([0, 59, 60, 3599, 3600, 86399, 86400].map(seconds => ago(0, seconds * 1e6, text)),
    ['just now', 'just now', '1 minute ago', '59 minutes ago', '1 hour ago', '23 hours ago', '1 day ago'], 'how long ago');
same(ago(10, 0, text), 'just now', 'a clock that was set back');

print(`1..${number}`);
System.exit(failed ? 1 : 0);
