#!/bin/sh
# Heartbeats and acknowledgements for Claude Code and Codex: what their hooks, their status line and the sidecar call. Installed
# by `fleet hooks install`, which copies it: it needs sh, awk and coreutils, no Node, and nothing of the program that wrote it.
#
#   hook claude EVENT         a hook of Claude Code, its payload on stdin
#   hook claude statusline    Claude Code's own timer (statusLine): the beat, and the answer to a probe
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
  [ -d "$run" ] || mkdir -p "$run"
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

# keep FILE TEXT: replaces FILE in one step.
keep() {
  printf '%s\n' "$2" >"$1.$$" && mv -f "$1.$$" "$1"
}

# stat_of PID: its parent and its start; 1 where there is none.
stat_of() {
  { IFS= read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
  comm=${line#*\(} comm=${comm%\)*}
  set -- ${line##*\) }
  [ "$1" != Z ] || return 1
  parent=$2 terminal=$5 born=${20}
}

# field JSON KEY: the text or number of a key, in $value. Quotes in a string are escaped, so a key is never part of one.
field() {
  value=
  case $1 in *"\"$2\":"*) ;; *) return 1 ;; esac
  value=${1#*"\"$2\":"}
  value=${value# }
  case $value in
    '"'*) value=${value#'"'} value=${value%%'"'*} ;;
    *) value=${value%%[,\}]*} value=${value%"${value##*[! ]}"} ;;
  esac
}

now_iso() {
  now=$(date -u +%Y-%m-%dT%H:%M:%S.%3NZ)
  # A date without fractions (BusyBox).
  case $now in *[!0-9TZ:.-]*) now=$(date -u +%Y-%m-%dT%H:%M:%SZ) ;; esac
}

# $ms: milliseconds since the epoch.
clock() {
  ms=$(date +%s%3N)
  case $ms in *[!0-9]*) ms=$(date +%s)000 ;; esac
}

uptime() {
  read -r up line </proc/uptime
  up=${up%.*}
}

# nested: is there another one above us that beats for this agent? A runtime that an agent starts as a tool inherits its name.
nested() {
  load "$beat"
  # A sidecar may beat for a wrapper in which this one runs; that of Codex beats for Codex itself.
  case $runtime-$line in codex-*) ;; *source=sidecar*) return 1 ;; esac
  owner=${line#*pid=} owner=${owner%% *}
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
  model=$line
  now_iso
  printf 'ts=%s pid=%s status=%s source=%s%s%s%s%s\n' "$now" "$pid" "$1" "$2" "${probe:+ probe=$probe}" \
    "${ack:+ ack=$ack}" "${model:+ model=$model}" "${3:+ doubt=$3}" >"$run/.$name.hb.$$" &&
    mv -f "$run/.$name.hb.$$" "$beat"
  uptime
  keep "$run/.$name.last" "$pid $up $1 ${3:--} ${probe:--} ${ack:--}"
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
    size=$(wc -c <"$acks")
    [ "$size" -lt 262144 ] || mv -f "$acks" "$acks.old"
  fi
  now_iso
  printf 'ts=%s what=%s sha256=%s source=hook%s\n' "$now" "$1" "$2" "$3" >>"$acks"
}

# digest KEY < JSON: $digest of the text of that key, and $ids (session= turn=).
digest() {
  set -- $(awk -v key="$1" -f "$here/prompt-digest.awk" 2>/dev/null)
  digest=${1:-} ids=
  [ ${#digest} -eq 64 ] || return 1
  shift
  for word; do case $word in session=* | turn=*) ids="$ids $word" ;; esac done
  keep "$run/.$name.ack" "$digest"
}

exec 2>/dev/null
case $runtime in
  claude)
    . "$here/claude.sh"
    if [ "$event" = statusline ]; then
      IFS= read -r input || :
      if settle; then
        (claude_timer) >/dev/null </dev/null
        [ -z "${3:-}" ] || show_status_line "$3"
      elif [ -n "${3:-}" ]; then
        printf '%s\n' "$input" | sh -c "$3"
      fi
      exit 0
    fi
    exec >/dev/null
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
