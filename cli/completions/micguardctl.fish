# SPDX-License-Identifier: GPL-3.0-or-later
# fish completion for micguardctl(1)

# The words before the one that is completed, without the options and their values: the verb, and what follows it.
function __micguardctl_words
    set -l words (commandline -opc)
    set -e words[1]
    set -l value no
    for word in $words
        if test $value = yes
            set value no
        else if contains -- $word --reason --source --until --since --app --html --kind --limit --format --seconds --asound
            set value yes
        else if not string match -q -- '-*' $word
            echo $word
        end
    end
end

# Whether the verb is one of these; with a number in front, whether it is and so many operands follow it.
function __micguardctl_at
    set -l words (__micguardctl_words)
    if string match -qr '^\d+$' -- $argv[1]
        test (count $words) -eq (math $argv[1] + 1); or return
        set -e argv[1]
    end
    contains -- "$words[1]" $argv
end

# Whether this stands behind the verb.
function __micguardctl_said
    set -l words (__micguardctl_words)
    test "$words[1]" = $argv[1]; and contains -- "$words[2]" $argv[2..]
end

# The value of a key in what the running guard lists: plain ones only, for they are what applications call themselves.
function __micguardctl_names
    micguardctl $argv[1] --json 2> /dev/null | string replace -rf '^ *"'$argv[2]'": "([A-Za-z0-9._/+@:-]*)",?$' '$1'
end

# What `config show` prints, each below its table's head; rules come last.
function __micguardctl_keys
    set -l table
    for line in (micguardctl config show 2> /dev/null)
        if string match -rq '^\[\[' -- $line
            break
        else if set -l found (string match -rg '^\[([a-z-]*)\]$' -- $line)
            set table $found
        else if set -l found (string match -rg '^([a-z-]*) = ' -- $line)
            echo $table.$found
        end
    end
end

# Somebody else's command line, behind hold or talk and their options.
function __micguardctl_command
    set -l words (commandline -opc)
    set -l skip 0
    set -l verb no
    set -l value no
    for word in $words
        if test $value = yes
            set value no
        else if test $word = --reason
            set value yes
        else if test $word = --
            set skip (math $skip + 1)
            break
        else if not string match -q -- '-*' $word; and test $skip -gt 0
            # The verb, then the command.
            test $verb = yes; and break
            set verb yes
        end
        set skip (math $skip + 1)
    end
    set -l all $words (commandline -ct)
    __fish_complete_subcommand --commandline $all[(math $skip + 1)..]
end

complete -c micguardctl -f

complete -c micguardctl -s h -l help -d 'Show help' -n 'not __micguardctl_at help'
complete -c micguardctl -n 'not count (__micguardctl_words) > /dev/null' -l version -d 'Show the version'
complete -c micguardctl -n 'not count (__micguardctl_words) > /dev/null' -l json -d 'Data instead of text'

# Verbs, and the same behind help.
for verb in \
        status:'How things are' mute:'Mute every microphone' unmute:'Release the mute' toggle:'Mute if unmuted, else unmute' \
        is-muted:'Exit status 0 if the mute holds' hold:'Keep muted while a command runs' talk:'Keep live while a command runs' \
        apps:'Which applications listen' app:'Mute one application' answer:'May an application listen?' sources:'The microphones' \
        allow:'Let an application listen' deny:'Keep an application from the microphones' silence:'Give an application silence' \
        ask:'Silence until somebody has answered' forget:'Take back what was said of an application' rules:'All rules' \
        explain:'What an application may hear, and why' report:'What applications did while muted' \
        mode:'What an application meets while muted' admission:'Whether new clients of PipeWire wait' \
        config:'Check, show or change the settings' history:'Who listened when' monitor:'Events as they come' \
        verify:'Prove the mute by listening' release:'Stop guarding in order' doctor:'Look for what is wrong' \
        version:'Versions of client and daemon' help:'About one verb'
    set -l pair (string split -m 1 : $verb)
    complete -c micguardctl -n 'not count (__micguardctl_words) > /dev/null; or __micguardctl_at 0 help' -a $pair[1] -d $pair[2]
end

complete -c micguardctl -n '__micguardctl_at status toggle is-muted apps sources allow deny silence ask forget rules explain report mode admission config history monitor verify doctor version' -l json -d 'Data instead of text'
complete -c micguardctl -n '__micguardctl_at 0 allow deny silence ask forget explain answer; or __micguardctl_at 1 app' -a '(__micguardctl_names apps app_id)'
complete -c micguardctl -n '__micguardctl_at allow deny silence ask' -l source -x -a '(__micguardctl_names sources name)' -d 'One microphone'
complete -c micguardctl -n '__micguardctl_at allow deny silence ask' -l until -x -d 'For so long: 18:30, +2h'
complete -c micguardctl -n '__micguardctl_at verify' -l seconds -x -d 'How long while muted'
complete -c micguardctl -n '__micguardctl_at verify' -l source -x -a '(__micguardctl_names sources name)' -d 'Only this microphone'
complete -c micguardctl -n '__micguardctl_at verify' -l bluetooth -d 'Bluetooth microphones, too'
complete -c micguardctl -n '__micguardctl_at verify' -l tone -d 'Play a tone into virtual ones'
complete -c micguardctl -n '__micguardctl_at report history' -l since -x -a 'today yesterday' -d 'From then on: 2h, 18:30, 7d'
complete -c micguardctl -n '__micguardctl_at report history' -l until -x -a 'today yesterday' -d 'Up to then'
complete -c micguardctl -n '__micguardctl_at report history' -l app -x -a '(__micguardctl_names apps app_id)' -d 'One application'
complete -c micguardctl -n '__micguardctl_at report' -l csv -d 'A table for spreadsheets'
complete -c micguardctl -n '__micguardctl_at report' -l html -r -F -d 'A page by itself'
complete -c micguardctl -n '__micguardctl_at 0 mode' -a 'silence sever'
complete -c micguardctl -n '__micguardctl_at 0 admission' -a 'relaxed strict'
complete -c micguardctl -n '__micguardctl_at 0 app' -a 'mute unmute'
complete -c micguardctl -n '__micguardctl_at 1 answer' -a 'allow deny'
complete -c micguardctl -n '__micguardctl_at answer' -l once -d 'Until it has no stream left'
complete -c micguardctl -n '__micguardctl_at answer' -l run -d 'For as long as it runs'
complete -c micguardctl -n '__micguardctl_at answer' -l always -d 'Remembered as a rule'
complete -c micguardctl -n '__micguardctl_at 0 config' -a 'check show path set unset'
complete -c micguardctl -n '__micguardctl_at 1 config; and __micguardctl_said config check' -F
complete -c micguardctl -n '__micguardctl_at 1 config; and __micguardctl_said config set unset' -a '(__micguardctl_keys)'
complete -c micguardctl -n '__micguardctl_at 0 history' -a clear
complete -c micguardctl -n '__micguardctl_at history' -l source -x -a '(__micguardctl_names sources name)' -d 'Of one microphone'
complete -c micguardctl -n '__micguardctl_at history' -l kind -x -a 'session mute block answer warning refusal' -d 'What'
complete -c micguardctl -n '__micguardctl_at history' -l limit -x -d 'The newest so many'
complete -c micguardctl -n '__micguardctl_at history' -l timeline -d 'As a picture'
complete -c micguardctl -n '__micguardctl_at doctor' -l asound -r -F -d 'Look there instead of in /proc/asound'
complete -c micguardctl -n '__micguardctl_at monitor' -l format -x -a 'waybar i3status-rust polybar' -d 'For a status bar'
complete -c micguardctl -n '__micguardctl_at 0 talk' -l hold -d 'A key is pressed'
complete -c micguardctl -n '__micguardctl_at 0 talk' -l release -d 'It was let go'
complete -c micguardctl -n '__micguardctl_at 0 hold talk' -l reason -x -d 'What the guard shows as the reason'
complete -c micguardctl -n '__micguardctl_at hold talk' -x -a '(__micguardctl_command)'
