import { FleetError } from "../../store/errors.ts";
import type { EventFilter } from "../../store/event-filter.ts";
import type { StoredEvent } from "../../store/events/envelope.ts";
import type { Reader } from "../../store/reader.ts";
import { nowUs } from "../clock.ts";
import { commits } from "../commits.ts";
import { countOf, has, type Invocation, textOf, valuesOf, type Words } from "../declaration.ts";
import { openExistingLog } from "../existing-log.ts";
import { EXIT } from "../exit.ts";
import { lookAround, nothingRecorded } from "../here.ts";
import { catchInterrupts } from "../interrupt.ts";
import { sayNoSuchAgent } from "../no-such-agent.ts";
import { eventJson, formatEvent } from "../render/event.ts";
import { localOffsetMs, type Moment, parseMoment } from "../time.ts";

/** So many are listed when nothing says from where. */
const DEFAULT_LIMIT = 50;

/** `fleet events`: the log, listed and followed. */
export async function run(invocation: Invocation): Promise<number> {
  const { output, environment } = invocation;
  if (has(invocation, "follow") && has(invocation, "reverse")) {
    throw new FleetError("usage", "--follow and --reverse cannot be had together", {
      hint: "Leave one of them out.",
    });
  }
  const { filter, pick } = selectionOf(invocation, nowUs());
  const here = lookAround(environment);
  const reader = openExistingLog(here);
  if (reader === null) throw nothingRecorded(here.places);
  const print = (event: StoredEvent): void => {
    const look = { width: output.width(), paint: output.paint };
    output.print(`${has(invocation, "json") ? eventJson(event) : formatEvent(event, look)}\n`);
  };
  try {
    // What is written while the list is printed is left to following, which begins where the list ends.
    const horizon = reader.lastSeq();
    const listed = {
      ...filter,
      beforeSeq: Math.min(filter.beforeSeq ?? Number.POSITIVE_INFINITY, horizon + 1),
    };
    let count = 0;
    for (const event of pickEvents(reader, listed, pick, has(invocation, "reverse"))) {
      print(event);
      count += 1;
    }
    if (has(invocation, "follow")) {
      return await follow(
        reader,
        { ...filter, afterSeq: Math.max(horizon, filter.afterSeq ?? 0) },
        here.places.tick,
        print,
      );
    }
    if (count > 0) return EXIT.done;
    const known = filter.agent === undefined ? null : knownAgents(reader);
    if (filter.agent !== undefined && known !== null && !known.has(filter.agent)) {
      return sayNoSuchAgent(output, filter.agent, [...known].sort());
    }
    output.complain("No event matches.\n");
    return EXIT.done;
  } finally {
    reader.close();
  }
}

/** Which of the events that fit are listed: all, the newest so many, or the first so many. */
type Pick = { readonly which: "all" } | { readonly which: "newest" | "first"; readonly limit: number };

/** What the words select. With --after a limit means the first so many from there (a page), else the newest so many. */
export function selectionOf(words: Words, now: number): { filter: EventFilter; pick: Pick } {
  const since = momentOf(words, "since", now);
  const until = momentOf(words, "until", now);
  const after = placeOf(words);
  const [agent, source, types] = [textOf(words, "agent"), textOf(words, "source"), valuesOf(words, "type")];
  const afterSeq = Math.max(after ?? 0, since?.kind === "seq" ? since.seq - 1 : 0);
  const filter: EventFilter = {
    ...(agent === undefined ? {} : { agent }),
    ...(source === undefined ? {} : { source }),
    ...(types.length === 0 ? {} : { types: [...types] }),
    ...(afterSeq === 0 ? {} : { afterSeq }),
    ...(since?.kind === "instant" ? { sinceUs: since.atUs } : {}),
    ...(until?.kind === "seq" ? { beforeSeq: until.seq + 1 } : {}),
    ...(until?.kind === "instant" ? { untilUs: until.atUs } : {}),
  };
  const limit = countOf(words, "limit");
  if (after !== null)
    return { filter, pick: limit === undefined ? { which: "all" } : { which: "first", limit } };
  if (since !== null && limit === undefined) return { filter, pick: { which: "all" } };
  return { filter, pick: { which: "newest", limit: limit ?? DEFAULT_LIMIT } };
}

function momentOf(words: Words, option: string, now: number): Extract<Moment, { ok: true }> | null {
  const text = textOf(words, option);
  if (text === undefined) return null;
  const moment = parseMoment(text, { nowUs: now, offsetMs: localOffsetMs });
  if (moment.ok) return moment;
  throw new FleetError("usage", `--${option} ${JSON.stringify(text)}: ${moment.reason}`, {
    hint: "See `fleet events --help`.",
  });
}

/** `--after 1234`, also as `#1234`. */
function placeOf(words: Words): number | null {
  const text = textOf(words, "after");
  if (text === undefined) return null;
  const match = /^#?(\d{1,15})$/.exec(text);
  if (match !== null) return Number(match[1]);
  throw new FleetError("usage", `--after ${JSON.stringify(text)}: expected a place in the log, like #1234`, {
    hint: "See `fleet events --help`.",
  });
}

function pickEvents(
  reader: Reader,
  filter: EventFilter,
  pick: Pick,
  reverse: boolean,
): Iterable<StoredEvent> {
  if (pick.which === "all") return reader.events({ ...filter, newestFirst: reverse });
  const events = [...reader.events({ ...filter, newestFirst: pick.which === "newest", limit: pick.limit })];
  return (pick.which === "newest") === reverse ? events : events.reverse();
}

async function follow(
  reader: Reader,
  filter: EventFilter,
  tick: string,
  print: (event: StoredEvent) => void,
): Promise<number> {
  const interrupt = catchInterrupts();
  let afterSeq = filter.afterSeq ?? 0;
  const printNew = (): void => {
    const horizon = reader.lastSeq();
    if (horizon <= afterSeq) return;
    const before = Math.min(filter.beforeSeq ?? Number.POSITIVE_INFINITY, horizon + 1);
    for (const event of reader.events({ ...filter, afterSeq, beforeSeq: before })) print(event);
    afterSeq = horizon;
  };
  const changes = commits({ tick, dataVersion: () => reader.dataVersion(), signal: interrupt.signal });
  try {
    printNew();
    for await (const _ of changes) printNew();
    return interrupt.exitCode();
  } finally {
    interrupt.release();
  }
}

function knownAgents(reader: Reader): Set<string> {
  const documents = reader.documents(reader.identity());
  const ids = (family: string): string[] => [...documents.list(family)].map(([id]) => id);
  return new Set([...ids("roster"), ...ids("agent"), ...ids("heartbeat")]);
}
