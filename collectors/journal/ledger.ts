import type { PayloadOf } from "../../store/events/catalogue.ts";
import type { NewEvent } from "../../store/events/envelope.ts";
import type { CollectorContext } from "../collector.ts";
import { bootedAtUs as bootedAtUsFromProc } from "../proc/stat.ts";
import { type Position, parsePosition, positionText } from "./position.ts";
import { gapFound } from "./reader.ts";

/** The name of the journal's durable position in the log. */
export const CURSOR_NAME = "journal";
/** At a first start, lines older than this are left alone: they may be millions, and are about lives long over. */
export const FIRST_START_US = 24 * 3600 * 1_000_000;
/** Lines that meant nothing to us move the cursor only when there are this many: reading a few again costs less than a commit. */
const LINES_WORTH_A_COMMIT = 200;

/** The journal's position in the log, moved together with the events up to it. */
export interface Ledger {
  position(): Position;
  /** False when another writer moved the cursor meanwhile: nothing was written, and reading starts again from there. */
  write(events: readonly NewEvent[], to: Position, lines: number): boolean;
  /** Makes a first position durable, lest the next start begin at another one. False as for `write`. */
  keep(): boolean;
  /** Says that entries up to now may be missing, and goes on from now. False as for `write`. */
  startOver(reason: PayloadOf<"journal.gap.found">["reason"]): boolean;
  /** The log holds a text that is no position. */
  readonly broken: boolean;
}

/** Reads the position. A log that has none begins with this boot, so that what ended agents still on the table is known. */
export function openLedger(context: CollectorContext, bootedAtUs: () => number | null = bootOrNull): Ledger {
  const { clock } = context;
  const found = context.cursor(CURSOR_NAME);
  const parsed = found === null ? null : parsePosition(found);
  let stored = found;
  let position: Position = parsed ?? {
    at: "since",
    sinceUs: firstStartUs(clock.nowUs(), bootedAtUs),
    unreadable: 0,
  };
  let unwritten = 0;

  const move = (events: readonly NewEvent[], to: Position): boolean => {
    const next = positionText(to);
    const cursor = { name: CURSOR_NAME, expected: stored, next };
    if (!context.emit({ source: "journal", events, cursor }).ok) return false;
    stored = next;
    position = to;
    unwritten = 0;
    return true;
  };

  return {
    broken: found !== null && parsed === null,
    position: () => position,
    write(events, to, lines) {
      unwritten += lines;
      if (events.length === 0 && unwritten < LINES_WORTH_A_COMMIT) return true;
      return move(events, to);
    },
    keep: () => stored !== null || move([], position),
    startOver(reason) {
      const nowUs = Math.floor(clock.nowUs());
      // Where the gap begins is not known: the old position is unreadable, or stands in what is now the future.
      const gap = gapFound({ fromUs: null, toUs: nowUs, reason }, nowUs);
      return move([gap], { at: "since", sinceUs: nowUs, unreadable: 0 });
    },
  };
}

function firstStartUs(nowUs: number, bootedAtUs: () => number | null): number {
  return Math.floor(Math.max(bootedAtUs() ?? 0, nowUs - FIRST_START_US));
}

function bootOrNull(): number | null {
  try {
    return bootedAtUsFromProc();
  } catch {
    return null;
  }
}
