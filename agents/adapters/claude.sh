# Read by hook.sh: what Claude Code tells by its hooks, its status line and its session file.
#
# Best source first: ~/.claude/sessions/PID.json, which Claude Code rewrites at each change (right in every state that was tried,
# interruption, denial and approval included); hooks, which miss those three; nothing else.

# The process whose hook this is: the nearest above us that has a session file.
claude_process() {
  sessions=${CLAUDE_CONFIG_DIR:-${HOME:-}/.claude}/sessions
  pid=$PPID
  while [ "$pid" -gt 1 ]; do
    stat_of "$pid" || return 1
    if [ -f "$sessions/$pid.json" ] || [ "$comm" = claude ]; then return 0; fi
    pid=$parent
  done
  return 1
}

# What the session file says ($told) and since when ($told_at, ms); `missing` where it cannot be believed.
claude_session() {
  told=missing
  load "$sessions/$pid.json"
  # Written over several lines, the rest matters as well.
  case $line in '' | *'}') ;; *) line=$(tr -d '\n' <"$sessions/$pid.json") ;; esac
  scan "$line"
  told_at=${told_at:-0}
  stat_of "$pid" || return 1
  # A file of a former process with this pid stays behind after a SIGKILL.
  [ -z "$told_start" ] || [ "$told_start" = "$born" ] || return 0
  case $told_status in
    '') ;;
    idle) told=ok ;;
    busy | waiting) told=$told_status ;;
    *) told=new ;;
  esac
}

# $status and $doubt from the session file, and from the last hook where the file says nothing or was left behind.
claude_judge() {
  claude_session || return 1
  load "$run/.$name.hook"
  set -- $line
  hook=${1:-} hook_at=${2:-0} hook_pid=${3:-}
  [ "$hook_pid" = "$pid" ] || hook= hook_at=0
  doubt=
  case $told in
    ok)
      status=ok
      # The file is written at each change: one that says idle long after a hook said otherwise is not kept any more.
      case $hook in
        busy | waiting)
          if [ "$hook_at" -gt "$told_at" ]; then
            clock
            if [ $((ms - hook_at)) -le 3000 ]; then status=$hook; else status=unknown doubt="hook:$hook,session:ok"; fi
          fi
          ;;
      esac
      ;;
    busy | waiting) status=$told ;;
    *)
      # Hooks miss interruptions and approvals: only the end of a turn is certain by them alone.
      case $hook in
        ok) status=ok ;;
        *) status=unknown doubt="hook:${hook:-none},session:$told" ;;
      esac
      ;;
  esac
}

# A prompt that Claude Code holds. It waits in the queue when it came with the id of the turn that runs: of one that an earlier prompt
# began, or, where the status line alone has named it, of one that has run for a while (it may name a turn before this prompt's own
# hook does). That it was taken up is certain when it stands in the conversation, which Claude Code keeps as a file.
claude_prompt() {
  load "$run/.$name.turn"
  former=$line
  load "$run/.$name.prompted"
  prompted=$line
  digest prompt || return 0
  turn=${ids##*turn=}
  queued=
  if [ "$told" != ok ]; then
    [ "$turn" != "$prompted" ] || queued=1
    [ "$turn" != "$former" ] || [ $((ms - told_at)) -le 500 ] || queued=1
  fi
  acknowledge received "$digest" "$ids${queued:+ queued=1}"
  note "$run/.$name.prompted" "$turn"
  [ "$turn" = "$former" ] || note "$run/.$name.turn" "$turn"
  load "$run/.$name.transcript"
  size=0
  [ ! -f "$line" ] || size=$(wc -c <"$line")
  printf '%s %s %s %s\n' "$digest" "${turn:--}" "$size" "${queued:-0}" >>"$run/.$name.queue"
}

# waits_no_longer DIGEST [SIZE]: the oldest prompt with this text; others with the same one are looked for from SIZE on.
waits_no_longer() {
  awk -v digest="$1" -v size="${2:-}" '$1 == digest { if (!seen++) next; if (size != "") $3 = size } { print }' \
    "$run/.$name.queue" >"$run/.$name.queue.$$" && mv -f "$run/.$name.queue.$$" "$run/.$name.queue"
}

# What became of the prompts that Claude Code holds, by one hook at a time.
claude_queue() {
  [ -s "$run/.$name.queue" ] || return 0
  load "$run/.$name.transcript"
  transcript=$line
  [ -f "$transcript" ] && [ -O "$transcript" ] || return 0
  uptime
  lock=$run/.$name.lock
  if ! mkdir "$lock"; then
    load "$lock/at"
    # Just made, or left by one that was killed: its age is known from now on.
    [ -n "$line" ] || note "$lock/at" "$up"
    [ $((up - ${line:-$up})) -ge 20 ] || return 0
  fi
  note "$lock/at" "$up"
  while claude_dequeue; do :; done
  rm -rf "$lock"
}

# claude_stands FROM TURN: the turn in which $digest stands in the conversation behind FROM; any turn where none is given.
claude_stands() {
  tail -c "+$(($1 + 1))" "$transcript" | grep '"type":"user"' | grep '"role":"user","content":"' |
    while IFS= read -r row; do
      set -- "$1" "$2" $(printf '%s\n' "$row" | awk -v key=content -f "$here/prompt-digest.awk")
      [ "${3:-}" = "$digest" ] || continue
      for word; do case $word in turn=*) its_turn=${word#turn=} ;; esac done
      [ -z "$2" ] || [ "$its_turn" = "$2" ] || continue
      printf '%s' "$its_turn"
      break
    done
}

# The first prompt of which something is known by now; 1 where there is none. Of two with the same text the older one is meant.
claude_dequeue() {
  size=$(wc -c <"$transcript")
  seen=
  while read -r digest turn from queued; do
    case $seen in *"$digest"*) continue ;; esac
    seen=$seen$digest
    # One that began its turn at once may have been written before its hook ran; one that waited comes after, in a turn of another id.
    taken=
    [ "$queued" = 1 ] || taken=$(claude_stands $((from > 65536 ? from - 65536 : 0)) "$turn")
    [ -n "$taken" ] || taken=$(claude_stands "$from" '')
    if [ -n "$taken" ]; then
      acknowledge taken-up "$digest" " turn=$taken"
      note "$run/.$name.prompted" "$taken"
      waits_no_longer "$digest" "$size"
      return 0
    elif [ "$told" = ok ] && [ $((ms - told_at)) -gt 5000 ]; then
      # At rest, and not in the conversation: a human took it out of the queue.
      acknowledge withdrawn "$digest" ""
      waits_no_longer "$digest"
      return 0
    fi
  done <"$run/.$name.queue"
  return 1
}

claude_timer() {
  claude_process && ! nested || return 0
  uptime
  note "$run/.$name.timer" "$pid $up"
  scan "$input"
  remember
  claude_judge || return 0
  beat_if_due "$status" hook "$doubt"
  [ -s "$run/.$name.queue" ] || return 0
  # Not while the status line waits for us.
  (clock && claude_queue) &
}

claude_hook() {
  claude_process && ! nested || return 0
  clock
  said=
  case $event in
    SessionStart | Stop | StopFailure) said=ok ;;
    UserPromptSubmit) said=busy ;;
    PermissionRequest | Elicitation) said=waiting ;;
    SessionEnd) return 0 ;;
  esac
  if [ "$event" = UserPromptSubmit ]; then
    claude_session || return 0
    claude_prompt
  else
    scan "$(head -c 4096)"
    remember
  fi
  [ -z "$said" ] || note "$run/.$name.hook" "$said $ms $pid"
  claude_judge || return 0
  beat_if_due "$status" hook "$doubt"
  case $event in SessionStart | UserPromptSubmit) claude_accompany ;; esac
  if [ "$said" = waiting ]; then
    # The session file says so a moment after the hook does, and where a question is asked no timer comes to see it.
    for pause in 1 1 2 3 4 5; do
      [ "$status" != waiting ] || return 0
      sleep "0.$pause"
      claude_judge || return 0
      beat_if_due "$status" hook "$doubt"
    done
  fi
  [ "$event" = UserPromptSubmit ] || return 0
  # It is written into the conversation a moment later: soon enough for whoever waits for that.
  for pause in 1 1 2 3 4; do
    sleep "0.$pause"
    clock
    claude_queue
    [ -s "$run/.$name.queue" ] || return 0
  done
}

# Where Claude Code shows a question or a menu it draws no status line, and so its timer stands still: for that time a sidecar says what
# the session file says, and that it is one. It is not waited for, and ends with the process.
claude_accompany() {
  load "$run/.$name.sidecar"
  set -- $line
  if [ "${1:-}" = "$pid" ] && its_born=$born && stat_of "${2:-0}" && [ "$born" = "${3:-}" ]; then
    born=$its_born
    return 0
  fi
  setsid=$(command -v setsid)
  $setsid sh "$here/hook.sh" claude sidecar "$pid" </dev/null >/dev/null 2>&1 &
  its_born=$born
  stat_of $! && note "$run/.$name.sidecar" "$pid $! $born"
  born=$its_born
}

claude_sidecar() {
  sessions=${CLAUDE_CONFIG_DIR:-${HOME:-}/.claude}/sessions
  stat_of $$ || return 0
  me="$1 $$ $born"
  pid=$1
  stat_of "$pid" || return 0
  first=$born
  uptime
  ticked=$up nap=3
  while sleep "$nap" && stat_of "$pid" && [ "$born" = "$first" ]; do
    # Another one has taken over, or all of this is no more.
    load "$run/.$name.sidecar"
    [ "$line" = "$me" ] || return 0
    load "$run/.$name.timer"
    set -- $line
    [ "${1:-}" != "$pid" ] || ticked=${2:-0}
    uptime
    # Each look costs a fork: seldom while the timer runs, and as often as that when it stands still.
    nap=3
    [ $((up - ticked)) -ge 3 ] || continue
    nap=1
    claude_judge && beat_if_due "$status" sidecar "$doubt"
  done
}

# The user's own status line, with the same input; what it prints is what is shown. The timer is quicker than it may want to be,
# so what it said stands for three seconds.
show_status_line() {
  shown=$run/.$name.statusline
  uptime
  load "$run/.$name.shown"
  if [ -f "$shown" ] && [ $((up - ${line:-0})) -ge 0 ] && [ $((up - ${line:-0})) -lt 3 ]; then
    cat "$shown"
    return
  fi
  note "$run/.$name.shown" "$up"
  text=$(printf '%s\n' "$input" | sh -c "$1")
  note "$shown" "$text"
  printf '%s\n' "$text"
}
