import type { ReadonlyDocuments } from "../store/projection.ts";
import { exactIsoOrNull } from "./instant.ts";
import type { CoverageDocument } from "./planes/documents.ts";
import { documentOf, documentsOf, ONLY } from "./planes/documents.ts";
import { coverageId } from "./planes/recorder.ts";
import type { SourceFreshness } from "./row.ts";

/** How the present is watched: by a live recorder, by the look this very command took, or by nobody. */
export type Observer =
  | {
      readonly state: "recording";
      readonly sinceUs: number;
      /** When the recorder last proved to be at work. Without it, it is taken to be at work now. */
      readonly aliveAtUs?: number;
    }
  | { readonly state: "one-shot"; readonly sinceUs: number; readonly outcomes: readonly SampleOutcome[] }
  | { readonly state: "absent" };

/** How a one-shot look at one scope of one source ended. */
export interface SampleOutcome {
  readonly source: string;
  readonly scope: string;
  readonly state: "observed" | "unavailable";
  readonly reason: string | null;
}

/** The last successful look at a scope. */
export interface Observation {
  readonly source: string;
  readonly scope: string;
  readonly atUs: number;
}

export interface Watch {
  readonly state: SourceFreshness["state"];
  readonly observedAtUs: number | null;
  readonly reason: string | null;
  /** Since when it has been watched without a break; absent: it is not watched, or known of by other evidence. */
  readonly sinceUs?: number;
}

export interface Coverage {
  /** The state of one scope (a tmux socket, else ""). */
  of(source: string, scope: string): Watch;
  /** Until when a change would have been seen for certain; absent: until now. */
  readonly confirmedAtUs?: number;
  /** Scopes of a source that were ever looked at. */
  scopes(source: string): readonly string[];
}

export const SOURCES_OF_PS = ["roster", "tmux", "process", "systemd", "journal", "heartbeat"] as const;

/** An answer of a live recorder older than this is stale: three of the source's slow ticks, and time for a busy machine. */
const FRESH_FOR_US: Readonly<Record<string, number>> = {
  tmux: 10e6,
  process: 10e6,
  heartbeat: 20e6,
  systemd: 60e6,
  journal: 60e6,
  roster: 60e6,
};
/** Sockets that are listed but not hooked are looked at on a slower tick. */
const FRESH_BY_DEFAULT_US = 60e6;

export function coverageOf(input: {
  readonly documents: ReadonlyDocuments;
  readonly observations: readonly Observation[];
  readonly observer: Observer;
  readonly nowUs: number;
  /** Sockets that hooks and the fast tick watch; others have more time. */
  readonly isSlowScope: (source: string, scope: string) => boolean;
}): Coverage {
  const { documents, observer, nowUs } = input;
  const observed = new Map(
    input.observations.map(({ source, scope, atUs }) => [coverageId(source, scope), atUs]),
  );
  const told = new Map<string, CoverageDocument>(documentsOf(documents, "coverage"));
  const outcomes =
    observer.state === "one-shot"
      ? new Map(observer.outcomes.map((outcome) => [coverageId(outcome.source, outcome.scope), outcome]))
      : null;

  const resumedUs = documentOf(documents, "recorder", ONLY)?.suspended?.toUs ?? Number.NEGATIVE_INFINITY;

  const look = (source: string, scope: string): Watch => {
    const id = coverageId(source, scope);
    const observedAtUs = observed.get(id) ?? null;
    const watch = (state: Watch["state"], reason: string | null): Watch => ({ state, observedAtUs, reason });
    if (observer.state === "absent") {
      const heardAtUs = observedAtUs ?? heardFrom(documents, source, scope);
      return { state: "absent", observedAtUs: heardAtUs, reason: "nobody is watching" };
    }
    if (outcomes) {
      // A source may fail as a whole before it knows its scopes.
      const outcome = outcomes.get(id) ?? outcomes.get(coverageId(source, ""));
      if (!outcome) return watch("absent", "not looked at");
      if (outcome.state === "unavailable") return watch("unavailable", outcome.reason);
      const lookedAtUs = Math.max(observedAtUs ?? 0, observer.sinceUs);
      return { state: "fresh", observedAtUs: lookedAtUs, reason: null, sinceUs: lookedAtUs };
    }
    const document = told.get(id) ?? told.get(coverageId(source, ""));
    if (document?.state === "unavailable") return watch("unavailable", document.reason);
    if (document?.state !== "observed") return watch("absent", "not being watched");
    const fresh = { ...watch("fresh", null), sinceUs: Math.max(document.sinceUs, resumedUs) };
    // A scope that takes no looks of its own (a connection that signals come by) is as good as its last report.
    if (observedAtUs === null) return fresh;
    const limitUs = input.isSlowScope(source, scope)
      ? FRESH_BY_DEFAULT_US
      : (FRESH_FOR_US[source] ?? FRESH_BY_DEFAULT_US);
    if (nowUs - observedAtUs > limitUs) return watch("stale", "the recorder has had no answer of late");
    return fresh;
  };
  const scopesOf = (source: string): readonly string[] => {
    // What answered, or failed, as a whole has said all there is: other ways to watch it that a recorder has (a bus) were not taken.
    if (outcomes?.has(coverageId(source, ""))) return [""];
    const ids = [...observed.keys(), ...told.keys(), ...(outcomes?.keys() ?? [])];
    const prefix = `${source} `;
    return [
      ...new Set(ids.filter((id) => id.startsWith(prefix)).map((id) => id.slice(prefix.length))),
    ].sort();
  };
  // Each row of a table asks the same again.
  const watches = new Map<string, Map<string, Watch>>();
  const of = (source: string, scope: string): Watch => {
    let known = watches.get(source);
    if (known === undefined) {
      known = new Map();
      watches.set(source, known);
    }
    let watch = known.get(scope);
    if (watch === undefined) {
      watch = look(source, scope);
      known.set(scope, watch);
    }
    return watch;
  };
  const lists = new Map<string, readonly string[]>();
  const scopes = (source: string): readonly string[] => {
    let list = lists.get(source);
    if (list === undefined) {
      list = scopesOf(source);
      lists.set(source, list);
    }
    return list;
  };
  const confirmed = observer.state === "recording" ? observer.aliveAtUs : undefined;
  return confirmed === undefined ? { of, scopes } : { of, scopes, confirmedAtUs: confirmed };
}

/**
 * When a source was last heard from, by its own words: of a log that was brought from elsewhere nobody noted the looks. That others were heard
 * later says that somebody was at work, but not that this one answered then.
 */
function heardFrom(documents: ReadonlyDocuments, source: string, scope: string): number | null {
  const told = documentOf(documents, "coverage", coverageId(source, scope));
  let atUs = (told?.state === "observed" ? told.sinceUs : told?.heardUntilUs) ?? 0;
  const hear = (recordedAtUs: number, of = ""): void => {
    if (scope === "" || of === scope) atUs = Math.max(atUs, recordedAtUs);
  };
  for (const family of TOLD_BY[source] ?? [])
    for (const [, { recordedAtUs }] of documentsOf(documents, family)) hear(recordedAtUs);
  if (source === "tmux") {
    for (const [socket, { recordedAtUs }] of documentsOf(documents, "server")) hear(recordedAtUs, socket);
    for (const [, pane] of documentsOf(documents, "pane")) hear(pane.recordedAtUs, pane.socket);
    for (const [, { panes }] of documentsOf(documents, "agent"))
      for (const pane of Object.values(panes)) hear(pane.recordedAtUs, pane.socket);
  }
  return atUs > 0 ? atUs : null;
}

const TOLD_BY: Readonly<
  Record<string, readonly ("rosterfile" | "process" | "manager" | "unit" | "heartbeat")[]>
> = {
  roster: ["rosterfile"],
  process: ["process"],
  systemd: ["manager", "unit"],
  heartbeat: ["heartbeat"],
};

/**
 * One entry per source, as `observer.sources` shows it, with its named scopes. A source that looks at all it has in one look
 * is as fresh as that look; one that has a look for each scope (tmux sockets) is as fresh as the worst of them, but for those that are over: their last
 * answer was that nothing is there, and nobody has to be asked again.
 */
export function freshnessOf(
  coverage: Coverage,
  source: string,
  isOver: (source: string, scope: string) => boolean = () => false,
): SourceFreshness {
  const every = coverage.scopes(source);
  const lasting = every.filter((scope) => !isOver(source, scope));
  const all = lasting.length === 0 ? every : lasting;
  const named = all.filter((scope) => scope !== "");
  const watches = named.map((scope) => [scope, coverage.of(source, scope)] as const);
  const whole =
    all.includes("") || named.length === 0 ? [coverage.of(source, "")] : watches.map(([, watch]) => watch);
  const worst = [...whole].sort((a, b) => severity(b) - severity(a))[0];
  const newest = Math.max(...whole.map((watch) => watch.observedAtUs ?? 0));
  const entry: SourceFreshness = {
    state: worst?.state ?? "absent",
    observed_at: newest > 0 ? exactIsoOrNull(newest) : null,
    reason: worst?.reason ?? null,
  };
  if (named.length > 0) {
    entry.scopes = Object.fromEntries(
      watches.map(([scope, watch]) => [
        scope,
        { state: watch.state, observed_at: exactIsoOrNull(watch.observedAtUs), reason: watch.reason },
      ]),
    );
  }
  return entry;
}

function severity({ state }: Watch): number {
  return ["fresh", "stale", "absent", "unavailable"].indexOf(state);
}
