#!/bin/bash
# sandbox.sh - throw-away "hosts" that run a REAL systemd (PID 1), journald,
# logind, D-Bus and `systemd --user` managers beside the machine's own processes.
#
#   sandbox.sh up NAME [options]        boot a host, return when it is ready
#       --user NAME:UID     unprivileged user with linger (repeatable;
#                           default: alice:1001 and bob:1002)
#       --bind SRC[:DST]    bind mount read-write   (repeatable)
#       --bind-ro SRC[:DST] bind mount read-only    (repeatable)
#       --hostname H        default: NAME
#       --net host|private  network namespace (default host; private = lo only)
#       --journal persistent|volatile   (default persistent)
#       --owner PID         take the host down by itself when process PID is gone
#       --size SIZE         tmpfs size of the writable layer (default 2g)
#   sandbox.sh exec NAME [-u USER|UID] [-C DIR] [-e K=V]... [--] CMD [ARG]...
#   sandbox.sh reboot NAME              clean stop + boot, writable layer kept
#   sandbox.sh crash NAME               SIGKILL everything inside (power loss), layer kept
#   sandbox.sh start NAME               boot again after crash
#   sandbox.sh down NAME [--now]        stop (SIGKILL with --now), remove all traces
#   sandbox.sh pid NAME | root NAME | list | gc
#
# State is kept in $FLEET_SANDBOX_STATE (default ${TMPDIR:-/tmp}/fleet-sandbox).
# Only PIDs recorded here (checked by start time) are ever signalled.
# Needs: root (CAP_SYS_ADMIN), overlayfs, cgroup2 in the kernel, util-linux
# >= 2.36, systemd, dbus, dbus-user-session, libpam-systemd. No network.
set -euo pipefail
STATE=${FLEET_SANDBOX_STATE:-${TMPDIR:-/tmp}/fleet-sandbox}
STATE=${STATE%/}
SELF=$(readlink -f "${BASH_SOURCE[0]}")

die() { echo "sandbox.sh: $*" >&2; exit 1; }
alive() { # NAME -> PID of its init on stdout, fails when not running
  local pid st cur
  [ -s "$STATE/$1/init" ] || return 1
  read -r pid st < "$STATE/$1/init" || return 1
  cur=$(starttime "$pid") || return 1
  [ "$cur" = "$st" ] && echo "$pid"
}
starttime() { # field 22 of /proc/PID/stat, comm may hold blanks
  local s
  { read -r s < "/proc/$1/stat"; } 2>/dev/null || return 1
  s=${s##*) }; set -- $s; echo "${20}"
}
checkname() { [[ ${1:-} =~ ^[a-z0-9][a-z0-9-]{0,40}$ ]] || die "bad name '${1:-}'"; }
checkstate() { # the path goes into mount options, and root works below it: plain characters, ours alone
  [[ $STATE =~ ^/[A-Za-z0-9/._+-]*$ ]] || die "state path '$STATE' must be absolute, of letters, digits and . _ + -"
  [ -e "$STATE" ] || mkdir -p -m 700 "$STATE" 2>/dev/null || [ -d "$STATE" ] || die "cannot make $STATE"
  { [ ! -L "$STATE" ] && [ -d "$STATE" ] && [ -O "$STATE" ]; } || die "$STATE is not a directory of uid $(id -u)"
}
# ---------------------------------------------------------------- the owner's watcher
watch() { # NAME PID STARTTIME TOKEN: ends by itself when the host is gone or is another one of that name
  local cur token
  while cur=$(starttime "$2") && [ "$cur" = "$3" ]; do
    { read -r token < "$STATE/$1/owner"; } 2>/dev/null || return 0
    [ "$token" = "$4" ] || return 0
    sleep 0.5
  done
  exec "$SELF" down "$1" --now
}

# ---------------------------------------------------------------- inside: stage 1
# own mount namespace only: put ourselves in a cgroup2 group of our own, then
# make the other namespaces (cgroup namespace root = that group)
stage1() {
  local d=$STATE/$1
  mount --make-rprivate /
  mkdir -p "$d/cg"; mount -t cgroup2 cgroup2 "$d/cg"
  mkdir -p "$d/cg/sandbox-$1/boot"
  echo 0 > "$d/cg/sandbox-$1/cgroup.procs"
  local net=; [ "$NET" = private ] && net=--net
  exec unshare --mount --pid --fork --uts --ipc --cgroup $net -- "$SELF" __stage2 "$1"
}
# ---------------------------------------------------------------- inside: stage 2
# PID 1 of the new pid namespace; the old /proc is still mounted here
stage2() {
  local d=$STATE/$1 r=$STATE/$1/root b u src dst ro
  local hostpid; read -r hostpid _ < /proc/self/stat
  echo "$hostpid $(starttime "$hostpid")" > "$d/init.new"; mv "$d/init.new" "$d/init"   # atomic: boot() polls it
  mkdir -p "$r"
  umount "$d/cg"
  mount -t overlay overlay -o "lowerdir=/,upperdir=$d/fs/upper,workdir=$d/fs/work" "$r"
  mount -t proc -o nosuid,nodev,noexec proc "$r/proc"
  mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$r/sys"
  mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 "$r/sys/fs/cgroup"
  mount -t tmpfs -o mode=755,nosuid,nodev tmpfs "$r/run"
  mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$r/tmp"
  mount -t tmpfs -o mode=755,nosuid tmpfs "$r/dev"
  for b in null zero full random urandom tty; do
    : > "$r/dev/$b"; mount --bind "/dev/$b" "$r/dev/$b"
  done
  mkdir "$r/dev/pts" "$r/dev/shm"
  mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$r/dev/pts"
  mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$r/dev/shm"
  ln -s pts/ptmx "$r/dev/ptmx"; ln -s /proc/self/fd "$r/dev/fd"
  ln -s /proc/self/fd/0 "$r/dev/stdin"; ln -s /proc/self/fd/1 "$r/dev/stdout"
  ln -s /proc/self/fd/2 "$r/dev/stderr"
  while IFS=$'\t' read -r ro src dst; do
    [ -n "$src" ] || continue
    if [ -d "$src" ]; then mkdir -p "$r$dst"; else mkdir -p "$r${dst%/*}"; [ -e "$r$dst" ] || : > "$r$dst"; fi
    mount --rbind "$src" "$r$dst"
    [ "$ro" = ro ] && mount -o remount,bind,ro "$r$dst"
  done < "$d/binds"
  # a boot id and a machine id of its own
  mkdir -p "$r/run/sandbox"
  cat /proc/sys/kernel/random/uuid > "$r/run/sandbox/boot_id"
  # ... and an hour of boot of its own: /proc/stat is the machine's, whose boot it did not see. The kernel tells it in
  # whole seconds, and no machine boots again within the second in which it went down.
  local down; down=$(date +%s)
  [ -e "$r/etc/.sandbox-done" ] && while [ "$(date +%s)" = "$down" ]; do sleep 0.05; done
  sed "s/^btime .*/btime $(date +%s)/" /proc/stat > "$r/run/sandbox/stat"
  cp "$d/users" "$r/run/sandbox/users"
  local mid; mid=$(printf 'sandbox-%s' "$1" | md5sum); mid=${mid%% *}
  mkdir "$r/sys/fs/cgroup/exec"     # home of what `sandbox.sh exec` runs
  mkdir -p "$r/old"; cd "$r"; pivot_root . old
  umount -l /old; rmdir /old        # from here the machine's own / is out of reach
  mount --bind /proc/sys /proc/sys; mount -o remount,bind,ro /proc/sys
  [ -e /proc/sysrq-trigger ] && mount --bind /dev/null /proc/sysrq-trigger
  mount --bind /run/sandbox/boot_id /proc/sys/kernel/random/boot_id
  mount --bind /run/sandbox/stat /proc/stat
  hostname "$HOSTN"
  if [ ! -e /etc/.sandbox-done ]; then firstboot "$mid"; fi
  exec env -i container=sandbox PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
    /lib/systemd/systemd --system --unit=sandbox.target --show-status=0 --log-target=journal
}
firstboot() {
  echo "$1" > /etc/machine-id
  echo "$HOSTN" > /etc/hostname
  printf '127.0.0.1 localhost %s\n::1 localhost\n' "$HOSTN" > /etc/hosts
  : > /etc/fstab
  # hide the machine's own enabled units: nothing of it may start in here
  rm -rf /etc/systemd/system /etc/systemd/user /etc/systemd/system.conf.d \
         /etc/systemd/user.conf.d /etc/systemd/journald.conf.d /var/log/journal /var/lib/systemd/linger \
         /etc/rc?.d /etc/init.d
  mkdir -p /etc/systemd/{system,user,system.conf.d,journald.conf.d} /var/lib/systemd/linger /etc/init.d
  [ "$JOURNAL" = persistent ] && { mkdir -p /var/log/journal; chgrp systemd-journal /var/log/journal; chmod 2755 /var/log/journal; }
  printf '[Journal]\nAudit=no\nReadKMsg=no\nStorage=%s\nForwardToWall=no\n' "$JOURNAL" > /etc/systemd/journald.conf.d/sandbox.conf
  printf '[Manager]\nDefaultTimeoutStopSec=3s\n' > /etc/systemd/system.conf.d/sandbox.conf
  local m
  for m in systemd-udevd.service systemd-udevd-kernel.socket systemd-udevd-control.socket systemd-udev-trigger.service \
    systemd-sysctl.service systemd-timesyncd.service systemd-modules-load.service systemd-remount-fs.service \
    systemd-journald-audit.socket systemd-update-utmp.service systemd-binfmt.service systemd-pstore.service \
    proc-sys-fs-binfmt_misc.automount sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount \
    sys-fs-fuse-connections.mount dev-hugepages.mount dev-mqueue.mount kmod-static-nodes.service tmp.mount \
    systemd-tmpfiles-clean.timer systemd-initctl.socket systemd-ask-password-console.path systemd-ask-password-wall.path \
    systemd-sysusers.service systemd-tmpfiles-setup-dev.service systemd-networkd.service systemd-resolved.service \
    systemd-hwdb-update.service ldconfig.service systemd-firstboot.service systemd-random-seed.service \
    getty.target cryptsetup.target integritysetup.target veritysetup.target; do
    ln -s /dev/null "/etc/systemd/system/$m"
  done
  local units=() n uid
  while IFS=: read -r n uid; do
    [ -n "$n" ] || continue
    # The machine may have this uid (1001 is common): in here it is ours. A home of that name is not touched.
    { getent passwd "$n" || [ -e "/home/$n" ]; } >/dev/null && die "user $n exists on this machine: give others with --user"
    sed -i "/^[^:]*:[^:]*:$uid:/d" /etc/passwd /etc/group
    echo "$n:x:$uid:$uid::/home/$n:/bin/bash" >> /etc/passwd
    echo "$n:x:$uid:" >> /etc/group
    echo "$n:*:19000:0:99999:7:::" >> /etc/shadow
    mkdir -p "/home/$n"; chown "$uid:$uid" "/home/$n"; chmod 700 "/home/$n"
    : > "/var/lib/systemd/linger/$n"
    units+=("user@$uid.service")
  done < /run/sandbox/users
  # Whoever lives in here looks up his own name, also where the machine keeps these files to itself.
  chmod 644 /etc/passwd /etc/group
  cat > /etc/systemd/system/sandbox.target <<E
[Unit]
Description=Sandbox host
Requires=basic.target
Wants=dbus.socket dbus.service systemd-logind.service systemd-user-sessions.service ${units[*]} sandbox-ready.service
After=basic.target systemd-logind.service systemd-user-sessions.service
AllowIsolate=yes
E
  cat > /etc/systemd/system/sandbox-ready.service <<E
[Unit]
Description=Sandbox host is ready
After=basic.target dbus.service systemd-logind.service systemd-user-sessions.service systemd-journal-flush.service ${units[*]}
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/touch /run/sandbox/ready
E
  : > /etc/.sandbox-done
}
# ---------------------------------------------------------------- outside
boot() { # NAME (state directory prepared)
  local d=$STATE/$1 pid i
  rm -f "$d/init"
  # shellcheck disable=SC1091
  . "$d/conf"; export NET HOSTN JOURNAL
  # no inherited descriptors: a CI step must not hang on our copy of its pipe
  ( for i in /proc/self/fd/*; do i=${i##*/}; [ "$i" -gt 2 ] && [ "$i" != 255 ] && eval "exec $i>&-"; done
    cd /; exec setsid unshare --mount -- "$SELF" __stage1 "$1" ) </dev/null >>"$d/console.log" 2>&1 &
  for ((i = 0; i < 1500; i++)); do
    if pid=$(alive "$1"); then
      [ -e "/proc/$pid/root/run/sandbox/ready" ] && return 0
    elif [ -s "$d/init" ] && ! alive "$1" >/dev/null; then die "init of $1 died: $(tail -5 "$d/console.log")"
    fi
    sleep 0.02
  done
  die "$1 not ready after 30 s: $(tail -5 "$d/console.log")"
}
stop() { # NAME [now]: returns when init and so its whole pid namespace is gone
  local pid i
  pid=$(alive "$1") || return 0
  echo 1 > "/proc/$pid/root/sys/fs/cgroup/exec/cgroup.kill" || true
  if [ "${2:-}" != now ]; then
    kill -s RTMIN+3 "$pid" 2>/dev/null || true      # halt
    for ((i = 0; i < 400; i++)); do alive "$1" >/dev/null || return 0; sleep 0.02; done
  fi
  pid=$(alive "$1") && kill -KILL "$pid"
  for ((i = 0; i < 500; i++)); do alive "$1" >/dev/null || return 0; sleep 0.01; done
  die "init $pid of $1 does not die"
}
rmcgroup() { # remove the (empty) group tree through a private cgroup2 mount
  unshare --mount -- /bin/bash -c '
    mount --make-rprivate /; mkdir -p "$1/cg"; mount -t cgroup2 cgroup2 "$1/cg" || exit 0
    for i in 1 2 3 4 5 6 7 8 9 10; do
      [ -d "$1/cg/sandbox-$2" ] || exit 0
      find "$1/cg/sandbox-$2" -depth -type d -exec rmdir {} + 2>/dev/null; sleep 0.05
    done' _ "$STATE/$1" "$1" || true
}
case ${1:-} in
__stage1) stage1 "$2" ;;
__stage2) stage2 "$2" ;;
__watch) shift; watch "$@" ;;
up)
  checkname "${2:-}"; n=$2; shift 2; d=$STATE/$n
  users=(); binds=; HOSTN=$n NET=host JOURNAL=persistent owner= size=2g
  while [ $# -gt 0 ]; do case $1 in
    --user) users+=("$2"); shift 2 ;;
    --bind) binds+="rw"$'\t'"${2%%:*}"$'\t'"${2##*:}"$'\n'; shift 2 ;;
    --bind-ro) binds+="ro"$'\t'"${2%%:*}"$'\t'"${2##*:}"$'\n'; shift 2 ;;
    --hostname) HOSTN=$2; shift 2 ;; --net) NET=$2; shift 2 ;;
    --journal) JOURNAL=$2; shift 2 ;; --owner) owner=$2; shift 2 ;;
    --size) size=$2; shift 2 ;; *) die "unknown option $1" ;;
  esac; done
  [ ${#users[@]} -gt 0 ] || users=(alice:1001 bob:1002)
  [ "$(id -u)" = 0 ] || die "needs root"
  checkstate
  alive "$n" >/dev/null && die "$n is up already"
  [ -e "$d" ] && "$SELF" down "$n" --now
  mkdir -p "$d/fs" || mkdir -p "$d/fs"   # a `down` beside us may just have removed the empty $STATE
  chmod 700 "$d"
  mount -t tmpfs -o "mode=755,size=$size" tmpfs "$d/fs"    # kept over reboot/crash, gone with one umount
  mkdir "$d/fs/upper" "$d/fs/work"
  printf '%s' "$binds" > "$d/binds"
  printf 'HOSTN=%q NET=%q JOURNAL=%q\n' "$HOSTN" "$NET" "$JOURNAL" > "$d/conf"
  printf '%s\n' "${users[@]}" > "$d/users"
  if [ -n "$owner" ]; then   # before the boot: who dies during it must leave nothing either
    born=$(starttime "$owner") || { "$SELF" down "$n" --now; die "no process $owner to own $n"; }
    token=$$.$RANDOM.$RANDOM; echo "$token" > "$d/owner"
    (cd / && exec setsid -f "$SELF" __watch "$n" "$owner" "$born" "$token") </dev/null >/dev/null 2>&1
  fi
  ( boot "$n" ) || { "$SELF" down "$n" --now; exit 1; } ;;
start) checkname "${2:-}"; alive "$2" >/dev/null && die "$2 is up already"; [ -d "$STATE/$2/fs/upper" ] || die "no $2"; boot "$2" ;;
reboot) checkname "${2:-}"; stop "$2"; rmcgroup "$2"; boot "$2" ;;
crash) checkname "${2:-}"; stop "$2" now; rmcgroup "$2" ;;
down)
  checkname "${2:-}"; d=$STATE/$2; [ -e "$d" ] || exit 0
  if [ "${3:-}" = --now ]; then stop "$2" now; else stop "$2"; fi
  rmcgroup "$2"
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    grep -q " $d/fs " /proc/self/mounts || break
    umount "$d/fs" 2>/dev/null || sleep 0.05
  done
  grep -q " $d/fs " /proc/self/mounts && umount -l "$d/fs"
  rm -rf --one-file-system "$d"; rmdir "$STATE" 2>/dev/null || true ;;
pid) checkname "${2:-}"; alive "$2" || die "$2 is not up" ;;
root) checkname "${2:-}"; p=$(alive "$2") || die "$2 is not up"; echo "/proc/$p/root" ;;
list) for d in "$STATE"/*/; do [ -d "$d" ] || continue; n=$(basename "$d"); echo "$n $(alive "$n" || echo down)"; done ;;
gc) for d in "$STATE"/*/; do [ -d "$d" ] || continue; "$SELF" down "$(basename "$d")" --now; done ;;
exec)
  checkname "${2:-}"; n=$2; shift 2; user=root dir=; envs=()
  while [ $# -gt 0 ]; do case $1 in
    -u) user=$2; shift 2 ;; -C) dir=$2; shift 2 ;; -e) envs+=("$2"); shift 2 ;;
    --) shift; break ;; *) break ;;
  esac; done
  p=$(alive "$n") || die "$n is not up"
  [[ $user =~ ^[0-9]+$ ]] && pat="^[^:]*:[^:]*:$user:" || pat="^$user:"
  IFS=: read -r un _ uid gid _ home shell < <(grep -m1 -- "$pat" "/proc/$p/root/etc/passwd") || die "no user $user in $n"
  netns=; . "$STATE/$n/conf"; [ "$NET" = private ] && netns=-n
  [ "$uid" = 0 ] || envs=("XDG_RUNTIME_DIR=/run/user/$uid" "DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/$uid/bus" "${envs[@]}")
  ids=(--reuid "$uid" --regid "$gid" --init-groups)
  # nsenter -F does not fork, so the pid the caller sees is the /bin/sh below. It forwards
  # TERM/INT/HUP and reaps CMD itself (an orphan would hang on the machine's PID 1 as a
  # zombie and hold up the shutdown of the sandbox); pdeathsig covers SIGKILL of that sh.
  exec nsenter -F -t "$p" -m -p -u -i -C $netns -- /bin/sh -c '
    cd "$1" 2>/dev/null || cd /; shift; exec 3<&0
    { echo 0 > /sys/fs/cgroup/exec/cgroup.procs; exec setpriv "$@" <&3 3<&-; } & c=$!; exec 3<&-
    trap "kill -TERM $c 2>/dev/null" TERM; trap "kill -INT $c 2>/dev/null" INT; trap "kill -HUP $c 2>/dev/null" HUP
    while :; do wait $c; r=$?; kill -0 $c 2>/dev/null || exit $r; done' sh "${dir:-$home}" \
    "${ids[@]}" --pdeathsig TERM -- env -i HOME="$home" USER="$un" LOGNAME="$un" SHELL="$shell" LANG=C.UTF-8 \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin TERM="${TERM:-dumb}" \
    "${envs[@]}" "$@" ;;
*) sed -n '2,/^set /{/^#/p}' "$SELF"; exit 2 ;;
esac
