#!/usr/bin/env python3
"""A stand-in for an agent runtime: a real program that beats, answers probes and prints a line now and then.

It speaks heartbeat protocol v1. Nothing but the standard library is needed.

Environment:
  MOSAIC_AGENT_NAME           the agent's name (required)
  MOSAIC_HEARTBEAT_RUN_DIR    where NAME.hb goes; else $FLEET_HOME/run; else ~/.config/mosaic/fleet/run
  MOSAIC_HEARTBEAT_INTERVAL   seconds between beats, 15 when not given

Signals, for demonstrations and tests:
  USR1   stop beating (the process lives on: an agent that hangs)
  USR2   beat again, at once
  TERM, INT, HUP   end with status 0; the last beat stays, as it does for a runtime that was killed
"""

import os
import re
import signal
import stat
import sys
import time
from datetime import datetime, timezone
from pathlib import Path

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}")
NONCE = re.compile(rb"[A-Za-z0-9_-]{1,128}")

# How soon a probe is seen. A stat each 100 ms costs about a thousandth of a core.
TICK_SECONDS = 0.1
WORK = ("reading the task", "editing", "running the tests", "thinking", "writing a note")


def refuse(problem):
    print(f"dogfood-agent.py: {problem}", file=sys.stderr)
    sys.exit(2)


def agent_name(env):
    name = env.get("MOSAIC_AGENT_NAME", "")
    if not NAME.fullmatch(name):
        refuse(f"MOSAIC_AGENT_NAME={name!r} is not an agent's name")
    return name


def interval_seconds(env):
    text = env.get("MOSAIC_HEARTBEAT_INTERVAL") or "15"
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.05 <= seconds <= 86400:
        refuse(f"MOSAIC_HEARTBEAT_INTERVAL={text!r} is not a number of seconds from 0.05 to 86400")
    return seconds


def run_directory(env):
    if env.get("MOSAIC_HEARTBEAT_RUN_DIR"):
        return Path(env["MOSAIC_HEARTBEAT_RUN_DIR"])
    if env.get("FLEET_HOME"):
        return Path(env["FLEET_HOME"]) / "run"
    return Path.home() / ".config" / "mosaic" / "fleet" / "run"


def write_beat(directory, name, seq, nonce):
    """Replaces NAME.hb in one step: a reader finds the old beat or the new one, never half of one."""
    now = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    beat = f"ts={now} pid={os.getpid()} status=ok source=runtime seq={seq}"
    if nonce:
        beat += f" probe={nonce}"
    temporary = directory / f".{name}.hb.{os.getpid()}.tmp"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(beat + "\n")
    os.replace(temporary, directory / f"{name}.hb")


def read_probe(path, seen):
    """Returns (nonce or None, what was seen). A probe is answered once for each time that it was written."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None, None
    with os.fdopen(descriptor, "rb") as file:
        info = os.fstat(file.fileno())
        now = (info.st_ino, info.st_mtime_ns)
        if now == seen or not stat.S_ISREG(info.st_mode):
            return None, now
        text = file.read(256).strip()
    if not text:
        # Caught between the asker's open and its write: look again at the next tick.
        return None, seen
    return (text.decode("ascii") if NONCE.fullmatch(text) else None), now


def main():
    os.umask(0o077)
    name = agent_name(os.environ)
    interval = interval_seconds(os.environ)
    directory = run_directory(os.environ)
    directory.mkdir(parents=True, exist_ok=True)
    probe = directory / f"{name}.probe"

    state = {"beating": True, "ended": False, "due": 0.0}

    def stop_beating(*_):
        state["beating"] = False

    def beat_again(*_):
        state["beating"] = True
        state["due"] = 0.0

    def end(*_):
        state["ended"] = True

    signal.signal(signal.SIGUSR1, stop_beating)
    signal.signal(signal.SIGUSR2, beat_again)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, end)

    print(f"{name} ready, pid {os.getpid()}, a beat each {interval:g} s", flush=True)
    seq = 0
    seen = None
    while not state["ended"]:
        nonce = None
        if state["beating"]:
            nonce, seen = read_probe(probe, seen)
        now = time.monotonic()
        if state["beating"] and (nonce or now >= state["due"]):
            try:
                write_beat(directory, name, seq + 1, nonce)
                seq += 1
            except OSError as error:
                # A full disk must not end the agent: the stale file says what is to be said.
                print(f"cannot beat: {error}", flush=True)
            # Also after a probe a whole interval: the answer must stay long enough to be read.
            state["due"] = now + interval
            if seq % 5 == 1:
                print(f"{datetime.now():%H:%M:%S} {WORK[(seq // 5) % len(WORK)]}", flush=True)
        time.sleep(min(TICK_SECONDS, interval))
    print(f"{name} ended", flush=True)


if __name__ == "__main__":
    main()
