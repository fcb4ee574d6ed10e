import type { Database } from "better-sqlite3";
import { FleetError } from "./errors.ts";
import type { FleetEvent } from "./events/catalogue.ts";
import type { HeldLooks } from "./held-looks.ts";
import type { Clock } from "./log-clock.ts";
import { prepared } from "./prepared.ts";
import type { ReadonlyDocuments } from "./projection.ts";
import type { Writer, Writing } from "./writer.ts";

/** A recorder renews its lease each second; one that has not done so for this long is not recording. */
export const LEASE_US = 5_000_000;

/** The recorder's process: a pid alone may be another one's by now. */
export interface LeaseHolder {
  readonly pid: number;
  readonly pidStart: number | null;
  readonly bootId: string;
  readonly version: string;
}

export interface HeldLease extends LeaseHolder {
  readonly claimedAtUs: number;
  /** Wall clock of the last renewal. */
  readonly lastAliveUs: number;
  /** CLOCK_MONOTONIC of the last renewal: age by this one survives a wall clock that steps and a suspend. */
  readonly lastAliveMonotonicUs: number;
}

/** A watch that the log's own events tell of and of whose end they do not. */
export interface OpenWatch {
  /** Of the recorder; null: the log holds words of its sources only. */
  readonly pid: number | null;
  /** When the recorder began, which is when it claimed its lease; null: the log does not say. */
  readonly sinceUs: number | null;
  /** The newest event that tells of it. */
  readonly seq: number;
  readonly recordedAtUs: number;
}

/** What documents tell of an open watch. Pure; null: nobody watches, by the log's own word. */
export type FindOpenWatch = (documents: ReadonlyDocuments) => OpenWatch | null;

export type Claimed = { readonly ok: true } | { readonly ok: false; readonly holder: HeldLease };

export interface Lease {
  /** One recorder for each log. Appends `recorder.started`, after `recorder.lapsed` where the one before died without a word. */
  claim(holder: LeaseHolder, isAlive: (holder: LeaseHolder) => boolean): Claimed;
  /**
   * Says that this recorder lives. Where it was silent for so long that it counts as lapsed (it was stopped, the machine
   * froze), it begins again with `recorder.started`; throws `conflict` when another recorder has taken over. What looks found
   * unchanged since the last commit is noted with it.
   */
  renew(): void;
  /** Whether this process has claimed it, and not been told since that another one has it. */
  isHeld(): boolean;
  /** Appends `recorder.stopped`; nothing when the lease is not ours any longer. */
  release(reason: string): void;
  /**
   * Turns a holder that is dead or silent into `recorder.lapsed`, and a watch that no lease vouches for (the log was imported, or lost its lease);
   * false when there is nothing to settle.
   */
  settle(isAlive: (holder: LeaseHolder) => boolean): boolean;
  /** The same inside a transaction of any writer, by silence alone. */
  settleExpired(writing: Writing): void;
}

const COLUMNS = "pid, pid_start, boot_id, version, claimed_at, last_alive, last_alive_monotonic";
type LeaseRow = [
  pid: number,
  pidStart: number | null,
  bootId: string,
  version: string,
  claimedAtUs: number,
  lastAliveUs: number,
  lastAliveMonotonicUs: number,
];

export function readLease(database: Database): () => HeldLease | null {
  const find = prepared(database, `SELECT ${COLUMNS} FROM lease`, "raw");
  return () => {
    const row = find().get() as LeaseRow | undefined;
    if (row === undefined) return null;
    const [pid, pidStart, bootId, version, claimedAtUs, lastAliveUs, lastAliveMonotonicUs] = row;
    return { pid, pidStart, bootId, version, claimedAtUs, lastAliveUs, lastAliveMonotonicUs };
  };
}

/**
 * Until when a holder is known to have lived: its last renewal, or what collectors stated after it. A lease is renewed each second, and nobody else
 * collects while it is held: what was written in its last one is its own work.
 */
export function readLastWord(database: Database): (held: HeldLease, nowUs: number) => number {
  const newest = prepared(
    database,
    `SELECT recorded_at, source FROM events JOIN series USING (series_id) JOIN kinds USING (kind_id)
     ORDER BY seq DESC LIMIT ${LAST_WORDS}`,
    "raw",
  );
  return ({ lastAliveUs }, nowUs) => {
    for (const [recordedAtUs, source] of newest().iterate() as Iterable<[number, string]>) {
      if (recordedAtUs <= lastAliveUs) break;
      // Where the clock was set back events are dated later than it reads.
      if (source !== "operator" && recordedAtUs <= nowUs) return recordedAtUs;
    }
    return lastAliveUs;
  };
}

const LAST_WORDS = 1000;

/**
 * Until when somebody is known to have watched, where a log holds no lease of it: the last that collectors stated, of this partition. What operators
 * did is no sign that anybody watched.
 */
function readLastSign(database: Database): (partitionId: number, watch: OpenWatch) => number {
  const newest = prepared(
    database,
    `SELECT recorded_at FROM events JOIN series USING (series_id) JOIN subjects USING (subject_id) JOIN kinds USING (kind_id)
     WHERE seq > ? AND +partition_id = ? AND source <> 'operator' ORDER BY seq DESC LIMIT 1`,
    "pluck",
  );
  return (partitionId, { seq, recordedAtUs }) =>
    (newest().get(seq, partitionId) as number | undefined) ?? recordedAtUs;
}

export function openLease(parts: {
  readonly database: Database;
  readonly partitionId: number;
  readonly writer: Writer;
  readonly clock: Clock;
  readonly heldLooks: Pick<HeldLooks, "write" | "written">;
  readonly openWatch: FindOpenWatch;
}): Lease {
  const { database, partitionId, writer, clock, heldLooks, openWatch } = parts;
  const nowUs = () => Math.floor(clock.nowUs());
  const monotonicUs = () => Math.floor(clock.monotonicUs?.() ?? clock.nowUs());
  const read = readLease(database);
  const lastWordUs = readLastWord(database);
  const lastSignUs = readLastSign(database);
  const put = prepared(
    database,
    `INSERT OR REPLACE INTO lease (one, ${COLUMNS}) VALUES (1, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const touch = prepared(database, "UPDATE lease SET last_alive = ?, last_alive_monotonic = ?");
  const drop = prepared(database, "DELETE FROM lease");
  let own: LeaseHolder | null = null;

  /** A monotonic clock that reads less than at the last renewal is that of another boot. */
  const isSilent = (held: HeldLease): boolean => {
    const silentUs = monotonicUs() - held.lastAliveMonotonicUs;
    return silentUs < 0 || silentUs > LEASE_US;
  };
  const write = (
    writing: Writing,
    event: Pick<FleetEvent, "type" | "payload">,
    occurredAtUs = nowUs(),
  ): void => writing.write({ ...event, agent: null, source: "recorder", occurredAtUs, precision: "us" });
  let renewedAtUs = 0;
  /** `again`: the same process goes on after it was told as lapsed, which it had not. */
  const start = (writing: Writing, holder: LeaseHolder, again: boolean): void => {
    const { pid, pidStart, bootId, version } = holder;
    // One moment for the lease and the event, so that the present and the past agree on since when it records.
    const startedAtUs = nowUs();
    put().run(pid, pidStart, bootId, version, startedAtUs, startedAtUs, monotonicUs());
    const resumed = again ? { silentSinceUs: renewedAtUs } : {};
    const payload = { pid, pidStart, bootId, version, ...resumed };
    write(writing, { type: "recorder.started", payload }, startedAtUs);
    renewedAtUs = startedAtUs;
  };
  const tellLapse = (writing: Writing, pid: number | null, lastAliveUs: number): void =>
    write(writing, { type: "recorder.lapsed", payload: { pid, lastAliveUs } });
  const lapse = (writing: Writing, held: HeldLease): void => {
    drop().run();
    tellLapse(writing, held.pid, lastWordUs(held, nowUs()));
  };
  /** A lease vouches for the watch that began when it was claimed. */
  const unvouched = (documents: ReadonlyDocuments, held: HeldLease | null): OpenWatch | null => {
    const watch = openWatch(documents);
    return watch === null || watch.sinceUs === held?.claimedAtUs ? null : watch;
  };
  /** What a log says of who watches must end where nobody is left to end it, or all time to come would be called observed. */
  const endUnvouched = (writing: Writing, held: HeldLease | null): boolean => {
    const watch = unvouched(writing.documents, held);
    if (watch === null) return false;
    tellLapse(writing, watch.pid, Math.min(lastSignUs(partitionId, watch), nowUs()));
    return true;
  };

  return {
    claim(holder, isAlive) {
      return writer.transact((writing): Claimed => {
        const held = read();
        if (held !== null) {
          if (!isSilent(held) && isAlive(held)) return { ok: false, holder: held };
          lapse(writing, held);
        }
        endUnvouched(writing, null);
        start(writing, holder, false);
        own = holder;
        return { ok: true };
      });
    },
    renew() {
      const holder = own;
      if (holder === null) throw new Error("renew without a claim");
      writer.transact((writing) => {
        const held = read();
        if (held !== null && !isSame(held, holder)) {
          own = null;
          throw new FleetError(
            "conflict",
            `process ${held.pid} records now: this recorder was silent for too long`,
            {
              hint: "Only one recorder may run for a state directory; leave it to that one, or stop it first.",
            },
          );
        }
        heldLooks.write();
        if (held !== null && !isSilent(held)) {
          renewedAtUs = nowUs();
          touch().run(renewedAtUs, monotonicUs());
          return;
        }
        if (held !== null) lapse(writing, held);
        endUnvouched(writing, null);
        start(writing, holder, true);
      });
      heldLooks.written();
    },
    isHeld: () => own !== null,
    release(reason) {
      const holder = own;
      if (holder === null) return;
      own = null;
      writer.transact((writing) => {
        const held = read();
        if (held === null || !isSame(held, holder)) return;
        heldLooks.write();
        drop().run();
        write(writing, { type: "recorder.stopped", payload: { pid: held.pid, reason } });
      });
      heldLooks.written();
    },
    settle(isAlive) {
      const isOver = (held: HeldLease | null): held is HeldLease =>
        held !== null && (isSilent(held) || !isAlive(held));
      const found = read();
      if (!isOver(found) && unvouched(writer.documents(), found) === null) return false;
      return writer.transact((writing) => {
        const held = read();
        if (!isOver(held)) return endUnvouched(writing, held);
        lapse(writing, held);
        endUnvouched(writing, null);
        return true;
      });
    },
    settleExpired(writing) {
      const held = read();
      const isExpired = held !== null && isSilent(held);
      if (isExpired) lapse(writing, held);
      endUnvouched(writing, isExpired ? null : held);
      if (isExpired && own !== null && isSame(held, own)) start(writing, own, true);
    },
  };
}

function isSame(a: LeaseHolder, b: LeaseHolder): boolean {
  return a.pid === b.pid && a.pidStart === b.pidStart && a.bootId === b.bootId;
}
