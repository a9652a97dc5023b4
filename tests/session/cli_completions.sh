#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The completions in the shells themselves: what each offers after "micguardctl " against the verbs that
# micguardctl says it has. A shell that is not installed is named and left out; bash always runs.
# Usage: cli_completions.sh MICGUARDCTL COMPLETIONS-FOLDER
set -u
ctl=$1 folder=$2 bad=0
verbs=$("$ctl" help | sed -n 's/^  \([a-z][a-z-]*\)  .*/\1/p' | sort)
[ "$(wc -l <<< "$verbs")" -ge 15 ] || { echo "micguardctl help lists too few verbs: $verbs"; exit 1; }

same() { # shell, what, expected, found
    if [ "$3" = "$4" ]; then
        echo "$1: $2: as it should be"
    else
        echo "$1: $2: expected"; echo "$3"; echo "but found"; echo "$4"
        bad=1
    fi
}

# shellcheck source=/dev/null
source "$folder/micguardctl.bash"
bash_offers() {
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
    _micguardctl
    printf '%s\n' "${COMPREPLY[@]}" | sort
}
same bash verbs "$verbs" "$(bash_offers micguardctl "" | grep -v '^--')"
same bash "verbs after an option" "$verbs" "$(bash_offers micguardctl --json "" | grep -v '^--')"
same bash "a begun verb" "$(printf 'mode\nmonitor')" "$(bash_offers micguardctl mo)"
same bash modes "$(printf 'sever\nsilence')" "$(bash_offers micguardctl mode s)"
same bash "what app does" "$(printf 'mute\nunmute')" "$(bash_offers micguardctl app '' | grep -v '^--')"
# What the guard lists, with applications that would have the shell run something. Called by the completions.
# shellcheck disable=SC2016,SC2317
micguardctl() {
    case $1 in
        apps) printf '{\n  "apps": [\n    {\n      "app_id": "%s"\n    },\n' /usr/bin/call
            printf '    {\n      "app_id": "%s",\n      "name": "no"\n    },\n' 'org.a' '$(touch${IFS}/tmp/no)' '`no`' 'a b' 'a\"b' ;;
        sources) printf '      "description": "no",\n      "name": "%s",\n' alsa_input.pci-0 'x;no' ;;
    esac
}
same bash "deny's applications" "$(printf '/usr/bin/call\norg.a')" "$(bash_offers micguardctl deny "" | grep -v '^--')"
same bash "explain's applications" "org.a" "$(bash_offers micguardctl explain o)"
same bash "allow's microphones" "alsa_input.pci-0" "$(bash_offers micguardctl allow --source "")"
same bash "allow's options" "$(printf -- '--help\n--json\n--source\n--until')" "$(bash_offers micguardctl allow -)"
same bash "verify's options" "$(printf -- '--bluetooth\n--help\n--json\n--seconds\n--source\n--tone')" "$(bash_offers micguardctl verify -)"
same bash "verify's microphones" "alsa_input.pci-0" "$(bash_offers micguardctl verify --source "")"
same bash "times" "" "$(bash_offers micguardctl allow --until "")"
same bash "app mute's applications" "$(printf '/usr/bin/call\norg.a')" "$(bash_offers micguardctl app mute "" | grep -v '^--')"
same bash "answer's applications" "$(printf '/usr/bin/call\norg.a')" "$(bash_offers micguardctl answer "" | grep -v '^--')"
same bash "report's applications" "$(printf '/usr/bin/call\norg.a')" "$(bash_offers micguardctl report --app "")"
same bash "report's options" "$(printf -- '--app\n--csv\n--help\n--html\n--json\n--since\n--until')" "$(bash_offers micguardctl report -)"
same bash "answers" "$(printf 'allow\ndeny')" "$(bash_offers micguardctl answer org.app '' | grep -v '^--')"
same bash "history's options" "$(printf -- '--app\n--help\n--json\n--kind\n--limit\n--since\n--source\n--timeline\n--until')" \
    "$(bash_offers micguardctl history -)"
same bash "history's applications" "$(printf '/usr/bin/call\norg.a')" "$(bash_offers micguardctl history --app "")"
same bash "history's microphones" "alsa_input.pci-0" "$(bash_offers micguardctl history --source "")"
same bash "kinds" "$(printf 'answer\nblock\nmute\nrefusal\nsession\nwarning')" "$(bash_offers micguardctl history --kind "")"
same bash "what history does" "clear" "$(bash_offers micguardctl history c)"
unset -f micguardctl
same bash "what config does" "$(printf 'check\npath\nset\nshow\nunset')" "$(bash_offers micguardctl config "" | grep -v '^--')"
same bash "monitor's formats" "$(printf 'i3status-rust\npolybar\nwaybar')" "$(bash_offers micguardctl monitor --format "")"
same bash "hold's options" "$(printf -- '--\n--help\n--reason')" "$(bash_offers micguardctl hold -)"
same bash "talk's options" "$(printf -- '--\n--help\n--hold\n--reason\n--release')" "$(bash_offers micguardctl talk -)"
same bash "hold's command" "bash" "$(bash_offers micguardctl hold --reason x -- bash | grep -x bash | sort -u)"

if command -v fish > /dev/null; then
    fish_offers() {
        HOME=/invalid XDG_CONFIG_HOME=/invalid fish --no-config -c "source '$folder/micguardctl.fish'; complete -C '$1'" \
            2> /dev/null | cut -f1 | grep -v '^-' | sort
    }
    same fish verbs "$verbs" "$(fish_offers 'micguardctl ')"
    same fish modes "$(printf 'sever\nsilence')" "$(fish_offers 'micguardctl mode ')"
    same fish "hold's command" "bash" "$(fish_offers 'micguardctl hold bas' | grep -x bash)"
else
    echo "fish: not installed, left out"
fi

if command -v zsh > /dev/null; then
    # Its completion system runs in the line editor only, on a terminal: zpty gives it one.
    zsh_offers() {
        zsh -f -c '
            zmodload zsh/zpty
            zpty -b shell zsh -f -i
            say() { zpty -w shell "$1" }
            say "fpath=($1 \$fpath); autoload -Uz compinit; compinit -D -u; PROMPT=; LISTMAX=0; setopt no_beep"
            # What is offered is caught where every offer goes through; looking matches up (-O, -A, -D) is none.
            say "compadd() { local -a offered; [[ \"\$*\" == *-[OAD]* ]] || builtin compadd -O offered \"\$@\""
            say "print -rl -- \"OFFER=\"\$^offered >&2; builtin compadd \"\$@\" }"
            say "_told() { _micguardctl \"\$@\"; print -r -- OFFERS-\"\"END >&2 }; compdef _told micguardctl; echo RE\"\"ADY"
            zpty -r -m shell line "*READY*"
            zpty -w -n shell "$2"$'"'\\t'"'
            zpty -r -m shell line "*OFFERS-END*"
            print -r -- "$line"
        ' zsh "$folder" "$1" 2> /dev/null | tr -d '\r' | sed -n 's/.*OFFER=\([a-z-]*\).*/\1/p' | grep -v '^-' | sort -u
    }
    same zsh verbs "$verbs" "$(timeout 30 bash -c "$(declare -f zsh_offers); folder='$folder'; zsh_offers 'micguardctl '")"
    same zsh modes "$(printf 'sever\nsilence')" \
        "$(timeout 30 bash -c "$(declare -f zsh_offers); folder='$folder'; zsh_offers 'micguardctl mode '")"
else
    echo "zsh: not installed, left out"
fi
exit $bad
