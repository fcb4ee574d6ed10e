import type { Checkpoint, ChronicleTables } from "../../store/chronicle.ts";
import type { FoldEvent, ReadonlyDocuments } from "../../store/projection.ts";
import { documentOf, documentsOf } from "../planes/documents.ts";
import { intervalsOf } from "../planes/reach.ts";
import type { BeatCheckpoint, BeatFiles, WholeBeats } from "./beat-checkpoint.ts";
import { allBeats, beatFilesThrough, beatsSince, wholeBeats } from "./beat-checkpoint.ts";
import { evolveBeatFile, NO_BEATS } from "./beat-timeline.ts";
import { BEAT_TYPES } from "./cadence.ts";

/** Every agent's heartbeat file while events are appended: what this process saw of them, over what the log holds from before. */
export function openBeatFiles(tables: ChronicleTables, wholeEvery: number) {
  const find = (throughSeq: number): Checkpoint | null => tables.lastCheckpoint("beats", throughSeq);
  /** The last checkpoint that holds every file; undefined: not looked up yet. */
  let whole: WholeBeats | null | undefined;
  /** What happened to heartbeat files since `sinceSeq`, seen by this very process. */
  let files = new Map<string, { beatSeq?: number; content?: number }>();
  let sinceSeq = Infinity;
  /** All files as of now. */
  const all = (documents: ReadonlyDocuments): BeatFiles => {
    const beats = new Map(documentsOf(documents, "heartbeat"));
    const roster = new Map(documentsOf(documents, "roster"));
    const agents = [...new Set([...beats.keys(), ...roster.keys(), ...files.keys()])].sort();
    const isSeen = (agent: string) => {
      const file = files.get(agent);
      return file?.content !== undefined && file.beatSeq !== undefined;
    };
    const earlier = agents.every((agent) => isSeen(agent) || !beats.has(agent))
      ? null
      : beatFilesUntil(tables, find, sinceSeq);
    return new Map(
      agents.map((agent) => {
        const before = earlier?.get(agent) ?? NO_BEATS;
        const { beatSeq = before.beatSeq, content = before.content } = files.get(agent) ?? {};
        return [agent, { document: beats.get(agent), beatSeq, content, ...intervalsOf(roster.get(agent)) }];
      }),
    );
  };
  return {
    /** From this event on everything is seen. */
    begin(seq: number): void {
      sinceSeq = Math.min(sinceSeq, seq);
    },
    /** An event of an agent's beats, and what it made of the documents. */
    note(event: FoldEvent, documents: ReadonlyDocuments): void {
      if (event.type === "heartbeat.writer.exited") return;
      const agent = event.agent as string;
      let file = files.get(agent);
      if (file === undefined) {
        file = {};
        files.set(agent, file);
      }
      file.content = event.type === "heartbeat.received" ? event.seq : 0;
      if (event.type === "heartbeat.received" && documentOf(documents, "heartbeat", agent)?.seq === event.seq)
        file.beatSeq = event.seq;
    },
    /** What is to be kept at this event. */
    checkpoint(documents: ReadonlyDocuments, at: Pick<Checkpoint, "seq" | "recordedAtUs">): BeatCheckpoint {
      const now = all(documents);
      if (whole === undefined) whole = wholeBeats(find);
      if (whole !== null && at.seq - whole.seq < wholeEvery) return beatsSince(whole, now, at);
      // Documents are moved on in place: what is kept of them is not.
      whole = { seq: at.seq, files: structuredClone(now) };
      return allBeats(now);
    },
    /** What notes a beat like this one at another place; null: it does not stand as this one does. */
    repetition(event: FoldEvent): ((seq: number) => void) | null {
      const file = files.get(event.agent ?? "");
      const isBeat = event.type === "heartbeat.received" && event.source !== "recorder";
      if (!isBeat || file === undefined || file.content !== event.seq || file.beatSeq !== event.seq)
        return null;
      return (seq) => {
        file.content = seq;
        file.beatSeq = seq;
      };
    },
    forget(): void {
      files = new Map();
      sinceSeq = Infinity;
      whole = undefined;
    },
  };
}

/** The files before an event, from the last checkpoint and the log behind it. */
function beatFilesUntil(
  tables: ChronicleTables,
  find: (throughSeq: number) => Checkpoint | null,
  beforeSeq: number,
): BeatFiles {
  const { seq, files } = beatFilesThrough(find, Infinity);
  for (const event of tables.eventsAfter(seq, BEAT_TYPES)) {
    if (event.seq >= beforeSeq) break;
    if (event.agent !== null && event.schemaVersion <= 1)
      files.set(event.agent, evolveBeatFile(files.get(event.agent) ?? NO_BEATS, event));
  }
  return files;
}
