import { setImmediate as nextTurn } from "node:timers/promises";
import type { MirrorBook, Settlement } from "../../store/mirror-book.ts";
import type { ReadPartialSuccess } from "../otlp/outcome.ts";
import type { Post } from "../otlp/post.ts";
import { type Settled, settle } from "../otlp/settle.ts";
import { recordOf, type SpanRecord } from "./span-record.ts";

/** About the size at which a request is fastest; see README.md. */
export const BATCH = 1000;
/** How often the same trouble is written down again. */
const TROUBLE_EVERY_US = 10_000_000;

export interface MirrorOptions {
  readonly book: MirrorBook;
  readonly planner: { pass(): AsyncGenerator<void> };
  readonly serialize: (records: readonly SpanRecord[]) => Uint8Array;
  readonly readPartial: ReadPartialSuccess;
  readonly post: Post;
  readonly nowUs: () => number;
  readonly random: () => number;
  /** Waits; ends early, without throwing, when `signal` does. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Resolves when it is worth planning again: something was committed, or some time has passed. */
  readonly worthPlanning: (signal: AbortSignal) => Promise<void>;
  readonly onTrouble: (reason: string | null) => void;
  /** Ends by itself once everything is planned and settled. */
  readonly once: boolean;
}

interface Item {
  readonly no: number;
  readonly record: SpanRecord;
}

/** Plans and delivers side by side until `signal` ends it: an outage of the receiver never stops the planning, for the book holds what is open. */
export async function mirror(options: MirrorOptions, signal: AbortSignal): Promise<void> {
  const planned = createBell();
  let isPlanned = false;
  const planning = (async () => {
    while (!signal.aborted) {
      for await (const _ of options.planner.pass()) {
        planned.ring();
        await nextTurn();
        if (signal.aborted) return;
      }
      planned.ring();
      if (options.once) break;
      await options.worthPlanning(signal);
    }
  })().finally(() => {
    isPlanned = true;
    planned.ring();
  });
  const ahead = { batch: null };
  const delivering = (async () => {
    while (!signal.aborted) {
      const heard = planned.next();
      if (await deliver(options, ahead, signal)) continue;
      if (isPlanned) return;
      await Promise.race([heard, options.wait(60_000, signal)]);
    }
  })();
  await Promise.all([planning, delivering]);
}

/** A batch with its bytes, which are made while the one before it is under way. */
interface Batch {
  readonly place: string;
  readonly items: readonly Item[];
  readonly body: Uint8Array;
}

/** Sends the next batch and writes down what became of it; false when there is none. */
async function deliver(
  options: MirrorOptions,
  ahead: { batch: Batch | null },
  signal: AbortSignal,
): Promise<boolean> {
  const { book, serialize } = options;
  const { again, settledNo } = book.state();
  const batchAfter = (afterNo: number): Batch => {
    const place = `${again?.fromUs ?? ""} ${afterNo}`;
    if (ahead.batch?.place === place) return ahead.batch;
    const kept = again === null ? book.after(afterNo, BATCH) : book.after(afterNo, BATCH, again.fromUs);
    const items = kept
      .filter(({ no }) => again === null || no <= again.untilNo)
      .map(({ no, span }) => ({ no, record: recordOf(span) }));
    return {
      place,
      items,
      body: items.length === 0 ? NOTHING : serialize(items.map(({ record }) => record)),
    };
  };
  const batch = batchAfter(again === null ? settledNo : again.afterNo);
  const last = batch.items.at(-1);
  if (last === undefined && again === null) return false;
  const sending = sent(batch, options, signal);
  const isFull = batch.items.length === BATCH && last !== undefined;
  ahead.batch = isFull ? batchAfter(last.no) : null;
  const settled = await sending;
  if (settled === null) return false;
  if (again === null) book.settle(last?.no ?? settledNo, settled);
  else book.settleAgain(isFull ? last.no : again.untilNo, settled);
  return true;
}

const NOTHING = new Uint8Array();

/** Null: it was ended before the receiver had answered for all. */
async function sent(
  { items, body }: Batch,
  { serialize, readPartial, post, nowUs, random, wait, onTrouble, book }: MirrorOptions,
  signal: AbortSignal,
): Promise<Settlement | null> {
  if (items.length === 0) return { sent: 0, rejected: 0, dead: [], atUs: nowUs() };
  let noted = { text: "", atUs: Number.NEGATIVE_INFINITY };
  const note = (reason: string | null): void => {
    const atUs = nowUs();
    if (reason === noted.text && atUs - noted.atUs < TROUBLE_EVERY_US) return;
    if (reason !== noted.text) onTrouble(reason);
    noted = { text: reason ?? "", atUs };
    if (reason !== null) book.trouble(reason, atUs);
  };
  try {
    const settled: Settled<Item> = await settle(items, {
      serialize: (part) => (part === items ? body : serialize(part.map(({ record }) => record))),
      readPartial,
      post,
      signal,
      wait,
      random,
      nowMs: () => nowUs() / 1000,
      onTrouble: note,
    });
    const dead = settled.dead.map(({ item, status, reason }) => ({ no: item.no, status, reason }));
    return { sent: settled.sent, rejected: settled.rejected, dead, atUs: nowUs() };
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  }
}

/** Wakes whoever waits for the next ring. */
function createBell(): { ring(): void; next(): Promise<void> } {
  let wake: () => void = () => {};
  let waited: Promise<void> | null = null;
  return {
    ring() {
      waited = null;
      wake();
    },
    next() {
      waited ??= new Promise((resolve) => {
        wake = resolve;
      });
      return waited;
    },
  };
}
