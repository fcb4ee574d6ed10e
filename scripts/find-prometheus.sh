#!/bin/sh
# find-prometheus.sh [--fetch] - print the directory that holds `prometheus` and `promtool`, which the tests run.
#
# They are looked for on PATH and in the checkout's ignored .tools/. With --fetch, where they are missing on Debian or Ubuntu,
# the distribution's package is unpacked there: installing it would start a service on port 9090 of whoever runs the tests.
set -eu
here=$(CDPATH='' cd -P -- "$(dirname -- "$0")" && pwd -P)
own=${here%/*}/.tools/prometheus

say() { printf '%s\n' "$*" >&2; }
find_them() {
  if command -v prometheus >/dev/null 2>&1 && command -v promtool >/dev/null 2>&1; then
    found=$(command -v promtool)
    printf '%s\n' "${found%/*}"
  elif [ -x "$own/usr/bin/prometheus" ] && [ -x "$own/usr/bin/promtool" ]; then
    printf '%s\n' "$own/usr/bin"
  else
    return 1
  fi
}
refuse() {
  say "fleet: missing on this machine: prometheus and promtool ($1)"
  say "fleet: put both on PATH: install the package prometheus, or unpack a release of prometheus.io."
  exit 1
}

find_them && exit 0
[ "${1:-}" = --fetch ] || refuse "no package was asked for"
command -v apt-get >/dev/null 2>&1 && command -v dpkg-deb >/dev/null 2>&1 || refuse "this is no Debian"

mkdir -p "${own%/*}"
work=$(mktemp -d "${own%/*}/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
say "fleet: unpacking the distribution's prometheus into .tools/"
download() { (cd "$work" && apt-get -q download prometheus) >"$work/log" 2>&1 </dev/null; }
# The lists of packages are missing or old in many images; only root can bring new ones.
download || { [ "$(id -u)" = 0 ] && apt-get -q -o DPkg::Lock::Timeout=120 update >"$work/log" 2>&1 </dev/null && download; } || {
  tail -n 5 "$work/log" | sed 's/^/  /' >&2
  refuse "apt-get could not bring the package"
}
dpkg-deb -x "$work"/prometheus_*.deb "$work/root"
# Put in place in one step, so that two that run at once are safe.
[ -d "$own" ] || mv "$work/root" "$own" 2>/dev/null || :
find_them || refuse "the package did not hold them"
