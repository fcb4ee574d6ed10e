import type { Unsettled, VerdictReader, VerdictTable } from "../../store/chronicle.ts";
import type { ChronicleView } from "../../store/chronicle-view.ts";
import { ONLY } from "../planes/documents.ts";
import type { Cadence } from "./cadence.ts";
import { historyFrom } from "./history.ts";
import { touchedFrom } from "./horizon.ts";
import type { RuleBook } from "./rules.ts";
import { bookOf, RULES, type Rules } from "./rules.ts";
import { statusIntervals } from "./sweep.ts";
import { windowTestimony } from "./window-testimony.ts";

/** Takes what is unsettled into account and judges the next stretch of time: up to this place of the log; null = there is no more to do. */
export function settleStep(
  view: ChronicleView,
  table: VerdictTable,
  { lagUs, stepEvents, lateUs, rules }: Cadence,
): number | null {
  const lastSeq = view.lastSeq();
  const done = (): null => {
    table.settledThrough(lastSeq);
    return null;
  };
  const agents = view.lines("roster", -Infinity).map(({ id }) => id);
  const touched = touchedBy(view, table.unsettled());
  for (const agent of agents) {
    const fromUs = Math.min(touched.get(agent) ?? Infinity, touched.get("") ?? Infinity);
    if (table.untilUs(agent) > fromUs) table.cut(agent, fromUs);
  }
  table.allSettled();
  const endUs = (view.recordedAtUs(lastSeq) ?? -Infinity) - lagUs;
  if (agents.length === 0 || endUs === -Infinity) return done();
  const book = keptBook(view, rules);
  for (const agent of agents) {
    if (table.untilUs(agent) === -Infinity) table.extend(agent, beforeRoster(view, agent, endUs, book));
  }
  const untils = new Map(agents.map((agent) => [agent, table.untilUs(agent)]));
  const beginsUs = Math.min(...untils.values());
  if (beginsUs >= endUs) return done();
  const stepUs = view.recordedAtUs(view.seqAt(beginsUs) + stepEvents) ?? Infinity;
  const toUs = stepUs > beginsUs && stepUs < endUs ? stepUs : endUs;
  const testimony = windowTestimony({
    view,
    window: { fromUs: beginsUs, toUs },
    lapsedAtUs: null,
    nowUs: Infinity,
    lateUs,
  });
  const history = historyFrom(testimony);
  for (const [agent, fromUs] of untils) {
    if (fromUs >= toUs) continue;
    const intervals = statusIntervals(history, agent, { fromUs, toUs }, book);
    table.extend(
      agent,
      intervals.map((interval) => ({ ...interval, toUs: interval.toUs ?? Infinity })),
    );
  }
  return toUs < endUs ? view.seqAt(toUs) : done();
}

/** Until when the kept verdicts of an agent stand, given the evidence that came since they were settled. */
export function settledUntil(view: ChronicleView, verdicts: VerdictReader, agent: string): number {
  const marks = verdicts.unsettled().filter((mark) => mark.agent === "" || mark.agent === agent);
  return Math.min(verdicts.untilUs(agent), ...touchedBy(view, marks).values());
}

/** From when on new evidence may change verdicts, by agent; '': of everybody. */
function touchedBy(view: ChronicleView, marks: readonly Unsettled[]): Map<string, number> {
  const touched = new Map<string, number>();
  for (const [index, fromUs] of touchedFrom(view, marks).entries()) {
    const { agent } = marks[index] as Unsettled;
    touched.set(agent, Math.min(touched.get(agent) ?? Infinity, fromUs));
  }
  return touched;
}

/** Nobody promised anything about an agent before it first came on the roster. */
function beforeRoster(view: ChronicleView, agent: string, endUs: number, book: RuleBook) {
  const [first] = view.pieces("roster", agent, -Infinity, endUs);
  const toUs = Math.min(first?.fromUs ?? endUs, endUs);
  const moments = [-Infinity, ...book.changesUs.filter((us) => us < toUs)];
  return moments.map((fromUs, at) => ({
    fromUs,
    toUs: moments[at + 1] ?? toUs,
    status: null,
    reason: null,
    why: [],
    rules: book.at(fromUs).version,
  }));
}

/** The rules in force over time. */
export function keptBook(view: ChronicleView, rules: readonly Rules[] = RULES): RuleBook {
  const pieces = view.pieces("rules", ONLY, -Infinity, Infinity);
  return bookOf(
    {
      fromUs: [-Infinity, ...pieces.map(({ fromUs }) => fromUs)],
      values: [undefined, ...pieces.map(({ value }) => value as number)],
    },
    rules,
  );
}
