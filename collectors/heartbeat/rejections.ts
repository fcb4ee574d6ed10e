import { createHash } from "node:crypto";
import { join } from "node:path";
import type { NewEvent } from "../../store/events/envelope.ts";
import type { CollectorContext } from "../collector.ts";
import { printable } from "../printable.ts";

/** A file that is not a heartbeat, and why. */
export interface Rejection {
  readonly file: string;
  readonly agent: string | null;
  readonly reason: string;
  readonly raw: string;
  readonly bytes: number;
}

/**
 * Sees to it that each unusable file is told once for what it is, not at each look: a file of 10 MB that grows, or one
 * whose writer repeats the same nonsense each second, is one event. The memory is a durable cursor, so that neither a
 * restart nor a second writer tells it again.
 */
export interface Rejections {
  tell(found: readonly Rejection[], context: CollectorContext): void;
  /** The file is usable or gone: should it turn bad again, that is news. */
  forget(file: string): void;
}

const CURSOR = "heartbeat.rejected";
const MAX_REMEMBERED = 512;

export function createRejections(directory: string): Rejections {
  let position: string | null | undefined;
  let told = new Map<string, string>();
  return {
    tell(found, context) {
      if (position === undefined) {
        position = context.cursor(CURSOR);
        told = remembered(position);
      }
      // Another writer may be telling the same; whoever moves the cursor first has told it.
      for (;;) {
        const news = found.filter((one) => told.get(one.file) !== keyOf(one));
        if (news.length === 0) return;
        const next = new Map(told);
        for (const one of news) next.set(one.file, keyOf(one));
        // Files that are long gone must not make the cursor grow for ever; the oldest entry is the least likely to matter.
        for (const file of next.keys()) if (next.size > MAX_REMEMBERED) next.delete(file);
        const nowUs = context.clock.nowUs();
        const nextPosition = JSON.stringify(Object.fromEntries(next));
        const appended = context.emit({
          source: "heartbeat",
          events: news.map((one) => eventOf(one, directory, nowUs)),
          cursor: { name: CURSOR, expected: position ?? null, next: nextPosition },
        });
        if (appended.ok) {
          position = nextPosition;
          told = next;
          return;
        }
        position = appended.actual;
        told = remembered(position);
      }
    },
    forget(file) {
      told.delete(file);
    },
  };
}

/** What a file was told for: its content where it was read, else the kind of trouble (its size may change all the time). */
function keyOf({ reason, raw }: Rejection): string {
  return createHash("sha256").update(`${reason}\n${raw}`).digest("hex").slice(0, 12);
}

function remembered(position: string | null): Map<string, string> {
  if (position === null) return new Map();
  try {
    return new Map(Object.entries(JSON.parse(position) as Record<string, string>));
  } catch {
    return new Map();
  }
}

function eventOf(one: Rejection, directory: string, nowUs: number): NewEvent {
  return {
    type: "collector.input.rejected",
    agent: one.agent,
    source: "heartbeat",
    occurredAtUs: nowUs,
    precision: "us",
    payload: {
      reason: printable(one.reason, 256),
      where: printable(join(directory, one.file), 2048),
      raw: one.raw,
      bytes: one.bytes,
    },
  };
}
