#compdef fleet
# zsh completion of fleet: made by `fleet completion zsh`
_fleet_agents() {
  local -a names
  names=(${(f)"$(fleet completion --agents 2>/dev/null)"})
  compadd -a names
}
_fleet() {
  local -a verbs
  verbs=(
    'ps:show every agent\: unit, pane, heartbeat, runtime, idle time, boot'
    'why:show the evidence behind one row of ps'
    'events:list and follow the log'
    'sql:ask the log a question of your own, in SQL'
    'history:tell the story of a day\: who was what, when, for how long'
    'when:say when an agent went stale, died, drifted, was attached to'
    'uptime:say how much of a time each agent was well, and how much nobody saw'
    'diff:say what changed between two moments'
    'incidents:list what failed, each with its death certificate'
    'watch:see agents'\'' screens live, without touching them'
    'tail:print the last lines of an agent'\''s pane'
    'messages:the ledger of messages\: what was sent to whom, and what became of it'
    'send:type a message into an agent'\''s pane, and prove that it holds it'
    'init:write roster, units and environment files; start the recorder'
    'up:start the tmux server, the recorder and every agent'
    'down:stop every agent, the tmux server and the recorder, on purpose'
    'attach:join your terminal to an agent'\''s pane; you can type'
    'record:run the recorder in the foreground'
    'beat:write an agent'\''s heartbeat, once, in a loop, or as a sidecar'
    'doctor:check the setup and say what to run'
    'completion:print the completion script of a shell'
    'verify:check that the log is whole, and name the first bad event'
    'rebuild:fold the log anew into everything that is read from it'
    'archive:move closed months of the log into compressed files beside it'
    'export:write events out, as NDJSON or CSV'
    'import:fill an empty log with what fleet export wrote'
    'metrics:print the numbers of now for Prometheus'
    'mirror:send the log as traces to Jaeger, Tempo or any OTLP receiver'
    'rules:by which rules the past is judged'
    'hooks:how runtimes tell what they do'
    'agent:act on one agent, or look at it'
  )
  local -a of_rules
  of_rules=(
    'check:show which past verdicts the newest rules would change'
    'adopt:let the newest rules judge the past too, from a moment on'
  )
  local -a of_hooks
  of_hooks=(
    'install:make a runtime tell what it does\: heartbeats, and which messages it took'
    'check:say which runtimes tell what they do'
    'remove:take out what `hooks install` has added'
  )
  local -a of_agent
  of_agent=(
    'watch:see agents'\'' screens live, without touching them'
    'tail:print the last lines of an agent'\''s pane'
    'send:type a message into an agent'\''s pane, and prove that it holds it'
    'start:start agents, and say how the start went'
    'stop:stop agents, on purpose'
    'restart:end agents and start them anew'
    'reset:empty an agent'\''s context by its runtime'\''s own command'
    'attach:join your terminal to an agent'\''s pane; you can type'
  )
  _arguments -C '(- *)--help[show help]' '(- *)--version[print the version]' '1:verb:->verb' '*::word:->word'
  case $state in
    verb) _describe verb verbs ;;
    word)
      local verb=$words[1]
      case $verb in
        rules)
          if (( CURRENT == 2 )); then _describe verb of_rules; [[ $words[2] == -* ]] || return; else
            verb="$verb $words[2]"; shift words; (( CURRENT-- ))
          fi ;;
        hooks)
          if (( CURRENT == 2 )); then _describe verb of_hooks; [[ $words[2] == -* ]] || return; else
            verb="$verb $words[2]"; shift words; (( CURRENT-- ))
          fi ;;
        agent)
          if (( CURRENT == 2 )); then _describe verb of_agent; [[ $words[2] == -* ]] || return; else
            verb="$verb $words[2]"; shift words; (( CURRENT-- ))
          fi ;;
      esac
      case $verb in
        ps) _arguments -s '--all[also sessions that no roster names]' '-a[also sessions that no roster names]' \
          '--watch[keep showing it; redrawn when something changes (q or Ctrl-C ends)]' '-w[keep showing it; redrawn when something changes (q or Ctrl-C ends)]' \
          '--probe[ask each agent for a beat now, and say who answered and how fast]' \
          '--wait[with --probe\: how long to wait for answers (2000)]:ms: ' \
          '--check[exit by the worst status, after the Nagios convention]' \
          '*--agent[only this agent]:name:_fleet_agents' \
          '*--class[only agents of this class]:class: ' \
          '*--runtime[only agents of this declared runtime]:runtime: ' \
          '--at[as it was at this moment, by all the evidence known now]:time: ' \
          '--as-recorded[as this log knew it at this moment\: what was written later does not count]:time: ' \
          '--tenant[of this tenant (default\: the log'\''s own)]:tenant: ' \
          '--host[of this host (default\: the log'\''s own)]:host: ' \
          '--no-collect[without a recorder, do not look now\: answer from the log alone]' \
          '--json[print JSON instead of a table]' \
          '*:name:_fleet_agents' \
          '(- *)--help[show help]' ;;
        why) _arguments -s '--at[as it was at this moment, by all the evidence known now]:time: ' \
          '--as-recorded[as this log knew it at this moment\: what was written later does not count]:time: ' \
          '--tenant[of this tenant (default\: the log'\''s own)]:tenant: ' \
          '--host[of this host (default\: the log'\''s own)]:host: ' \
          '--no-collect[without a recorder, do not look now\: answer from the log alone]' \
          '--json[print JSON instead of a table]' \
          '1:name:_fleet_agents' \
          '(- *)--help[show help]' ;;
        events) _arguments -s '--follow[then print new events as they are written (Ctrl-C ends)]' '-f[then print new events as they are written (Ctrl-C ends)]' \
          '*--agent[only events of this agent]:name:_fleet_agents' \
          '*--class[only agents of this class]:class: ' \
          '*--runtime[only agents of this declared runtime]:runtime: ' \
          '*--type[only this type; a family with a dot at its end\: tmux.pane.]:type: ' \
          '--source[only what this collector stated]:source:(tmux tmux-hook systemd journal heartbeat process roster recorder operator)' \
          '--since[from this moment on]:time: ' \
          '--until[up to this moment]:time: ' \
          '--at[the events up to this moment; relative times count from it]:time: ' \
          '--after[only events after this place in the log]:seq: ' \
          '--limit[at most this many\: the newest, with --after the first (then not with --follow)]:count: ' '-n[at most this many\: the newest, with --after the first (then not with --follow)]:count: ' \
          '--reverse[newest first]' '-r[newest first]' \
          '--tenant[only events of this tenant]:tenant: ' \
          '--host[only events of this host]:host: ' \
          '--json[print one JSON object per line]' \
          '(- *)--help[show help]' ;;
        sql) _arguments -s '--at[as it was at this moment, by all the evidence known now]:time: ' \
          '--csv[print CSV instead of a table]' \
          '--limit[at most so many rows (default 10000; 0\: all)]:rows: ' '-n[at most so many rows (default 10000; 0\: all)]:rows: ' \
          '--timeout[end the query after so long (default 30; 0\: never)]:seconds: ' \
          '--json[print JSON instead of a table]' \
          '1:query: ' \
          '(- *)--help[show help]' ;;
        history) _arguments -s '--timeline[one bar for each agent, with a legend]' '-t[one bar for each agent, with a legend]' \
          '--all[every change, also between busy and healthy]' '-a[every change, also between busy and healthy]' \
          '--csv[print CSV\: one line for each stay in a status]' \
          '--since[from this moment on (default\: one day before the end)]:time: ' \
          '--until[up to this moment (default\: now, or --at)]:time: ' \
          '--at[as it was at this moment, by all the evidence known now]:time: ' \
          '*--agent[only this agent]:name:_fleet_agents' \
          '*--class[only agents of this class]:class: ' \
          '*--runtime[only agents of this declared runtime]:runtime: ' \
          '--tenant[of this tenant (default\: the log'\''s own)]:tenant: ' \
          '--host[of this host (default\: the log'\''s own)]:host: ' \
          '--json[print JSON instead of a table]' \
          '*:name:_fleet_agents' \
          '(- *)--help[show help]' ;;
        when) _arguments -s '--first[the first time in the window]' \
          '--last[the last time in the window (the default)]' \
          '--all[every time in the window, oldest first]' '-a[every time in the window, oldest first]' \
          '--since[from this moment on (default\: one day before the end)]:time: ' \
          '--until[up to this moment (default\: now, or --at)]:time: ' \
          '--at[as it was at this moment, by all the evidence known now]:time: ' \
          '--tenant[of this tenant (default\: the log'\''s own)]:tenant: ' \
          '--host[of this host (default\: the log'\''s own)]:host: ' \
          '--json[print JSON instead of a table]' \
          '1:name:_fleet_agents' \
          '2:state:(stopped finished failed absent dead stale silent starting waiting busy healthy running unobserved drifted started attached sent rebooted)' \
          '(- *)--help[show help]' ;;
        uptime) _arguments -s '--since[from this moment on (default\: one day before the end)]:time: ' \
          '--until[up to this moment (default\: now, or --at)]:time: ' \
          '--at[as it was at this moment, by all the evidence known now]:time: ' \
          '*--agent[only this agent]:name:_fleet_agents' \
          '*--class[only agents of this class]:class: ' \
          '*--runtime[only agents of this declared runtime]:runtime: ' \
          '--tenant[of this tenant (default\: the log'\''s own)]:tenant: ' \
          '--host[of this host (default\: the log'\''s own)]:host: ' \
          '--json[print JSON instead of a table]' \
          '*:name:_fleet_agents' \
          '(- *)--help[show help]' ;;
        diff) _arguments -s '--all[also sessions that no roster names]' '-a[also sessions that no roster names]' \
          '--at[as it was at this moment, by all the evidence known now]:time: ' \
          '*--agent[only this agent]:name:_fleet_agents' \
          '*--class[only agents of this class]:class: ' \
          '*--runtime[only agents of this declared runtime]:runtime: ' \
          '--tenant[of this tenant (default\: the log'\''s own)]:tenant: ' \
          '--host[of this host (default\: the log'\''s own)]:host: ' \
          '--json[print JSON instead of a table]' \
          '1:t1: ' \
          '2:t2: ' \
          '(- *)--help[show help]' ;;
        incidents) _arguments -s '--since[from this moment on (default\: one day before the end)]:time: ' \
          '--until[up to this moment (default\: now, or --at)]:time: ' \
          '--at[as it was at this moment, by all the evidence known now]:time: ' \
          '*--agent[only this agent]:name:_fleet_agents' \
          '*--class[only agents of this class]:class: ' \
          '*--runtime[only agents of this declared runtime]:runtime: ' \
          '--tenant[of this tenant (default\: the log'\''s own)]:tenant: ' \
          '--host[of this host (default\: the log'\''s own)]:host: ' \
          '--json[print JSON instead of a table]' \
          '*:name:_fleet_agents' \
          '(- *)--help[show help]' ;;
        watch) _arguments -s '--all[every agent that runs]' \
          '--json[instead of drawing, print each new screen as a JSON object on a line]' \
          '*:name:_fleet_agents' \
          '(- *)--help[show help]' ;;
        'agent watch') _arguments -s '--all[every agent that runs]' \
          '--json[instead of drawing, print each new screen as a JSON object on a line]' \
          '*:name:_fleet_agents' \
          '(- *)--help[show help]' ;;
        tail) _arguments -s '--lines[so many lines (20)]:count: ' '-n[so many lines (20)]:count: ' \
          '--follow[then print new lines as they come (Ctrl-C ends)]' '-f[then print new lines as they come (Ctrl-C ends)]' \
          '--json[print one JSON object per line]' \
          '1:name:_fleet_agents' \
          '(- *)--help[show help]' ;;
        'agent tail') _arguments -s '--lines[so many lines (20)]:count: ' '-n[so many lines (20)]:count: ' \
          '--follow[then print new lines as they come (Ctrl-C ends)]' '-f[then print new lines as they come (Ctrl-C ends)]' \
          '--json[print one JSON object per line]' \
          '1:name:_fleet_agents' \
          '(- *)--help[show help]' ;;
        messages) _arguments -s '--since[asked for at or after this moment]:time: ' \
          '--at[as the ledger stood at this moment\: what came later does not count]:time: ' \
          '--limit[at most this many, the newest]:count: ' '-n[at most this many, the newest]:count: ' \
          '--tenant[only messages of this tenant]:tenant: ' \
          '--host[only messages of this host]:host: ' \
          '--json[print JSON instead of a table]' \
          '*:name:_fleet_agents' \
          '(- *)--help[show help]' ;;
        send) _arguments -s '--file[read the message from a file]:file: ' '-f[read the message from a file]:file: ' \
          '--verify[wait for the verdict, and leave with its code]' \
          '--until[with --verify\: also wait until its turn has begun, or has ended]:state:(accepted taken-up answered)' \
          '--timeout[milliseconds for all of it (6000)]:ms: ' \
          '--id[the message'\''s id, so that asking again does not send again]:id: ' \
          '--command[it is a command of the runtime (/clear)\: put no blank before a leading / or !]' \
          '--append[type behind what already stands in the input row]' \
          '--strip-controls[take out control characters instead of refusing them]' \
          '--keep-text[keep the text in the log, not only its digest and size]' \
          '--traceparent[W3C trace context to hang the message'\''s span on (TRACEPARENT)]:context: ' \
          '--json[print one JSON object]' \
          '1:name:_fleet_agents' \
          '2:text: ' \
          '(- *)--help[show help]' ;;
        'agent send') _arguments -s '--file[read the message from a file]:file: ' '-f[read the message from a file]:file: ' \
          '--verify[wait for the verdict, and leave with its code]' \
          '--until[with --verify\: also wait until its turn has begun, or has ended]:state:(accepted taken-up answered)' \
          '--timeout[milliseconds for all of it (6000)]:ms: ' \
          '--id[the message'\''s id, so that asking again does not send again]:id: ' \
          '--command[it is a command of the runtime (/clear)\: put no blank before a leading / or !]' \
          '--append[type behind what already stands in the input row]' \
          '--strip-controls[take out control characters instead of refusing them]' \
          '--keep-text[keep the text in the log, not only its digest and size]' \
          '--traceparent[W3C trace context to hang the message'\''s span on (TRACEPARENT)]:context: ' \
          '--json[print one JSON object]' \
          '1:name:_fleet_agents' \
          '2:text: ' \
          '(- *)--help[show help]' ;;
        'agent start') _arguments -s '--timeout[stop waiting for a sign of life after this long (10)]:seconds: ' '-t[stop waiting for a sign of life after this long (10)]:seconds: ' \
          '--task[for this task\: one that runs already and has reset_between_tasks is reset first]:id: ' \
          '--json[print JSON instead of a table]' \
          '*:name:_fleet_agents' \
          '(- *)--help[show help]' ;;
        'agent stop') _arguments -s '--json[print JSON instead of a table]' \
          '*:name:_fleet_agents' \
          '(- *)--help[show help]' ;;
        'agent restart') _arguments -s '--timeout[stop waiting for a sign of life after this long (10)]:seconds: ' '-t[stop waiting for a sign of life after this long (10)]:seconds: ' \
          '--json[print JSON instead of a table]' \
          '*:name:_fleet_agents' \
          '(- *)--help[show help]' ;;
        'agent reset') _arguments -s '--force[also one with a persistent persona]' '-f[also one with a persistent persona]' \
          '--task[for which task; kept in the log]:id: ' \
          '--json[print JSON instead of a table]' \
          '1:name:_fleet_agents' \
          '(- *)--help[show help]' ;;
        init) _arguments -s '--profile[the roster to begin with; one that was edited by hand is kept]:profile:(coding general hybrid research)' \
          '--dry-run[show every file and command, and change nothing]' '-n[show every file and command, and change nothing]' \
          '--force[also write over what was edited by hand; it is kept as FILE.saved]' '-f[also write over what was edited by hand; it is kept as FILE.saved]' \
          '--json[print JSON instead of a table]' \
          '(- *)--help[show help]' ;;
        up) _arguments -s '--timeout[stop waiting for a sign of life after this long (10)]:seconds: ' '-t[stop waiting for a sign of life after this long (10)]:seconds: ' \
          '--json[print JSON instead of a table]' \
          '(- *)--help[show help]' ;;
        down) _arguments -s '--json[print JSON instead of a table]' \
          '(- *)--help[show help]' ;;
        attach) _arguments -s '--resize[give the window your terminal'\''s size for as long as you are there]' \
          '--json[when you have left, print what was recorded as a JSON object]' \
          '1:name:_fleet_agents' \
          '(- *)--help[show help]' ;;
        'agent attach') _arguments -s '--resize[give the window your terminal'\''s size for as long as you are there]' \
          '--json[when you have left, print what was recorded as a JSON object]' \
          '1:name:_fleet_agents' \
          '(- *)--help[show help]' ;;
        record) _arguments -s '--uninstall[remove our hooks from the tmux servers and end]' \
          '--metrics[also serve /metrics for Prometheus\: a port on loopback (9464), or ADDRESS\:PORT]:address: ' \
          '--mirror[also run `fleet mirror` beside it, in a process of its own (FLEET_MIRROR=1)]' \
          '--json[print one JSON object per line]' \
          '(- *)--help[show help]' ;;
        beat) _arguments -s '--status[what the agent does (ok when not given)]:status:(ok busy waiting unknown)' \
          '--loop[go on beating and answering probes]' \
          '--stdin[with --loop\: each line of standard input is the new status; its end is the agent'\''s end]' \
          '--interval[seconds between beats]:seconds: ' \
          '--pid[the agent'\''s process (that which runs this command when not given)]:pid: ' \
          '--sidecar[beat for a process that cannot, until it ends]' \
          '--pane[with --sidecar\: the process of this tmux pane (%3)]:pane: ' \
          '--socket[with --pane\: the tmux socket, when it is not the fleet'\''s]:name:_fleet_agents' \
          '--task[what it works on; one word of the beat]:text: ' \
          '--model[the model that answers]:text: ' \
          '--json[print what was written as JSON, one object per line]' \
          '1:name:_fleet_agents' \
          '(- *)--help[show help]' ;;
        'hooks install') _arguments -s '--dry-run[show which files would change, and change none]' \
          '--json[print JSON instead of a table]' \
          '*:runtime:(claude codex opencode pi)' \
          '(- *)--help[show help]' ;;
        'hooks check') _arguments -s '--json[print JSON instead of a table]' \
          '*:runtime:(claude codex opencode pi)' \
          '(- *)--help[show help]' ;;
        'hooks remove') _arguments -s '--dry-run[show which files would change, and change none]' \
          '--json[print JSON instead of a table]' \
          '*:runtime:(claude codex opencode pi)' \
          '(- *)--help[show help]' ;;
        doctor) _arguments -s '--boot[who would not come back after a reboot, and why]' \
          '--json[print JSON instead of a table]' \
          '(- *)--help[show help]' ;;
        completion) _arguments -s '1:shell:(bash zsh fish)' \
          '(- *)--help[show help]' ;;
        verify) _arguments -s '--expect[an earlier verify ended at this event with this digest]:seq:digest: ' \
          '--json[print JSON instead of a table]' \
          '(- *)--help[show help]' ;;
        rebuild) _arguments -s '--json[print JSON instead of a table]' \
          '(- *)--help[show help]' ;;
        'rules check') _arguments -s '--since[from this moment on (default\: one day ago)]:time: ' \
          '*--agent[only this agent]:name:_fleet_agents' \
          '--json[print JSON instead of a table]' \
          '(- *)--help[show help]' ;;
        'rules adopt') _arguments -s '--since[from this moment on; has to be said]:time: ' \
          '--json[print JSON instead of a table]' \
          '(- *)--help[show help]' ;;
        archive) _arguments -s '--before[months that had ended by then; the current one stays in any case]:time: ' \
          '--dry-run[only say what would be moved]' \
          '--list[list the files, with what they hold]' \
          '--json[print JSON instead of a table]' \
          '(- *)--help[show help]' ;;
        export) _arguments -s '--format[ndjson (default) or csv]:format:(ndjson csv)' \
          '--output[into this file, which appears when it is whole, readable by you alone]:file: ' '-o[into this file, which appears when it is whole, readable by you alone]:file: ' \
          '--since[from this moment on]:time: ' \
          '--until[up to this moment]:time: ' \
          '*--agent[only events of this agent]:name:_fleet_agents' \
          '*--type[only this type; a family with a dot at its end\: tmux.pane.]:type: ' \
          '--tenant[only events of this tenant]:tenant: ' \
          '--host[only events of this host]:host: ' \
          '--json[with --output\: say as JSON what was written]' \
          '(- *)--help[show help]' ;;
        import) _arguments -s '--json[print JSON instead of a table]' \
          '1:file: ' \
          '(- *)--help[show help]' ;;
        metrics) _arguments -s '--output[write to this file, replaced in one step and readable by all]:file: ' '-o[write to this file, replaced in one step and readable by all]:file: ' \
          '--no-collect[without a recorder, do not look now\: answer from the log alone]' \
          '--json[print JSON instead of a table]' \
          '(- *)--help[show help]' ;;
        mirror) _arguments -s '--from[send once more what ended since then (a receiver that lost it); at a first start\: leave out what is older]:time: ' \
          '--once[end when everything that is settled has been answered for]' \
          '--heartbeat-spans[also a span for each run of heartbeats of one status]' \
          '--json[print one JSON object per line]' \
          '(- *)--help[show help]' ;;
        'mirror status') _arguments -s '--json[print JSON instead of a table]' \
          '(- *)--help[show help]' ;;
      esac
      ;;
  esac
}
if [ "$funcstack[1]" = _fleet ]; then _fleet "$@"; else compdef _fleet fleet; fi
