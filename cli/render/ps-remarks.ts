import type { PsDocument, SourceFreshness } from "../../query/row.ts";
import type { Tone } from "./colour.ts";
import { formatDuration } from "./duration.ts";
import { formatMoment, formatNear } from "./moment.ts";
import { placeOf, STATUSES, secondsSince } from "./ps-cells.ts";
import { visible } from "./text.ts";

export interface Remark {
  readonly text: string;
  readonly tone: Tone | null;
}

/** Words that no line break may part: the blank is a non-breaking one until the lines are made. */
export const TIE = "\u00a0";
function together(...words: readonly (string | number)[]): string {
  return words.join(" ").replaceAll(" ", TIE);
}

/** What stands below the table: the count, who watched, how old each source is, and whatever is not as it should be. */
export function remarksOn(document: PsDocument, past = false): Remark[] {
  const nowMs = Date.parse(document.at);
  return [
    summary(document, nowMs),
    observerRemark(document, nowMs, past),
    // Where nobody looks at all, one line says so for every source.
    ...(document.observer.state === "absent" ? [] : Object.entries(document.observer.sources)).flatMap(
      ([name, source]) => sourceRemarks(name, source, nowMs),
    ),
    ...rosterRemarks(document),
    ...namesakeRemarks(document, nowMs, past),
  ];
}

function summary(document: PsDocument, nowMs: number): Remark {
  const where = together(`${visible(document.tenant_id)}@${visible(document.host)}`);
  const when = together(formatMoment(nowMs * 1000));
  if (document.agents.length === 0) return { text: `No agents on ${where} at ${when}.`, tone: null };
  const counts = new Map<string, number>();
  for (const { status } of document.agents) counts.set(status, (counts.get(status) ?? 0) + 1);
  const said = STATUSES.flatMap((status) => {
    const count = counts.get(status);
    return count === undefined ? [] : [together(count, status)];
  });
  return { text: `${where} at ${when}: ${said.join(", ")}.`, tone: null };
}

function observerRemark({ observer }: PsDocument, nowMs: number, past: boolean): Remark {
  if (observer.state === "absent") {
    const heard = Object.entries(observer.sources).map(([name, { observed_at }]) =>
      observed_at === null
        ? together(name, "never")
        : together(name, formatDuration(age(observed_at, nowMs)), "ago"),
    );
    const text = past
      ? "Nobody was watching at that moment."
      : "No recorder runs and nothing was looked at: this is what the log last knew.";
    if (Object.values(observer.sources).every(({ observed_at }) => observed_at === null))
      return { text: past ? `${text} No look had been finished before it.` : text, tone: "warn" };
    return { text: `${text} It last heard from ${heard.join(", ")}.`, tone: "warn" };
  }
  const looks = Object.entries(observer.sources)
    .filter(([, source]) => source.state === "fresh" || freshScopes(source).length > 0)
    .map(([name, source]) => {
      const { observed_at } = source;
      const called = isByScopesOnly(source)
        ? together(name, `(${freshScopes(source).join(", ")} only)`)
        : name;
      // How old an answer was at a past moment is not kept, only that its source was watched then.
      return observed_at === null || past
        ? called
        : together(called, formatDuration(age(observed_at, nowMs)));
    });
  const words = past ? "Watched then" : "Answers are this old";
  const answers = looks.length === 0 ? "No source answers." : `${words}: ${looks.join(", ")}.`;
  if (observer.state === "one-shot") {
    const text = past
      ? `One look was taken at that very moment; nobody watched before and after it. ${answers}`
      : `No recorder runs: this is one look, taken now; \`fleet record\` watches and remembers. ${answers}`;
    return { text, tone: "warn" };
  }
  if (observer.since === null) return { text: `Recording. ${answers}`, tone: "quiet" };
  const since = together(formatNear(Date.parse(observer.since) * 1000, nowMs * 1000));
  const lasting = together(formatDuration(age(observer.since, nowMs)));
  return { text: `Recording since ${since} (${lasting}). ${answers}`, tone: "quiet" };
}

/** Seconds; a moment that a clock which was set back has put into the future is now. */
function age(at: string, nowMs: number): number {
  return Math.max(0, secondsSince(at, nowMs));
}

function sourceRemarks(name: string, source: SourceFreshness, nowMs: number): Remark[] {
  const scopes = Object.entries(source.scopes ?? {}).filter(([, scope]) => scope.state !== "fresh");
  const remarks = scopes.map(([scope, state]) => sourceRemark(`${name} ${visible(scope)}`, state, nowMs));
  if (source.state === "fresh" || isToldByScope(source)) return remarks;
  const butFor = isByScopesOnly(source) ? ` but for ${freshScopes(source).join(", ")}` : "";
  return [sourceRemark(name, source, nowMs, butFor), ...remarks];
}

/** A source is as bad as its worst scope, and then that scope has said so; else it has a reason of its own. */
function isToldByScope({ state, reason, scopes }: SourceFreshness): boolean {
  return Object.values(scopes ?? {}).some((scope) => scope.state === state && scope.reason === reason);
}

/** Its own looks are not there (yet), though another way to watch it is: a bus is listened to before the first look is over. */
function isByScopesOnly(source: SourceFreshness): boolean {
  return source.state !== "fresh" && !isToldByScope(source) && freshScopes(source).length > 0;
}

function freshScopes({ scopes }: SourceFreshness): string[] {
  return Object.entries(scopes ?? {}).flatMap(([scope, { state }]) =>
    state === "fresh" ? [visible(scope)] : [],
  );
}

const STATE_WORDS = {
  fresh: "fresh",
  stale: "stale",
  unavailable: "unavailable",
  absent: "not watched",
} as const;

function sourceRemark(
  name: string,
  source: Omit<SourceFreshness, "scopes">,
  nowMs: number,
  butFor = "",
): Remark {
  const { observed_at, reason, state } = source;
  const last =
    observed_at === null
      ? "no answer yet"
      : `last answer ${together(formatDuration(age(observed_at, nowMs)))} ago`;
  const why = reason === null ? "" : `: ${visible(reason)}`;
  return { text: `${name} ${STATE_WORDS[state]}${butFor}, ${last}${why}`, tone: "warn" };
}

function rosterRemarks({ roster, agents }: PsDocument): Remark[] {
  if (roster.state === "rejected") {
    const problem = roster.problem === null ? "" : `: ${visible(roster.problem)}`;
    return [{ text: `roster refused${problem}; the last good one is in force`, tone: "bad" }];
  }
  if (roster.state !== "missing") return [];
  const path = roster.path === null ? "" : `: ${visible(roster.path)}`;
  const inForce = agents.some(({ unrostered }) => !unrostered)
    ? "the last good one is in force"
    : "nothing says which agents should run";
  return [{ text: `roster not there${path}; ${inForce}`, tone: "warn" }];
}

/** Whoever attaches or sends may reach one, and look at a row of the other. */
function namesakeRemarks({ agents }: PsDocument, nowMs: number, past: boolean): Remark[] {
  return agents.flatMap(({ name, pane, namesakes }) =>
    namesakes.map((namesake) => {
      const lives = past ? "lived" : "lives";
      const where = together("on", placeOf(namesake));
      const began = together("since", formatNear(Date.parse(namesake.since) * 1000, nowMs * 1000));
      const own = together("on", placeOf(pane));
      const text = `${visible(name)}: another session of this name ${lives} ${where}, ${began}; its row is of the one ${own}.`;
      return { text, tone: "warn" };
    }),
  );
}
