// The responder of heartbeat protocol v1 for runtimes that run JavaScript of ours in their own process (OpenCode, pi). It is copied
// into the plugin's file when that is installed, so it needs Node's own modules and nothing else.
//
// Nothing here may reach the agent: no output, no exception, no wait. Outside of a fleet (no MOSAIC_AGENT_NAME) it does nothing.
import { createHash } from "node:crypto";
import {
  appendFileSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";

const LOOK_EVERY_MS = 200;
const SHOWN_EVERY_MS = 100;
const SESSION = /^ses_[A-Za-z0-9]{1,64}$/;
const MAX_ACKS_BYTES = 262_144;
const NAME = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$/;
const TRACE =
  /^sha256=([0-9a-f]{64}) traceparent=((?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2})\n$/;
const NONCE = /^[A-Za-z0-9_-]{1,128}$/;

/** Where this agent's files stand; `null` outside of a fleet. */
function placeOfAgent() {
  const name = process.env.MOSAIC_AGENT_NAME ?? "";
  const home = process.env.FLEET_HOME || `${process.env.HOME}/.config/mosaic/fleet`;
  const run = process.env.MOSAIC_HEARTBEAT_RUN_DIR || `${home}/run`;
  return NAME.test(name) && run.startsWith("/") ? { name, run } : null;
}

function quietly(act) {
  try {
    return act();
  } catch {
    return undefined;
  }
}

function isOwn(path) {
  const found = quietly(() => lstatSync(path));
  return found === undefined || (!found.isSymbolicLink() && found.uid === process.getuid());
}

/** A runtime that an agent starts as a tool inherits its name: it must not speak in that agent's place. */
function isNested(beatFile) {
  const text = quietly(() => readFileSync(beatFile, "utf8")) ?? "";
  const owner = Number(/(?:^|\s)pid=(\d+)/.exec(text)?.[1] ?? 0);
  if (owner === 0 || owner === process.pid || /source=sidecar/.test(text)) return false;
  for (let pid = process.ppid, steps = 0; pid > 1 && steps < 64; steps += 1) {
    if (pid === owner) return true;
    pid = Number(statOf(pid)[1] ?? 0);
  }
  return false;
}

/** The fields of a process's line behind its name, which may hold anything. */
function statOf(pid) {
  const stat = quietly(() => readFileSync(`/proc/${pid}/stat`, "latin1")) ?? "";
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

/** Keeps NAME.shown: which session this process shows. `shows()` gives its id, or "" for none; `null` outside of a fleet. */
export function createShownNote(shows) {
  const place = placeOfAgent();
  if (place === null) return null;
  const { name, run } = place;
  const note = `${run}/${name}.shown`;
  let last = "";
  const look = () =>
    quietly(() => {
      const session = shows();
      const line = `pid=${process.pid} start=${statOf(process.pid)[19]} session=${SESSION.test(session) ? session : "-"}`;
      // Another process of this agent may have written over it.
      if (line === last && quietly(() => readFileSync(note, "utf8"))?.endsWith(` ${line}\n`)) return;
      if (isNested(`${run}/${name}.hb`)) return;
      quietly(() => mkdirSync(run, { recursive: true, mode: 0o700 }));
      if (!isOwn(run) || !isOwn(note)) return;
      const temporary = `${run}/.${name}.shown.${process.pid}`;
      writeFileSync(temporary, `ts=${new Date().toISOString()} ${line}\n`, { mode: 0o600 });
      renameSync(temporary, note);
      last = line;
    });
  const timer = setInterval(look, SHOWN_EVERY_MS);
  timer.unref?.();
  look();
  return {
    close() {
      clearInterval(timer);
      quietly(() => {
        if (readFileSync(note, "utf8").includes(` pid=${process.pid} `)) unlinkSync(note);
      });
    },
  };
}

/** Beats until it is closed. `state()` gives `{status, model}`; `null` outside of a fleet. */
export function createResponder(state) {
  const place = placeOfAgent();
  if (place === null) return null;
  const { name, run } = place;
  const intervalMs = 1000 * (Number(process.env.MOSAIC_HEARTBEAT_INTERVAL) || 15);
  const beatFile = `${run}/${name}.hb`;
  let last = { line: "", atMs: 0 };
  let ack = "";
  let seq = 0;

  const probe = () => {
    const text = quietly(() => readFileSync(`${run}/${name}.probe`, "utf8"))?.trim() ?? "";
    return NONCE.test(text) ? text : "";
  };
  const look = (always) =>
    quietly(() => {
      const { status, model } = state();
      const words = {
        source: "runtime",
        probe: probe(),
        ack,
        model: String(model ?? "").replace(/[^\w.:/@-]+/g, "_"),
      };
      const more = Object.entries(words).map(([key, value]) =>
        value === "" ? "" : ` ${key}=${value.slice(0, 200)}`,
      );
      const line = `pid=${process.pid} status=${status}${more.join("")}`;
      const nowMs = Date.now();
      const isDue = line !== last.line || nowMs - last.atMs >= intervalMs || nowMs < last.atMs;
      if ((!isDue && !always) || isNested(beatFile)) return;
      quietly(() => mkdirSync(run, { recursive: true, mode: 0o700 }));
      if (!isOwn(run) || !isOwn(beatFile)) return;
      const temporary = `${run}/.${name}.hb.${process.pid}`;
      writeFileSync(temporary, `ts=${new Date(nowMs).toISOString()} ${line} seq=${seq + 1}\n`, {
        mode: 0o600,
      });
      renameSync(temporary, beatFile);
      seq += 1;
      last = { line, atMs: nowMs };
    });

  const timer = setInterval(() => look(false), Math.min(LOOK_EVERY_MS, intervalMs / 2));
  timer.unref?.();
  look(true);
  return {
    /** Beats at once where something has changed. */
    changed: () => look(false),
    /** One line of NAME.acks: what became of the prompt with this digest. */
    acknowledge(what, sha256, more = {}) {
      quietly(() => {
        const acks = `${run}/${name}.acks`;
        if (isNested(beatFile) || !isOwn(run) || !isOwn(acks)) return;
        if ((quietly(() => statSync(acks).size) ?? 0) >= MAX_ACKS_BYTES) renameSync(acks, `${acks}.old`);
        const words = Object.entries(more).map(([key, value]) =>
          value
            ? ` ${key}=${String(value)
                .replace(/[^\w.-]+/g, "_")
                .slice(0, 128)}`
            : "",
        );
        const line = `ts=${new Date().toISOString()} what=${what} sha256=${sha256} source=runtime${words.join("")}\n`;
        appendFileSync(acks, line, { mode: 0o600 });
        if (what === "received") ack = sha256;
        look(false);
      });
    },
    /** The trace context that a sender left for the prompt with this digest, once; empty where there is none. */
    takeTrace(sha256) {
      const note = `${run}/${name}.trace`;
      return (
        quietly(() => {
          const found = lstatSync(note);
          if (!found.isFile() || found.uid !== process.getuid() || found.size > 256 || isNested(beatFile))
            return "";
          const [, digest, traceparent] = TRACE.exec(readFileSync(note, "utf8")) ?? [];
          if (digest !== sha256) return "";
          unlinkSync(note);
          return traceparent;
        }) ?? ""
      );
    },
    close: () => clearInterval(timer),
  };
}

/** As in acks/normal-text.ts; a test holds the two to agree. */
export function normalText(text) {
  const lines = [];
  let joins = false;
  for (const line of text.split("\n")) {
    if (/^<pasted_content id="[0-9a-f]{4}">$/.test(line)) {
      while (!joins && lines.at(-1) === "") lines.pop();
      joins = true;
    } else if (/^<\/pasted_content id="[0-9a-f]{4}">$/.test(line)) {
      joins = true;
    } else {
      if (joins && lines.length > 0) lines[lines.length - 1] += line;
      else lines.push(line);
      joins = false;
    }
  }
  const isBlank = (character) => character === " " || character === "\t" || character === "\r";
  const trimmed = lines.map((line) => {
    let end = line.length;
    while (end > 0 && isBlank(line[end - 1])) end -= 1;
    return line.slice(0, end);
  });
  while (trimmed[0] === "") trimmed.shift();
  while (trimmed.at(-1) === "") trimmed.pop();
  let start = 0;
  while (isBlank(trimmed[0]?.[start])) start += 1;
  return [trimmed[0]?.slice(start) ?? "", ...trimmed.slice(1)].join("\n");
}

export function digestOfPrompt(text) {
  return createHash("sha256").update(normalText(text)).digest("hex");
}
