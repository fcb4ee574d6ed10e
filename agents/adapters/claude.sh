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
  told=missing told_at=0
  load "$sessions/$pid.json"
  text=$line
  # Written over several lines, the rest matters as well.
  case $text in *'}') ;; '') ;; *) text=$(cat "$sessions/$pid.json" 2>/dev/null | tr -d '\n') ;; esac
  stat_of "$pid" || return 1
  # A file of a former process with this pid stays behind after a SIGKILL.
  if field "$text" procStart && [ "$value" != "$born" ]; then return 0; fi
  if field "$text" statusUpdatedAt; then told_at=${value%%[!0-9]*}; fi
  field "$text" status || return 0
  case $value in
    idle) told=ok ;;
    busy | waiting) told=$value ;;
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

# A prompt that Claude Code holds. Whether it waits in the queue is a guess now (a turn has run for a while, and it came with that
# turn's id); that it was taken up is certain when it stands in the conversation, which Claude Code keeps as a file.
claude_prompt() {
  load "$run/.$name.turn"
  former=$line
  digest prompt || return 0
  turn=${ids##*turn=}
  queued=
  if [ "$turn" = "$former" ] && [ "$told" != ok ] && [ $((ms - told_at)) -gt 500 ]; then queued=1; fi
  acknowledge received "$digest" "$ids${queued:+ queued=1}"
  [ "$turn" = "$former" ] || keep "$run/.$name.turn" "$turn"
  load "$run/.$name.transcript"
  size=0
  [ ! -f "$line" ] || size=$(wc -c <"$line")
  printf '%s %s %s %s\n' "$digest" "${turn:--}" "$size" "${queued:-0}" >>"$run/.$name.queue"
}

# waits DIGEST [SIZE]: this prompt waits no longer; others with the same text are looked for from SIZE on.
waits() {
  awk -v digest="$1" -v size="${2:-}" '$1 == digest { if (!seen++) next; if (size != "") $3 = size } { print }' \
    "$run/.$name.queue" >"$run/.$name.queue.$$" && mv -f "$run/.$name.queue.$$" "$run/.$name.queue"
}

# What became of the prompts that Claude Code holds.
claude_queue() {
  load "$run/.$name.transcript"
  transcript=$line
  [ -s "$run/.$name.queue" ] && [ -f "$transcript" ] && [ -O "$transcript" ] || return 0
  size=$(wc -c <"$transcript")
  while read -r digest turn from queued; do
    # One that began its turn at once may have been written before its hook ran; one that waited comes after.
    [ "$queued" = 1 ] || from=$((from > 65536 ? from - 65536 : 0))
    taken=$(tail -c "+$((from + 1))" "$transcript" | grep '"type":"user"' | grep '"role":"user","content":"' |
      while IFS= read -r row; do
        field "$row" promptId || continue
        [ "$queued" = 1 ] || [ "$value" = "$turn" ] || continue
        set -- $(printf '%s\n' "$row" | awk -v key=content -f "$here/prompt-digest.awk")
        [ "${1:-}" != "$digest" ] || { printf '%s' "$value" && break; }
      done)
    if [ -n "$taken" ]; then
      acknowledge taken-up "$digest" " turn=$taken"
      waits "$digest" "$size"
    elif [ "$told" = ok ] && [ $((ms - told_at)) -gt 5000 ]; then
      # At rest, and not in the conversation: a human took it out of the queue.
      acknowledge withdrawn "$digest" ""
      waits "$digest"
    fi
  done <"$run/.$name.queue"
}

# What each payload tells beside its event: where the conversation is, which turn runs, which model answers.
claude_payload() {
  if field "$1" transcript_path && [ -n "$value" ]; then
    load "$run/.$name.transcript"
    [ "$line" = "$value" ] || keep "$run/.$name.transcript" "$value"
  fi
  if field "$1" prompt_id; then
    case $value in
      '' | *[!A-Za-z0-9-]*) ;;
      *) load "$run/.$name.turn" && [ "$line" = "$value" ] || keep "$run/.$name.turn" "$value" ;;
    esac
  fi
  case $1 in
    *'"model":{'*) field "${1#*\"model\":}" id || return 0 ;;
    *) field "$1" model || return 0 ;;
  esac
  case $value in
    '' | *[!A-Za-z0-9._:/@-]*) ;;
    *) load "$run/.$name.model" && [ "$line" = "$value" ] || keep "$run/.$name.model" "$value" ;;
  esac
}

claude_timer() {
  claude_process && ! nested || return 0
  claude_payload "$input"
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
    claude_payload "$(head -c 4096)"
  fi
  [ -z "$said" ] || keep "$run/.$name.hook" "$said $ms $pid"
  claude_judge || return 0
  beat_if_due "$status" hook "$doubt"
  [ "$event" = UserPromptSubmit ] || return 0
  # It is written into the conversation a moment later: soon enough for whoever waits for that.
  for pause in 1 1 2 3 4; do
    sleep "0.$pause"
    clock
    claude_queue
    [ -s "$run/.$name.queue" ] || return 0
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
  keep "$run/.$name.shown" "$up"
  text=$(printf '%s\n' "$input" | sh -c "$1")
  keep "$shown" "$text"
  printf '%s\n' "$text"
}
