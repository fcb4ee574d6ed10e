#!/usr/bin/env python3
"""OpenCode as it was captured: its screen, and beside it the server that its own process serves, with the answers of the real one.

Usage: opencode ANSWERS CAPTURE LOG NAME.shown NAME.acks [FLAG...] [--port N]. The file must be called `opencode`, because that is how a runtime is
known. What it is given (`posted`, with the session) and what is typed into it (`typed`) goes into LOG.

Flags: busy, takes-up, loses, refuses, dies, slow=SECONDS, hangs-up, asks, password=WORD (what it asks for), session=ID|-|foreign (what the note
says), no-server, second-port.
"""
import base64
import datetime
import hashlib
import http.server
import json
import os
import re
import signal
import sys
import threading
import time
import tty

ANSWERS, CAPTURE, LOG, SHOWN, ACKS, *FLAGS = sys.argv[1:]
TRUTH = json.load(open(CAPTURE.replace(".ansi", ".json"), encoding="utf-8"))
ANSI = open(CAPTURE, encoding="utf-8").read().rstrip("\n").split("\n")
CAPTURED = {one["name"]: one for one in map(json.loads, open(ANSWERS, encoding="utf-8"))}
SESSION = CAPTURED["session"]["json"]["id"]
Y = TRUTH["cursor"]["y"]
held = {}
lock = threading.Lock()


def flag(name):
    return next((word[len(name) + 1 :] for word in FLAGS if word.startswith(name + "=")), None)


def note(what, **more):
    with lock, open(LOG, "a", encoding="utf-8") as log:
        log.write(json.dumps({"what": what, **more}) + "\n")


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat().replace("+00:00", "Z")


def put_aside(path, text):
    with open(path, "a", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(text)


def acknowledge(what, text, message, queued=False):
    digest = hashlib.sha256(text.strip().encode()).hexdigest()
    more = " queued=1" if queued else ""
    put_aside(ACKS, f"ts={now()} what={what} sha256={digest} source=runtime message={message}{more}\n")


def message_of(name, message, text, session):
    answer = json.loads(json.dumps(CAPTURED[name]["json"]))
    answer["info"].update(id=message, sessionID=session)
    for part in answer["parts"]:
        part.update(messageID=message, sessionID=session, text=text)
    return answer


def sessions():
    """The one that was captured, and another like it."""
    other = {**CAPTURED["session"]["json"], "id": "ses_de9a9d5f2ffeTheOtherSession", "title": "Other work"}
    return {SESSION: CAPTURED["session"]["json"], other["id"]: other}


class Server(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *words):
        pass

    def answer(self, status, body=None):
        data = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        if body is not None:
            self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def is_let_in(self):
        password = flag("password")
        given = "Basic " + base64.b64encode(f"opencode:{password}".encode()).decode()
        if password is None or self.headers.get("Authorization") == given:
            return True
        self.answer(401)
        return False

    def do_GET(self):
        note("asked", path=self.path)
        if not self.is_let_in():
            return
        path = self.path.split("?")[0]
        place = re.fullmatch(r"/session/(ses_\w+)(/message)?(?:/(msg_\w+))?", path)
        named = {
            "/global/health": "health",
            "/session/status": "status-busy" if "busy" in FLAGS else "status-idle",
            "/permission": "permission" if "asks" in FLAGS else "no-permission",
            "/question": "no-question",
            "/config/providers": "providers",
        }.get(path)
        if named is not None:
            return self.answer(200, CAPTURED[named]["json"])
        if place is None or place[1] not in sessions():
            return self.answer(404, CAPTURED["no-session"]["json"])
        if place[2] is None:
            return self.answer(200, sessions()[place[1]])
        if place[3] is None:
            mine = [message for message in held.values()]
            return self.answer(200, [*CAPTURED["newest-queued" if "busy" in FLAGS else "newest-answered"]["json"][:5], *mine][-6:])
        found = held.get(place[3])
        return self.answer(200, found) if found else self.answer(404, CAPTURED["absent"]["json"])

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        if not self.is_let_in():
            return
        session = self.path.split("/")[2]
        text = "".join(part["text"] for part in body["parts"])
        message = body["messageID"]
        note("posted", session=session, text=text, message=message, agent=body.get("agent"), model=body.get("model"))
        if "refuses" in FLAGS:
            return self.answer(400, CAPTURED["bad-id"]["json"])
        if "dies" in FLAGS:
            os.kill(os.getpid(), signal.SIGKILL)
        if flag("slow"):
            time.sleep(float(flag("slow")))
        if "loses" not in FLAGS:
            held[message] = message_of("held-behind" if "busy" in FLAGS else "held", message, text, session)
            acknowledge("received", text, message, "busy" in FLAGS)
            if "takes-up" in FLAGS:
                threading.Timer(0.5, acknowledge, ("taken-up", text, message)).start()
        self.answer(204)
        if "hangs-up" in FLAGS:
            self.close_connection = True


def serve(port):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def put(text):
    sys.stdout.write(text)
    sys.stdout.flush()


def draw(draft):
    lines = list(ANSI)
    if draft:
        lines[Y] = f"  \x1b[34m┃\x1b[39m  {draft.splitlines()[0][:100]}"
    column = TRUTH["cursor"]["x"] + 1 + min(100, len(draft))
    put("\x1b[H\x1b[2J" + "\r\n".join(lines[:40]) + f"\x1b[{Y + 1};{column}H")


if "no-server" not in FLAGS:
    named = next((int(FLAGS[at + 1]) for at, word in enumerate(FLAGS) if word == "--port"), 0)
    note("serves", port=serve(named))
    if "second-port" in FLAGS:
        note("serves", port=serve(0))
start = open(f"/proc/{os.getpid()}/stat", encoding="latin1").read().rsplit(")", 1)[1].split()[19]
said = flag("session") or SESSION
pid = os.getppid() if said == "foreign" else os.getpid()
put_aside(SHOWN, f"ts={now()} pid={pid} start={start} session={SESSION if said == 'foreign' else said}\n")
tty.setraw(0)
put("\x1b]2;OC | Project work\x07\x1b[?2004h\x1b[?1049h")
draft = ""
draw(draft)
while True:
    data = os.read(0, 65536).decode("utf-8")
    while data.count("\x1b[200~") > data.count("\x1b[201~"):
        data += os.read(0, 65536).decode("utf-8")
    note("read", bytes=len(data))
    if data == "\r":
        note("typed", text=draft)
        acknowledge("received", draft, "msg_typed")
        draft = ""
    else:
        draft += data.replace("\x1b[200~", "").replace("\x1b[201~", "")
    draw(draft)
