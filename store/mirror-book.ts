import type { Database } from "better-sqlite3";
import { FleetError } from "./errors.ts";
import { storing } from "./failure.ts";
import type { LeaseHolder } from "./lease.ts";
import { type MirrorRow, READ_STATE, stateOf } from "./mirror-rows.ts";
import { BUSY_TIMEOUT_MS, openForAppend } from "./open.ts";
import { prepared } from "./prepared.ts";
import { inTransaction } from "./transaction.ts";

/** One span that is to be sent, as it will be for ever. */
export interface PlannedSpan {
  readonly agent: string;
  readonly kind: string;
  /** With agent and kind its identity over all revisions, us. */
  readonly place: number;
  readonly endsUs: number;
  /** 0: it is made of events that never change. */
  readonly revision: number;
  /** What makes another revision when it differs; empty: it holds no longer. */
  readonly content: string;
  /** JSON, for whoever sends it. */
  readonly span: string;
}

export interface KeptSpan {
  readonly no: number;
  readonly span: string;
}

/** The newest revision of one place, and the first, which later ones are linked to. */
export interface Revision {
  readonly place: number;
  readonly endsUs: number;
  readonly revision: number;
  readonly content: string;
  readonly first: string;
}

/** A stretch of spans that were settled already and are sent once more. */
export interface Again {
  /** Only what ends at or after this moment. */
  readonly fromUs: number;
  readonly afterNo: number;
  readonly untilNo: number;
}

export interface MirrorState {
  readonly plan: string | null;
  readonly plannedSeq: number;
  readonly lastNo: number;
  readonly settledNo: number;
  readonly again: Again | null;
  readonly sent: number;
  readonly rejected: number;
  readonly dead: number;
  readonly settledAtUs: number | null;
  /** When the oldest span that is not settled ended; null: all are. */
  readonly oldestOpenUs: number | null;
  readonly trouble: string | null;
  readonly lastError: { readonly text: string; readonly atUs: number } | null;
  readonly holder: LeaseHolder | null;
}

export interface Settlement {
  readonly sent: number;
  readonly rejected: number;
  readonly dead: readonly { readonly no: number; readonly status: number; readonly reason: string }[];
  readonly atUs: number;
}

/** What the mirror writes: its own tables beside the log, never an event. */
export interface MirrorBook {
  state(): MirrorState;
  /** One mirror for each name; throws `conflict` while the process that has it lives. */
  claim(holder: LeaseHolder, isAlive: (holder: LeaseHolder) => boolean): void;
  release(): void;
  /** Adds spans; with `plan` also how far the log has been turned into them, in the same transaction. */
  add(spans: readonly PlannedSpan[], plan: { readonly text: string; readonly seq: number } | null): void;
  /** The newest revision of each place from `fromPlace` up to before `toPlace`, by place. */
  revisions(agent: string, kind: string, fromPlace: number, toPlace?: number): Map<number, Revision>;
  /** Whether there is any span of a kind. */
  has(agent: string, kind: string): boolean;
  /** The newest span of a family of kinds (`root `), or null. */
  newest(agent: string, kindPrefix: string): { kind: string; span: string } | null;
  countOf(agent: string, fromPlace: number, toPlace: number): number;
  /** Spans after `no`, oldest first; with `endsFromUs` only those that end then or later. */
  after(no: number, limit: number, endsFromUs?: number): KeptSpan[];
  /** The checkpoint: everything up to `no` was answered for. */
  settle(no: number, settlement: Settlement): void;
  /** Begins to send once more what ends at or after a moment. */
  startAgain(fromUs: number): void;
  settleAgain(no: number, settlement: Settlement): void;
  /** Why nothing is settled now; what is settled next ends it. */
  trouble(text: string, atUs: number): void;
  close(): void;
}

export function openMirrorBook(path: string, name: string): MirrorBook {
  const attempt = <T>(work: () => T): T => storing(path, work);
  return attempt(() => {
    const database = openForAppend(path, BUSY_TIMEOUT_MS);
    // A power cut may take the last commits back: then the same is planned and sent again. Nothing waits for the disk meanwhile.
    database.pragma("synchronous = NORMAL");
    const book = bookOf(database, name);
    return Object.fromEntries(
      Object.entries(book).map(([key, method]) => [
        key,
        (...given: never[]) => attempt(() => (method as (...args: never[]) => unknown)(...given)),
      ]),
    ) as unknown as MirrorBook;
  });
}

function bookOf(database: Database, name: string): MirrorBook {
  const begin = prepared(
    database,
    `INSERT OR IGNORE INTO mirrors (name, plan, planned_seq, settled_no, sent, rejected)
     SELECT ?, '', 0, coalesce(max(no), 0), 0, 0 FROM mirror_spans WHERE mirror = ?`,
  );
  const read = prepared(database, READ_STATE);
  const insert = prepared(
    database,
    `INSERT INTO mirror_spans (no, mirror, agent, kind, place, ends, revision, content, span)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const maxNo = prepared(database, "SELECT coalesce(max(no), 0) FROM mirror_spans", "pluck");
  const plan = prepared(database, "UPDATE mirrors SET plan = ?, planned_seq = ? WHERE name = ?");
  const newestOfPlace = prepared(
    database,
    `SELECT place, max(revision) AS revision, ends, content,
       (SELECT span FROM mirror_spans f WHERE f.mirror = s.mirror AND f.agent = s.agent AND f.kind = s.kind
          AND f.place = s.place AND f.revision > 0 ORDER BY f.revision LIMIT 1) AS first
     FROM mirror_spans s WHERE mirror = ? AND agent = ? AND kind = ? AND place >= ? AND place < ? AND revision > 0 GROUP BY place`,
  );
  const newestOfKind = prepared(
    database,
    `SELECT kind, span FROM mirror_spans
     WHERE mirror = ? AND agent = ? AND kind >= ? AND kind < ? AND revision > 0 ORDER BY place DESC, no DESC LIMIT 1`,
  );
  const any = prepared(
    database,
    "SELECT 1 FROM mirror_spans WHERE mirror = ? AND agent = ? AND kind = ? AND revision > 0 LIMIT 1",
    "pluck",
  );
  const count = prepared(
    database,
    "SELECT count(*) FROM mirror_spans WHERE mirror = ? AND agent = ? AND place >= ? AND place < ? AND revision > 0",
    "pluck",
  );
  const page = prepared(
    database,
    "SELECT no, span FROM mirror_spans WHERE no > ? AND mirror = ? AND ends >= ? ORDER BY no LIMIT ?",
  );
  const settled = prepared(
    database,
    `UPDATE mirrors SET settled_no = max(settled_no, ?), sent = sent + ?, rejected = rejected + ?, settled_at = ?, trouble = NULL
     WHERE name = ?`,
  );
  const again = prepared(database, "UPDATE mirrors SET again = ? WHERE name = ?");
  const bury = prepared(
    database,
    "INSERT OR REPLACE INTO mirror_dead_letters (no, mirror, at, status, reason) VALUES (?, ?, ?, ?, ?)",
  );
  const complain = prepared(
    database,
    "UPDATE mirrors SET trouble = ?, last_error = ?, last_error_at = ? WHERE name = ?",
  );
  const hold = prepared(database, "UPDATE mirrors SET pid = ?, pid_start = ?, boot_id = ? WHERE name = ?");

  const row = (): MirrorRow => {
    const found = read().get(name) as MirrorRow | undefined;
    if (found !== undefined) return found;
    begin().run(name, name);
    return read().get(name) as MirrorRow;
  };
  const state = (): MirrorState => stateOf(row());
  const keep = (settlement: Settlement, no: number): void => {
    settled().run(no, settlement.sent, settlement.rejected, settlement.atUs, name);
    for (const { no: dead, status, reason } of settlement.dead)
      bury().run(dead, name, settlement.atUs, status, reason);
  };
  return {
    state,
    claim(holder, isAlive) {
      inTransaction(database, () => {
        const { holder: held } = state();
        const isOurs = held?.pid === holder.pid && held.pidStart === holder.pidStart;
        if (held !== null && !isOurs && isAlive(held)) {
          throw new FleetError("conflict", `a mirror runs already: process ${held.pid}`, {
            hint: `Leave the mirroring to it, or end it first: kill ${held.pid}`,
          });
        }
        hold().run(holder.pid, holder.pidStart, holder.bootId, name);
      });
    },
    release: () => void hold().run(null, null, null, name),
    add(spans, planned) {
      inTransaction(database, () => {
        row();
        let no = maxNo().get() as number;
        for (const { agent, kind, place, endsUs, revision, content, span } of spans)
          insert().run(++no, name, agent, kind, place, endsUs, revision, content, span);
        if (planned !== null) plan().run(planned.text, planned.seq, name);
      });
    },
    revisions(agent, kind, fromPlace, toPlace = Number.MAX_SAFE_INTEGER) {
      const rows = newestOfPlace().all(name, agent, kind, fromPlace, toPlace) as (Omit<Revision, "endsUs"> & {
        ends: number;
      })[];
      return new Map(rows.map(({ ends, ...revision }) => [revision.place, { ...revision, endsUs: ends }]));
    },
    has: (agent, kind) => any().get(name, agent, kind) !== undefined,
    newest: (agent, prefix) =>
      (newestOfKind().get(name, agent, prefix, `${prefix}\uffff`) as
        | { kind: string; span: string }
        | undefined) ?? null,
    countOf: (agent, from, to) => count().get(name, agent, from, to) as number,
    after: (no, limit, endsFromUs = Number.MIN_SAFE_INTEGER) =>
      page().all(no, name, endsFromUs, limit) as KeptSpan[],
    settle: (no, settlement) => inTransaction(database, () => keep(settlement, no)),
    startAgain: (fromUs) =>
      inTransaction(database, () => {
        const { settledNo } = state();
        again().run(JSON.stringify({ fromUs, afterNo: 0, untilNo: settledNo } satisfies Again), name);
      }),
    settleAgain: (no, settlement) =>
      inTransaction(database, () => {
        const { again: stretch } = state();
        if (stretch === null) return;
        keep(settlement, 0);
        again().run(no >= stretch.untilNo ? null : JSON.stringify({ ...stretch, afterNo: no }), name);
      }),
    trouble: (text, atUs) => void complain().run(text, text, atUs, name),
    close: () => database.close(),
  };
}
