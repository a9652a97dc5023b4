# SPDX-License-Identifier: GPL-3.0-or-later
#
# What zsh's completion offers for each line of standard input; see cli_completions.sh. It runs in the line editor only, on a
# terminal: zpty gives it one. $1: the folder of _micguardctl.
zmodload zsh/zpty
zpty -b shell zsh -f -i
say() { zpty -w shell "$1" }
say "fpath=(${(q)1} \$fpath); autoload -Uz compinit; compinit -D -u; PROMPT=; RPROMPT=; setopt no_beep"
# What is offered is caught where every offer goes through; looking matches up (-O, -A, -D) is none. Nothing is listed nor put in.
say "compadd() { local -a offered; [[ \"\$*\" == *-[OAD]* ]] || builtin compadd -O offered \"\$@\""
say "print -rl -- \"OFF\"ER=\$^offered= >&2; builtin compadd \"\$@\" }"
say "_told() { _micguardctl \"\$@\"; compstate[insert]= compstate[list]=; print -r -- OFFERS-\"\"END >&2 }"
say "compdef _told micguardctl; echo RE\"\"ADY"
zpty -r -m shell line "*READY*"
while IFS= read -r query; do
    zpty -w -n shell "$query"$'\t'
    zpty -r -m shell line "*OFFERS-END*"
    print -r -- "> $query"
    print -r -- "$line" | tr -d '\r' | sed -n 's/.*OFFER=\(.*\)=$/\1/p'
    zpty -w -n shell $'\x15' # the line is taken back
done
