# bash completion of fleet: made by `fleet completion bash`
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
      words="$words $(fleet completion --agents 2>/dev/null)"
      ;;
    why)
      flags="--at --as-recorded --tenant --host --no-collect --json"
      words="$words $(fleet completion --agents 2>/dev/null)"
      ;;
    events)
      flags="--follow -f --agent --class --runtime --type --source --since --until --at --after --limit -n --reverse -r --tenant --host --json"
      words="$words "
      ;;
    sql)
      flags="--at --csv --limit -n --timeout --json"
      words="$words "
      ;;
    history)
      flags="--timeline -t --all -a --csv --since --until --at --agent --class --runtime --tenant --host --json"
      words="$words $(fleet completion --agents 2>/dev/null)"
      ;;
    when)
      flags="--first --last --all -a --since --until --at --tenant --host --json"
      words="$words $(fleet completion --agents 2>/dev/null)"
      ;;
    uptime)
      flags="--since --until --at --agent --class --runtime --tenant --host --json"
      words="$words $(fleet completion --agents 2>/dev/null)"
      ;;
    diff)
      flags="--all -a --at --agent --class --runtime --tenant --host --json"
      words="$words "
      ;;
    incidents)
      flags="--since --until --at --agent --class --runtime --tenant --host --json"
      words="$words $(fleet completion --agents 2>/dev/null)"
      ;;
    watch)
      flags="--all --json"
      words="$words $(fleet completion --agents 2>/dev/null)"
      ;;
    "agent watch")
      flags="--all --json"
      words="$words $(fleet completion --agents 2>/dev/null)"
      ;;
    tail)
      flags="--lines -n --follow -f --json"
      words="$words $(fleet completion --agents 2>/dev/null)"
      ;;
    "agent tail")
      flags="--lines -n --follow -f --json"
      words="$words $(fleet completion --agents 2>/dev/null)"
      ;;
    messages)
      flags="--since --at --limit -n --tenant --host --json"
      words="$words $(fleet completion --agents 2>/dev/null)"
      ;;
    send)
      flags="--file -f --verify --until --timeout --id --command --append --strip-controls --keep-text --traceparent --json"
      words="$words $(fleet completion --agents 2>/dev/null)"
      ;;
    "agent send")
      flags="--file -f --verify --until --timeout --id --command --append --strip-controls --keep-text --traceparent --json"
      words="$words $(fleet completion --agents 2>/dev/null)"
      ;;
    "agent start")
      flags="--timeout -t --task --json"
      words="$words $(fleet completion --agents 2>/dev/null)"
      ;;
    "agent stop")
      flags="--json"
      words="$words $(fleet completion --agents 2>/dev/null)"
      ;;
    "agent restart")
      flags="--timeout -t --json"
      words="$words $(fleet completion --agents 2>/dev/null)"
      ;;
    "agent reset")
      flags="--force -f --task --json"
      words="$words $(fleet completion --agents 2>/dev/null)"
      ;;
    init)
      flags="--profile --dry-run -n --force -f --json"
      words="$words "
      ;;
    up)
      flags="--timeout -t --json"
      words="$words "
      ;;
    down)
      flags="--json"
      words="$words "
      ;;
    attach)
      flags="--resize --json"
      words="$words $(fleet completion --agents 2>/dev/null)"
      ;;
    "agent attach")
      flags="--resize --json"
      words="$words $(fleet completion --agents 2>/dev/null)"
      ;;
    record)
      flags="--uninstall --metrics --mirror --json"
      words="$words "
      ;;
    beat)
      flags="--status --loop --stdin --interval --pid --sidecar --pane --socket --task --model --json"
      words="$words $(fleet completion --agents 2>/dev/null)"
      ;;
    "hooks install")
      flags="--dry-run --json"
      words="$words claude codex opencode pi"
      ;;
    "hooks check")
      flags="--json"
      words="$words claude codex opencode pi"
      ;;
    "hooks remove")
      flags="--dry-run --json"
      words="$words claude codex opencode pi"
      ;;
    doctor)
      flags="--boot --json"
      words="$words "
      ;;
    completion)
      flags=""
      words="$words bash zsh fish"
      ;;
    verify)
      flags="--expect --json"
      words="$words "
      ;;
    rebuild)
      flags="--json"
      words="$words "
      ;;
    "rules check")
      flags="--since --agent --json"
      words="$words "
      ;;
    "rules adopt")
      flags="--since --json"
      words="$words "
      ;;
    archive)
      flags="--before --dry-run --list --json"
      words="$words "
      ;;
    export)
      flags="--format --output -o --since --until --agent --type --tenant --host --json"
      words="$words "
      ;;
    import)
      flags="--json"
      words="$words "
      ;;
    metrics)
      flags="--output -o --no-collect --json"
      words="$words "
      ;;
    mirror)
      flags="--from --once --heartbeat-spans --json"
      words="$words "
      ;;
    "mirror status")
      flags="--json"
      words="$words "
      ;;
  esac
  case $current in
    -*) COMPREPLY=($(compgen -W "$flags --help" -- "$current")) ;;
    *) COMPREPLY=($(compgen -W "$words" -- "$current")) ;;
  esac
}
complete -F _fleet fleet
