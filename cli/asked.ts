import type { Past, RosterEntry } from "../query/history/past.ts";
import type { Window } from "../query/history/sweep.ts";
import { isOfKind, whileRostered } from "../query/kinds.ts";
import { FleetError } from "../store/errors.ts";
import type { Reader } from "../store/reader.ts";
import { nowUs } from "./clock.ts";
import { type Invocation, namesIn, textOf, type Words } from "./declaration.ts";
import { openExistingLog } from "./existing-log.ts";
import { lookAround, nothingRecorded } from "./here.ts";
import { asksForSome, kindsOf, oddKinds } from "./kinds-asked.ts";
import { elsewhereIn } from "./known-agents.ts";
import type { Nobody } from "./no-such-agent.ts";
import { othersThan, partitionOf } from "./partition-asked.ts";
import { type Around, beforeTheLog, passedMoment, withinTheLog } from "./passed-moment.ts";
import { isBehind, openPast, openPastAsRecorded } from "./past.ts";
import { formatMoment, formatterFor } from "./render/moment.ts";

/** So far back a verb looks that is not told since when. */
const DEFAULT_WINDOW_US = 86_400_000_000;

/** A question about the past, read against the log that is there. */
export interface Asked {
  readonly reader: Reader;
  readonly past: Past;
  /** The moment that the answer is given for: now, or `--at`. */
  readonly atUs: number;
  /** `--as-recorded`: nothing that was written later counts. */
  readonly asRecorded: boolean;
  readonly output: Invocation["output"];
}

/** Opens the log, asks `read` and closes it again. Everything is read as of one commit. */
export async function askPast<T>(invocation: Invocation, read: (asked: Asked) => T): Promise<T> {
  const here = lookAround(invocation.environment);
  const reader = openExistingLog(here);
  if (reader === null) throw nothingRecorded(here.places);
  try {
    if (isBehind(reader)) {
      // All that appends comes with it, a megabyte of code: only where there is something to do.
      const { keepUp } = await import("./keep-up.ts");
      keepUp(reader, invocation);
    }
    return reader.atOnce(() => read(pastOf(invocation, reader)));
  } finally {
    reader.close();
  }
}

function pastOf(words: Invocation, reader: Reader): Asked {
  const partition = partitionOf(words, reader);
  const { output } = words;
  const now = nowUs();
  const around = { reader, output, now };
  const recorded = textOf(words, "as-recorded");
  const known = recorded === undefined ? null : recordedBy(recorded, around);
  const latestUs = known?.atUs ?? now;
  const asked =
    textOf(words, "at") === undefined
      ? { atUs: latestUs, seq: null }
      : passedMoment(textOf(words, "at") ?? "", "--at", around);
  if (asked.atUs > latestUs) {
    throw new FleetError(
      "usage",
      `--at ${formatMoment(asked.atUs)} lies after --as-recorded ${formatMoment(latestUs)}: the log could not know it yet`,
      { hint: "Leave --as-recorded out, or give a later one." },
    );
  }
  const past =
    known === null
      ? openPast(reader, partition, now)
      : openPastAsRecorded(reader, partition, known.seq, known.atUs);
  const others = () => othersThan(partition, words, reader);
  return {
    reader,
    past,
    atUs: withinTheLog(asked, past.beginsUs, others),
    asRecorded: known !== null,
    output,
  };
}

/**
 * What had been written by a moment: its last event. An event (`#1234`) is the last one itself, and told when it was written; a look knew what it
 * saw at the one moment that it covers, which is a little before.
 */
function recordedBy(
  text: string,
  around: Around & { readonly reader: Reader },
): { atUs: number; seq: number } {
  const { reader, now } = around;
  const moment = passedMoment(text, "--as-recorded", around);
  if (moment.seq === null) return { atUs: moment.atUs, seq: reader.lastSeqBy(moment.atUs) };
  const event = reader.event(moment.seq);
  const writtenUs = event?.recordedAtUs ?? moment.atUs;
  const toldUs =
    event?.type === "recorder.sample.taken" ? Math.min(event.occurredAtUs, writtenUs) : writtenUs;
  return { atUs: Math.min(toldUs, now), seq: moment.seq };
}

/**
 * The window of a question: from --since (a day before its end) to --until (the moment asked for). Relative times count from that
 * moment, so that `--at yesterday --since 2h` is the two hours before it.
 */
export function windowOf(words: Words, { reader, past, atUs, output }: Asked): Window {
  const end = ["at", "as-recorded"].find((option) => textOf(words, option) !== undefined);
  const beyond = end === undefined ? undefined : `lies after --${end} ${formatMoment(atUs)}`;
  const moment = (option: string): number =>
    passedMoment(textOf(words, option) ?? "", `--${option}`, { reader, output, now: atUs }, beyond).atUs;
  const toUs = textOf(words, "until") === undefined ? atUs : moment("until");
  const fromUs = textOf(words, "since") === undefined ? toUs - DEFAULT_WINDOW_US : moment("since");
  if (fromUs >= toUs) {
    const until = ["until", "at", "as-recorded"].find((option) => textOf(words, option) !== undefined);
    const said = formatterFor(fromUs, toUs);
    const end = until === undefined ? "now" : `--${until} ${said(toUs)}`;
    throw new FleetError("usage", `--since ${said(fromUs)} is not before ${end}`, {
      hint: "Give a window that begins before it ends.",
    });
  }
  const others = past.beginsUs !== null && fromUs < past.beginsUs ? othersThan(past, words, reader) : "";
  if (past.beginsUs !== null && toUs <= past.beginsUs)
    throw beforeTheLog(toUs, past.beginsUs, "of before", others);
  // Else it would read as if nothing had been recorded before.
  if (past.beginsUs !== null && others !== "")
    output.complain(
      `Of ${past.tenantId}@${past.host} the log begins at ${formatMoment(past.beginsUs)}; it also holds ${others}: ask with --host.\n`,
    );
  return { fromUs, toUs };
}

/**
 * Whom a question about a window is for: who was on the roster, of those who are asked about. Sessions that no roster names are told of where they
 * are named, and where there is no roster at all, as `ps` shows them.
 */
export function entriesOf(past: Past, window: Window, words: Words): readonly RosterEntry[] {
  const rostered = past.roster(window);
  const named = namesIn(words);
  const strays = past.names().filter((name) => {
    if (!past.isStray(name)) return false;
    return named.length > 0 ? named.includes(name) : rostered.length === 0 && wasThere(past, name, window);
  });
  return chosen([...rostered, ...strays.map((name) => strayEntry(name, window))], words);
}

function wasThere(past: Past, name: string, window: Window): boolean {
  for (const { status } of past.intervals(name, window))
    if (status !== null && status !== "unobserved") return true;
  return false;
}

function strayEntry(name: string, window: Window): RosterEntry {
  const declaration = { runtime: null, class: "unrostered", role: "stray" } as const;
  const { runtime, class: ofClass } = declaration;
  const declared = [{ ...window, class: ofClass, runtime, seq: null }];
  return { name, declaration, stays: [], declared, redeclared: [] };
}

/**
 * Who is asked about: NAME... or --agent, --class, --runtime; of each kind one has to fit. An agent that was declared anew within the window is asked
 * about where it was so at any time of it.
 */
function chosen(entries: readonly RosterEntry[], words: Words): readonly RosterEntry[] {
  const names = namesIn(words);
  const kinds = kindsOf(words);
  return entries.filter(
    ({ name, declared }) =>
      (names.length === 0 || names.includes(name)) && declared.some((one) => isOfKind(kinds, one)),
  );
}

/** Of a window in which nobody was of what was asked for: which classes and runtimes there were. */
export function kindsThere(past: Past, window: Window, words: Words): string {
  return asksForSome(words) ? oddKinds(past.roster(window).flatMap(whileRostered), words) : "";
}

/** A name that was asked for and that nobody ever had. */
export function unknownIn(asked: Asked, words: Words): Nobody | null {
  const known = new Set(asked.past.names());
  const unknown = namesIn(words).find((name) => !known.has(name));
  return unknown === undefined ? null : nobodyCalled(unknown, asked);
}

export function nobodyCalled(unknown: string, { reader, past }: Asked, known = past.names()): Nobody {
  return { unknown, known, elsewhere: elsewhereIn(reader, past, unknown) };
}

/** A moment that is no option's value: it has passed, and the log knows of it. */
export function momentIn(text: string, called: string, { reader, past, atUs, output }: Asked): number {
  return withinTheLog(passedMoment(text, called, { reader, output, now: atUs }), past.beginsUs);
}
