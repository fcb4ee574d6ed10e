import { type FSWatcher, lstatSync, watch } from "node:fs";
import { join } from "node:path";
import { type Beat, type BeatSource, type BeatStatus, beatLine, checkAgentName, NONCE } from "./beat.ts";
import { readOwnFile, replaceOwnFile } from "./own-file.ts";
import { ensureRunDirectory } from "./run-directory.ts";

export interface ResponderOptions {
  readonly name: string;
  readonly directory: string;
  readonly uid: number;
  readonly pid: number;
  readonly source: BeatSource;
  readonly intervalSeconds: number;
  /** What the agent does now; asked before each beat. */
  readonly state: () => AgentState;
  readonly now?: () => number;
  /** After each beat that was written. */
  readonly onBeat?: (beat: Beat) => void;
  /** A beat that could not be written. It is tried again with the next one: a full disk must not end an agent. */
  readonly onTrouble?: (error: Error) => void;
}

export interface AgentState {
  readonly status: BeatStatus;
  readonly ack?: string | null;
  readonly model?: string | null;
  readonly task?: string | null;
  readonly doubt?: string | null;
}

/** Beats for one agent until it is closed. */
export interface Responder {
  /** Beats now, with whatever `state` says: call it when the state has changed. */
  beat(): void;
  close(): void;
}

/** Where the watcher says nothing (no inotify watches left), a probe is answered this much later at most. */
const LOOK_EVERY_MS = 250;
const MAX_PROBE_BYTES = 256;
const HOLD_ANSWER_MS = 2000;

/** Writes one beat, once: `fleet beat NAME`. The first write also checks the directory. */
export function writeBeat(directory: string, name: string, uid: number, beat: Beat): void {
  ensureRunDirectory(directory, uid);
  replaceOwnFile(join(directory, `${checkAgentName(name)}.hb`), beatLine(beat), uid);
}

/**
 * The responder of protocol v1: a beat each interval, at once when the state changes, and at once when `NAME.probe` holds a
 * new nonce. The first beat is written before this returns, and throws what would keep all the others from being written.
 */
export function startResponder(options: ResponderOptions): Responder {
  const { name, directory, uid, now = Date.now } = options;
  const probePath = join(directory, `${checkAgentName(name)}.probe`);
  let seq = 0;
  let answered: string | null = null;
  let answer = { nonce: "", atMs: 0 };
  let lastBeatMs = 0;

  /** An answer stays in the beats for a while: one that the next beat replaced at once would never be read. */
  const heldAnswer = (): string | null => {
    const heldMs = now() - answer.atMs;
    return heldMs >= 0 && heldMs < HOLD_ANSWER_MS ? answer.nonce : null;
  };

  const write = (probe: string | null): void => {
    lastBeatMs = now();
    seq += 1;
    const { pid, source } = options;
    const beat = { ...options.state(), atMs: lastBeatMs, pid, source, seq, probe: probe ?? heldAnswer() };
    writeBeat(directory, name, uid, beat);
    options.onBeat?.(beat);
  };
  const tryTo = (act: () => void): void => {
    try {
      act();
    } catch (error) {
      options.onTrouble?.(error as Error);
    }
  };
  /** The nonce of a probe that was not answered yet. A probe is answered once for each time that it was written. */
  const question = (): string | null => {
    const stamp = stampOf(probePath);
    if (stamp === null || stamp === answered) return null;
    const text = readOwnFile(probePath, uid, MAX_PROBE_BYTES)?.trim() ?? "";
    // Caught between the asker's open and its write: the next look reads it whole.
    if (text === "") return null;
    answered = stamp;
    if (!NONCE.test(text)) return null;
    answer = { nonce: text, atMs: now() };
    return text;
  };
  const look = (): void => {
    const nonce = question();
    if (nonce !== null) return write(nonce);
    // Also after a clock that was set back.
    const elapsedMs = now() - lastBeatMs;
    if (elapsedMs >= options.intervalSeconds * 1000 || elapsedMs < 0) write(null);
  };

  write(question());
  const watcher = watching(directory, `${name}.probe`, () => tryTo(look));
  const timer = setInterval(
    () => tryTo(look),
    Math.max(10, Math.min(LOOK_EVERY_MS, (options.intervalSeconds * 1000) / 4)),
  );
  return {
    beat: () => tryTo(() => write(question())),
    close() {
      clearInterval(timer);
      watcher?.close();
    },
  };
}

/** The watcher is a hint that makes answers quick; the timer alone is enough. */
function watching(directory: string, file: string, onChange: () => void): FSWatcher | null {
  try {
    const watcher = watch(directory, { persistent: false }, (_event, changed) => {
      if (changed === file) onChange();
    });
    watcher.on("error", () => watcher.close());
    return watcher;
  } catch {
    return null;
  }
}

function stampOf(path: string): string | null {
  try {
    const { ino, mtimeMs, ctimeMs } = lstatSync(path);
    return `${ino}:${mtimeMs}:${ctimeMs}`;
  } catch {
    return null;
  }
}
