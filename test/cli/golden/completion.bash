# bash completion of fleet: made by `fleet completion bash`
# How many words that are no option, nor the value of one ($2), stand before the cursor, from the $1st on.
_fleet_place() {
  local at place=0
  for ((at = $1; at < COMP_CWORD; at++)); do
    case ${COMP_WORDS[at]} in -*) continue ;; esac
    case " $2 " in *" ${COMP_WORDS[at-1]} "*) continue ;; esac
    place=$((place + 1))
  done
  echo "$place"
}
_fleet() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} flags="" words="" verb
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "ps why events sql history when uptime diff incidents watch tail messages send init up down attach record beat doctor completion verify rebuild archive export import metrics mirror rules hooks agent --help --version" -- "$current"))
    return
  fi
  case $previous in
    --wait) COMPREPLY=($(compgen -W "" -- "$current")); return ;;
    --agent) COMPREPLY=($(compgen -W "$(fleet completion --agents 2>/dev/null)" -- "$current")); return ;;
    --class) COMPREPLY=($(compgen -W "" -- "$current")); return ;;
    --runtime) COMPREPLY=($(compgen -W "" -- "$current")); return ;;
    --at) COMPREPLY=($(compgen -W "" -- "$current")); return ;;
    --as-recorded) COMPREPLY=($(compgen -W "" -- "$current")); return ;;
    --tenant) COMPREPLY=($(compgen -W "" -- "$current")); return ;;
    --host) COMPREPLY=($(compgen -W "" -- "$current")); return ;;
    --type) COMPREPLY=($(compgen -W "" -- "$current")); return ;;
    --source) COMPREPLY=($(compgen -W "tmux tmux-hook systemd journal heartbeat process roster recorder operator" -- "$current")); return ;;
    --since) COMPREPLY=($(compgen -W "" -- "$current")); return ;;
    --until) COMPREPLY=($(compgen -W "" -- "$current")); return ;;
    --after) COMPREPLY=($(compgen -W "" -- "$current")); return ;;
    --limit) COMPREPLY=($(compgen -W "" -- "$current")); return ;;
    --timeout) COMPREPLY=($(compgen -W "" -- "$current")); return ;;
    --parent) COMPREPLY=($(compgen -W "" -- "$current")); return ;;
    --lines) COMPREPLY=($(compgen -W "" -- "$current")); return ;;
    --file) COMPREPLY=($(compgen -W "" -- "$current")); return ;;
    --until) COMPREPLY=($(compgen -W "accepted taken-up answered" -- "$current")); return ;;
    --id) COMPREPLY=($(compgen -W "" -- "$current")); return ;;
    --traceparent) COMPREPLY=($(compgen -W "" -- "$current")); return ;;
    --task) COMPREPLY=($(compgen -W "" -- "$current")); return ;;
    --profile) COMPREPLY=($(compgen -W "coding general hybrid research" -- "$current")); return ;;
    --metrics) COMPREPLY=($(compgen -W "" -- "$current")); return ;;
    --status) COMPREPLY=($(compgen -W "ok busy waiting unknown" -- "$current")); return ;;
    --interval) COMPREPLY=($(compgen -W "" -- "$current")); return ;;
    --pid) COMPREPLY=($(compgen -W "" -- "$current")); return ;;
    --pane) COMPREPLY=($(compgen -W "" -- "$current")); return ;;
    --socket) COMPREPLY=($(compgen -W "$(fleet completion --agents 2>/dev/null)" -- "$current")); return ;;
    --model) COMPREPLY=($(compgen -W "" -- "$current")); return ;;
    --expect) COMPREPLY=($(compgen -W "" -- "$current")); return ;;
    --before) COMPREPLY=($(compgen -W "" -- "$current")); return ;;
    --format) COMPREPLY=($(compgen -W "ndjson csv" -- "$current")); return ;;
    --output) COMPREPLY=($(compgen -W "" -- "$current")); return ;;
    --from) COMPREPLY=($(compgen -W "" -- "$current")); return ;;
  esac
  verb=${COMP_WORDS[1]}
  case $verb in
    rules)
      if [ "$COMP_CWORD" -eq 2 ]; then
        words="$words check adopt"
      else
        verb="$verb ${COMP_WORDS[2]}"
      fi
      ;;
    hooks)
      if [ "$COMP_CWORD" -eq 2 ]; then
        words="$words install check remove"
      else
        verb="$verb ${COMP_WORDS[2]}"
      fi
      ;;
    agent)
      if [ "$COMP_CWORD" -eq 2 ]; then
        words="$words watch tail send start stop restart reset attach"
      else
        verb="$verb ${COMP_WORDS[2]}"
      fi
      ;;
  esac
  case $verb in
    ps)
      flags="--all -a --watch -w --probe --wait --check --agent --class --runtime --at --as-recorded --tenant --host --no-collect --json"
      case $(_fleet_place 2 "--wait --agent --class --runtime --at --as-recorded --tenant --host") in
        *) words="$words $(fleet completion --agents 2>/dev/null)" ;;
      esac
      ;;
    why)
      flags="--at --as-recorded --tenant --host --no-collect --json"
      case $(_fleet_place 2 "--at --as-recorded --tenant --host") in
        0) words="$words $(fleet completion --agents 2>/dev/null)" ;;
      esac
      ;;
    events)
      flags="--follow -f --agent --class --runtime --type --source --since --until --at --after --limit -n --reverse -r --tenant --host --json"
      ;;
    sql)
      flags="--at --csv --limit -n --timeout --json"
      ;;
    history)
      flags="--timeline -t --all -a --csv --since --until --at --agent --class --runtime --tenant --host --json"
      case $(_fleet_place 2 "--since --until --at --agent --class --runtime --tenant --host") in
        *) words="$words $(fleet completion --agents 2>/dev/null)" ;;
      esac
      ;;
    when)
      flags="--first --last --all -a --since --until --at --tenant --host --json"
      case $(_fleet_place 2 "--since --until --at --tenant --host") in
        0) words="$words $(fleet completion --agents 2>/dev/null)" ;;
        1) words="$words stopped finished failed absent dead stale silent starting waiting busy healthy running unobserved drifted started attached sent rebooted" ;;
      esac
      ;;
    uptime)
      flags="--since --until --at --agent --class --runtime --tenant --host --json"
      case $(_fleet_place 2 "--since --until --at --agent --class --runtime --tenant --host") in
        *) words="$words $(fleet completion --agents 2>/dev/null)" ;;
      esac
      ;;
    diff)
      flags="--all -a --at --agent --class --runtime --tenant --host --json"
      ;;
    incidents)
      flags="--since --until --at --agent --class --runtime --tenant --host --json"
      case $(_fleet_place 2 "--since --until --at --agent --class --runtime --tenant --host") in
        *) words="$words $(fleet completion --agents 2>/dev/null)" ;;
      esac
      ;;
    watch)
      flags="--all --json"
      case $(_fleet_place 2 "") in
        *) words="$words $(fleet completion --agents 2>/dev/null)" ;;
      esac
      ;;
    "agent watch")
      flags="--all --json"
      case $(_fleet_place 3 "") in
        *) words="$words $(fleet completion --agents 2>/dev/null)" ;;
      esac
      ;;
    tail)
      flags="--lines -n --follow -f --json"
      case $(_fleet_place 2 "--lines -n") in
        0) words="$words $(fleet completion --agents 2>/dev/null)" ;;
      esac
      ;;
    "agent tail")
      flags="--lines -n --follow -f --json"
      case $(_fleet_place 3 "--lines -n") in
        0) words="$words $(fleet completion --agents 2>/dev/null)" ;;
      esac
      ;;
    messages)
      flags="--since --at --limit -n --tenant --host --json"
      case $(_fleet_place 2 "--since --at --limit -n --tenant --host") in
        *) words="$words $(fleet completion --agents 2>/dev/null)" ;;
      esac
      ;;
    send)
      flags="--file -f --verify --until --timeout --id --command --append --strip-controls --keep-text --traceparent --json"
      case $(_fleet_place 2 "--file -f --until --timeout --id --traceparent") in
        0) words="$words $(fleet completion --agents 2>/dev/null)" ;;
      esac
      ;;
    "agent send")
      flags="--file -f --verify --until --timeout --id --command --append --strip-controls --keep-text --traceparent --json"
      case $(_fleet_place 3 "--file -f --until --timeout --id --traceparent") in
        0) words="$words $(fleet completion --agents 2>/dev/null)" ;;
      esac
      ;;
    "agent start")
      flags="--timeout -t --task --json"
      case $(_fleet_place 3 "--timeout -t --task") in
        *) words="$words $(fleet completion --agents 2>/dev/null)" ;;
      esac
      ;;
    "agent stop")
      flags="--json"
      case $(_fleet_place 3 "") in
        *) words="$words $(fleet completion --agents 2>/dev/null)" ;;
      esac
      ;;
    "agent restart")
      flags="--timeout -t --json"
      case $(_fleet_place 3 "--timeout -t") in
        *) words="$words $(fleet completion --agents 2>/dev/null)" ;;
      esac
      ;;
    "agent reset")
      flags="--force -f --task --json"
      case $(_fleet_place 3 "--task") in
        0) words="$words $(fleet completion --agents 2>/dev/null)" ;;
      esac
      ;;
    init)
      flags="--profile --dry-run -n --force -f --json"
      ;;
    up)
      flags="--timeout -t --json"
      ;;
    down)
      flags="--json"
      ;;
    attach)
      flags="--resize --json"
      case $(_fleet_place 2 "") in
        0) words="$words $(fleet completion --agents 2>/dev/null)" ;;
      esac
      ;;
    "agent attach")
      flags="--resize --json"
      case $(_fleet_place 3 "") in
        0) words="$words $(fleet completion --agents 2>/dev/null)" ;;
      esac
      ;;
    record)
      flags="--uninstall --metrics --mirror --json"
      ;;
    beat)
      flags="--status --loop --stdin --interval --pid --sidecar --pane --socket --task --model --json"
      case $(_fleet_place 2 "--status --interval --pid --pane --socket --task --model") in
        0) words="$words $(fleet completion --agents 2>/dev/null)" ;;
      esac
      ;;
    "hooks install")
      flags="--dry-run --json"
      case $(_fleet_place 3 "") in
        *) words="$words claude codex opencode pi" ;;
      esac
      ;;
    "hooks check")
      flags="--json"
      case $(_fleet_place 3 "") in
        *) words="$words claude codex opencode pi" ;;
      esac
      ;;
    "hooks remove")
      flags="--dry-run --json"
      case $(_fleet_place 3 "") in
        *) words="$words claude codex opencode pi" ;;
      esac
      ;;
    doctor)
      flags="--boot --json"
      ;;
    completion)
      flags=""
      case $(_fleet_place 2 "") in
        0) words="$words bash zsh fish" ;;
      esac
      ;;
    verify)
      flags="--expect --json"
      ;;
    rebuild)
      flags="--json"
      ;;
    "rules check")
      flags="--since --agent --json"
      ;;
    "rules adopt")
      flags="--since --json"
      ;;
    archive)
      flags="--before --dry-run --list --json"
      ;;
    export)
      flags="--format --output -o --since --until --agent --type --tenant --host --json"
      ;;
    import)
      flags="--json"
      ;;
    metrics)
      flags="--output -o --no-collect --json"
      ;;
    mirror)
      flags="--from --once --heartbeat-spans --json"
      ;;
    "mirror status")
      flags="--json"
      ;;
  esac
  case $current in
    -*) COMPREPLY=($(compgen -W "$flags --help" -- "$current")) ;;
    *) COMPREPLY=($(compgen -W "$words" -- "$current")) ;;
  esac
}
complete -F _fleet fleet
