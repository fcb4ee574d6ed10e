import type { Checkpoint } from "../../store/chronicle.ts";
import type { PayloadOf } from "../../store/events/catalogue.ts";
import type { HeartbeatDocument } from "../planes/documents.ts";
import type { BeatFile } from "./beat-timeline.ts";

/** The agent's heartbeat file after an event, by agent. */
export type BeatFiles = ReadonlyMap<string, BeatFile>;

/** What a checkpoint of the kind `beats` holds: every file, or what has become of them since one that holds every file. */
export type BeatCheckpoint = AllFiles | FilesSince;

interface AllFiles {
  readonly files: readonly (readonly [agent: string, file: BeatFile])[];
}

interface FilesSince extends AllFiles {
  /** Where the one stands that holds every file. */
  readonly sinceSeq: number;
  readonly beaten: readonly Beaten[];
  /** Agents whose files are there no more; absent: none. */
  readonly gone?: readonly string[];
}

/**
 * A file that has been beaten into since, and changed in nothing else: which one of the others' list it is; how far before this checkpoint its
 * beat stands in the log and was recorded; how long before that it was made; since how long its status is the same (null: since then as
 * now); and what of the beat itself is new.
 */
type Beaten = readonly [
  file: number,
  seq: number,
  recordedUs: number,
  madeUs: number,
  statusForUs?: number | null,
  beat?: Partial<Beat>,
];

type Beat = PayloadOf<"heartbeat.received">;

/** A checkpoint that holds every file, with the place where it stands. */
export interface WholeBeats {
  readonly seq: number;
  readonly files: BeatFiles;
}

type Place = Pick<Checkpoint, "seq" | "recordedAtUs">;

export function allBeats(files: BeatFiles): BeatCheckpoint {
  return { files: [...files] };
}

/** What is to be kept of the files at a place of the log, where an earlier checkpoint holds them all. */
export function beatsSince(whole: WholeBeats, files: BeatFiles, at: Place): BeatCheckpoint {
  const beaten: Beaten[] = [];
  const others: [string, BeatFile][] = [];
  const gone: string[] = [];
  let file = 0;
  for (const [agent, before] of whole.files) {
    const now = files.get(agent);
    const short = now === undefined ? null : beatenSince(file, before, now, at);
    if (now === undefined) gone.push(agent);
    else if (short !== null) beaten.push(short);
    else if (!isSame(now, before)) others.push([agent, now]);
    file += 1;
  }
  for (const [agent, now] of files) if (!whole.files.has(agent)) others.push([agent, now]);
  return { sinceSeq: whole.seq, beaten, files: others, ...(gone.length > 0 ? { gone } : {}) };
}

/**
 * All files as the last checkpoint through a place of the log has them, to be changed at will, and where that one stands: none, and 0, before
 * the first. `find` gives the last checkpoint through a place.
 */
export function beatFilesThrough(
  find: (throughSeq: number) => Checkpoint | null,
  throughSeq: number,
): { readonly seq: number; readonly files: Map<string, BeatFile> } {
  const checkpoint = find(throughSeq);
  if (checkpoint === null) return { seq: 0, files: new Map() };
  const { seq } = checkpoint;
  const kept = checkpoint.value as BeatCheckpoint;
  if (!("sinceSeq" in kept)) return { seq, files: new Map(kept.files) };
  const { files: before } = (find(kept.sinceSeq) as Checkpoint).value as AllFiles;
  const files = new Map([...before, ...kept.files]);
  for (const short of kept.beaten) {
    const [agent, file] = before[short[0]] as AllFiles["files"][number];
    files.set(agent, afterBeat(file, short, checkpoint));
  }
  for (const agent of kept.gone ?? []) files.delete(agent);
  return { seq, files };
}

/** The last checkpoint that holds every file; null: there is none. */
export function wholeBeats(find: (throughSeq: number) => Checkpoint | null): WholeBeats | null {
  const last = find(Infinity);
  if (last === null) return null;
  const kept = last.value as BeatCheckpoint;
  const whole = "sinceSeq" in kept ? (find(kept.sinceSeq) as Checkpoint) : last;
  return { seq: whole.seq, files: new Map((whole.value as AllFiles).files) };
}

/** Null where it has not been beaten into, or more has changed than a beat changes. */
function beatenSince(file: number, before: BeatFile, after: BeatFile, at: Place): Beaten | null {
  const now = after.document;
  const then = before.document;
  if (now === undefined || then === undefined || now.seq === then.seq) return null;
  if (after.beatSeq !== now.seq || after.content !== now.seq) return null;
  if (after.intervalSeconds !== before.intervalSeconds || !isElseTheSame(then, now)) return null;
  if (!isSame(after.intervalsBefore, before.intervalsBefore)) return null;
  const short = [
    file,
    at.seq - now.seq,
    at.recordedAtUs - now.recordedAtUs,
    now.recordedAtUs - now.atUs,
  ] as const;
  const statusForUs = now.statusSinceUs === then.statusSinceUs ? null : now.atUs - now.statusSinceUs;
  const beat = newIn(then.beat, now.beat);
  if (beat === null) return null;
  if (Object.keys(beat).length > 0) return [...short, statusForUs, beat];
  return statusForUs === null ? short : [...short, statusForUs];
}

/** What else a file's document says is one of a few plain values. */
const MOVED: ReadonlySet<string> = new Set(["atUs", "beat", "statusSinceUs", "seq", "recordedAtUs"]);

function isElseTheSame(then: HeartbeatDocument, now: HeartbeatDocument): boolean {
  const keys = Object.keys(now) as (keyof HeartbeatDocument)[];
  return (
    keys.length === Object.keys(then).length && keys.every((key) => MOVED.has(key) || now[key] === then[key])
  );
}

/** What a beat says that another did not; null where it leaves something out. */
function newIn(then: Beat, now: Beat): Partial<Beat> | null {
  const keys = Object.keys(now) as (keyof Beat)[];
  if (Object.keys(then).some((key) => !(key in now))) return null;
  const changed = keys.filter((key) => now[key] !== then[key] && !isSame(now[key], then[key]));
  return Object.fromEntries(changed.map((key) => [key, now[key]]));
}

function afterBeat(
  before: BeatFile,
  [, back, recordedUs, madeUs, statusForUs, beat]: Beaten,
  at: Place,
): BeatFile {
  const { document } = before;
  if (document === undefined) return before;
  const seq = at.seq - back;
  const recordedAtUs = at.recordedAtUs - recordedUs;
  const atUs = recordedAtUs - madeUs;
  const isAsThen = statusForUs === undefined || statusForUs === null;
  const statusSinceUs = isAsThen ? document.statusSinceUs : atUs - statusForUs;
  const told = beat === undefined ? document.beat : { ...document.beat, ...beat };
  return {
    ...before,
    document: { ...document, atUs, beat: told, statusSinceUs, seq, recordedAtUs },
    beatSeq: seq,
    content: seq,
  };
}

/** Keys in another order only make it longer than it must be. */
function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
