#!/bin/sh
# start.sh [--keep] - `npm start`: set up what is missing, then show fleet at work on a small real fleet (demo.mjs).
set -eu
here=$(CDPATH='' cd -P -- "$(dirname -- "$0")" && pwd -P)
cd "${here%/*}"
sh scripts/setup.sh start
[ -f dist/fleet.cjs ] || sh scripts/with-node.sh scripts/build.mjs
exec sh scripts/with-node.sh scripts/demo.mjs "$@"
