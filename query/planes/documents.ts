import type { PayloadOf } from "../../store/events/catalogue.ts";
import type { ReadonlyDocuments } from "../../store/projection.ts";
import type { Away } from "./away.ts";
import type { ClockDocument } from "./clock.ts";
import type { HolderRestartDocument } from "./holder-restart.ts";
import type { ManagerExitsDocument } from "./manager-exits.ts";
import type { Purpose } from "./purpose-document.ts";

/** What every document remembers of the event that last changed it. */
export interface Changed {
  readonly seq: number;
  readonly recordedAtUs: number;
}

export interface RosterDocument extends Changed {
  readonly declaration: PayloadOf<"roster.agent.declared">;
  /** When this agent first came on the roster (of this stay on it). */
  readonly declaredAtUs: number;
  readonly declaredSeq: number;
  /** Since when in this stay it is expected to beat, or no longer; absent: since its beginning, and nobody knows of before. */
  readonly expectedSinceUs?: number;
  /** Its heartbeat intervals before the one of the declaration, oldest first, where they have changed in this stay. */
  readonly intervalsBefore?: readonly IntervalBefore[];
}

export interface IntervalBefore {
  readonly seconds: number;
  readonly untilUs: number;
}

export type RosterFileDocument = Changed &
  (
    | { readonly state: "accepted"; readonly path: string; readonly digest: string }
    | { readonly state: "missing"; readonly path: string; readonly digest: null }
    | ({ readonly state: "rejected" } & PayloadOf<"roster.file.rejected">)
  );

export interface ServerDocument extends Changed {
  readonly state: "up" | "gone";
  readonly pid: number;
  readonly start: number | null;
  readonly version: string;
  readonly reason: string | null;
  readonly sinceUs: number;
}

/** A pane that exists now (alive, or dead and remaining). */
export interface PaneDocument extends Changed {
  readonly socket: string;
  readonly server: number;
  readonly session: string;
  readonly window: string;
  readonly pane: string;
  readonly name: string;
  readonly pid: number;
  readonly start: number | null;
  readonly startedAtUs: number | null;
  readonly incarnation: string | null;
  readonly createdAtUs: number;
  /** Where in the log its process was first told of. */
  readonly bornSeq: number;
  /** Which look found it in another session than before. */
  readonly movedAtUs?: number;
  readonly dead: boolean;
  /** When its process ended, as the first word of that has it. */
  readonly diedAtUs?: number;
  readonly status: number | null;
  readonly signal: number | null;
  readonly activityAtUs: number | null;
}

export interface ClientDocument extends Changed {
  readonly payload: PayloadOf<"tmux.client.attached">;
  readonly atUs: number;
}

/** The agent's own pane on one socket: the first of its session; a pane that was split off later is never taken for it. */
export interface AgentPane extends Changed {
  readonly socket: string;
  readonly server: number;
  readonly session: string;
  /** Null of a life that only hooks told of, as its pid. */
  readonly pane: string | null;
  readonly pid: number | null;
  readonly start: number | null;
  readonly startedAtUs: number | null;
  readonly incarnation: string | null;
  /** Where in the log this life was first told of. */
  readonly bornSeq: number;
  readonly state: "alive" | "dead" | "closed";
  readonly status: number | null;
  readonly signal: number | null;
  /** When the state was entered. */
  readonly atUs: number;
  /** It was there until its whole server went. */
  readonly lostServer?: true;
  /** Nobody saw it go: another life was found in its place, which began right after. */
  readonly replaced?: true;
  /** When its process had died, where that was before the pane went. */
  readonly diedAtUs?: number;
  /** Gone, by a look before which nobody had looked since then: it had gone at some time between. */
  readonly unseenFromUs?: number;
  /** The same of the death of its process, of which tmux did not tell the time. */
  readonly diedUnseenFromUs?: number;
  /** By when its process had ended at the latest, where that was told in whole seconds only; absent: by the time that was told. */
  readonly endedByUs?: number;
  /** Another session's before: since when a look has found it under this name. */
  readonly namedAtUs?: number;
  /** It did not go: it is there under another name. */
  readonly away?: Away;
  /** The processes of the panes that the agent had before on this socket, the newest last. */
  readonly earlier?: readonly { readonly pid: number; readonly start: number }[];
  /** No look ever saw it: hooks told that it had begun by then, and whether it ended; else it is not known when it ended. */
  readonly byHooks?: { readonly begunByUs: number; readonly ended: boolean };
}

/** One session of an agent's name, as the lines of tmux's hooks told of it. */
export interface HookedLife extends Changed {
  readonly socket: string;
  readonly server: number;
  readonly session: string;
  /** Hooks write whole seconds: it was in [atUs, atUs + withinUs). */
  readonly created: { readonly atUs: number; readonly withinUs: number; readonly seq: number } | null;
  readonly died: {
    readonly atUs: number;
    readonly status: number | null;
    readonly signal: number | null;
    readonly byUs: number;
    readonly pane: string | null;
    readonly seq: number;
  } | null;
  readonly closed: { readonly atUs: number; readonly byUs: number; readonly seq: number } | null;
  /** The first pane that was made beside its own one. */
  readonly beside: { readonly pane: string; readonly atUs: number } | null;
}

export interface AgentDocument {
  /** Newest own pane by socket path. */
  readonly panes: Readonly<Record<string, AgentPane>>;
  readonly purpose: Purpose;
  /** The newest session of its name that hooks told of, by socket path. */
  readonly hooked?: Readonly<Record<string, HookedLife>>;
}

export interface UnitDocument extends Changed {
  readonly agent: string | null;
  readonly unit: PayloadOf<"systemd.unit.changed">;
  readonly atUs: number;
}

export interface ManagerDocument extends Changed {
  readonly manager: PayloadOf<"systemd.manager.changed">;
}

export interface HeartbeatDocument extends Changed {
  /** `ts` of the newest beat. */
  readonly atUs: number;
  readonly precision: "s" | "ms" | "us";
  readonly beat: PayloadOf<"heartbeat.received">;
  /** Since when beats of this status have followed one another without a silence of more than 3 x interval. */
  readonly statusSinceUs: number;
  /** The first beat of the process that made it, as far as its beats followed one another. */
  readonly writerSinceUs: number;
  readonly writerExitedAtUs: number | null;
  /** By when it was found to be gone, where that was later. */
  readonly writerGoneByUs?: number;
  readonly removed: boolean;
  /** What the process that wrote before this one had written last, where the two wrote within one reach: both may go on. */
  readonly before?: Omit<HeartbeatDocument, "before">;
  /** From when on it vouches for nothing: the life that made it is known to have ended after that, unseen (see `history/unseen-ends.ts`). */
  readonly voidFromUs?: number;
}

/** A heartbeat file that was no heartbeat when it was last read and not understood. */
export interface RefusedBeatDocument extends Changed {
  readonly reason: string;
}

export interface ProcessDocument extends Changed {
  readonly process: PayloadOf<"process.changed">;
}

export interface CoverageDocument extends Changed {
  readonly source: string;
  readonly scope: string;
  readonly state: "observed" | "unavailable" | "stopped";
  readonly reason: string | null;
  readonly sinceUs: number;
  /** Until when it was last observed, where it is no longer; absent: it has never answered. */
  readonly heardUntilUs?: number;
  /** Of a tmux socket the last times in which nobody heard it, newest first, from and to: who was gone before one may have lived in it. */
  readonly unheardUs?: readonly (readonly [number, number])[];
}

export interface RecorderDocument extends Changed {
  readonly state: "running" | "stopped" | "lapsed";
  /** Null: of one that lapsed, the log does not hold who it was. */
  readonly pid: number | null;
  readonly sinceUs: number;
  /** It was taken to have ended, and said then that it had only stood still since. */
  readonly silentSinceUs?: number;
  readonly suspended: { readonly fromUs: number; readonly toUs: number } | null;
}

/** Counts over the whole log, by agent. */
export interface TallyDocument {
  /** The newest life of its own pane that was counted. */
  readonly life: string;
  /** Lives after the first. */
  readonly restarts: number;
}

/** What was last promised for the next boot, and how the last reboot compared with what was promised before it. */
export interface BootPromiseDocument extends Changed {
  readonly bootId: string;
  readonly agents: PayloadOf<"recorder.boot.promised">["agents"];
}
export interface BootComparedDocument extends Changed {
  readonly atUs: number;
  readonly compared: PayloadOf<"recorder.boot.compared">;
}

export interface DocumentFamilies {
  roster: RosterDocument;
  rosterfile: RosterFileDocument;
  server: ServerDocument;
  pane: PaneDocument;
  client: ClientDocument;
  agent: AgentDocument;
  unit: UnitDocument;
  manager: ManagerDocument;
  heartbeat: HeartbeatDocument;
  refusedbeat: RefusedBeatDocument;
  process: ProcessDocument;
  coverage: CoverageDocument;
  recorder: RecorderDocument;
  clock: ClockDocument;
  managerexits: ManagerExitsDocument;
  holderrestart: HolderRestartDocument;
  bootpromise: BootPromiseDocument;
  bootcompared: BootComparedDocument;
  tally: TallyDocument;
  /** How often each verdict was given on messages to an agent. */
  verdicts: Readonly<Record<string, number>>;
}

/** What the table of the present is made of: of the others it needs nothing. */
export const FAMILIES_OF_PS: readonly (keyof DocumentFamilies)[] = [
  "roster",
  "rosterfile",
  "server",
  "pane",
  "agent",
  "unit",
  "manager",
  "heartbeat",
  "refusedbeat",
  "process",
  "coverage",
  "recorder",
  "clock",
  "managerexits",
];

/** The id of families that hold one document only. */
export const ONLY = "-";

/** The document, typed by its family. The folds of this folder are the only writers, so the shape is theirs. */
export function documentOf<F extends keyof DocumentFamilies>(
  documents: ReadonlyDocuments,
  family: F,
  id: string,
): DocumentFamilies[F] | undefined {
  return documents.get(family, id) as DocumentFamilies[F] | undefined;
}

export function documentsOf<F extends keyof DocumentFamilies>(
  documents: ReadonlyDocuments,
  family: F,
): Iterable<readonly [string, DocumentFamilies[F]]> {
  return documents.list(family) as Iterable<readonly [string, DocumentFamilies[F]]>;
}

/** Panes and clients are named within their socket. Paths hold no newline, so the pair is unambiguous. */
export function within(socket: string, id: string): string {
  return `${socket}\n${id}`;
}
