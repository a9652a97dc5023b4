# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Fresh Debian machines in containers, for test-fresh, test-system and test-desktop. Sourced after lib.sh, as root, by a script that has
# called `inPrivateMounts` first. Nothing outside of the machines and /var/cache/micguard (or MICGUARD_CACHE) is changed; a
# machine is an overlay over a kept base, in a mount namespace of the script's own, so that it goes when the script goes.
#
# Releases are "12" (whose backports have the PipeWire that setup takes), "13", and "13-backports": Debian 13 with the
# PipeWire and the WirePlumber of its backports.

cache=${MICGUARD_CACHE:-/var/cache/micguard}
machines=()
: "${top:?lib.sh comes first}"

# Starts the script again where its mounts are its own. Everything below /run/systemd/nspawn is ours as well:
# nspawn leaves empty folders there.
inPrivateMounts() { # script's arguments
  [[ $(id -u) == 0 ]] || die "needs root, for debootstrap and systemd-nspawn"
  hostTools
  if [[ ${MICGUARD_PRIVATE_MOUNTS:-} != "$$" ]]; then
    MICGUARD_PRIVATE_MOUNTS=$$ exec unshare --mount --propagation private -- "$0" "$@"
  fi
  unset MICGUARD_PRIVATE_MOUNTS
  mkdir -p /run/systemd/nspawn "$cache"
  mount -t tmpfs -o mode=0755 tmpfs /run/systemd/nspawn
  trap tidyMachines EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  ownGroups
}

# Where systemd is not in charge nspawn makes control groups below ours and leaves them.
running='' groups=()
ownGroups() {
  local hierarchy
  [[ ! -d /run/systemd/system ]] || return 0
  for hierarchy in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
    [[ -e $hierarchy/cgroup.procs ]] || continue
    mkdir "$hierarchy/micguard-$$"
    groups+=("$hierarchy/micguard-$$")
    echo $$ >"$hierarchy/micguard-$$/cgroup.procs"
  done
}

hostTools() {
  local -A package=([debootstrap]=debootstrap [systemd-nspawn]=systemd-container [git]=git)
  local command missing=()
  for command in "${!package[@]}"; do
    command -v "$command" >/dev/null || missing+=("${package[$command]}")
  done
  ((${#missing[@]})) || return 0
  [[ -n $(debianRelease) ]] || die "needs ${missing[*]}"
  say "${0##*/}: installing ${missing[*]}"
  apt-get update -qq >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -qqy --no-install-recommends "${missing[@]}" </dev/null >&2
}

codename() { if [[ $1 == 12* ]]; then printf bookworm; else printf trixie; fi; }

# The mirror and, where it is a file, the keyring of this machine's own release: `mirror`, `keyring`.
machineMirror() {
  local source
  source=$(aptSourceFor "$(debianRelease)" "$(debianRelease)") || true
  mirror=${MICGUARD_MIRROR:-$(grep -oE '\bhttps?://[^] ]+' <<<"$source" | head -n 1 || true)}
  [[ -n $mirror ]] || die "no http mirror among apt's sources; set MICGUARD_MIRROR"
  keyring=$(grep -oiE 'signed-by[:=] *[^] ]+' <<<"$source" | grep -oE '/.*' | head -n 1 || true)
}

# Proxies and leniencies that this machine needs to reach its mirror, the new one needs as well.
aptConnectivity() { apt-config dump | grep -E '^Acquire::(Check-|Retries|.*[Pp]roxy)' || true; }

# A Debian as debootstrap makes it, with apt's sources and a user who may use sudo -> `base`
baseSystem() { # release
  set -- "${1%%-*}"
  base=$cache/base-$1
  [[ ! -d $base ]] || return 0
  [[ -n ${mirror:-} ]] || machineMirror
  local part
  part=$(mktemp -d "$cache/part-$1.XXXXXX")
  chmod 755 "$part"
  say "${0##*/}: bootstrapping Debian $1"
  debootstrap --variant=minbase --include=ca-certificates,sudo,git ${keyring:+--keyring="$keyring"} \
    "$(codename "$1")" "$part" "$mirror" >&2 || {
    rm -rf --one-file-system "$part"
    die "debootstrap failed"
  }
  writeSources "$part" sources "$(codename "$1")"
  aptConnectivity >"$part/etc/apt/apt.conf.d/50machine"
  # Downloads are kept for the next run; a container image's habit of cleaning them up would undo that.
  printf 'APT::Keep-Downloaded-Packages "true";\n' >"$part/etc/apt/apt.conf.d/51keep"
  printf '127.0.0.1 localhost fresh\n' >"$part/etc/hosts"
  printf 'fresh\n' >"$part/etc/hostname"
  chroot "$part" useradd --create-home --shell /bin/bash tester
  printf 'tester ALL=(ALL) NOPASSWD: ALL\n' >"$part/etc/sudoers.d/tester"
  mkdir -p "$part/srv/micguard" "$part/var/cache/ccache"
  mv "$part" "$base"
}

# One-line sources in one machine, deb822 in the other: setup has to read both.
writeSources() { # root, style, codename
  local key=/usr/share/keyrings/debian-archive-keyring.gpg
  [[ -n ${mirror:-} ]] || machineMirror
  : >"$1/etc/apt/sources.list"
  rm -f "$1/etc/apt/sources.list.d/debian.sources"
  if [[ $2 == list ]]; then
    printf 'deb [signed-by=%s] %s %s main\n' "$key" "$mirror" "$3" >"$1/etc/apt/sources.list"
  else
    printf '%s\n' "Types: deb deb-src" "URIs: $mirror" "Suites: $3 $3-updates" "Components: main contrib" \
      "Signed-By: $key" >"$1/etc/apt/sources.list.d/debian.sources"
  fi
}

newMachine() { # folder to stand on -> `root`
  local folder
  folder=$(mktemp -d "$cache/machine.XXXXXX")
  machines+=("$folder")
  root=$folder/root
  mkdir "$folder/upper" "$folder/work" "$root"
  chmod 755 "$folder/upper"
  mount -t overlay -o "lowerdir=$1,upperdir=$folder/upper,workdir=$folder/work" micguard-machine "$root"
}

# A clone of what is committed, and over it what is not.
cloneInto() { # root
  local changes
  rm -rf "$1/srv/micguard"
  git -c safe.directory='*' clone --quiet --no-hardlinks "$top" "$1/srv/micguard"
  changes=$(git -c safe.directory='*' -C "$top" status --porcelain)
  if [[ -n $changes ]]; then
    say "${0##*/}: with what is not committed yet:"
    say "$changes"
    # A file deleted but not yet committed so is listed without being there.
    {
      git -c safe.directory='*' -C "$top" diff --name-only -z --relative HEAD
      git -c safe.directory='*' -C "$top" ls-files -z --others --exclude-standard
    } |
      tar -C "$top" --null --ignore-failed-read -T - -cf - 2>/dev/null | tar -C "$1/srv/micguard" -xf -
  fi
  chown -R --reference="$1/home/tester" "$1/srv/micguard"
}

# systemd gives a container a scope of its own; where it is not in charge, the container uses our control group.
if [[ -d /run/systemd/system ]]; then
  containerOptions=(--register=no)
else
  containerOptions=(--register=no --keep-unit)
fi

# Debian 12 has no Plasma 6.
buildProfiles() { if [[ $1 == 12* ]]; then printf pkg.micguard.noplasma; fi; }

# A machine that boots and has what scripts/setup installs and what the packages are built with: made once, and again when one
# of these lists changes -> `ready`
bootPackages=(systemd systemd-sysv dbus-user-session libpam-systemd man-db)
readySystem() { # release
  local stamp
  if [[ $1 == *-backports ]]; then
    readySystem "${1%%-*}"
    backportsOver "$1"
    return
  fi
  baseSystem "$1"
  stamp=$(cat "$top/scripts/setup" "$top/scripts/lib.sh" "$top/debian/control" <(printf '%s\n' "${bootPackages[@]}") | sha256sum | cut -c 1-12)
  ready=$cache/ready-$1-$stamp
  [[ ! -d $ready ]] || return 0
  newMachine "$base"
  cloneInto "$root"
  say "${0##*/}: Debian $1: scripts/setup"
  inside "$root" "$1" root scripts/setup >&2
  inside "$root" "$1" root env DEBIAN_FRONTEND=noninteractive apt-get install -qqy --no-install-recommends \
    "${bootPackages[@]}" "$([[ $1 == 13 ]] && echo lintian || echo dpkg-dev)" >&2
  # What the packages are built with.
  inside "$root" "$1" root env DEBIAN_FRONTEND=noninteractive DEB_BUILD_PROFILES="$(buildProfiles "$1")" apt-get build-dep -qqy --no-install-recommends ./ >&2
  rm -rf --one-file-system "$root/srv/micguard"
  keep "$root" "$ready" "$cache/ready-$1-"*
}

# The same, Debian 13, with a desktop's packages in it: one is kept for each desktop, and made again when its list, or what it
# stands on, changes -> `ready`
desktopSystem() { # desktop, packages…
  local desktop=$1 stamp
  shift
  readySystem 13
  stamp=$(printf '%s\n' "${ready##*/}" "$@" | sha256sum | cut -c 1-12)
  if [[ ! -d $cache/desktop-$desktop-$stamp ]]; then
    newMachine "$ready"
    mkdir "$root/srv/micguard" # inside() works there
    say "${0##*/}: Debian 13: installing $desktop"
    # shellcheck disable=SC2016 # for the shell inside
    inside "$root" 13 root env DEBIAN_FRONTEND=noninteractive bash -c \
      'apt-get update -qq && apt-get install -qqy --no-install-recommends "$@"' install "$@" >&2
    rmdir "$root/srv/micguard"
    keep "$root" "$cache/desktop-$desktop-$stamp" "$cache/desktop-$desktop-"*
  fi
  ready=$cache/desktop-$desktop-$stamp
}

# What a machine has become, or its upper folder, is kept as a folder to stand on, and takes the place of older ones. One on
# which a machine stands at this moment, of another checkout's run, stays for the next time.
keep() { # from, folder, older ones…
  local from=$1 kept=$2 old part
  shift 2
  for old in "$@"; do
    [[ -d $old ]] || continue
    grep -qsE "lowerdir=([^,]*:)?$old[:,]" /proc/[0-9]*/mounts || rm -rf --one-file-system "$old"
  done
  part=$(mktemp -d "$cache/part.XXXXXX")
  cp -a "$from/." "$part"
  chmod --reference="$from" "$part"
  mv -T "$part" "$kept"
}

# Everything of PipeWire's and of the session manager's that is installed, from backports. Only what that changes is kept:
# `ready` becomes two folders, as overlayfs takes them.
backportsOver() { # release
  local suite lower=$ready kept
  suite=$(codename "$1")-backports
  kept=$cache/backports-${ready##*/ready-}
  ready=$kept:$lower
  [[ ! -d $kept ]] || return 0
  newMachine "$lower"
  cloneInto "$root"
  sed -i "s/^Suites: .*/& $suite/" "$root/etc/apt/sources.list.d/debian.sources"
  say "${0##*/}: Debian ${1%%-*}: PipeWire and WirePlumber of $suite"
  # shellcheck disable=SC2016 # for the shell inside; the placeholders are dpkg-query's
  inside "$root" "$1" root bash -euc '
    apt-get update -qq
    names=$(dpkg-query -W -f "\${source:Package} \${db:Status-Status} \${Package}\n" | sed -nE "s/^(pipewire|wireplumber) installed //p")
    DEBIAN_FRONTEND=noninteractive apt-get install -qqy --no-install-recommends --no-remove $(printf "%s/$1 " $names)' \
    upgrade "$suite" >&2
  rm -rf --one-file-system "$root/srv/micguard"
  keep "$root/../upper" "$kept" "$cache/backports-${1%%-*}-"*
}

# A command in a machine, with nothing else running there. What it leaves running is named and makes it fail.
inside() { # root, release, user, command…
  local root=$1 release=${2%%-*} user=$3 compiled
  shift 3
  compiled=$cache/ccache-$release-$user
  mkdir -p "$cache/archives-$release/partial" "$compiled"
  chown --reference="$root/$([[ $user == root ]] && echo root || echo "home/$user")" "$compiled"
  # shellcheck disable=SC2016 # for the shell inside
  systemd-nspawn --quiet "${containerOptions[@]}" --pipe --as-pid2 --directory="$root" --user="$user" \
    --machine=fresh --resolv-conf=copy-host --chdir=/srv/micguard --setenv=LANG=C.UTF-8 \
    --bind="$cache/archives-$release:/var/cache/apt/archives" --bind="$compiled:/var/cache/ccache" \
    --setenv=CCACHE_DIR=/var/cache/ccache --setenv=MICGUARD_MIRROR= \
    /bin/bash -c '
      "$@"
      code=$?
      for process in /proc/[0-9]*; do
        [[ $process == /proc/1 || $process == "/proc/$$" ]] && continue
        mapfile -d "" words <"$process/cmdline" && ((${#words[@]})) || continue
        echo "left behind: ${words[*]}" >&2
        code=99
      done
      exit $code' inside "$@" </dev/null
}

# Builds and installs micguard in `root` as README says, but for the tests, of which only the tools are needed. What it
# prints goes to `log`, the caller's.
installMicguard() { # release, options for meson…
  local release=$1
  shift
  : "${log:?}"
  local setup="meson setup build-release --prefix=/usr --buildtype=release -Dtests=false ${*@Q} && ninja -C build-release"
  local tools='tests/machine/mg-machine tests/support/mg-listen tests/support/libspa-micguard-test.so'
  inside "$root" "$release" tester env CXX='ccache g++' CCACHE_BASEDIR=/srv/micguard CCACHE_NOHASHDIR=1 \
    nice -n 19 chrt --idle 0 \
    bash -c "$setup && { [[ -d build ]] || meson setup build; } && ninja -C build $tools" >"$log" 2>&1 || {
    cat "$log" >&2
    die "the build failed"
  }
  inside "$root" "$release" root meson install --no-rebuild -C build-release >"$log" 2>&1 || {
    cat "$log" >&2
    die "meson install failed"
  }
}

# Test microphones in the PipeWire of the machine's user, who lingers; their control files are in that folder of the machine.
testMicrophones() { # release, folder, KIND:NAME…
  local release=$1 folder=$2
  shift 2
  mkdir -p "$root$folder" "$root/etc/pipewire/pipewire.conf.d" "$root/var/lib/systemd/linger" "$root/srv/results"
  touch "$root/var/lib/systemd/linger/tester"
  chown --reference="$root/home/tester" "$root$folder" "$root/srv/results"
  inside "$root" "$release" tester build/tests/machine/mg-machine "$folder" microphones "$@" \
    >"$root/etc/pipewire/pipewire.conf.d/50-test-microphones.conf"
  testPlugins "$release"
}

# The tests' own SPA plug-ins for everybody's PipeWire in `root`.
testPlugins() { # release
  local plugins
  plugins=$(inside "$root" "$1" tester pkg-config --variable=plugindir libspa-0.2)
  mkdir -p "$root/etc/systemd/user/pipewire.service.d"
  printf '[Service]\nEnvironment=SPA_PLUGIN_DIR=%s:/srv/micguard/build/tests/support\n' "$plugins" \
    >"$root/etc/systemd/user/pipewire.service.d/50-test-microphones.conf"
}

# The checks of the next boot are a service of the machine's, as the user, whose end shuts it down.
armChecks() { # name of the results, folder for control files, seconds, program, arguments…
  local name=$1 folder=$2 seconds=$3 wants=$root/etc/systemd/system/multi-user.target.wants
  shift 3
  mkdir -p "$wants"
  cat >"$root/etc/systemd/system/micguard-checks.service" <<UNIT
[Unit]
Wants=user@1000.service
After=user@1000.service
SuccessAction=poweroff
FailureAction=poweroff
[Service]
Type=oneshot
User=tester
WorkingDirectory=/srv/micguard
Environment=XDG_RUNTIME_DIR=/run/user/1000 DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1000/bus LANG=C.UTF-8
Environment=MICGUARD_TEST_FOLDER=$folder
ExecStart=$*
ExecStopPost=/bin/sh -c 'echo \$\$SERVICE_RESULT >/srv/results/$name.status'
StandardOutput=file:/srv/results/$name.tap
StandardError=file:/srv/results/$name.err
TimeoutStartSec=$seconds
UNIT
  ln -sf ../micguard-checks.service "$wants/"
}

# Prints what the checks of a boot said, which are TAP, and adds them up: `passed`, `failed`, `skipped`.
passed=0 failed=0 skipped=0
countChecks() { # name of the results
  local results=$root/srv/results/$1 skips
  touch "$results.tap" "$results.err"
  cat "$results.tap" "$results.err"
  # Without its plan it did not reach its end.
  [[ $(grep -cE '^1\.\.[0-9]+$' "$results.tap") == 1 ]] || {
    printf 'not ok - "%s" reached its last check\n' "$1"
    failed=$((failed + 1))
  }
  skips=$(grep -cE '^ok .* # SKIP' "$results.tap" || true)
  skipped=$((skipped + skips))
  passed=$((passed + $(grep -c '^ok ' "$results.tap" || true) - skips))
  failed=$((failed + $(grep -c '^not ok ' "$results.tap" || true)))
}

# Boots a machine and waits until it has shut itself down; output of its console on stdout.
bootMachine() { # root, seconds
  startMachine "$@"
  awaitMachine
}

# In the background, or bash would put off a signal until the machine is down.
startMachine() { # root, seconds
  "$top/scripts/contain" "$2" systemd-nspawn --quiet "${containerOptions[@]}" --boot --directory="$1" --machine=fresh \
    --private-network --console=pipe </dev/null 2>&1 &
  running=$!
}

awaitMachine() {
  local code=0
  wait "$running" || code=$?
  running=
  return "$code"
}

tidyMachines() {
  local folder group
  # A second signal would leave half of it behind.
  trap '' INT TERM HUP
  if [[ -n $running ]]; then
    kill "$running" && wait "$running" || true
  fi
  for group in "${groups[@]}"; do
    echo $$ >"${group%/*}/cgroup.procs"
    find "$group" -depth -type d -exec rmdir {} \; || true
  done
  for folder in "${machines[@]}"; do
    if [[ -n ${MICGUARD_KEEP_ROOT:-} ]]; then
      say "${0##*/}: kept $folder/upper"
      continue
    fi
    umount "$folder/root" || true
    rm -rf --one-file-system "$folder"
  done
}
