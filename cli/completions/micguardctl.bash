# SPDX-License-Identifier: GPL-3.0-or-later
# bash completion for micguardctl(1)

# The value of a key in what the running guard lists. What an application calls itself may be anything, and compgen runs
# what is in $( ): only plain names are offered.
_micguardctl_names() {
    micguardctl "$1" --json 2> /dev/null | sed -n "s/^ *\"$2\": \"\([A-Za-z0-9._\/+@:-]*\)\",*\$/\1/p"
}

_micguardctl() {
    local verbs="status mute unmute toggle is-muted hold talk apps app answer sources allow deny silence ask forget rules explain report mode admission config history monitor verify release doctor version help"
    local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}"
    # In --source=x the sign is a word of its own.
    if [[ $current == = ]]; then
        current=""
    elif [[ $previous == = ]]; then
        previous="${COMP_WORDS[COMP_CWORD-2]}"
    fi
    local verb="" at=0 i
    for ((i = 1; i < COMP_CWORD; i++)); do
        if [[ ${COMP_WORDS[i]} != -* ]]; then
            verb=${COMP_WORDS[i]}
            at=$i
            break
        fi
    done

    local words=""
    case $verb in
        "") words="$verbs --json --help --version" ;;
        status | toggle | is-muted | apps | sources | rules | version) words="--json --help" ;;
        mute | unmute | release) words="--help" ;;
        mode) words="silence sever --json --help" ;;
        app)
            if ((COMP_CWORD == at + 1)); then
                words="mute unmute --help"
            else
                words="--help $(_micguardctl_names apps app_id)"
            fi
            ;;
        answer)
            words="--once --run --always --help"
            if ((COMP_CWORD > at + 1)); then
                words="allow deny $words"
            else
                words="$words $(_micguardctl_names apps app_id)"
            fi
            ;;
        allow | deny | silence | ask)
            case $previous in
                --source) words=$(_micguardctl_names sources name) ;;
                --until) return ;;
                *) words="--source --until --json --help $(_micguardctl_names apps app_id)" ;;
            esac
            ;;
        verify)
            case $previous in
                --source) words=$(_micguardctl_names sources name) ;;
                --seconds) return ;;
                *) words="--seconds --source --bluetooth --tone --json --help" ;;
            esac
            ;;
        forget | explain) words="--json --help $(_micguardctl_names apps app_id)" ;;
        report)
            case $previous in
                --since | --until) words="today yesterday" ;;
                --app) words=$(_micguardctl_names apps app_id) ;;
                --html)
                    mapfile -t COMPREPLY < <(compgen -f -- "$current")
                    return
                    ;;
                *) words="--since --until --app --csv --html --json --help" ;;
            esac
            ;;
        admission) words="relaxed strict --json --help" ;;
        config)
            if [[ $previous == check ]]; then
                mapfile -t COMPREPLY < <(compgen -f -- "$current")
                return
            fi
            # The keys are what `config show` prints, below their table's head; rules come last.
            case $previous in
                set | unset) words=$(micguardctl config show 2> /dev/null | sed -n '/^\[\[/q; s/^\[\([a-z-]*\)\]$/@\1/p; s/^\([a-z-]*\) = .*/\1/p' |
                    while read -r word; do [[ $word == @* ]] && table=${word#@} || printf '%s.%s\n' "$table" "$word"; done) ;;
                config | --json) words="check show path set unset --json --help" ;;
                *) return ;;
            esac
            ;;
        monitor)
            if [[ $previous == --format ]]; then
                words="waybar i3status-rust polybar"
            else
                words="--json --format --help"
            fi
            ;;
        history)
            case $previous in
                --since | --until) words="today yesterday" ;;
                --app) words=$(_micguardctl_names apps app_id) ;;
                --source) words=$(_micguardctl_names sources name) ;;
                --kind) words="session mute block answer warning refusal" ;;
                --limit) return ;;
                *) words="clear --since --until --app --source --kind --limit --timeline --json --help" ;;
            esac
            ;;
        help) words="$verbs" ;;
        doctor)
            if [[ $previous == --asound ]]; then
                mapfile -t COMPREPLY < <(compgen -d -- "$current")
                return
            fi
            words="--json --asound --help"
            ;;
        hold | talk)
            # Behind the options there is somebody else's command line.
            for ((i = at + 1; i < COMP_CWORD; i++)); do
                case ${COMP_WORDS[i]} in
                    --reason) ((i++)) ;;
                    --) ((i++)); break ;;
                    -*) ;;
                    *) break ;;
                esac
            done
            if ((i < COMP_CWORD)) || [[ $i -eq $COMP_CWORD && ($previous == -- || ($current && $current != -*)) ]]; then
                if declare -F _command_offset > /dev/null; then
                    _command_offset "$i"
                elif ((i == COMP_CWORD)); then
                    mapfile -t COMPREPLY < <(compgen -c -- "$current")
                else
                    mapfile -t COMPREPLY < <(compgen -f -- "$current")
                fi
                return
            fi
            [[ $previous == --reason ]] && return
            words="--reason -- --help"
            [[ ${COMP_WORDS[at]} == talk ]] && words+=" --hold --release"
            ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

complete -F _micguardctl micguardctl
