#!/bin/sh
# Heartbeats and acknowledgements for Claude Code and Codex: what their hooks, their status line and the sidecar call. Installed
# by `fleet hooks install`, which copies it: it needs sh, awk and coreutils, no Node, and nothing of the program that wrote it.
#
#   hook claude EVENT         a hook of Claude Code, its payload on stdin
#   hook claude statusline    Claude Code's own timer (statusLine): the beat, and the answer to a probe
#   hook claude sidecar PID   beats for that Claude Code while its timer stands still (source=sidecar), started by its first hook
#   hook codex EVENT          a hook of Codex
#   hook codex sidecar PID    beats for the Codex with this pid until it ends (source=sidecar), started by the launcher
#
# It must never harm the agent: stdout stays empty (what UserPromptSubmit prints would go into the model's context), the status is
# always 0 (2 would erase the prompt), nothing is waited for, and outside of a fleet (no MOSAIC_AGENT_NAME) it does nothing.
# The prompt's text is never written anywhere: only its digest is.
set -uf
umask 077
LC_ALL=C
export LC_ALL

runtime=${1:-} event=${2:-}
here=${0%/*}

# settle: where this agent's files are; fails where they are nobody's business of ours.
settle() {
  name=${MOSAIC_AGENT_NAME:-}
  case $name in '' | -* | *[!A-Za-z0-9_-]*) return 1 ;; esac
  [ ${#name} -le 64 ] || return 1
  run=${MOSAIC_HEARTBEAT_RUN_DIR:-${FLEET_HOME:-${HOME:-}/.config/mosaic/fleet}/run}
  case $run in /*) ;; *) return 1 ;; esac
  [ -d "$run" ] || [ "$runtime $event" = "claude sidecar" ] || mkdir -p "$run"
  [ -O "$run" ] && [ ! -L "$run" ] || return 1
  beat=$run/$name.hb
  [ ! -L "$beat" ] || return 1
  [ ! -e "$beat" ] || { [ -f "$beat" ] && [ -O "$beat" ]; } || return 1
  interval=${MOSAIC_HEARTBEAT_INTERVAL:-15}
  interval=${interval%%.*}
  case $interval in '' | *[!0-9]* | 0) interval=1 ;; esac
}

# load FILE: its first line in $line; empty where there is none. Without a fork.
load() {
  line=
  [ -f "$1" ] && [ -O "$1" ] && { IFS= read -r line <"$1" || :; } 2>/dev/null
  return 0
}

# note FILE TEXT: what is remembered between two hooks. Not by rename, which costs a fork: who reads half of it only beats once more.
note() {
  printf '%s\n' "$2" >"$1"
}

# stat_of PID: its parent and its start; 1 where there is none.
stat_of() {
  { IFS= read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
  comm=${line#*\(} comm=${comm%\)*}
  set -- ${line##*\) }
  [ "$1" != Z ] || return 1
  parent=$2 terminal=$5 born=${20}
}

# scan JSON: what a payload or a session file tells, by the quotes in it: $transcript $turn $model $told_status $told_at $told_start.
# Once through the text, without a fork; a prefix cut off by a pattern would go through it once for each of its characters.
scan() {
  transcript= turn= model= told_status= told_at= told_start= key= between= inside=no
  IFS='"'
  set -- $1
  IFS=' 	
'
  for token; do
    if [ $inside = no ]; then
      inside=yes between=$token
      case $between in
        :[0-9]* | ': '[0-9]*)
          between=${between#:} between=${between# }
          take "$key" "${between%%[!0-9]*}"
          ;;
      esac
    else
      inside=no
      case $between in
        : | ': ') take "$key" "$token" ;;
        *':{'*) key=$key.$token ;;
        *) key=$token ;;
      esac
    fi
  done
}

take() {
  case $1 in
    transcript_path) transcript=$2 ;;
    prompt_id | turn_id) turn=$2 ;;
    model | model.id) model=$2 ;;
    status) told_status=$2 ;;
    statusUpdatedAt) told_at=$2 ;;
    procStart) told_start=$2 ;;
  esac
}

# remember: where the conversation is, which turn runs, which model answers, where the payload that was scanned has said so.
remember() {
  case $transcript in /*) remembered transcript "$transcript" ;; esac
  case $turn in '' | *[!A-Za-z0-9-]*) ;; *) remembered turn "$turn" ;; esac
  case $model in '' | *[!A-Za-z0-9._:/@-]*) ;; *) remembered model "$model" ;; esac
}
remembered() {
  load "$run/.$name.$1"
  [ "$line" = "$2" ] || note "$run/.$name.$1" "$2"
}

# clock: $ms since the epoch, and $now as ISO 8601.
clock() {
  set -- $(date -u '+%s%3N %Y-%m-%dT%H:%M:%S.%3NZ')
  ms=$1 now=$2
  # A date without fractions (BusyBox).
  case $ms$now in *[!0-9TZ:.-]*) set -- $(date -u '+%s000 %Y-%m-%dT%H:%M:%SZ') && ms=$1 now=$2 ;; esac
}

uptime() {
  read -r up line </proc/uptime
  up=${up%.*}
}

# nested: is there another one above us that beats for this agent? A runtime that an agent starts as a tool inherits its name.
nested() {
  load "$beat"
  owner=${line#*pid=} owner=${owner%% *}
  # A sidecar may beat for a wrapper in which this one runs; those of ours beat for the runtime itself.
  case $runtime-$line in codex-*) ;; *source=sidecar*) [ -f "${sessions:-}/$owner.json" ] || return 1 ;; esac
  case $owner in '' | *[!0-9]* | "$pid") return 1 ;; esac
  at=$pid
  while [ "$at" -gt 1 ] && stat_of "$at"; do
    at=$parent
    [ "$at" != "$owner" ] || return 0
  done
  return 1
}

# write_beat STATUS SOURCE DOUBT: always, now.
write_beat() {
  load "$run/$name.probe"
  probe=$line
  case $probe in *[!A-Za-z0-9_-]*) probe= ;; esac
  [ ${#probe} -le 128 ] || probe=
  load "$run/.$name.ack"
  ack=$line
  load "$run/.$name.model"
  answers=$line
  clock
  printf 'ts=%s pid=%s status=%s source=%s%s%s%s%s\n' "$now" "$pid" "$1" "$2" "${probe:+ probe=$probe}" \
    "${ack:+ ack=$ack}" "${answers:+ model=$answers}" "${3:+ doubt=$3}" >"$run/.$name.hb.$$" &&
    mv -f "$run/.$name.hb.$$" "$beat"
  uptime
  note "$run/.$name.last" "$pid $up $1 ${3:--} ${probe:--} ${ack:--}"
}

# beat_if_due STATUS SOURCE DOUBT: when something changed, a probe waits, or the interval is over.
beat_if_due() {
  load "$run/$name.probe"
  asked=$line
  load "$run/.$name.ack"
  taken=$line
  load "$run/.$name.last"
  set -- "$1" "$2" "${3:-}" $line
  uptime
  [ $# -eq 9 ] && [ "$4" = "$pid" ] && [ "$6" = "$1" ] && [ "$7" = "${3:--}" ] && [ "$9" = "${taken:--}" ] &&
    [ "${asked:--}" = "$8" ] && [ $((up - $5)) -ge 0 ] && [ $((up - $5)) -lt "$interval" ] && [ -f "$beat" ] && return
  write_beat "$1" "$2" "$3"
}

# acknowledge WHAT DIGEST MORE: one line of NAME.acks, in one write.
acknowledge() {
  acks=$run/$name.acks
  [ ! -L "$acks" ] || return
  if [ -f "$acks" ]; then
    kept=$(wc -c <"$acks")
    [ "$kept" -lt 262144 ] || mv -f "$acks" "$acks.old"
  fi
  clock
  printf 'ts=%s what=%s sha256=%s source=hook%s\n' "$now" "$1" "$2" "$3" >>"$acks"
}

# digest KEY < JSON: $digest of the text of that key, and $ids (session= turn=).
digest() {
  set -- $(awk -v key="$1" -f "$here/prompt-digest.awk" 2>/dev/null)
  digest=${1:-} ids=
  [ ${#digest} -eq 64 ] || return 1
  shift
  for word; do case $word in session=* | turn=*) ids="$ids $word" ;; esac done
  note "$run/.$name.ack" "$digest"
}

exec 2>/dev/null
case $runtime in
  claude)
    . "$here/claude.sh"
    if [ "$event" = statusline ]; then
      IFS= read -r input || :
      if settle; then
        claude_timer >/dev/null </dev/null
        [ -z "${3:-}" ] || show_status_line "$3"
      elif [ -n "${3:-}" ]; then
        printf '%s\n' "$input" | sh -c "$3"
      fi
      exit 0
    fi
    exec >/dev/null
    if [ "$event" = sidecar ]; then
      case ${3:-} in '' | *[!0-9]*) ;; *) settle && claude_sidecar "$3" ;; esac
      exit 0
    fi
    settle && claude_hook
    # Whoever writes the payload must not meet a pipe that nobody reads.
    cat
    ;;
  codex)
    exec >/dev/null
    settle && . "$here/codex.sh"
    ;;
esac
exit 0
