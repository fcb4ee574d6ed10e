# complete.zsh FILE LINE - what zsh offers at the end of LINE with the completion script FILE, one word a line.
# An interactive zsh on a terminal of its own completes it; its `compadd` is wrapped so that it prints what it was given.
emulate -L zsh
zmodload zsh/zpty
zpty inner zsh -f -i
zpty -w inner "PROMPT= RPROMPT= PS2="
zpty -w inner "unsetopt zle_bracketed_paste; stty -echo -onlcr; ${MODULES:+module_path=(${(q)MODULES});} ${FUNCTIONS:+fpath=(${(qs.:.)FUNCTIONS});} autoload -U compinit && compinit -u -D; source ${(q)1}"
zpty -w inner 'compadd() {
  if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd "$@"; return $?; fi
  local -a offered; builtin compadd -A offered "$@"; builtin compadd "$@"
  print -r -- "OFFERED:${(j: :)offered}"
}
bindkey "^I" complete-word
finish() { print -r -- "THE-END"; exit }; zle -N finish; bindkey "^X" finish
print READY'
local line
while zpty -r inner line; do [[ $line == *READY* ]] && break; done
zpty -n -w inner "$2"$'\t\C-X'
while zpty -r inner line; do
  [[ $line == *THE-END* ]] && break
  [[ $line == *OFFERED:* ]] && print -rl -- ${(s: :)${${line##*OFFERED:}%%[[:cntrl:]]*}}
done
zpty -d inner
