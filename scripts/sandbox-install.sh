#!/bin/sh
# sandbox-install.sh ROOT [NODE] - copy the built project to ROOT/opt/fleet, so that every user of that host can run it.
#
# A copy and not a bind mount: the checkout may be under a private home or made with a strict umask, and the
# modes of its files would keep an unprivileged user out. NODE, when given, is copied to ROOT/opt/node/bin/node;
# without it that file is there already (a bind mount). `fleet` is on everybody's PATH afterwards.
set -eu
root=${1:?usage: sandbox-install.sh ROOT [NODE]}
here=$(CDPATH='' cd -P -- "$(dirname -- "$0")" && pwd -P)
checkout=${here%/*}

to=$root/opt/fleet
mkdir -p "$to/node_modules/better-sqlite3/lib" "$root/opt/node/bin" "$root/usr/local/bin"
for part in bin dist examples scripts; do
  [ ! -d "$checkout/$part" ] || cp -R "$checkout/$part" "$to/"
done
# What runs inside of other programs is copied from its source, so it stands beside dist/ in any installation.
mkdir -p "$to/agents"
cp -R "$checkout/agents/adapters" "$to/agents/"
cp "$checkout/package.json" "$to/"
cp -R "$checkout/node_modules/better-sqlite3/prebuilds" "$checkout/node_modules/better-sqlite3/package.json" "$to/node_modules/better-sqlite3/"
# Of an old date, as the one from npm: what is written in the same tick of the clock is not newer than it, and would not be believed.
[ -z "${2:-}" ] || { cp "$2" "$root/opt/node/bin/node" && touch -t 200001010000 "$root/opt/node/bin/node"; }
# Written after the Node was put there, and root's like the rest: every user's launcher may trust it.
printf '%s\n' /opt/node/bin/node quickly >"$to/.fleet-node"
chmod -R a+rX,u+w,go-w "$to"
chmod 755 "$root/opt" "$root/opt/node" "$root/opt/node/bin"
[ -z "${2:-}" ] || chmod 755 "$root/opt/node/bin/node"
ln -sfn /opt/fleet/bin/fleet "$root/usr/local/bin/fleet"
