#!/usr/bin/env python3
"""A program in a pane that reads in one of the ways in which agents read, and writes down what it holds.

Usage: reader.py MODE LOG. Each line of LOG is one JSON string: a message that this program took, or an event in capitals.
"""
import json
import os
import select
import signal
import sys
import termios
import time
import tty

MODE, LOG = sys.argv[1], sys.argv[2]
IN = sys.stdin.fileno()


def note(text):
    with open(LOG, "a", encoding="utf-8") as log:
        log.write(json.dumps(text) + "\n")


def put(text):
    sys.stdout.write(text)
    sys.stdout.flush()


def raw():
    tty.setraw(IN)
    # Bracketed paste, as every program with an input row asks for it.
    put("\x1b[?2004h")


def read():
    data = os.read(IN, 65536)
    if data == b"":
        sys.exit(0)
    return data


class Input:
    """Splits what was read into text and keys; a paste is text, whatever is in it."""

    def __init__(self):
        self.pasting = False
        self.rest = b""

    def feed(self, data):
        data, self.rest = self.rest + data, b""
        while data:
            for mark, pasting in ((b"\x1b[200~", True), (b"\x1b[201~", False)):
                if data.startswith(mark):
                    self.pasting, data = pasting, data[len(mark):]
                    break
            else:
                if data[0] == 0x1b and len(data) < 6:
                    self.rest = data
                    return
                size = 1 if data[0] < 0x80 else 2 if data[0] < 0xe0 else 3 if data[0] < 0xf0 else 4
                if len(data) < size:
                    self.rest = data
                    return
                yield (self.pasting, data[:size].decode("utf-8", "replace"))
                data = data[size:]


def editor(submits=True, slow=0.0, shown=True, first_pause=0.0):
    """The whole screen: what was sent above, and a draft row at the bottom."""
    raw()
    put("\x1b[?1049h")
    sent, draft, parse = [], "", Input()

    def draw():
        columns, rows = os.get_terminal_size()
        lines = [f"you: {text.splitlines()[0][:60]}" for text in sent][-(rows - 4):]
        body = "".join(f"\x1b[{row + 2};1H{line}" for row, line in enumerate(lines))
        put(f"\x1b[H\x1b[2Ja small editor{body}")
        tail = draft.split("\n") if shown else [""]
        top = rows - len(tail) + 1
        for row, line in enumerate(tail):
            put(f"\x1b[{max(1, top + row)};1H{'> ' if row == 0 else '  '}{line[-(columns - 4):]}")

    draw()
    while True:
        if slow:
            time.sleep(slow)
        for pasting, character in parse.feed(read()):
            if character == "\r" and not pasting:
                if submits:
                    sent.append(draft)
                    note(draft)
                    draft = ""
                else:
                    draft += "\n"
            else:
                draft += character
        draw()


def cooked(echo=True, pause=0.0):
    if not echo:
        modes = termios.tcgetattr(IN)
        modes[3] &= ~termios.ECHO
        termios.tcsetattr(IN, termios.TCSANOW, modes)
    while True:
        time.sleep(pause)
        for line in read().decode("utf-8", "replace").splitlines():
            note(line)


def wedged(how):
    """The reader is a grandchild of the pane, because tmux wakes a stopped child of its own at once."""
    child = os.fork()
    if child == 0:
        raw()
        put("> ")
        if how == "stopped":
            os.kill(os.getpid(), signal.SIGSTOP)
        while True:
            # A blocked event loop: alive, and never reading.
            pass
    os.waitpid(child, 0)


def menu():
    """A prompt of which nothing is known: it hides what is typed and takes an Enter for a yes."""
    raw()
    put("\x1b[?1049h\x1b[H\x1b[2JMay I delete everything?\r\n\r\n > Yes\r\n   No\r\n\x1b[?25l")
    parse = Input()
    while True:
        for pasting, character in parse.feed(read()):
            if character == "\r" and not pasting:
                note("APPROVED")


def silent():
    """Reads everything at once and never shows it."""
    raw()
    put("> ")
    while True:
        read()


def dies_on_enter():
    raw()
    put("> ")
    parse, draft = Input(), ""
    while True:
        for pasting, character in parse.feed(read()):
            if character == "\r" and not pasting:
                os.kill(os.getppid() if MODE == "kills-server" else os.getpid(), signal.SIGKILL)
                signal.pause()
            draft += character
        put(f"\r\x1b[K> {draft}")


MODES = {
    "editor": editor,
    "newline-editor": lambda: editor(submits=False),
    "slow-editor": lambda: editor(slow=3.0),
    "hidden-editor": lambda: editor(shown=False),
    "cooked": cooked,
    "slow-cooked": lambda: cooked(pause=3.0),
    "echo-off": lambda: cooked(echo=False),
    "stopped": lambda: wedged("stopped"),
    "blocked": lambda: wedged("blocked"),
    "menu": menu,
    "silent": silent,
    "dies": dies_on_enter,
    "kills-server": dies_on_enter,
}
MODES[MODE]()
