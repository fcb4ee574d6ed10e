import { FleetError } from "../../store/errors.ts";

/** What the protocol calls a name; also the roster's rule and, with `.hb`, the file's. */
export const AGENT_NAME = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$/;
/** What a nonce may be: it travels through a file name's neighbour, a beat and an event. */
export const NONCE = /^[A-Za-z0-9_-]{1,128}$/;

/** `unknown`: it lives, and its sources do not agree on what it does. Readers of v1 take any word. */
export const BEAT_STATUSES = ["ok", "busy", "waiting", "unknown"] as const;
export type BeatStatus = (typeof BEAT_STATUSES)[number];
export type BeatSource = "runtime" | "hook" | "sidecar";

/** One heartbeat, protocol v1 (SPEC 7), before it is written. */
export interface Beat {
  readonly atMs: number;
  readonly pid: number;
  readonly status: BeatStatus;
  readonly source: BeatSource;
  readonly seq?: number;
  /** The nonce of the probe that this beat answers. */
  readonly probe?: string | null;
  /** Digest of the newest prompt that the runtime took. */
  readonly ack?: string | null;
  readonly model?: string | null;
  readonly task?: string | null;
  /** What its sources say where they do not agree: `hook:busy,session:ok`. */
  readonly doubt?: string | null;
}

/** A value is one word of the line, so blanks and controls become `_`; the log keeps at most 256 characters of it. */
const MAX_VALUE_CHARS = 200;

/** The line of a beat: `ts pid status` first, as v1 readers know it, then the additive keys that have a value. */
export function beatLine(beat: Beat): string {
  const { probe, ack, model, task, doubt, seq } = beat;
  const more = { source: beat.source, seq, probe, ack, model, task, doubt };
  const words = [
    `ts=${new Date(beat.atMs).toISOString()}`,
    `pid=${beat.pid}`,
    `status=${beat.status}`,
    ...Object.entries(more).flatMap(([key, value]) =>
      value === undefined || value === null || value === "" ? [] : [`${key}=${word(String(value))}`],
    ),
  ];
  return `${words.join(" ")}\n`;
}

function word(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  const plain = value.replace(/\p{Surrogate}/gu, "\ufffd").replace(/[\s\u0000-\u001f\u007f-\u009f]+/gu, "_");
  return plain.length <= MAX_VALUE_CHARS
    ? plain
    : plain.slice(0, MAX_VALUE_CHARS).replace(/[\ud800-\udbff]$/, "");
}

/** Refuses what is not an agent's name, before it becomes part of a path. */
export function checkAgentName(name: string): string {
  if (AGENT_NAME.test(name)) return name;
  throw new FleetError("usage", `${JSON.stringify(name.slice(0, 100))} is not an agent's name`, {
    hint: "A name is letters, digits, _ and -, at most 64, and does not begin with -.",
  });
}
