#!/usr/bin/env python3
"""An agent that writes down everything that is done to it: each SIGWINCH, each byte that it reads, its size.

Usage: counting-agent.py LOG. It asks for focus reports, so that a client that comes would be noticed. A line `draw TEXT` in
LOG.orders makes it show TEXT; `flood` makes it write without end; `lines N` writes N lines.
"""
import os
import select
import signal
import sys
import termios
import time
import tty

LOG = sys.argv[1]
ORDERS = LOG + ".orders"


def note(text):
    with open(LOG, "a", encoding="utf-8") as log:
        log.write(text + "\n")


def put(text):
    sys.stdout.write(text)
    sys.stdout.flush()


signal.signal(signal.SIGWINCH, lambda *_: note("WINCH"))
tty.setraw(sys.stdin.fileno(), termios.TCSANOW)
put("\x1b[?1004h\x1b[?2004h\x1b[31mready\x1b[0m 日本 \r\n")
size = os.get_terminal_size()
note(f"SIZE {size.columns}x{size.lines}")
done, flooding, count = 0, False, 0
while True:
    if select.select([sys.stdin], [], [], 0 if flooding else 0.01)[0]:
        note("BYTES " + os.read(sys.stdin.fileno(), 4096).hex())
    now = os.get_terminal_size()
    if now != size:
        size = now
        note(f"SIZE {size.columns}x{size.lines}")
    if flooding:
        count += 1
        put(f"flood {count} " + "x" * 60 + "\r\n")
    try:
        with open(ORDERS, encoding="utf-8") as orders:
            lines = orders.read().split("\n")[:-1]
    except FileNotFoundError:
        lines = []
    for line in lines[done:]:
        if line == "flood":
            flooding = True
        elif line == "calm":
            flooding = False
        elif line.startswith("lines "):
            put("".join(f"line {number}\r\n" for number in range(int(line[6:]))))
        else:
            put(line.removeprefix("draw ") + "\r\n")
    done = len(lines)
