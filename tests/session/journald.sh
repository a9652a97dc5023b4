#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Entries as a real systemd-journald keeps them and journalctl finds them: in a mount namespace of its own, with a folder in the
# place of /run, so that the machine's journal sees nothing of it. Neither PipeWire nor a sound card is needed for a mute.
#
#   journald.sh MICGUARDD MICGUARDCTL CATALOG
set -euo pipefail
daemon=$1 control=$2 catalog=$3

skip() {
  echo "skipped: $*"
  exit 77
}

journald=/lib/systemd/systemd-journald
if [[ ${4:-} != inside ]]; then
  [[ $(id -u) == 0 ]] || skip "a namespace with a journal of its own needs root"
  [[ -x $journald ]] || skip "there is no $journald"
  command -v journalctl unshare dbus-run-session >/dev/null || skip "journalctl, unshare or dbus-run-session is missing"
  [[ -s /etc/machine-id ]] || skip "/etc/machine-id is empty"
  unshare --mount --pid --fork --kill-child true 2>/dev/null || skip "no namespace is to be had"
  exec unshare --mount --pid --fork --kill-child --mount-proc bash "$0" "$daemon" "$control" "$catalog" inside
fi

mount --make-rprivate /
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/lib/systemd
mount -t tmpfs tmpfs /usr/lib/systemd/catalog
mkdir -p /run/log/journal /run/systemd/journal /run/systemd/journald.conf.d /var/lib/systemd/catalog /run/home
printf '[Journal]\nStorage=volatile\nAudit=no\nReadKMsg=no\n' >/run/systemd/journald.conf.d/test.conf
cp "$catalog" /usr/lib/systemd/catalog/
journalctl --update-catalog

"$journald" >/run/journald.log 2>&1 &
# There is no event for it: journald tells its readiness to a service manager alone.
for ((tries = 0; tries < 200; tries++)); do
  [[ ! -S /run/systemd/journal/socket ]] || break
  sleep 0.05
done

export HOME=/run/home XDG_RUNTIME_DIR=/run/home XDG_STATE_HOME=/run/home XDG_CONFIG_HOME=/run/home
# Called by its name on the bus, micguardd has to be there already: there is no service file for it here.
# shellcheck disable=SC2016
dbus-run-session -- bash -euc '
  "$1" & guard=$!
  for ((tries = 0; tries < 200; tries++)); do ! "$2" status >/dev/null 2>&1 || break; sleep 0.05; done
  "$2" mute
  "$2" unmute
  kill "$guard"
  wait "$guard" || true' bash "$daemon" "$control" 2>/run/said

failed=0
expect() { # what, pattern, journalctl's arguments…
  local what=$1 pattern=$2 text
  shift 2
  text=$(journalctl --directory=/run/log/journal --no-pager "$@" 2>&1)
  if grep -qE -- "$pattern" <<<"$text"; then
    echo "ok: $what"
  else
    echo "failed: $what: no '$pattern' in: $text"
    failed=1
  fi
}
muted=MESSAGE_ID=1dc6e56c2c734403a28b8b1f267893fb
live=MESSAGE_ID=70d31b19c91548d8a4031c52277e8528
expect "a mute is found by its id, with who wanted it" '"MICGUARD_REASON":"micguardctl \(pid [0-9]+\)"' -o json "$muted"
expect "and by a field" '"MESSAGE":"microphones are muted \(micguardctl' -o json MICGUARD_MODE=silence
expect "it is micguardd's" '"SYSLOG_IDENTIFIER":"micguardd"' -o json "$muted"
expect "an unmute says who wanted it, too" '"MICGUARD_REASON":"micguardctl \(pid [0-9]+\)"' -o json "$live"
expect "journalctl -x explains, with the field in the text" 'Wanted by: micguardctl \(pid [0-9]+\)' -x "$muted"
expect "control: nothing is found by what was not written" '^-- No entries --$' MICGUARD_MODE=sever
((failed == 0)) || cat /run/said /run/journald.log
exit "$failed"
