#!/bin/sh
# setup.sh start|test - make sure that what the demo or the tests need is there, or say exactly what is missing.
#
# On Debian or Ubuntu, as root or with passwordless sudo, missing packages are installed from the distribution.
# Elsewhere nothing is changed: one line says what is missing, one what to install, and this ends with 1.
# Run again on a machine that has everything, it changes nothing and takes a few milliseconds.
set -eu

purpose=${1:-}
case $purpose in start | test) ;; *) echo "usage: setup.sh start|test" >&2; exit 2 ;; esac

here=$(CDPATH='' cd -P -- "$(dirname -- "$0")" && pwd -P)
checkout=${here%/*}
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

say() { printf '%s\n' "$*" >&2; }
has() { command -v "$1" >/dev/null 2>&1; }
# has_system: also found by another user of a host made from this one, so not in somebody's home.
has_system() { (PATH=/usr/local/bin:/usr/bin:/bin && command -v "$1" >/dev/null 2>&1); }

[ "$(uname -s)" = Linux ] || {
  say "fleet: this machine is $(uname -s); fleet reads /proc and systemd and needs Linux."
  say "fleet: run this on Linux, or in a Linux virtual machine."
  exit 1
}
[ -d "$checkout/node_modules" ] || {
  say "fleet: $checkout/node_modules is missing."
  say "fleet: run \`npm ci\` first."
  exit 1
}

# tmux_fits: 3.2 is the first with the hooks and formats that fleet uses. "tmux 3.3a", "tmux next-3.5".
tmux_fits() {
  has_system tmux || return 1
  v=$(tmux -V 2>/dev/null | sed -n 's/^tmux \(next-\)\{0,1\}\([0-9][0-9]*\.[0-9][0-9]*\).*$/\2/p')
  [ -n "$v" ] || return 1
  [ "${v%%.*}" -gt 3 ] || { [ "${v%%.*}" -eq 3 ] && [ "${v#*.}" -ge 2 ]; }
}
pam_systemd() {
  for f in /lib/*/security/pam_systemd.so /usr/lib/*/security/pam_systemd.so /usr/lib/security/pam_systemd.so /usr/lib64/security/pam_systemd.so /lib64/security/pam_systemd.so; do
    [ -e "$f" ] && return 0
  done
  return 1
}
# The sandbox boots a real systemd in namespaces: only root may make those, and in a plain container not even root.
may_sandbox() { [ "$(id -u)" = 0 ] && unshare --mount --pid --fork --uts --ipc --cgroup true 2>/dev/null; }

# basics, sandbox_packages: the Debian names of what is missing, separated by blanks.
basics() {
  m=
  tmux_fits || m="$m tmux"
  has_system python3 || m="$m python3"
  has ps || m="$m procps"
  [ "$purpose" = start ] || has git || m="$m git"
  [ "$purpose" = start ] || has openssl || m="$m openssl"
  has unshare || m="$m util-linux"
  printf '%s' "${m# }"
}
sandbox_packages() {
  m=
  { [ -x /lib/systemd/systemd ] && has systemctl && has journalctl; } || m="$m systemd"
  has dbus-daemon || m="$m dbus"
  [ -e /usr/lib/systemd/user/dbus.socket ] || m="$m dbus-user-session"
  pam_systemd || m="$m libpam-systemd"
  { has nsenter && has setpriv; } || m="$m util-linux"
  has mount || m="$m mount"
  printf '%s' "${m# }"
}

debian_like() {
  has apt-get && [ -r /etc/os-release ] && grep -Eq '^(ID|ID_LIKE)=.*(debian|ubuntu)' /etc/os-release
}

# install PACKAGES: from the distribution; fails when this is no Debian or nobody here may do it.
install() {
  as=
  [ "$(id -u)" = 0 ] || as="sudo -n"
  debian_like || return 1
  [ -z "$as" ] || sudo -n true 2>/dev/null || return 1
  say "fleet: installing from the distribution: $1"
  log=$(mktemp)
  if ! { $as env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120 update &&
    # shellcheck disable=SC2086
    $as env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=120 install --no-install-recommends $1; } >"$log" 2>&1 </dev/null; then
    tail -n 15 "$log" | sed 's/^/  /' >&2
    say "fleet: apt-get could not install: $1"
  fi
  rm -f "$log"
}

# refuse PACKAGES: say what is missing and how to get it, and stop.
refuse() {
  case " $1 " in
    *" tmux "*) if has tmux; then say "fleet: needs tmux 3.2 or newer; here is $(tmux -V)."; fi ;;
  esac
  say "fleet: missing on this machine: $1"
  if debian_like; then
    say "fleet: run: sudo apt-get install --no-install-recommends $1"
  else
    say "fleet: install it with this system's package manager (these are Debian's names), then run this again."
  fi
  exit 1
}

packages=$(basics)
if [ -n "$packages" ]; then
  install "$packages" || :
  packages=$(basics)
  [ -z "$packages" ] || refuse "$packages"
fi

if may_sandbox; then
  packages=$(sandbox_packages)
  if [ -n "$packages" ]; then
    install "$packages" || :
    packages=$(sandbox_packages)
    if [ -n "$packages" ]; then
      # The demo can do without (start.sh says what it then cannot show); the end-to-end tests cannot.
      [ "$purpose" = start ] || refuse "$packages"
    fi
  fi
elif [ "$purpose" = test ] && [ "$(id -u)" = 0 ]; then
  say "fleet: root may not make namespaces here, and the end-to-end tests boot a systemd in them."
  say "fleet: give the container CAP_SYS_ADMIN (docker run --privileged), or run this on a machine of its own."
  exit 1
fi

sh "$here/find-node.sh" --fetch >/dev/null
