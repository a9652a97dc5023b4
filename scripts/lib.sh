# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What the scripts here share. Sourced, never run: `set -euo pipefail` is the caller's.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck disable=SC2034 # read by the scripts that source this
readonly top

say() { printf '%s\n' "$*" >&2; }
die() {
  say "${0##*/}: $*"
  exit 1
}
usage() {
  say "usage: $*"
  exit 2
}

# The Debian release this machine runs, as a codename; nothing for anything else (derivatives included: their
# package sets differ).
debianRelease() {
  [[ -r /etc/os-release ]] || return 0
  # shellcheck source=/dev/null
  (. /etc/os-release && [[ ${ID:-} == debian ]] && printf '%s' "${VERSION_CODENAME:-}") || true
}

mayBecomeRoot() { [[ $(id -u) == 0 ]] || command -v sudo >/dev/null; }

asRoot() {
  if [[ $(id -u) == 0 ]]; then
    env "$@"
  else
    # `env` behind sudo: a sudoers file usually forbids passing variables any other way.
    sudo env "$@"
  fi
}

# Where what is worth keeping between two builds goes.
cacheFolder() {
  local home=${HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)}
  printf '%s/micguard' "${XDG_CACHE_HOME:-$home/.cache}"
}

# The sources of apt that serve a suite's `main`, one of them: as a stanza (deb822) or a line, verbatim, with
# its suite replaced by $2. Mirror, key and options stay what the machine's owner chose. First line: the file
# name's ending that goes with it. Nothing if there is none.
aptSourceFor() { # suite, suite to write
  local files=() file
  for file in /etc/apt/sources.list.d/*.sources; do [[ -r $file ]] && files+=("$file"); done
  if ((${#files[@]})) && awk -v suite="$1" -v into="$2" -f "$top/scripts/apt-stanza.awk" "${files[@]}"; then
    return
  fi
  files=()
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do [[ -r $file ]] && files+=("$file"); done
  ((${#files[@]})) && awk -v suite="$1" -v into="$2" '
    /^[ \t]*deb[ \t]/ && !found {
      line = $0
      sub(/#.*/, "", line)
      options = ""
      if (match(line, /\[[^]]*\]/)) {
        options = substr(line, RSTART, RLENGTH) " "
        line = substr(line, 1, RSTART - 1) substr(line, RSTART + RLENGTH)
      }
      count = split(line, word, /[ \t]+/)
      first = word[1] == "" ? 2 : 1
      if (word[first + 2] != suite && word[first + 2] != suite "/") next
      components = ""
      for (i = first + 3; i <= count; i++) components = components " " word[i]
      if ((components " ") !~ / main /) next
      found = 1
      print "list"
      print "deb " options word[first + 1] " " into components
    }
    END { exit !found }' "${files[@]}"
}
