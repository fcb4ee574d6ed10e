import { appender } from "./append.ts";
import type { Chronicle } from "./chronicle.ts";
import { openCursors } from "./cursors.ts";
import type { Appended, Batch } from "./events/batch.ts";
import { storing } from "./failure.ts";
import { createHeldLooks } from "./held-looks.ts";
import type { Identity } from "./identity.ts";
import { adopt } from "./identity.ts";
import type { Claimed, FindOpenWatch, LeaseHolder } from "./lease.ts";
import { openLease } from "./lease.ts";
import type { Clock } from "./log-clock.ts";
import { createLogClock } from "./log-clock.ts";
import { openObservations } from "./observations.ts";
import { BUSY_TIMEOUT_MS, openForAppend } from "./open.ts";
import type { Derive, Projection, ReadonlyDocuments } from "./projection.ts";
import { storedVersions, wasFolded } from "./projection-versions.ts";
import { type RebuildOptions, rebuild } from "./rebuild.ts";
import { openTick } from "./tick.ts";
import { openWriter } from "./writer.ts";

export interface LogOptions {
  /** The database file; its directory must exist. */
  readonly path: string;
  readonly identity: Identity;
  readonly clock: Clock;
  /** The folds whose documents this log keeps; older documents are rebuilt when the log is opened. */
  readonly projections: readonly Projection[];
  /** The projection over time that this log keeps; without one it knows the present only. */
  readonly chronicle?: Chronicle;
  readonly derive: Derive;
  /** Finds a watch that events tell of, so that none stays open for which no lease vouches; without it that is not looked for. */
  readonly openWatch?: FindOpenWatch;
  /** See `RebuildOptions`. */
  readonly rebuildThread?: Pick<RebuildOptions, "thread" | "worthAThread"> | undefined;
  /** Told before documents are made of a whole log: of how many events, and whether other folds than these had made some before. */
  readonly refolding?: ((events: number, wasFolded: boolean) => void) | undefined;
  /** How long to wait for another process that is writing. Default 5000. */
  readonly busyTimeoutMs?: number;
}

/** The log, open for appending. Every method throws `FleetError` for what the file, the disk or another process does to it. */
export interface Log {
  readonly logId: string;
  readonly path: string;
  append(batch: Batch): Appended;
  cursor(name: string): string | null;
  /** Of this writer's tenant and host, as of the last commit of anyone. A live view: read it before the next append. */
  documents(): ReadonlyDocuments;
  lastSeq(): number;
  /** One recorder for each log; appends `recorder.started`. See `Lease` for these four. */
  claimLease(holder: LeaseHolder, isAlive: (holder: LeaseHolder) => boolean): Claimed;
  renewLease(): void;
  releaseLease(reason: string): void;
  settleLapsedLease(isAlive: (holder: LeaseHolder) => boolean): boolean;
  /**
   * Settles the verdicts of the past as far as they can be, or, step by step, until `isEnough`; what is not settled is judged by whoever
   * reads. Whether it came to the end.
   */
  settle(isEnough?: () => boolean): boolean;
  /** Folds everything again from the log, and then judges the past; `judged` tells how far that has come. */
  rebuild(progress?: (seq: number) => void, judged?: (seq: number) => void): { events: number };
  close(): void;
}

/** Opens the log for appending; makes it, or brings it up to date, where that is needed. */
export function openLog(options: LogOptions): Log {
  const { path, identity, clock, projections, chronicle = null, derive, rebuildThread, refolding } = options;
  const { openWatch = () => null } = options;
  const attempt = <T>(work: () => T): T => storing(path, work);
  return attempt(() => {
    const database = openForAppend(path, options.busyTimeoutMs ?? BUSY_TIMEOUT_MS);
    try {
      const { logId, partitionId } = adopt(database, identity, Math.floor(clock.nowUs()));
      const folded = { projections, chronicle };
      if (storedVersions(database, [...projections, chronicle]) === "older") {
        const events = database.prepare("SELECT coalesce(max(seq), 0) FROM events").pluck().get() as number;
        refolding?.(events, wasFolded(database));
        rebuild(database, folded, rebuildThread);
      }
      const tick = openTick(path);
      const writer = openWriter({
        database,
        partition: { ...identity, partitionId },
        clock: createLogClock(clock),
        projections,
        chronicle,
        committed: tick.poke,
      });
      const cursors = openCursors(database);
      const observations = openObservations(database, partitionId);
      const heldLooks = createHeldLooks(observations);
      const lease = openLease({ database, partitionId, writer, clock, heldLooks, openWatch });
      const append = appender({ writer, cursors, observations, heldLooks, lease, derive });
      return {
        logId,
        path,
        append: (batch) => attempt(() => append(batch)),
        cursor: (name) => attempt(() => cursors.read(name)),
        documents: () => attempt(writer.documents),
        lastSeq: () => attempt(writer.lastSeq),
        claimLease: (holder, isAlive) => attempt(() => lease.claim(holder, isAlive)),
        renewLease: () => attempt(lease.renew),
        releaseLease: (reason) => attempt(() => lease.release(reason)),
        settleLapsedLease: (isAlive) => attempt(() => lease.settle(isAlive)),
        settle: (isEnough) => attempt(() => writer.settle(undefined, isEnough)),
        rebuild: (progress, judged) =>
          attempt(() => {
            const rebuilt = rebuild(database, folded, { ...rebuildThread, progress });
            writer.forget();
            writer.settle(judged);
            tick.poke();
            return rebuilt;
          }),
        close() {
          tick.close();
          database.close();
        },
      };
    } catch (error) {
      database.close();
      throw error;
    }
  });
}
