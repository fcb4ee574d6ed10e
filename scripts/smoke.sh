#!/bin/sh
# smoke.sh [VERSION...] - run the built command on each Node VERSION (default: the smoke versions of node-pin.json)
# against a real tmux server on a private socket, in a state directory of its own.
# Ends with "smoke: N passed, M failed"; exits 1 when anything failed.
set -eu
here=$(CDPATH='' cd -P -- "$(dirname -- "$0")" && pwd -P)
cd "${here%/*}"
[ $# -gt 0 ] || set -- $(sed -n 's/^ *"smoke": *\[\(.*\)\].*$/\1/p' scripts/node-pin.json | tr -d '",')

tmp=$(mktemp -d)
socket=fleet-smoke-$$
TMUX_TMPDIR=$tmp
export TMUX_TMPDIR
unset TMUX TMUX_PANE
cleanup() {
  tmux -L "$socket" kill-server 2>/dev/null || :
  rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

passed=0
failed=0
# step WHAT COMMAND...: the command's output is shown only when it fails.
step() {
  what=$1
  shift
  if "$@" >"$tmp/step.log" 2>&1; then
    passed=$((passed + 1))
    echo "smoke: Node $version: $what: ok"
  else
    failed=$((failed + 1))
    echo "smoke: Node $version: $what: FAILED"
    sed 's/^/  /' "$tmp/step.log"
  fi
}

prints_version() { bin/fleet --version | grep -Eq '^[^0-9]*[0-9]+\.[0-9]+\.[0-9]+'; }
prints_help() { bin/fleet --help | grep -q ps; }

# sees_agent: ps names the running stub as healthy, with the schema, and leaves a log behind. Twice: the second
# call opens the log that the first has made.
sees_agent() {
  bin/fleet ps --json >"$tmp/ps.json" || return 1
  bin/fleet ps --json >"$tmp/ps.json" || return 1
  "$FLEET_NODE" -e '
    const ps = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"));
    const row = (ps.agents || []).find((agent) => agent.name === "coder0");
    const is = [ps.schema, ps.tenant_id, row?.status, row?.pane?.state, row?.heartbeat?.health].join(" ");
    if (is !== "fleet.ps.v1 smoke healthy alive healthy") {
      console.log("ps --json says: " + is + "\n" + JSON.stringify(row ?? ps, null, 1));
      process.exit(1);
    }' "$tmp/ps.json" || return 1
  [ -f "$FLEET_STATE/fleet.db" ]
}
lists_events() { bin/fleet events --json | grep -q '"heartbeat.received"'; }
# refuses WHAT it does not know: usage errors are 2, with something to read on stderr and no stack trace.
refuses_unknown() {
  code=0
  bin/fleet no-such-verb >/dev/null 2>"$tmp/err" || code=$?
  [ "$code" = 2 ] && [ -s "$tmp/err" ] && ! grep -q '^ *at ' "$tmp/err"
}

for version in "$@"; do
  FLEET_NODE=$(sh scripts/find-node.sh --fetch --version "$version")
  FLEET_HOME=$tmp/$version/home
  FLEET_STATE=$tmp/$version/state
  FLEET_TENANT=smoke
  MOSAIC_TMUX_SOCKET=$socket
  export FLEET_NODE FLEET_HOME FLEET_STATE FLEET_TENANT MOSAIC_TMUX_SOCKET
  unset MOSAIC_HEARTBEAT_RUN_DIR MOSAIC_HEARTBEAT_INTERVAL
  mkdir -p "$tmp/$version" && mkdir -m 700 "$FLEET_HOME"
  cp examples/coding/roster.yaml "$FLEET_HOME/"

  step "fleet --version" prints_version
  step "fleet --help" prints_help
  tmux -u -L "$socket" -f /dev/null new-session -d -s coder0 -e MOSAIC_AGENT_NAME=coder0 \
    -e MOSAIC_HEARTBEAT_INTERVAL=1 -e FLEET_HOME="$FLEET_HOME" python3 "$PWD/examples/dogfood-agent.py"
  tries=0
  until [ -f "$FLEET_HOME/run/coder0.hb" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 300 ] || { echo "smoke: the stub agent did not beat within 30 s"; exit 1; }
    sleep 0.1
  done
  step "fleet ps --json sees a live agent" sees_agent
  step "fleet events --json" lists_events
  step "an unknown verb" refuses_unknown
  tmux -L "$socket" kill-server
done
echo "smoke: $passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
