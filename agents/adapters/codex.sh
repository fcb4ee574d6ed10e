# Read by hook.sh: what Codex tells by its hooks, its rollout file and its pane's title.
#
# The rollout says truthfully when each turn begins and ends (hooks miss interruptions and errors), and nothing of a permission that
# is asked for; the title says both, where the user has not changed it. Where the two do not agree for three seconds, what Codex does
# is not known. It has no timer of its own: between its hooks the sidecar beats, and says that it is one.

# The process whose hook this is: the nearest Codex above us that has a terminal (its background daemon has none, and would
# speak with the name of the agent that started it), or the Node that waits for it.
codex_process() {
  pid=$PPID
  while [ "$pid" -gt 1 ]; do
    stat_of "$pid" || return 1
    [ "$comm" != codex ] || break
    pid=$parent
  done
  [ "$comm" = codex ] && [ "$terminal" != 0 ] || return 1
  its_terminal=$terminal above=$parent
  stat_of "$above" || return 0
  case $comm in node | MainThread) [ "$terminal" != "$its_terminal" ] || pid=$above ;; esac
}

# $title: busy, waiting, ok, or none where it does not tell.
codex_title() {
  title=none
  [ -n "$pane" ] || return 0
  text=$(tmux -u $socket display-message -p -t "$pane" '#{pane_title}')
  { read -r host </proc/sys/kernel/hostname; } || host=
  case $text in
    '' | "$host") ;;
    "$spinner"*) title=busy ;;
    '[ ! ] Action Required'* | '[ . ] Action Required'*) title=waiting ;;
    *) title=ok ;;
  esac
}

# $turn_is: busy or ok by the newest turn in the rollout; none before the first one.
codex_rollout() {
  turn_is=none
  load "$run/.$name.rollout"
  set -- $line
  [ "${1:-}" = "$pid" ] && rollout=${2:-} || rollout=
  if [ -z "$rollout" ]; then
    # Without hooks nobody names it, but Codex keeps it open.
    rollout=$(ls -l "/proc/$pid/fd" $(codex_children) | sed -n 's/.* -> \(\/.*\/rollout-[^/]*\.jsonl\)$/\1/p' | tail -n 1)
    case $rollout in '' | *' '*) return 0 ;; esac
    note "$run/.$name.rollout" "$pid $rollout"
  fi
  [ -f "$rollout" ] && [ -O "$rollout" ] || return 0
  last=$(tail -c 262144 "$rollout" | grep -o '"type":"\(task_started\|task_complete\|turn_aborted\)"' | tail -n 1)
  # A turn that has written more than that since it began has not ended.
  [ -n "$last" ] || last=$(grep -o '"type":"\(task_started\|task_complete\|turn_aborted\)"' "$rollout" | tail -n 1)
  case $last in
    *task_started*) turn_is=busy ;;
    ?*) turn_is=ok ;;
  esac
}

# Under an old Node the launcher stays, and Codex itself is its child.
codex_children() {
  for child in $(cat "/proc/$pid/task/$pid/children"); do printf '/proc/%s/fd ' "$child"; done
}

# $status and $doubt. What does not agree is waited for: title and rollout change within a second of each other.
codex_judge() {
  codex_title
  codex_rollout
  load "$run/.$name.hook"
  set -- $line
  hook=${1:-none}
  [ "${3:-}" = "$pid" ] || hook=none
  doubt= agrees=yes
  case $title-$turn_is in
    busy-busy | busy-none) status=busy ;;
    waiting-busy | waiting-none) status=waiting ;;
    ok-ok | ok-none) status=ok ;;
    none-ok) status=ok ;;
    none-busy)
      # A permission that was asked for and perhaps given: nothing tells which.
      if [ "$hook" = waiting ]; then agrees=no status=waiting; else status=busy; fi
      ;;
    none-none) agrees=never status=unknown ;;
    *) agrees=no status=$turn_is ;;
  esac
  if [ $agrees = yes ]; then
    rm -f "$run/.$name.doubt"
    return 0
  fi
  said=title:$title,rollout:$turn_is
  [ "$title" != none ] || said=$said,hook:$hook
  uptime
  load "$run/.$name.doubt"
  set -- $line
  if [ "${2:-}" != "$said" ]; then
    note "$run/.$name.doubt" "$up $said"
    set -- "$up" "$said"
  fi
  if [ $agrees = never ] || [ $((up - $1)) -ge 3 ]; then status=unknown doubt=$said; fi
}

# A prompt stands in the rollout when it has become part of the turn of this id; it is looked for there for three seconds.
codex_taken_up() {
  turn=${ids##*turn=}
  for pause in 1 1 2 3 4 8 9; do
    sleep "0.$pause"
    codex_rollout
    [ -n "$rollout" ] || continue
    tail -c 262144 "$rollout" | grep '"type":"UserMessage"' | grep "\"turn_id\":\"$turn\"" | tail -n 4 |
      while IFS= read -r row; do
        set -- $(printf '%s\n' "$row" | awk -v key=text -f "$here/prompt-digest.awk")
        [ "${1:-}" != "$digest" ] || exit 1
      done || { acknowledge taken-up "$digest" "$ids" && return; }
  done
}

# A hook is waited for by Codex, so only what must be in order is done at once: what it said, and where the rollout is.
codex_hook() {
  codex_process && ! nested || return 0
  said=
  case $event in
    UserPromptSubmit | PreToolUse | PostToolUse) said=busy ;;
    PermissionRequest) said=waiting ;;
    Stop) said=ok ;;
  esac
  [ -z "$said" ] || note "$run/.$name.hook" "$said 0 $pid"
  pane=${TMUX_PANE:-} socket= digest=
  # A shell gives what it runs in the background no input of its own accord.
  exec 3<&0
  (
    if [ "$event" = UserPromptSubmit ]; then
      digest prompt && acknowledge received "$digest" "$ids"
    else
      scan "$(head -c 4096)"
      remember
      case $transcript in *' '*) ;; /*) note "$run/.$name.rollout" "$pid $transcript" ;; esac
      cat
    fi
    codex_judge
    # The hook speaks before title and rollout do.
    [ -z "$said" ] || [ "$status" = unknown ] || status=$said doubt=
    beat_if_due "$status" hook "$doubt"
    [ -z "$digest" ] || codex_taken_up
  ) <&3 3<&- &
}

# Beats until the process ends, in the name of one that cannot.
codex_sidecar() {
  pid=$1 pane=${2:-} socket=
  [ -z "${MOSAIC_TMUX_SOCKET:-}" ] || socket="-L $MOSAIC_TMUX_SOCKET"
  stat_of "$pid" || return 0
  first=$born
  while stat_of "$pid" && [ "$born" = "$first" ]; do
    codex_judge
    beat_if_due "$status" sidecar "$doubt"
    sleep 1
  done
}

spinner=$(printf '\342\240')
case $event in
  sidecar) case ${3:-} in '' | *[!0-9]*) ;; *) codex_sidecar "$3" "${4:-}" ;; esac ;;
  *) codex_hook ;;
esac
