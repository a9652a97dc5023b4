#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The completions in the shells themselves, each asked the same: every verb and option that micguardctl's own help names, what
# micguard-verify takes, and values. A shell that is not installed is named and left out; bash always runs.
# Usage: cli_completions.sh MICGUARDCTL COMPLETIONS-FOLDER MICGUARD-VERIFY
set -u
ctl=$(realpath "$1") folder=$(realpath "$2") verify=$(realpath "$3") bad=0
here=$(dirname "$(realpath "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"

# What the guard lists, with applications that would have the shell run something.
cat > "$work/bin/micguardctl" << EOF2
#!/bin/bash
case \$1 in
    apps) printf '{\\n  "apps": [\\n    {\\n      "app_id": "%s"\\n    },\\n' /usr/bin/call
        printf '    {\\n      "app_id": "%s",\\n      "name": "no"\\n    },\\n' org.a '\$(touch\${IFS}$work/ran)' '\`touch $work/ran\`' 'a b' 'a\\"b' ;;
    sources) printf '      "description": "no",\\n      "name": "%s",\\n' alsa_input.pci-0 'x;no' ;;
    *) exec '$ctl' "\$@" ;;
esac
EOF2
chmod +x "$work/bin/micguardctl"
export PATH=$work/bin:$PATH HOME=$work XDG_CONFIG_HOME=$work
# A rule has keys of its own, which are none to be set.
mkdir "$work/micguard"
printf '[[rule]]\nmatch = { app = "org.a" }\naction = "deny"\n' > "$work/micguard/micguard.toml"

queries=() expected=()
# A line to be completed, and what is to be offered, in any order. Behind "-" it is about options, else about the rest.
expect() { queries+=("$1") expected+=("$(tr ' ' '\n' <<< "$2" | sort)"); }

optionsOf() { # verb
    "$ctl" help "$1" | sed -n 's/^  \(--[a-z-]*\) .*/\1/p'
    if "$ctl" help "$1" | head -n 1 | grep -q -e --json; then echo --json; fi
    echo --help
}
inWords() { tr -d '\n' | sed 's/.*  //; s/;.*//; s/,\| or / /g; s/  */ /g'; }

verbs=$("$ctl" help | sed -n 's/^  \([a-z][a-z-]*\)  .*/\1/p')
[ "$(wc -l <<< "$verbs")" -ge 29 ] || { echo "micguardctl help lists too few verbs: $verbs"; exit 1; }
verbs=$(tr '\n' ' ' <<< "$verbs" | sed 's/ $//')
kinds=$("$ctl" help history | grep -e --kind | inWords)
formats=$("$ctl" help monitor | grep -e --format | sed 's/for a status bar: //' | inWords)
keys=$("$ctl" config --json show | grep -o '"[a-z-]*\.[a-z-]*": {' | grep -o '[a-z-]*\.[a-z-]*' | tr '\n' ' ' | sed 's/ $//')

expect "micguardctl " "$verbs"
expect "micguardctl -" "--help --json --version"
expect "micguardctl --json mo" "mode monitor"
expect "micguardctl help " "$verbs"
for verb in $verbs; do
    [ "$verb" = help ] || expect "micguardctl $verb -" "$(optionsOf "$verb" | tr '\n' ' ' | sed 's/ $//')"
done
# What runs behind verify is to take what verify offers.
same=$("$verify" --bogus 2>&1 | grep -o -e '\[--[a-z]*' | tr -d '[' | sort)
if [ "$same" != "$(optionsOf verify | grep -v -e --json -e --help | sort)" ]; then
    echo "micguard-verify takes $same, and that is not what micguardctl help verify says"
    bad=1
fi
applications="/usr/bin/call org.a"
expect "micguardctl mode " "silence sever"
expect "micguardctl mode se" "sever"
expect "micguardctl admission " "relaxed strict"
expect "micguardctl app " "mute unmute"
expect "micguardctl app mute " "$applications"
expect "micguardctl answer " "$applications"
expect "micguardctl answer --run org.a " "allow deny"
for verb in allow deny silence ask; do
    expect "micguardctl $verb --json " "$applications"
    expect "micguardctl $verb --source " "alsa_input.pci-0"
    expect "micguardctl $verb --until " ""
done
expect "micguardctl forget " "$applications"
expect "micguardctl explain o" "org.a"
expect "micguardctl report --app " "$applications"
expect "micguardctl report --since " "today yesterday"
expect "micguardctl history c" "clear"
expect "micguardctl history --until " "today yesterday"
expect "micguardctl history --app " "$applications"
expect "micguardctl history --source " "alsa_input.pci-0"
expect "micguardctl history --kind " "$kinds"
expect "micguardctl verify --source " "alsa_input.pci-0"
expect "micguardctl monitor --format " "$formats"
expect "micguardctl config " "check show path set unset"
expect "micguardctl config set " "$keys"
expect "micguardctl config --json unset " "$keys"
expect "micguardctl hold base6" "base64"
expect "micguardctl hold --reason x -- base6" "base64"
expect "micguardctl talk base6" "base64"

# The three are called by name.
# shellcheck disable=SC2317
bashOffers() {
    # shellcheck source=/dev/null
    source "$folder/micguardctl.bash"
    local query
    while IFS= read -r query; do
        read -r -a COMP_WORDS <<< "$query"
        if [[ $query == *" " ]]; then COMP_WORDS+=(""); fi
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMPREPLY=()
        _micguardctl
        echo "> $query"
        printf '%s\n' "${COMPREPLY[@]}"
    done
}
# shellcheck disable=SC2317
fishOffers() {
    # shellcheck disable=SC2016 # fish's variables
    fish --no-config -c 'source $argv[1]; while read -l line; echo "> $line"; complete -C "$line" | cut -f1; end' "$folder/micguardctl.fish"
}
# shellcheck disable=SC2317
zshOffers() { timeout 100 zsh -f "$here/cli_completions.zsh" "$folder"; }

compare() { # shell
    local i query found wrong=0
    for i in "${!queries[@]}"; do
        query=${queries[i]}
        found=$(awk -v head="> $query" '/^> /{on = $0 == head; next} on' "$work/offers" | sed '/^-h$/d; /^--$/d' |
            if [[ $query == *" -" ]]; then grep -e '^-'; else grep -v -e '^-' -e '^$'; fi | sort -u)
        if [ "$found" != "${expected[i]}" ]; then
            wrong=1 bad=1
            echo "$1: \"$query\": there should be"; echo "${expected[i]:-nothing}"; echo "but there is"; echo "${found:-nothing}"
        fi
    done
    ((wrong)) || echo "$1: ${#queries[@]} lines, each completed as it should be"
}
for shell in bash fish zsh; do
    if ! command -v "$shell" > /dev/null; then
        echo "$shell: not installed, left out"
        continue
    fi
    printf '%s\n' "${queries[@]}" | "${shell}Offers" > "$work/offers" 2> "$work/errors"
    compare "$shell"
    [ "$shell" = zsh ] || [ ! -s "$work/errors" ] || { echo "$shell: complains"; cat "$work/errors"; bad=1; }
done
[ ! -e "$work/ran" ] || { echo "a name of an application's was run"; bad=1; }
exit $bad
