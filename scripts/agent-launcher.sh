#!/bin/sh
# Copied by `fleet init`: how this tenant's agents are launched, called by the systemd units of this fleet.
#   launch run NAME WORD...   main process of an agent's unit: starts the agent in a pane of its own, and ends as it ends
#   launch pane NAME PID      first process of that pane: becomes the agent; its words and environment are those of PID
#   launch check              before the tmux server starts: does another one hold the socket?
#   launch ready              after: wait until it answers
#
# It is the same text for every fleet: all that differs comes as data (arguments, environment) and is never read as a shell
# would read it. Copied into the fleet's own home, so that agents start, run and end whatever becomes of the program that
# wrote it; it needs sh, tmux, systemd and coreutils, no Node. The words of an agent's command and its environment are taken
# from /proc of the unit's process: on tmux's command line other users could read them, a `;` at a word's end would be
# tmux's, and from there they come whole, whatever they hold.
set -uf
umask 077

say() { printf 'fleet: %s\n' "$*" >&2; }
# fail STATUS WORD...: the end of a pane that has just begun. Of one that ends in the moment in which it writes tmux lost the words, and with
# them why it ended, once in fifty times.
fail() {
  status=$1 && shift
  say "$@"
  sleep 0.2
  exit "$status"
}
tm() { tmux -u -N -L "$MOSAIC_TMUX_SOCKET" "$@"; }

# lives: is $pid still the process that it was ($born)? One that ended and that nobody has waited for is not.
lives() {
  [ -n "$pid" ] || return 1
  { read -r stat <"/proc/$pid/stat"; } 2>/dev/null || return 1
  set -- ${stat##*) }
  # With other threads left it is only its first one that has ended.
  case $1 in Z | X) [ "${18}" -gt 1 ] || return 1 ;; esac
  [ -n "$born" ] || born=${20}
  [ "${20}" = "$born" ]
}

# find: the session of the agent, where there is one: $session $pane $pid $dead
find() {
  session='' pane='' pid='' dead='' born=''
  set -- $(tm list-panes -t "=$name:" -F '#{session_id} #{pane_id} #{pane_pid} #{pane_dead}' 2>/dev/null)
  [ $# -ge 4 ] || return 1
  session=$1 pane=$2 pid=$3 dead=$4
}

# close: nothing of the agent is left: not in its cgroup, not in tmux.
close() {
  systemctl --user stop --quiet "$scope" 2>/dev/null
  [ -z "$session" ] || tm kill-session -t "$session" 2>/dev/null
  tries=0
  while lives && [ $tries -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
  ! lives || kill -KILL "$pid"
}

# Somebody wants it down: that is done when it is done, and was no failure.
stop() {
  trap '' TERM INT HUP
  [ -z "$watcher" ] || kill "$watcher" 2>/dev/null
  close
  exit 0
}

launch() {
  answer=$(tm new-session -d -P -F '#{session_id} #{pane_id} #{pane_pid}' -s "$name" -x 200 -y 50 \
    -e "MOSAIC_AGENT_NAME=$name" "$0" pane "$name" "$$" \
    \; set-option -w -t "=$name:" window-size manual \; set-option -w -t "=$name:" remain-on-exit on) || {
    say "tmux did not start a session for $name on socket $MOSAIC_TMUX_SOCKET"
    exit 1
  }
  set -- $answer
  session=$1 pane=$2 pid=$3
}

# accompany: a runtime without a timer of its own is beaten for by a sidecar, where `fleet hooks install` has put one. It ends with $pid.
accompany() {
  hook=${0%/*}/../adapters/hook.sh
  [ "${MOSAIC_AGENT_RUNTIME:-}" = codex ] && [ -r "$hook" ] || return 0
  MOSAIC_AGENT_NAME=$name sh "$hook" codex sidecar "$pid" "$pane" </dev/null >/dev/null 2>&1 &
}

# Waits for the end of $pid without a fork a second: tail looks twice a second by itself. It takes one that ended and was never waited
# for (a signal that tmux lost) for alive, so it is asked again from time to time.
wait_for_it() {
  tail=$(tail --help 2>&1)
  while lives; do
    case $tail in
      *--pid*) timeout 10 tail -s 0.5 --pid="$pid" -f /dev/null & ;;
      *) sleep 1 & ;;
    esac
    watcher=$!
    wait "$watcher"
    watcher=''
  done
}

# how: how the process in $pane ended, as tmux knows it: $there $status $signal
how() {
  there='' status='' signal='' server=''
  set -- $(tm display-message -p -t "$pane" \
    'i=#{pane_id} d=#{pane_dead} p=#{pane_pid} s=#{pane_dead_status} g=#{pane_dead_signal} v=#{pid}' 2>/dev/null)
  [ $# -eq 6 ] && [ "$1" = "i=$pane" ] && [ "$3" = "p=$pid" ] || return 1
  there=yes status=${4#s=} signal=${5#g=} server=${6#v=}
  [ -n "$status$signal" ]
}

run() {
  name=$1
  case $name in '' | -* | *[!A-Za-z0-9_-]*) say "that is not an agent's name" && exit 64 ;; esac
  [ $# -ge 2 ] || { say "$name has no command: MOSAIC_AGENT_COMMAND is empty" && exit 64; }
  scope=mosaic-agent-$name.scope
  watcher=''
  trap stop TERM INT HUP
  if find && [ "$dead" = 0 ]; then
    say "$name runs already in pane $pane (process $pid): watching it"
  else
    close
    launch
  fi
  accompany
  wait_for_it

  tries=0
  until how; do
    [ -n "$there" ] || break
    # tmux can lose the signal by which it learns of a death; sent again it looks.
    kill -CHLD "$server" 2>/dev/null
    tries=$((tries + 1))
    [ $tries -le 20 ] || break
    sleep 0.1
  done
  if [ -z "$there" ]; then
    say "$name ended: its pane was closed, or its tmux server has gone"
    exit 1
  fi
  keep_last_screen
  if [ -n "$signal" ]; then
    say "$name was ended by signal $signal"
    ulimit -c 0
    kill "-$signal" $$
    exit $((128 + signal))
  fi
  say "$name ended with status ${status:-unknown}"
  exit "${status:-1}"
}

# What it last said outlives its next start: a crash can be read in the morning.
keep_last_screen() {
  screens=${0%/*}/../last-screens
  mkdir -p "$screens" 2>/dev/null
  tm capture-pane -p -J -t "$pane" -S -200 >"$screens/.$name.$$" 2>/dev/null &&
    mv -f "$screens/.$name.$$" "$screens/$name.txt" 2>/dev/null
}

# One record a line: a newline inside of one is \001 until it is put back.
records() { tr '\0\n' '\n\1' <"/proc/$1/$2"; }
put_back() {
  case $1 in
    *"$_fleet_mark"*) _fleet_text=$(printf '%s.' "$1" | tr '\1' '\n') && _fleet_text=${_fleet_text%.} ;;
    *) _fleet_text=$1 ;;
  esac
}

add_to_path() {
  case ":$_fleet_path:" in *":$1:"*) return ;; esac
  _fleet_path=${_fleet_path:+$_fleet_path:}$1
}

# This shell's own environment becomes the agent's: whatever is called `_fleet_...` here is ours, and every other name may be theirs.
pane() {
  _fleet_name=$1 _fleet_waiter=$2 _fleet_count=0 _fleet_mark=$(printf '\1')
  while IFS= read -r _fleet_line; do
    _fleet_key=${_fleet_line%%=*}
    case $_fleet_key in
      '' | [0-9]* | *[!A-Za-z0-9_]*) continue ;;
      # The pane's own, the shell's own, and what systemd tells the unit's main process only.
      TERM | TERM_PROGRAM | TERM_PROGRAM_VERSION | COLORTERM | TMUX | TMUX_PANE) continue ;;
      _ | _fleet_* | IFS | OPTIND | PPID | PWD | OLDPWD | SHLVL) continue ;;
      INVOCATION_ID | JOURNAL_STREAM | NOTIFY_SOCKET | SYSTEMD_EXEC_PID | MANAGERPID | MAINPID) continue ;;
      LISTEN_* | WATCHDOG_* | MEMORY_PRESSURE_* | CREDENTIALS_DIRECTORY) continue ;;
    esac
    put_back "$_fleet_line"
    # By `command`, one that this shell will not have set (bash: UID) does not end it.
    command export "$_fleet_text" 2>/dev/null
  done <<EOF
$(records "$_fleet_waiter" environ)
EOF
  set --
  while IFS= read -r _fleet_line; do
    _fleet_count=$((_fleet_count + 1))
    # sh, this file, run, NAME
    [ $_fleet_count -gt 4 ] || continue
    put_back "$_fleet_line"
    set -- "$@" "$_fleet_text"
  done <<EOF
$(records "$_fleet_waiter" cmdline)
EOF
  [ $# -ge 1 ] || fail 1 "the launcher of $_fleet_name (process $_fleet_waiter) has gone"

  _fleet_path=''
  _fleet_own=${MOSAIC_RUNTIME_BIN-}
  [ ! -f "$_fleet_own" ] || _fleet_own=${_fleet_own%/*}
  for _fleet_directory in "$_fleet_own" "${FLEET_NPM_BIN-}" "$HOME/.npm-global/bin" "$HOME/.local/bin"; do
    [ -z "$_fleet_directory" ] || [ ! -d "$_fleet_directory" ] || add_to_path "$_fleet_directory"
  done
  _fleet_rest=$PATH:
  while [ -n "$_fleet_rest" ]; do
    _fleet_directory=${_fleet_rest%%:*} _fleet_rest=${_fleet_rest#*:}
    [ -z "$_fleet_directory" ] || add_to_path "$_fleet_directory"
  done
  unset FLEET_NPM_BIN
  export PATH="$_fleet_path" MOSAIC_AGENT_NAME="$_fleet_name"

  cd "${MOSAIC_AGENT_WORKDIR:-$HOME}" || fail 1 "the working directory of $_fleet_name is not there"
  command -v -- "$1" >/dev/null || fail 127 "$1: command not found (PATH=$PATH)"
  exec systemd-run --user --scope --quiet --collect --unit="mosaic-agent-$_fleet_name" --description="Agent $_fleet_name" \
    --property=TimeoutStopSec=10 --property=SendSIGHUP=yes -- "$@"
}

check() {
  pid=$(tm display-message -p '#{pid}' 2>/dev/null) || exit 0
  say "a tmux server that no unit of this fleet owns holds the socket $MOSAIC_TMUX_SOCKET (process $pid)"
  say "end it first (its agents end with it): tmux -L $MOSAIC_TMUX_SOCKET kill-server"
  exit 1
}

ready() {
  tries=0
  until tm list-sessions >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ $tries -le 200 ] || { say "the tmux server does not answer" && exit 1; }
    sleep 0.05
  done
}

case ${1-} in
  run) shift && run "$@" ;;
  pane) shift && pane "$@" ;;
  check | ready) "$1" ;;
  *) say "launch run|pane|check|ready" && exit 64 ;;
esac
