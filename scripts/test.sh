#!/bin/sh
# test.sh [vitest's arguments] - `npm test`: set up what the tests need, build, and run all of them.
set -eu
here=$(CDPATH='' cd -P -- "$(dirname -- "$0")" && pwd -P)
cd "${here%/*}"

sh scripts/setup.sh test
sh scripts/find-prometheus.sh --fetch >/dev/null
# The tests run bin/fleet, so what they run is what the sources say now.
sh scripts/with-node.sh scripts/build.mjs

if [ "$(id -u)" != 0 ]; then
  # The sandbox needs root to make its namespaces. Say so before and after, and never call it a full run.
  if [ -n "${CI:-}" ]; then
    echo "fleet: CI=true allows no skipped test, and the end-to-end tests need root." >&2
    echo "fleet: run it as root: sudo npm test" >&2
    exit 1
  fi
  sh scripts/with-node.sh node_modules/vitest/vitest.mjs run --project unit --project live "$@"
  echo "The end-to-end tests (a real systemd in a sandbox) need root and were not run: sudo npm test"
  exit 0
fi
exec sh scripts/with-node.sh node_modules/vitest/vitest.mjs run "$@"
