# SPDX-License-Identifier: GPL-3.0-or-later
# fish completion for micguardctl(1)

# The value of a key in what the running guard lists: plain ones only, for they are what applications call themselves.
function __micguardctl_names
    micguardctl $argv[1] --json 2> /dev/null | string replace -rf '^ *"'$argv[2]'": "([A-Za-z0-9._/+@:-]*)",?$' '$1'
end

complete -c micguardctl -f

complete -c micguardctl -n __fish_use_subcommand -s h -l help -d 'Show help'
complete -c micguardctl -n __fish_use_subcommand -l version -d 'Show the version'

complete -c micguardctl -n __fish_use_subcommand -a status -d 'How things are'
complete -c micguardctl -n __fish_use_subcommand -a mute -d 'Mute every microphone'
complete -c micguardctl -n __fish_use_subcommand -a unmute -d 'Release the mute'
complete -c micguardctl -n __fish_use_subcommand -a toggle -d 'Mute if unmuted, else unmute'
complete -c micguardctl -n __fish_use_subcommand -a is-muted -d 'Exit status 0 if the mute holds'
complete -c micguardctl -n __fish_use_subcommand -a hold -d 'Keep muted while a command runs'
complete -c micguardctl -n __fish_use_subcommand -a talk -d 'Keep live while a command runs'
complete -c micguardctl -n __fish_use_subcommand -a apps -d 'Which applications listen'
complete -c micguardctl -n __fish_use_subcommand -a app -d 'Mute one application'
complete -c micguardctl -n __fish_use_subcommand -a answer -d 'May an application listen?'
complete -c micguardctl -n __fish_use_subcommand -a sources -d 'The microphones'
complete -c micguardctl -n __fish_use_subcommand -a allow -d 'Let an application listen'
complete -c micguardctl -n __fish_use_subcommand -a deny -d 'Keep an application from the microphones'
complete -c micguardctl -n __fish_use_subcommand -a silence -d 'Give an application silence'
complete -c micguardctl -n __fish_use_subcommand -a ask -d 'Silence until somebody has answered'
complete -c micguardctl -n __fish_use_subcommand -a forget -d 'Take back what was said of an application'
complete -c micguardctl -n __fish_use_subcommand -a rules -d 'All rules'
complete -c micguardctl -n __fish_use_subcommand -a explain -d 'What an application may hear, and why'
complete -c micguardctl -n __fish_use_subcommand -a report -d 'What applications did while muted'
complete -c micguardctl -n __fish_use_subcommand -a mode -d 'What an application meets while muted'
complete -c micguardctl -n __fish_use_subcommand -a admission -d 'Whether new clients of PipeWire wait'
complete -c micguardctl -n __fish_use_subcommand -a config -d 'Check or show the settings'
complete -c micguardctl -n __fish_use_subcommand -a monitor -d 'Events as they come'
complete -c micguardctl -n __fish_use_subcommand -a release -d 'Stop guarding in order'
complete -c micguardctl -n __fish_use_subcommand -a doctor -d 'Look for what is wrong'
complete -c micguardctl -n __fish_use_subcommand -a version -d 'Versions of client and daemon'
complete -c micguardctl -n __fish_use_subcommand -a help -d 'About one verb'

complete -c micguardctl -n '__fish_seen_subcommand_from status toggle is-muted apps sources allow deny silence ask forget rules explain report mode admission config monitor doctor version' -l json -d 'Data instead of text'
complete -c micguardctl -n '__fish_seen_subcommand_from allow deny silence ask forget explain answer; or __fish_seen_subcommand_from app; and __fish_seen_subcommand_from mute unmute' -a '(__micguardctl_names apps app_id)'
complete -c micguardctl -n '__fish_seen_subcommand_from allow deny silence ask' -l source -x -a '(__micguardctl_names sources name)' -d 'One microphone'
complete -c micguardctl -n '__fish_seen_subcommand_from allow deny silence ask' -l until -x -d 'For so long: 18:30, +2h'
complete -c micguardctl -n '__fish_seen_subcommand_from report' -l since -x -d 'From then on: 2h, 18:30, yesterday'
complete -c micguardctl -n '__fish_seen_subcommand_from report' -l until -x -d 'Up to then'
complete -c micguardctl -n '__fish_seen_subcommand_from report' -l app -x -a '(__micguardctl_names apps app_id)' -d 'One application'
complete -c micguardctl -n '__fish_seen_subcommand_from report' -l csv -d 'A table for spreadsheets'
complete -c micguardctl -n '__fish_seen_subcommand_from report' -l html -r -F -d 'A page by itself'
complete -c micguardctl -n '__fish_seen_subcommand_from mode' -a 'silence sever'
complete -c micguardctl -n '__fish_seen_subcommand_from admission' -a 'relaxed strict'
complete -c micguardctl -n '__fish_seen_subcommand_from app; and not __fish_seen_subcommand_from mute unmute' -a 'mute unmute'
complete -c micguardctl -n '__fish_seen_subcommand_from answer' -a 'allow deny'
complete -c micguardctl -n '__fish_seen_subcommand_from answer' -l once -d 'Until it has no stream left'
complete -c micguardctl -n '__fish_seen_subcommand_from answer' -l run -d 'For as long as it runs'
complete -c micguardctl -n '__fish_seen_subcommand_from answer' -l always -d 'Remembered as a rule'
complete -c micguardctl -n '__fish_seen_subcommand_from config; and not __fish_seen_subcommand_from check show path' -a 'check show path'
complete -c micguardctl -n '__fish_seen_subcommand_from config; and __fish_seen_subcommand_from check' -F
complete -c micguardctl -n '__fish_seen_subcommand_from doctor' -l asound -r -F -d 'Look there instead of in /proc/asound'
complete -c micguardctl -n '__fish_seen_subcommand_from hold talk' -l reason -x -d 'What the guard shows as the reason'
complete -c micguardctl -n '__fish_seen_subcommand_from hold talk' -x -a '(__fish_complete_subcommand --fcs-skip=2)'
complete -c micguardctl -n '__fish_seen_subcommand_from help' -a 'status mute unmute toggle is-muted hold talk apps app answer sources allow deny silence ask forget rules explain report mode admission config monitor release doctor version'
