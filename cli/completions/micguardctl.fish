# SPDX-License-Identifier: GPL-3.0-or-later
# fish completion for micguardctl(1)

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
complete -c micguardctl -n __fish_use_subcommand -a sources -d 'The microphones'
complete -c micguardctl -n __fish_use_subcommand -a mode -d 'What an application meets while muted'
complete -c micguardctl -n __fish_use_subcommand -a admission -d 'Whether new clients of PipeWire wait'
complete -c micguardctl -n __fish_use_subcommand -a config -d 'Check or show the settings'
complete -c micguardctl -n __fish_use_subcommand -a monitor -d 'Events as they come'
complete -c micguardctl -n __fish_use_subcommand -a release -d 'Stop guarding in order'
complete -c micguardctl -n __fish_use_subcommand -a doctor -d 'Look for what is wrong'
complete -c micguardctl -n __fish_use_subcommand -a version -d 'Versions of client and daemon'
complete -c micguardctl -n __fish_use_subcommand -a help -d 'About one verb'

complete -c micguardctl -n '__fish_seen_subcommand_from status toggle is-muted apps sources mode admission config monitor doctor version' -l json -d 'Data instead of text'
complete -c micguardctl -n '__fish_seen_subcommand_from mode' -a 'silence sever'
complete -c micguardctl -n '__fish_seen_subcommand_from admission' -a 'relaxed strict'
complete -c micguardctl -n '__fish_seen_subcommand_from config; and not __fish_seen_subcommand_from check show path' -a 'check show path'
complete -c micguardctl -n '__fish_seen_subcommand_from config; and __fish_seen_subcommand_from check' -F
complete -c micguardctl -n '__fish_seen_subcommand_from doctor' -l asound -r -F -d 'Look there instead of in /proc/asound'
complete -c micguardctl -n '__fish_seen_subcommand_from hold talk' -l reason -x -d 'What the guard shows as the reason'
complete -c micguardctl -n '__fish_seen_subcommand_from hold talk' -x -a '(__fish_complete_subcommand --fcs-skip=2)'
complete -c micguardctl -n '__fish_seen_subcommand_from help' -a 'status mute unmute toggle is-muted hold talk apps sources mode admission config monitor release doctor version'
