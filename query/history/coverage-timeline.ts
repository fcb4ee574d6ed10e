import type { PayloadOf } from "../../store/events/catalogue.ts";
import type { FoldEvent } from "../../store/projection.ts";
import type { CoverageDocument } from "../planes/documents.ts";
import { coverageId } from "../planes/recorder.ts";
import type { Chronology } from "./chronology.ts";
import { remembered } from "./once.ts";
import type { Span, Spans } from "./span.ts";
import { spansOf, without } from "./span.ts";
import type { Timeline } from "./timeline.ts";
import { endOf, valueAt } from "./timeline.ts";
import type { Told } from "./told.ts";

/** Who was watching what, and when: everything outside is a gap. */
export interface CoverageTimelines {
  /** Time in which a scope of a source was watched. A one-shot look covers its own microsecond. */
  spans(source: string, scope: string): Spans;
  /** Scopes of a source that were ever watched or looked at. */
  scopes(source: string): readonly string[];
  /** What the recorder last told of the scope, as of then. */
  toldAt(source: string, scope: string, atUs: number): CoverageDocument | undefined;
  /** Moments of one-shot looks, in order. */
  readonly samplesUs: readonly number[];
}

/** A look by a one-shot command: which scopes (by `coverageId`) answered at that instant. */
export interface Sample {
  readonly atUs: number;
  readonly observed: ReadonlyMap<string, boolean>;
}

export interface Samples {
  readonly taken: readonly Sample[];
  /** Every scope (by `coverageId`) that any sample ever looked at. */
  readonly scopes: readonly string[];
}

export function samplesOf(events: Iterable<FoldEvent>, chronology: Chronology): Samples {
  const taken: Sample[] = [];
  const scopes = new Set<string>();
  for (const event of events) {
    if (event.type !== "recorder.sample.taken") continue;
    const atUs = chronology.effectUs(event);
    const observed = observedBy(event);
    for (const id of observed.keys()) scopes.add(id);
    // A look into time that was lived twice: its own instant is not the one that is shown.
    if (atUs === event.occurredAtUs) taken.push({ atUs, observed });
  }
  return { taken, scopes: [...scopes] };
}

export function observedBy(event: FoldEvent): Map<string, boolean> {
  const { sources } = event.payload as PayloadOf<"recorder.sample.taken">;
  return new Map(
    sources.map(({ source, scope, state }) => [coverageId(source, scope), state === "observed"]),
  );
}

/** `lapsedAtUs`: when the recorder was last alive, where its lease has lapsed and no writer has told the log yet; else null. */
export function coverageTimelines(
  told: Pick<Told, "of" | "ids">,
  { taken: samples, scopes: sampled }: Samples,
  chronology: Pick<Chronology, "unlived">,
  lapsedAtUs: number | null,
): CoverageTimelines {
  const unlived = spansOf(chronology.unlived);
  const timelineOf = (source: string, scope: string) =>
    told.of("coverage", coverageId(source, scope)) as Timeline<CoverageDocument | undefined>;
  const found = new Map<string, Spans>();

  const spans = (source: string, scope: string): Spans => {
    const id = coverageId(source, scope);
    const known = found.get(id);
    if (known) return known;
    const whole = timelineOf(source, "");
    const own = timelineOf(source, scope);
    const watched: Span[] = [];
    for (const [piece, document] of own.values.entries()) {
      const span = { fromUs: own.fromUs[piece] as number, toUs: endOf(own, piece) };
      // A source may fail, or be watched, as a whole before it knows its scopes.
      if (document === undefined) for (const observed of observedWithin(whole, span)) watched.push(observed);
      else if (document.state === "observed") watched.push(span);
    }
    const alive = lapsedAtUs === null ? watched : watched.map((span) => cutAt(span, lapsedAtUs));
    const instants = samples
      .filter(({ observed }) => observed.get(id) ?? observed.get(coverageId(source, "")) ?? false)
      .map(({ atUs }) => ({ fromUs: atUs, toUs: atUs + 1 }));
    const covered = spansOf([...without(spansOf(alive), unlived), ...instants]);
    found.set(id, covered);
    return covered;
  };
  const scopes = remembered((source: string): readonly string[] => {
    const ids = new Set([...told.ids("coverage"), ...sampled]);
    const prefix = coverageId(source, "");
    return [...ids]
      .filter((id) => id.startsWith(prefix))
      .map((id) => id.slice(prefix.length))
      .sort();
  });
  const toldAt = (source: string, scope: string, atUs: number) =>
    valueAt(timelineOf(source, scope), atUs) ?? valueAt(timelineOf(source, ""), atUs);
  return { spans, scopes, toldAt, samplesUs: samples.map(({ atUs }) => atUs).sort((a, b) => a - b) };
}

function observedWithin(timeline: Timeline<CoverageDocument | undefined>, within: Span): Span[] {
  return timeline.values.flatMap((document, piece) => {
    if (document?.state !== "observed") return [];
    const fromUs = Math.max(within.fromUs, timeline.fromUs[piece] as number);
    return [{ fromUs, toUs: Math.min(within.toUs, endOf(timeline, piece)) }];
  });
}

function cutAt({ fromUs, toUs }: Span, endUs: number): Span {
  return { fromUs, toUs: Math.min(toUs, endUs) };
}
