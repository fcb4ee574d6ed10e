import { FleetError } from "../store/errors.ts";
import type { EventFilter } from "../store/event-filter.ts";
import { countOf, type Invocation, textOf, valuesOf, type Words } from "./declaration.ts";
import { formatMoment } from "./render/moment.ts";
import { localOffsetMs, type Moment, parseMoment } from "./time.ts";
import { sayWhichOfTwo } from "./which-of-two.ts";

/** So many are listed when nothing says from where. */
const DEFAULT_LIMIT = 50;

/** Which of the events that fit are listed: all, the newest so many, or the first so many. */
export type Picked =
  | { readonly which: "all" }
  | { readonly which: "newest" | "first"; readonly limit: number };

/**
 * What the words of a verb select (those of them that it has), as of now, or of `--at`. With --after a limit means the first so many from
 * there (a page), else the newest so many.
 */
export function selectionOf(
  words: Invocation,
  now: number,
  asOf: "now" | "--at" = "now",
): { filter: EventFilter; pick: Picked } {
  const since = momentOf(words, "since", now);
  const until = momentOf(words, "until", now);
  refuseBackwards(since, until);
  refuseLater(since, now, asOf);
  const after = placeOf(words);
  const [agents, source, types] = [
    valuesOf(words, "agent"),
    textOf(words, "source"),
    valuesOf(words, "type"),
  ];
  const afterSeq = Math.max(after ?? 0, since?.kind === "seq" ? since.seq - 1 : 0);
  const filter: EventFilter = {
    ...(agents.length === 0 ? {} : { agents }),
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

/** Of two events the order is known; a time and an event are compared by whoever reads the log. */
function refuseBackwards(since: Given, until: Given): void {
  const instants = since?.kind === "instant" && until?.kind === "instant";
  const isBackwards = instants
    ? since.atUs > until.atUs
    : since?.kind === "seq" && until?.kind === "seq" && since.seq > until.seq;
  if (!isBackwards || since === null || until === null) return;
  const said = (moment: NonNullable<Given>): string =>
    moment.kind === "seq" ? `#${moment.seq}` : formatMoment(moment.atUs);
  throw new FleetError("usage", `--since ${said(since)} is not before --until ${said(until)}`, {
    hint: "Give a window that begins before it ends.",
  });
}

/** Nothing can have happened yet since a moment that has not come. */
export function refuseLater(since: Given, nowUs: number, asOf: "now" | "--at", option = "since"): void {
  if (since?.kind !== "instant" || since.atUs <= nowUs) return;
  const beyond = asOf === "now" ? "lies in the future" : `is not before --at ${formatMoment(nowUs)}`;
  throw new FleetError("usage", `--${option} ${formatMoment(since.atUs)} ${beyond}`, {
    hint: "Give a moment that has passed by then.",
  });
}

type Given = Extract<Moment, { ok: true }> | null;

export function momentOf(
  words: Invocation,
  option: string,
  now: number,
): Extract<Moment, { ok: true }> | null {
  const text = textOf(words, option);
  if (text === undefined) return null;
  const moment = parseMoment(text, { nowUs: now, offsetMs: localOffsetMs });
  const said = `--${option} ${JSON.stringify(text)}`;
  if (moment.ok) {
    if (moment.kind === "instant") sayWhichOfTwo(words.output, said, moment, now);
    return moment;
  }
  throw new FleetError("usage", `${said}: ${moment.reason}`, {
    hint: "`fleet events --help` says how a moment can be written.",
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
