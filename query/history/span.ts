/** Half open: `fromUs` belongs to it, `toUs` does not. Infinite ends are allowed. */
export interface Span {
  readonly fromUs: number;
  readonly toUs: number;
}

/** Spans in order of time that neither touch nor overlap. */
export type Spans = readonly Span[];

export function spansOf(spans: Iterable<Span>): Spans {
  const sorted = [...spans].filter(({ fromUs, toUs }) => fromUs < toUs).sort((a, b) => a.fromUs - b.fromUs);
  const joined: { fromUs: number; toUs: number }[] = [];
  for (const { fromUs, toUs } of sorted) {
    const last = joined.at(-1);
    if (last && fromUs <= last.toUs) last.toUs = Math.max(last.toUs, toUs);
    else joined.push({ fromUs, toUs });
  }
  return joined;
}

/** The time between the spans, from the beginning of time to its end. */
export function gapsBetween(spans: Spans): Spans {
  const gaps: Span[] = [];
  let endedUs = -Infinity;
  for (const { fromUs, toUs } of spans) {
    if (fromUs > endedUs) gaps.push({ fromUs: endedUs, toUs: fromUs });
    endedUs = toUs;
  }
  if (endedUs < Infinity) gaps.push({ fromUs: endedUs, toUs: Infinity });
  return gaps;
}

export function without(spans: Spans, holes: Spans): Spans {
  return overlapOf(spans, gapsBetween(holes));
}

export function overlapOf(left: Spans, right: Spans): Spans {
  const shared: Span[] = [];
  for (let l = 0, r = 0; l < left.length && r < right.length; ) {
    const a = left[l] as Span;
    const b = right[r] as Span;
    const both = { fromUs: Math.max(a.fromUs, b.fromUs), toUs: Math.min(a.toUs, b.toUs) };
    if (both.fromUs < both.toUs) shared.push(both);
    if (a.toUs < b.toUs) l++;
    else r++;
  }
  return shared;
}

export function lengthOf(spans: Spans): number {
  return spans.reduce((total, { fromUs, toUs }) => total + toUs - fromUs, 0);
}

/** Only what lies after a moment, as it comes. */
export function* since(beginsUs: number, spans: Iterable<Span>): Generator<Span> {
  for (const { fromUs, toUs } of spans) {
    const span = { fromUs: Math.max(fromUs, beginsUs), toUs };
    if (span.fromUs < toUs) yield span;
  }
}

/** The span that holds the moment, else null. */
export function spanAt(spans: Spans, atUs: number): Span | null {
  const before = lastFrom(spans, atUs);
  return before !== null && atUs < before.toUs ? before : null;
}

/** The last moment at or before this one that lies in a span (whole microseconds); null where there is none. */
export function lastMoment(spans: Spans, atUs: number): number | null {
  const before = lastFrom(spans, atUs);
  return before === null ? null : Math.min(atUs, before.toUs - 1);
}

function lastFrom(spans: Spans, atUs: number): Span | null {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((spans[middle] as Span).fromUs <= atUs) low = middle + 1;
    else high = middle;
  }
  return spans[low - 1] ?? null;
}
