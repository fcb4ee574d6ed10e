import { closeSync, existsSync, openSync, readdirSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, dirname, join } from "node:path";
import type { Database } from "better-sqlite3";
import Sqlite from "better-sqlite3";
import { openAsideChronicle } from "./chronicle-aside.ts";
import { type Folds, startRefold } from "./refold.ts";

/**
 * A rebuild on two cores. The samples of a log, nine events of ten, change documents that nothing else reads, so they are folded by whoever
 * rebuilds, and all the others meanwhile by a thread, into a database of its own beside the log; in the end that is put in place with the rest.
 * The two speak through three numbers in shared memory: a rebuild is one synchronous call, and no message would arrive in it.
 */
const STATE = 0;
/** Where the log ends, once that is known. */
const END = 1;
/** How far the thread has come. */
const REACHED = 2;
const NUMBERS = 3;

const RUNNING = 0n;
const DONE = 1n;
const FAILED = 2n;
const UNKNOWN = -1n;

/** A thread that has not moved for so long will not come to an end. */
const STALLED_MS = 60_000;
const LOOK_MS = 20;
const CACHE_KILOBYTES = 2048;
/** Of what the folds make nearly all is dropped at once. */
const YOUNG_MEGABYTES = 16;

const SCHEMA = "beside";
const DOCUMENTS =
  "CREATE TABLE documents (partition_id INTEGER NOT NULL, family TEXT NOT NULL, id TEXT NOT NULL, document TEXT NOT NULL) STRICT";

export interface Beside {
  /** Its tables, as the connection of the log names them. */
  name(table: string): string;
  /** Waits until it has come this far. */
  reach(seq: number): void;
  /** The log ends here for good: waits until all is folded. */
  finish(seq: number): void;
  hasFailed(): boolean;
  close(): void;
}

interface Task {
  readonly log: string;
  readonly aside: string;
  readonly numbers: BigInt64Array;
}

/** Null where this machine has one core only, or the module is not there. */
export function startBeside(database: Database, module: string): Beside | null {
  if (availableParallelism() < 2 || !existsSync(module)) return null;
  const path = database.name;
  removeLeftovers(path);
  const aside = `${path}.rebuild-${process.pid}`;
  closeSync(openSync(aside, "w", 0o600));
  database.prepare(`ATTACH ? AS ${SCHEMA}`).run(aside);
  database.pragma(`${SCHEMA}.cache_size = -${CACHE_KILOBYTES}`);
  const numbers = new BigInt64Array(new SharedArrayBuffer(NUMBERS * 8));
  numbers[END] = UNKNOWN;
  // Loaded here and not at the top: whoever only appends has no use for it.
  const { Worker } = process.getBuiltinModule("node:worker_threads");
  const workerData: Task = { log: path, aside, numbers };
  const worker = new Worker(module, {
    workerData,
    execArgv: [],
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MEGABYTES },
  });
  worker.unref();
  // Told in shared memory too; unheard, an error of the thread would end the process.
  worker.on("error", () => {});
  let hasFailed = false;

  const waitUntil = (isReached: () => boolean): void => {
    let reached = numbers[REACHED];
    for (let since = Date.now(); !isReached(); ) {
      Atomics.wait(numbers, STATE, RUNNING, LOOK_MS);
      const state = Atomics.load(numbers, STATE);
      if (Atomics.load(numbers, REACHED) !== reached) {
        reached = Atomics.load(numbers, REACHED);
        since = Date.now();
      }
      if (state === FAILED || Date.now() - since > STALLED_MS) {
        hasFailed = true;
        throw new Error("the thread that folds the other half of the log has failed");
      }
    }
  };
  return {
    name: (table) => `${SCHEMA}.${table}`,
    reach: (seq) => waitUntil(() => Atomics.load(numbers, REACHED) >= BigInt(seq)),
    finish(seq) {
      Atomics.store(numbers, END, BigInt(seq));
      Atomics.notify(numbers, END);
      waitUntil(() => Atomics.load(numbers, STATE) === DONE);
    },
    hasFailed: () => hasFailed,
    close() {
      Atomics.compareExchange(numbers, STATE, RUNNING, FAILED);
      void worker.terminate();
      database.exec(`DETACH ${SCHEMA}`);
      rmSync(aside, { force: true });
    },
  };
}

/** What the thread does: `data` is what it was started with. */
export function foldBeside(data: unknown, folded: Folds): void {
  const { log: path, aside: asidePath, numbers } = data as Task;
  const isWanted = () => Atomics.load(numbers, STATE) === RUNNING;
  try {
    const log = new Sqlite(path, { readonly: true });
    const database = new Sqlite(asidePath);
    // Nobody reads it before it is whole, and whatever happens meanwhile it is thrown away. OFF would be refused without a word
    // (better-sqlite3 opens in SQLite's defensive mode), and the journal then be a file that a thread which is ended leaves behind.
    for (const pragma of ["page_size = 8192", "journal_mode = MEMORY", "synchronous = OFF"])
      database.pragma(pragma);
    // Both are gone through from one end to the other: pages that are kept would be of no use.
    for (const connection of [log, database]) connection.pragma(`cache_size = -${CACHE_KILOBYTES}`);
    database.exec(DOCUMENTS);
    const aside = openAsideChronicle({ database, name: (table) => `main.${table}`, log });
    const refold = startRefold(log, folded, aside, { part: "rest" });
    const step = (): boolean => {
      database.exec("BEGIN");
      const isMore = refold.step();
      database.exec("COMMIT");
      if (isMore) Atomics.store(numbers, REACHED, BigInt(refold.lastSeq()));
      return isMore;
    };
    for (let end = UNKNOWN; isWanted(); end = Atomics.load(numbers, END)) {
      const isMore = step();
      if (end !== UNKNOWN && BigInt(refold.lastSeq()) >= end) break;
      if (isMore) continue;
      // Whoever rebuilds takes the write lock next: what takes long is done before.
      aside.flush();
      Atomics.store(numbers, REACHED, BigInt(refold.lastSeq()));
      Atomics.wait(numbers, END, UNKNOWN, LOOK_MS);
    }
    if (!isWanted()) return;
    database.exec("BEGIN");
    aside.finish();
    const put = database.prepare("INSERT INTO documents VALUES (?, ?, ?, ?)");
    for (const [partitionId, documents] of refold.partitions)
      for (const { family, id, document } of documents.all())
        put.run(partitionId, family, id, JSON.stringify(document));
    database.exec("COMMIT");
    database.close();
    log.close();
    Atomics.compareExchange(numbers, STATE, RUNNING, DONE);
  } catch {
    Atomics.compareExchange(numbers, STATE, RUNNING, FAILED);
  } finally {
    Atomics.notify(numbers, STATE);
  }
}

/** What a rebuild left behind that was killed. */
function removeLeftovers(path: string): void {
  const prefix = `${basename(path)}.rebuild-`;
  for (const name of readdirSync(dirname(path))) {
    const pid = Number(name.slice(prefix.length));
    if (name.startsWith(prefix) && (pid === process.pid || !isAlive(pid)))
      rmSync(join(dirname(path), name), { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
