import type { State } from "../../query/history/past.ts";
import { isHappening } from "../../query/history/when.ts";
import { exactUsOf } from "../../query/instant.ts";
import { TOLD_FINELY_US } from "../../query/told-within.ts";
import type { WhenOccurrence, WhenTold } from "../../query/when.ts";
import type { Paint } from "./colour.ts";
import { formatLength } from "./duration.ts";
import { glimpseWords } from "./glimpse.ts";
import { formatMoment, formatNear } from "./moment.ts";
import { visible, wrap } from "./text.ts";
import { formatSpan, formatWindow, goingOn, type SaidWindow } from "./window.ts";

export interface WhenLook {
  readonly which: "first" | "last" | "all";
  readonly said: SaidWindow;
  readonly width: number | null;
  readonly paint: Paint;
}

/** How each is told: what it did when it began, and what it was while it lasted. */
const WORDS: Readonly<Record<State, { readonly began: string; readonly was: string }>> = {
  stopped: { began: "was stopped", was: "stopped" },
  finished: { began: "finished", was: "finished" },
  failed: { began: "failed", was: "failed" },
  absent: { began: "was absent from", was: "absent" },
  dead: { began: "died", was: "dead" },
  stale: { began: "went stale", was: "stale" },
  silent: { began: "was silent from", was: "silent" },
  starting: { began: "began to start", was: "starting" },
  waiting: { began: "began to wait", was: "waiting" },
  busy: { began: "became busy", was: "busy" },
  healthy: { began: "became healthy", was: "healthy" },
  running: { began: "was running from", was: "running" },
  unobserved: { began: "went unobserved", was: "unobserved" },
  drifted: { began: "drifted", was: "drifted" },
  started: { began: "started", was: "started" },
  attached: { began: "was attached to", was: "attached to" },
  sent: { began: "was sent a message", was: "sent a message" },
  rebooted: { began: "saw its machine reboot", was: "on a machine that rebooted" },
};

/** `fleet.when.v1` as sentences. Lines without newlines. */
export function* formatWhen(document: WhenTold, look: WhenLook): Generator<string> {
  const cells = look.width ?? Number.POSITIVE_INFINITY;
  let isFirst = true;
  for (const line of sentences(document, look)) {
    const isQuiet = !isFirst && line.startsWith("Observed");
    for (const part of wrap(line, cells)) yield isQuiet ? look.paint("quiet", part) : part;
    isFirst = false;
  }
}

function* sentences(document: WhenTold, look: WhenLook): Generator<string> {
  const { first, last, occurrences } = document;
  const window = formatWindow(exactUsOf(document.window.from), exactUsOf(document.window.to), look.said);
  if (first === null || last === null) return yield* neverLines(document, window);
  if (look.which === "all") {
    for (const one of occurrences) yield `${sentence(document, one)}.`;
    yield `${counted(document)} ${window}.`;
  } else
    yield `${sentence(document, look.which === "first" ? first : last)}; ${counted(document)} ${window}.`;
  if (document.observed.share < 1) yield observedLine(document);
}

/** `coder0 went stale at 2026-06-20 22:31:07 (2 h ago), for 4 min 12 s`; of what nobody saw begin, `coder0 was found stale at` */
function sentence(document: WhenTold, one: WhenOccurrence): string {
  const { began, was } = WORDS[document.state];
  const name = visible(document.name);
  const fromUs = exactUsOf(one.from);
  const ago = `${formatLength(exactUsOf(document.at) - fromUs)} ago`;
  const why = one.reason === null ? "" : ` (${visible(one.reason)})`;
  const evidence = one.why.length === 0 ? "" : ` [${one.why.map((seq) => `#${seq}`).join(", ")}]`;
  const lasted = lengthOf(document, one);
  if (one.began_before) {
    const whose = one.from === document.window.from ? "window" : "log";
    const since =
      one.since === null || one.since === one.from
        ? ""
        : `, and had been since ${formatMoment(exactUsOf(one.since))}`;
    return `${name} was ${was} already at ${formatMoment(fromUs)} (${ago}), when the ${whose} begins${since}${why}${lasted}${evidence}`;
  }
  if (one.witnessed === false) {
    const unseen =
      one.not_before === null
        ? "nothing is known of before"
        : `nobody had watched ${unwatchedUntil(exactUsOf(one.not_before), fromUs)}`;
    return `${name} was found ${was} at ${formatMoment(fromUs)} (${ago}; ${unseen})${why}${lasted}${evidence}`;
  }
  if (one.named) {
    const down =
      one.since === null || one.since === one.from
        ? ""
        : `, down since ${formatNear(exactUsOf(one.since), fromUs)}`;
    return `${name} was ${was} from ${formatMoment(fromUs)} (${ago}), when the roster named it${down}${why}${lasted}${evidence}`;
  }
  // Of a status seconds are all that is shown of its moment.
  const within = one.within_seconds === null || !isHappening(document.state) ? "" : ", to the second";
  return `${name} ${began}${began.endsWith("from") ? "" : " at"} ${formatMoment(fromUs)}${within} (${ago})${why}${lasted}${evidence}`;
}

/** Within one second two moments would read the same. */
function unwatchedUntil(fromUs: number, toUs: number): string {
  const isSame = formatMoment(fromUs) === formatMoment(toUs);
  return isSame ? `for the ${formatLength(toUs - fromUs)} before` : `since ${formatNear(fromUs, toUs)}`;
}

/** How long it lasted, how often it was found so meanwhile, and how much of that nobody watched. */
function lengthOf({ at, window }: WhenTold, one: WhenOccurrence): string {
  const { from, to, seconds, end_witnessed, glimpse, within_seconds, found, unobserved_seconds } = one;
  if (to === from) return end_witnessed === false ? ", and until when nobody saw" : "";
  const us = seconds * 1e6;
  if (glimpse !== null) return `, ${glimpseWords(glimpse)}`;
  // The moment at which it began may be later by as much.
  const isFine = within_seconds !== null && to !== null && us < TOLD_FINELY_US;
  // What nobody saw begin may have begun before.
  const bound = !isFine ? "" : one.witnessed === false ? "at least " : "at most ";
  const length =
    end_witnessed === false
      ? `, for at least ${formatLength(us)}, until watching ended`
      : `, for ${bound}${formatLength(us)}${to === null ? goingOn(exactUsOf(window.to), exactUsOf(at)) : ""}`;
  if (unobserved_seconds === 0) return length;
  const often = found === 1 ? "" : `found so ${found} times; `;
  return `${length} (${often}of that ${formatLength(unobserved_seconds * 1e6)} nobody watched)`;
}

function counted({ count }: WhenTold): string {
  return count === 1 ? "once" : count === 2 ? "twice" : `${count} times`;
}

function neverLines(document: WhenTold, window: string): string[] {
  const { observed, state } = document;
  const never = `${visible(document.name)} was never ${WORDS[state].was} ${window}`;
  if (observed.share === 1) return [`${never}; all of it was observed.`];
  if (observed.seconds === 0) return [`Not known: nothing that could tell was watching ${window}.`];
  return [`${never}, as far as anybody could tell.`, observedLine(document)];
}

/** Which part of the window was seen well enough: its holes where they are few, else how many. */
function observedLine({ observed, window }: WhenTold): string {
  const [fromUs, toUs] = [exactUsOf(window.from), exactUsOf(window.to)];
  const share = `${formatShare(observed.share)} (${formatLength(observed.seconds * 1e6)} of ${formatSpan(toUs - fromUs)})`;
  const named: string[] = [];
  let unnamed = 0;
  for (const [from, to] of holesOf(observed.spans, fromUs, toUs)) {
    if (named.length < 3) named.push(holeWords(from, to));
    else unnamed += 1;
  }
  const more = unnamed > 0 ? `, and ${unnamed} more ${unnamed === 1 ? "gap" : "gaps"}` : "";
  return `Observed: ${share}; not observed: ${named.join(", ")}${more}.`;
}

function holeWords(from: number, to: number): string {
  const begins = formatMoment(from);
  return begins === formatMoment(to)
    ? `${begins} for ${formatLength(to - from)}`
    : `${begins} to ${formatNear(to, from)}`;
}

function* holesOf(
  spans: Iterable<{ from: string; to: string }>,
  fromUs: number,
  toUs: number,
): Generator<[number, number]> {
  let seenUs = fromUs;
  for (const { from, to } of spans) {
    if (exactUsOf(from) > seenUs) yield [seenUs, exactUsOf(from)];
    seenUs = exactUsOf(to);
  }
  if (seenUs < toUs) yield [seenUs, toUs];
}

/** Never rounded up to all of it, nor down to nothing. */
export function formatShare(share: number): string {
  if (share > 0 && share < 0.0005) return "under 0.1 %";
  if (share < 1 && share > 0.9995) return "over 99.9 %";
  return `${(share * 100).toFixed(1)} %`;
}
