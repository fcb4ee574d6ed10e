import { rmSync } from "node:fs";
import { setImmediate as yieldToOthers } from "node:timers/promises";
import type { NewEvent } from "../../store/events/envelope.ts";
import type { CollectorContext } from "../collector.ts";
import { type Beholder, type HookLine, hookEvent, inServerOrder, parseHookLine } from "./hook-line.ts";
import { rejectedInput } from "./rejected.ts";
import { drainedSpools, rotateSpool } from "./spool.ts";
import { type SpoolPlace, spoolPath } from "./spool-file.ts";
import { formatPosition, parsePosition, spoolCursorName } from "./spool-position.ts";
import { readSpool, type SpoolRecord } from "./spool-read.ts";

export interface SpoolFeedOptions {
  readonly place: SpoolPlace;
  readonly socketPath: string;
  readonly context: Pick<CollectorContext, "clock" | "emit" | "cursor"> & { readonly signal?: AbortSignal };
  readonly beholder: Beholder;
  /** A spool larger than this is set aside once it is read. */
  readonly rotateBytes: number;
  /** How long a file that was set aside is kept after its last change: a hook may have opened it just before. */
  readonly lingerMs: number;
}

export interface SpoolFeed {
  /** Puts all that is new into the log; true when there was something. */
  drain(): Promise<boolean>;
  /** Sets a large spool aside and takes away old ones. Only for whoever holds the recorder's lease. */
  tidy(): void;
}

/** Carries the lines of one socket's spool into the log, each once: lines and the position after them are one batch. */
export function createSpoolFeed(options: SpoolFeedOptions): SpoolFeed {
  const { place, context, lingerMs, rotateBytes } = options;
  const cursor = spoolCursorName(place.socketName);
  const quietSince = new Map<string, { bytes: number; sinceUs: number }>();
  let turn: Promise<unknown> = Promise.resolve();

  async function drainAll(): Promise<boolean> {
    let expected = context.cursor(cursor);
    let found = false;
    for (;;) {
      const chunk = readSpool(place, parsePosition(expected));
      if (chunk.records.length === 0) return found;
      const next = formatPosition(chunk.next);
      const events = eventsOf(chunk.records, options);
      const appended = context.emit({
        source: "tmux-hook",
        events,
        cursor: { name: cursor, expected, next },
      });
      // Another writer (a one-shot look) was here first: go on from where it stopped.
      expected = appended.ok ? next : appended.actual;
      found = true;
      if (appended.ok && chunk.atEnd) return found;
      await yieldToOthers();
      if (context.signal?.aborted) return found;
    }
  }

  return {
    drain() {
      const mine = turn.then(drainAll);
      turn = mine.catch(() => {});
      return mine;
    },
    tidy() {
      const position = parsePosition(context.cursor(cursor));
      rotateSpool(place, rotateBytes);
      const nowUs = context.clock.monotonicUs();
      for (const file of drainedSpools(place, position)) {
        const known = quietSince.get(file.path);
        if (known?.bytes !== file.bytes) {
          quietSince.set(file.path, { bytes: file.bytes, sinceUs: nowUs });
          continue;
        }
        if (nowUs - known.sinceUs < lingerMs * 1000) continue;
        if (file.rest.length > 0 && !rejectRest(file.rest, file.generation, file.bytes)) continue;
        rmSync(file.path, { force: true });
        quietSince.delete(file.path);
      }
    },
  };

  /** The last line of a finished file has no end and will not get one: it is kept as what it is. */
  function rejectRest(rest: Buffer, generation: string, bytes: number): boolean {
    const expected = context.cursor(cursor);
    const next = formatPosition({ ...parsePosition(expected), [generation]: bytes });
    const event = rejectedInput({
      source: "tmux-hook",
      reason: "a hook line without its end",
      where: spoolPath(place),
      raw: rest,
      bytes: rest.length,
      nowUs: context.clock.nowUs(),
    });
    return context.emit({ source: "tmux-hook", events: [event], cursor: { name: cursor, expected, next } })
      .ok;
  }
}

function eventsOf(records: readonly SpoolRecord[], options: SpoolFeedOptions): NewEvent[] {
  const { context, place, socketPath, beholder } = options;
  const lines: HookLine[] = [];
  const rejected: NewEvent[] = [];
  const reject = (reason: string, raw: string | Buffer, bytes: number): void => {
    const nowUs = context.clock.nowUs();
    rejected.push(rejectedInput({ source: "tmux-hook", reason, where: spoolPath(place), raw, bytes, nowUs }));
  };
  for (const record of records) {
    if (record.kind === "garbage") {
      reject(record.reason, record.raw, record.bytes);
      continue;
    }
    const parsed = parseHookLine(record.text);
    if (parsed.ok) lines.push(parsed.line);
    else reject(parsed.reason, record.text, Buffer.byteLength(record.text));
  }
  return [...inServerOrder(lines).map((line) => hookEvent(line, socketPath, beholder)), ...rejected];
}
