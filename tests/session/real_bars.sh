#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The real waybar (in sway) and the real polybar, on an X server without a screen, with what docs/bars.md tells people to paste: what
# is seen of each state, and a real click. A bar that is not installed is named and left out; with none of them the test is skipped.
#
#   real_bars.sh MICGUARDCTL MICGUARDD MG_SESSION BARS.MD      (MICGUARD_PICTURES=FOLDER keeps what was seen)
set -euo pipefail

if [[ $1 != inside ]]; then
  control=$(realpath "$1") daemon=$(realpath "$2") session=$(realpath "$3") document=$(realpath "$4")
  missing=()
  for tool in Xvfb xdotool import convert pw-record; do
    command -v "$tool" >/dev/null || missing+=("$tool")
  done
  bars=()
  if ((${#missing[@]} == 0)); then
    if ! command -v waybar >/dev/null || ! command -v sway >/dev/null; then
      echo "waybar, or sway to show it: not installed, left out"
    elif [[ $(id -u) == 0 ]] && ! unshare --user --map-user=1000 true; then
      echo "waybar: sway does not start as root, and may be nobody else here; left out"
    else
      bars+=(waybar)
    fi
    if command -v polybar >/dev/null; then bars+=(polybar); else echo "polybar: not installed, left out"; fi
  fi
  if ((${#bars[@]} == 0)); then
    echo "skipped: there is no bar${missing[*]:+, or no ${missing[*]} to look at it}"
    exit 77
  fi
  for bar in "${bars[@]}"; do
    "$session" --mic tone:builtin:tone --micguardd "$daemon" -- "$BASH" "$(realpath "$0")" inside "$bar" "$control" "$document" "${MICGUARD_PICTURES:-}"
  done
  exit
fi

bar=$2 control=$3 document=$4 pictures=$5
folder=$(mktemp -d "$XDG_RUNTIME_DIR/bars.XXXXXX")
started=()
tidy() {
  local i
  for ((i = ${#started[@]} - 1; i >= 0; i--)); do
    kill "${started[i]}" 2>/dev/null || true
    wait "${started[i]}" 2>/dev/null || true
  done
}
trap tidy EXIT
# The bars start `micguardctl`, as people's configurations do.
mkdir "$folder/bin"
ln -s "$control" "$folder/bin/micguardctl"
PATH=$folder/bin:$PATH

pasted() { # language
  sed -n "/^\`\`\`$1\$/,/^\`\`\`\$/p" "$document" | grep -v '^```'
}
failed() {
  echo "failed: $bar: $1"
  import -window root "$folder/last.png" || true
  tail -n 20 "$folder"/*.log
  [[ -z $pictures ]] || cp "$folder/last.png" "$pictures/$bar-failed.png"
  exit 1
}
pixels() { # colour: how many there are on the screen
  import -window root ppm:- | convert - -fill black +opaque "$1" -fill white -opaque "$1" -colorspace gray -format '%[fx:round(mean*w*h)]' info:
}
# A picture has no events: it is looked at until it is so.
sees() { # what, colour, the fewest pixels of it or -, the most or -
  local end=$((SECONDS + 20)) count
  until
    count=$(pixels "$2")
    [[ $3 == - || $count -ge $3 ]] && [[ $4 == - || $count -le $4 ]]
  do
    ((SECONDS < end)) || failed "$1: $count pixels of $2, and there should be $3 to $4"
  done
  echo "$bar: $1"
  [[ -z $pictures ]] || import -window root "$pictures/$bar-${1//[^a-z]/-}.png"
}
isMuted() { # what, exit status of is-muted
  local end=$((SECONDS + 20)) status
  while status=0 && { micguardctl is-muted || status=$?; } && ((status != $2)); do
    ((SECONDS < end)) || failed "$1: is-muted says $status"
    sleep 0.05
  done
  echo "$bar: $1"
}

unset DISPLAY WAYLAND_DISPLAY SWAYSOCK
coproc display { exec Xvfb -displayfd 1 -screen 0 800x200x24 -nolisten tcp 2>"$folder/xvfb.log"; }
# shellcheck disable=SC2154 # set by coproc
started+=("$display_PID")
read -r -u "${display[0]}" number
export DISPLAY=:$number

dark='#202020' light='#fafafa'
case $bar in
waybar)
  { echo '{ "height": 34, "modules-right": ["custom/microphones"],' && pasted json && echo '}'; } >"$folder/config"
  { echo "window#waybar { background: $dark; color: $light; }" && pasted css; } >"$folder/style.css"
  printf 'output * resolution 800x200\noutput * bg #404040 solid_color\n' >"$folder/sway"
  # It does not start as root.
  user=()
  [[ $(id -u) != 0 ]] || user=(unshare --user --map-user=1000 --map-group=1000)
  # shellcheck disable=SC2016 # for the shell that sway starts
  echo "exec sh -c 'echo \$WAYLAND_DISPLAY >$folder/socket.part && mv $folder/socket.part $folder/socket'" >>"$folder/sway"
  WLR_BACKENDS=x11 WLR_RENDERER=pixman "${user[@]}" sway -c "$folder/sway" >"$folder/sway.log" 2>&1 &
  started+=($!)
  end=$((SECONDS + 20))
  until [[ -s $folder/socket ]]; do
    ((SECONDS < end)) || failed "sway does not start"
    sleep 0.05
  done
  env -u DISPLAY WAYLAND_DISPLAY="$(<"$folder/socket")" waybar -c "$folder/config" -s "$folder/style.css" >"$folder/waybar.log" 2>&1 &
  started+=($!)
  inUse='#c64600' tried='#a51d2d' enough=500 few=0
  ;;
polybar)
  { printf '[bar/top]\nwidth = 100%%\nheight = 34\nbackground = %s\nforeground = %s\nmodules-right = microphones\n' "$dark" "$light" && pasted ini; } >"$folder/config"
  polybar -c "$folder/config" top >"$folder/polybar.log" 2>&1 &
  started+=($!)
  inUse=$light tried=$light enough=1500 few=700 # turned over: a patch, where there were letters
  ;;
esac

sees "the bar is there" "$dark" 10000 -
pw-record --target builtin /dev/null >"$folder/record.log" 2>&1 &
recorder=$!
sees "in use" "$inUse" "$enough" -
xdotool mousemove 780 17 click 1
isMuted "muted by a click" 0
sees "muted while one tries" "$tried" "$enough" -
kill "$recorder"
wait "$recorder" || true
sees "muted, and nobody tries" "$tried" - "$few"
xdotool click 1
isMuted "live by a click" 1
# One whose name would be markup, and a click action.
pw-record --target builtin -P "{ application.name = \"<b>&x%{A1:touch $folder/ran:}y\" }" /dev/null >"$folder/record.log" 2>&1 &
started+=($!)
sees "in use by somebody odd" "$inUse" "$enough" -
xdotool click 1
isMuted "muted by a click on the odd name" 0
[[ ! -e $folder/ran ]] || failed "a click on a name ran what it says"
! grep -i markup "$folder"/*.log || failed "a name was taken for markup"
micguardctl release
sees "without a guard" "$tried" - "$few"
