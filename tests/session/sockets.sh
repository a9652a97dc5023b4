#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Every socket that the daemon and what it starts open, over all that a guard does in a session: none is of the network. The unit
# forbids them as well (RestrictAddressFamilies=); here nothing does, and strace sees each attempt.
#
#   sockets.sh MICGUARDD MICGUARDCTL MG_SESSION MICGUARD_VERIFY
set -euo pipefail
# Where the session starts them is another folder.
daemon=$(realpath "$1") control=$(realpath "$2") session=$(realpath "$3") verify=$(realpath "$4")

command -v strace >/dev/null || {
  echo "skipped: there is no strace"
  exit 77
}
folder=$(mktemp -d /dev/shm/micguard-sockets.XXXXXX)
trap 'rm -rf "$folder"' EXIT
traced=(strace -f -qq --seccomp-bpf -e "trace=socket,socketpair")
outside() { grep -hE 'socket(pair)?\(' "$@" | grep -vE 'socket(pair)?\(AF_(UNIX|NETLINK),' || true; }

"${traced[@]}" -o "$folder/control" python3 -c 'import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()' || {
  echo "skipped: strace may not trace here"
  exit 77
}
[[ -n $(outside "$folder/control") ]] || {
  echo "failed: control: a socket of the network is not seen"
  exit 1
}

printf '#!/bin/bash\nexport MICGUARD_VERIFY=%q\nexec %s -o %q %q "$@"\n' "$verify" "${traced[*]@Q}" "$folder/trace" "$daemon" >"$folder/micguardd"
chmod +x "$folder/micguardd"
# shellcheck disable=SC2016 # for the shell inside
"$session" --mic tone:builtin:tone --micguardd "$folder/micguardd" -- bash -euc '
  control=$1
  parecord --device=builtin /dev/null & listener=$!
  "$control" mute
  "$control" mode sever
  "$control" unmute
  "$control" deny /usr/bin/somebody
  "$control" forget /usr/bin/somebody
  "$control" history >/dev/null
  "$control" report >/dev/null
  "$control" explain parecord >/dev/null || true
  "$control" config show >/dev/null
  # What the guard starts itself, with what it is told there.
  gdbus call --session --timeout 60 --dest org.micguard.MicGuard1 --object-path /org/micguard/MicGuard1 \
    --method org.micguard.MicGuard1.Verify "{\"seconds\": <uint32 1>}" | grep -q verdict
  "$control" doctor >/dev/null || true
  kill "$listener"' session "$control"

opened=$(grep -cE 'socket(pair)?\(' "$folder/trace")
found=$(outside "$folder/trace")
if [[ -n $found || $opened -lt 5 ]]; then
  echo "failed: of $opened sockets these are of the network:"
  echo "$found"
  exit 1
fi
echo "ok: $opened sockets, none of the network"
