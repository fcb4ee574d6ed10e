#!/usr/bin/env python3
"""A program that is called like a runtime and draws like it: what was captured of it, and an input row that works.

Usage: claude CAPTURE LOG [busy] [eats] [ack=FILE] [takes-up]. CAPTURE is a `.ansi` file with its `.json` beside it. The file must be called like
the runtime, because that is how a runtime is known.
"""
import datetime
import hashlib
import json
import os
import sys
import threading
import time
import tty

CAPTURE, LOG, *FLAGS = sys.argv[1:]
IN = sys.stdin.fileno()
TRUTH = json.load(open(CAPTURE.replace(".ansi", ".json"), encoding="utf-8"))
ANSI = open(CAPTURE, encoding="utf-8").read().rstrip("\n").split("\n")
Y = TRUTH["cursor"]["y"]


def put(text):
    sys.stdout.write(text)
    sys.stdout.flush()


def note(text):
    with open(LOG, "a", encoding="utf-8") as log:
        log.write(json.dumps(text) + "\n")


def acknowledge(text, what, queued=False):
    """What an adapter writes when the runtime's own hook gave it the prompt."""
    file = next((flag[4:] for flag in FLAGS if flag.startswith("ack=")), None)
    if file is None:
        return
    now = datetime.datetime.now(datetime.timezone.utc).isoformat().replace("+00:00", "Z")
    digest = hashlib.sha256(text.strip().encode()).hexdigest()
    line = f"ts={now} what={what} sha256={digest} source=hook{' queued=1' if queued else ''}\n"
    with open(file, "a", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) as acks:
        acks.write(line)


if "ack-begun" in FLAGS:
    acknowledge("an earlier message", "received")

draft, sent, turn_until = "", [], time.time() + 3600 if "busy" in FLAGS else 0.0


def draw():
    lines = list(ANSI)
    if TRUTH["state"] == "idle":
        busy = time.time() < turn_until
        if draft:
            shown = draft.split("\n")[0] if draft.count("\n") < 3 else f"[Pasted text #1 +{draft.count(chr(10))} lines]"
            lines[Y] = f"\x1b[39m❯\u00a0{shown[:100]}\x1b[7m \x1b[0m"
        if busy:
            lines[Y + 2] = "  ⏸ manual mode on · esc to interrupt" if not draft else "  ⏸ manual mode on"
            lines[Y - 3] = "✻ Brewing… (2s · ↓ 5 tokens)"
        for row, text in enumerate(sent[-5:]):
            lines[2 + row] = f"❯ {text.splitlines()[0][:100]}" + ("  ⎿  Queued · ctrl+x" if busy and "busy" in FLAGS else "")
    put("\x1b[H\x1b[2J" + "\r\n".join(lines[:40]) + f"\x1b[{Y + 1};{TRUTH['cursor']['x'] + 1 + min(100, len(draft))}H")


tty.setraw(IN)
put("\x1b]2;✳ Claude Code\x07\x1b[?2004h\x1b[?25l")
if TRUTH["alternate_on"]:
    put("\x1b[?1049h")
draw()
while True:
    data = os.read(IN, 65536).decode("utf-8")
    while data.count("\x1b[200~") > data.count("\x1b[201~"):
        data += os.read(IN, 65536).decode("utf-8")
    if TRUTH["state"] != "idle":
        # In a prompt the text is dropped, and an Enter says yes.
        if "\r" in data:
            note("APPROVED")
        continue
    pasted = "\x1b[200~" in data
    data = data.replace("\x1b[200~", "").replace("\x1b[201~", "")
    if data == "\r" and not pasted:
        if "eats" in FLAGS:
            draft = ""
        else:
            note(draft)
            acknowledge(draft, "received", "busy" in FLAGS)
            if "takes-up" in FLAGS:
                threading.Timer(0.5, acknowledge, (draft, "taken-up")).start()
            sent.append(draft)
            draft = ""
            if turn_until == 0.0:
                turn_until = time.time() + 2
    else:
        draft += data
    draw()
