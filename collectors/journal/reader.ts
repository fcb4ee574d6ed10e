import type { PayloadOf } from "../../store/events/catalogue.ts";
import type { NewEvent } from "../../store/events/envelope.ts";
import { printable } from "../printable.ts";
import type { Line } from "../spawn.ts";
import { agentOfUnit, isFleetUnit, type UnitOfInterest } from "../systemd/unit-name.ts";
import { parseEntry } from "./entry.ts";
import type { Reach } from "./journalctl.ts";
import { unitLogged, unitLoggedEvent } from "./lifecycle.ts";
import { cursorTimeUs, isOfBoot, type Position } from "./position.ts";

/** journalctl prints a field of more than 4096 bytes as null, so that a line of the asked fields stays far below this. */
export const MAX_LINE_BYTES = 256 * 1024;
const MAX_RAW_CHARS = 1024;
/** Unreadable lines in a row: so many are kept one by one, the rest of them as one event with the next entry. */
const KEPT_ONE_BY_ONE = 100;
/** So many in a row and this is no journal at all. */
const NONSENSE = 10_000;
/**
 * Its stop is the manager going down (shutdown, reboot, lingering switched off). Without it the stop jobs that follow for
 * each unit look the same as an operator's.
 */
const SESSION_TARGET = "default.target";
const NONE = { lines: 0, bytes: 0, last: "" };

export interface Reader {
  /** What these lines mean; `nowUs` dates what the reader itself finds (gaps, lines that are no entries). */
  take(lines: readonly Line[], nowUs: number): NewEvent[];
  position(): Position;
  /** Nothing but unreadable lines has come for long. */
  isNonsense(): boolean;
}

/**
 * Reads on from a position, line by line; the lines are those of `journalctl -o json` begun inclusively at it. Those of a follower begin with this
 * boot, and what came before has been read to its end by then.
 */
export function createReader(
  from: Position,
  units: () => readonly UnitOfInterest[],
  how: Reach = "to-the-end",
): Reader {
  let position = from;
  /** The entry that must come first: it was handled before, and proves that none between was removed. */
  let expected = from.at === "entry" ? from.cursor : null;
  let reportedBefore = from.unreadable;
  let inARow = 0;
  let uncounted = NONE;

  const takeLine = (line: Line, nowUs: number, events: NewEvent[]): void => {
    const tooLong = line.bytes > MAX_LINE_BYTES;
    const parsed = tooLong
      ? { ok: false as const, reason: `longer than ${MAX_LINE_BYTES} bytes` }
      : parseEntry(line.text);
    if (!parsed.ok) {
      // Cut off by the end of journalctl: it was never whole, and the next reading brings it again.
      if (!line.whole && !tooLong) return;
      inARow += 1;
      if (reportedBefore > 0) reportedBefore -= 1;
      else if (position.unreadable < KEPT_ONE_BY_ONE) {
        position = { ...position, unreadable: position.unreadable + 1 };
        events.push(rejected(parsed.reason, line, nowUs));
      } else uncounted = { lines: uncounted.lines + 1, bytes: uncounted.bytes + line.bytes, last: line.text };
      return;
    }
    const { entry } = parsed;
    if (uncounted.lines > 0) {
      const line = { text: uncounted.last, bytes: uncounted.bytes };
      events.push(rejected(`${uncounted.lines} more in a row, the last of them`, line, nowUs));
    }
    uncounted = NONE;
    inARow = 0;
    if (expected !== null) {
      const wanted = expected;
      expected = null;
      // What was reported as unreadable came after it, and comes again now.
      if (entry.cursor === wanted) return;
      const isNextBoot = how === "follow" && entry.bootId !== null && !isOfBoot(wanted, entry.bootId);
      const toUs = entry.occurredAtUs;
      if (!isNextBoot)
        events.push(gapFound({ fromUs: cursorTimeUs(wanted), toUs, reason: "vacuumed" }, nowUs));
    }
    reportedBefore = 0;
    position = { at: "entry", cursor: entry.cursor, unreadable: 0 };
    const payload = unitLogged(entry);
    if (payload === null) return;
    const named = units();
    const wanted = isFleetUnit(payload.unit) || payload.unit === SESSION_TARGET;
    if (!wanted && !named.some((one) => one.unit === payload.unit)) return;
    events.push(unitLoggedEvent(entry, payload, agentOfUnit(payload.unit, named)));
  };

  return {
    take(lines, nowUs) {
      const events: NewEvent[] = [];
      for (const line of lines) takeLine(line, nowUs, events);
      return events;
    },
    position: () => position,
    isNonsense: () => inARow >= NONSENSE,
  };
}

export function gapFound(
  payload: PayloadOf<"journal.gap.found">,
  nowUs: number,
): NewEvent<"journal.gap.found", PayloadOf<"journal.gap.found">> {
  return {
    type: "journal.gap.found",
    agent: null,
    source: "journal",
    occurredAtUs: nowUs,
    precision: "us",
    payload,
  };
}

function rejected(reason: string, line: Pick<Line, "text" | "bytes">, nowUs: number): NewEvent {
  const payload: PayloadOf<"collector.input.rejected"> = {
    reason: `journal line: ${reason}`,
    where: "journalctl",
    raw: printable(line.text, MAX_RAW_CHARS),
    bytes: line.bytes,
  };
  return {
    type: "collector.input.rejected",
    agent: null,
    source: "journal",
    occurredAtUs: nowUs,
    precision: "us",
    payload,
  };
}
