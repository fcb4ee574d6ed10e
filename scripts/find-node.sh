#!/bin/sh
# find-node.sh - print the path of a Node that fits this project (engines: 22.22+ of 22, 24, 26+).
#
#   find-node.sh                   look only: FLEET_NODE, then the checkout's own .node/, then PATH
#   find-node.sh --fetch           the same; when nothing fits, bring the pinned one from npm into .node/
#   find-node.sh --version V       the pinned Node V in .node/ and no other (with --fetch: bring it)
#
# On failure: what is wrong and what to do, on stderr, exit 1. Nothing else is ever printed on stdout.
# The pins (exact version and integrity) are in node-pin.json beside this file.
set -eu

here=$(CDPATH='' cd -P -- "$(dirname -- "$0")" && pwd -P)
checkout=${here%/*}
pins=$here/node-pin.json

fetch=no
want=
while [ $# -gt 0 ]; do
  case $1 in
    --fetch) fetch=yes; shift ;;
    --version) want=${2:?--version needs a version}; shift 2 ;;
    *) echo "find-node.sh: unknown option '$1'" >&2; exit 2 ;;
  esac
done

say() { printf '%s\n' "$*" >&2; }

# version_of FILE: "24.21.0" when FILE runs and calls itself a Node, else nothing.
version_of() {
  [ -f "$1" ] && [ -x "$1" ] || return 0
  "$1" --version 2>/dev/null </dev/null | sed -n 's/^v\([0-9][0-9]*\.[0-9][0-9]*\.[0-9][0-9]*\).*$/\1/p' || :
}

# fits VERSION: the engines range of package.json (23 and 25 are odd, short-lived lines and are out).
fits() {
  major=${1%%.*}
  rest=${1#*.}
  minor=${rest%%.*}
  case $major in
    '' | *[!0-9]*) return 1 ;;
    22) [ "$minor" -ge 22 ] ;;
    24) return 0 ;;
    *) [ "$major" -ge 26 ] ;;
  esac
}

# look: set $node to the first that fits and return 0, or return 1 with what was met instead in $met.
node=
met=
look() {
  if [ -n "${FLEET_NODE:-}" ]; then
    # An explicit choice that does not fit is an error, never quietly replaced by another Node.
    case $FLEET_NODE in
      /*)
        v=$(version_of "$FLEET_NODE")
        if fits "$v"; then node=$FLEET_NODE; return 0; fi
        is="not a Node that runs here"
        [ -z "$v" ] || is="Node $v"
        ;;
      *) is="not an absolute path" ;;
    esac
    say "fleet: FLEET_NODE=$FLEET_NODE is $is; fleet needs Node 22.22+, 24 or 26+."
    say "fleet: point FLEET_NODE at a fitting Node, or unset it."
    exit 1
  fi
  own=$checkout/.node/$pinned/bin/node
  if [ "$(version_of "$own")" = "$pinned" ]; then node=$own; return 0; fi
  left=${PATH:-}:
  while [ -n "$left" ]; do
    dir=${left%%:*}
    left=${left#*:}
    # A relative PATH entry means another file in every directory: never remembered, so never used.
    case $dir in /*) ;; *) continue ;; esac
    v=$(version_of "$dir/node")
    if fits "$v"; then node=$dir/node; return 0; fi
    [ -n "$met" ] || met=${v:+"Node $v ($dir/node)"}
  done
  return 1
}

need() { # WHY: the two lines that end a search without success
  if [ -n "$want" ]; then
    say "fleet: the pinned Node $want is not in $checkout/.node${1:+: $1}."
    say "fleet: bring it with: sh scripts/find-node.sh --fetch --version $want (Linux on x64 or arm64, npm)."
    exit 1
  fi
  say "fleet: needs Node 22.22+, 24 or 26+, found ${met:-no Node}${1:+; $1}."
  bring=
  [ "$fetch" = yes ] || bring="bring one with \`sh $checkout/scripts/find-node.sh --fetch\` (npm, Linux), or "
  say "fleet: ${bring}install Node $pinned from https://nodejs.org/ (or set FLEET_NODE=/path/to/node), then run this again."
  exit 1
}

integrity_of() { # FILE: sha512-<base64>, or nothing when this machine has nothing to compute it with
  if command -v openssl >/dev/null 2>&1; then
    printf 'sha512-%s\n' "$(openssl dgst -sha512 -binary "$1" | openssl base64 -A)"
  elif command -v node >/dev/null 2>&1; then
    node -e 'const h=require("crypto").createHash("sha512");h.update(require("fs").readFileSync(process.argv[1]));console.log("sha512-"+h.digest("base64"))' "$1"
  fi
}

bring() { # VERSION: fetch it into .node/VERSION/bin/node and set $node, or end with need()
  version=$1
  [ "$(uname -s)" = Linux ] || need "no pinned Node for $(uname -s)"
  case $(uname -m) in
    x86_64 | amd64) arch=x64 ;;
    aarch64 | arm64) arch=arm64 ;;
    *) need "no pinned Node for $(uname -m)" ;;
  esac
  getconf GNU_LIBC_VERSION >/dev/null 2>&1 || need "the pinned Node needs glibc"
  command -v npm >/dev/null 2>&1 || need "npm is not there to bring the pinned one"
  expected=$(sed -n "s/^ *\"node-linux-$arch@$(printf %s "$version" | sed 's/\./\\./g')\": *\"\([^\"]*\)\".*\$/\1/p" "$pins")
  [ -n "$expected" ] || need "node-pin.json has no pin for node-linux-$arch@$version"

  mkdir -p "$checkout/.node" 2>/dev/null || need "$checkout is not writable"
  tmp=$(mktemp -d "$checkout/.node/fetch.XXXXXX") || need "$checkout/.node is not writable"
  # shellcheck disable=SC2064
  trap 'rm -rf "$tmp"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP

  say "fleet: bringing Node $version (node-linux-$arch, about 60 MB) from npm into .node/ ..."
  # An empty directory of its own: npm must neither read nor write this project's package files.
  if ! (cd "$tmp" && npm pack "node-linux-$arch@$version" --ignore-scripts --no-update-notifier --loglevel=error) >"$tmp/npm.log" 2>&1 </dev/null; then
    sed 's/^/  /' "$tmp/npm.log" | tail -n 5 >&2
    need "npm could not bring node-linux-$arch@$version"
  fi
  got=$(integrity_of "$tmp/node-linux-$arch-$version.tgz")
  [ -n "$got" ] || need "neither openssl nor node is there to check what npm brought"
  [ "$got" = "$expected" ] || need "what npm brought is not what is pinned ($got instead of $expected)"
  tar -xzf "$tmp/node-linux-$arch-$version.tgz" -C "$tmp" package/bin/node || need "the package could not be unpacked"
  chmod 755 "$tmp/package/bin/node"
  [ "$(version_of "$tmp/package/bin/node")" = "$version" ] || need "the pinned Node $version does not run on this machine"
  mkdir -p "$checkout/.node/$version/bin"
  # A rename: of two that run at once each sees nothing or a whole file.
  mv -f "$tmp/package/bin/node" "$checkout/.node/$version/bin/node"
  node=$checkout/.node/$version/bin/node
}

pinned=$(sed -n 's/^ *"default": *"\([^"]*\)".*$/\1/p' "$pins")

if [ -n "$want" ]; then
  own=$checkout/.node/$want/bin/node
  if [ "$(version_of "$own")" = "$want" ]; then
    node=$own
  elif [ "$fetch" = yes ]; then
    bring "$want"
  else
    need ""
  fi
elif ! look; then
  if [ "$fetch" = yes ]; then bring "$pinned"; else need ""; fi
fi
printf '%s\n' "$node"
