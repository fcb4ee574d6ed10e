import type { AgentFacts } from "../evidence.ts";
import { isGone } from "../listed.ts";
import { ONLY } from "../planes/documents.ts";
import type { Verdict } from "../verdict.ts";
import { factsAt, resumedAtUs } from "./evidence-at.ts";
import type { History } from "./history.ts";
import type { Interval } from "./intervals.ts";
import { extend } from "./intervals.ts";
import type { RuleBook } from "./rules.ts";
import { rulesInForce } from "./rules.ts";
import { changesOf, valueAt } from "./timeline.ts";

export interface Window {
  readonly fromUs: number;
  /** Infinity: for good, as far as the evidence of now goes. */
  readonly toUs: number;
}

/**
 * An agent's status over a window: the verdict is asked for wherever evidence changes and wherever a deadline of the rules
 * passes, and equal neighbours are joined. The intervals tile the window. Off the roster there is none; a `stray`, a session that no roster
 * ever named, is judged while it is there, as `ps` does.
 */
export function statusIntervals(
  history: History,
  agent: string,
  window: Window,
  book: RuleBook = rulesInForce,
  stray = false,
): Interval[] {
  const intervals: Interval[] = [];
  const moments = momentsOf(history, agent, window, book);
  for (const [index, fromUs] of moments.entries()) {
    const toUs = moments[index + 1] ?? window.toUs;
    const rules = book.at(fromUs);
    if (!stray && valueAt(history.roster(agent), fromUs) === undefined) {
      extend(intervals, intervalOf(fromUs, toUs, null, [], rules.version));
      continue;
    }
    const facts = factsAt(history, agent, fromUs);
    const turns = rules
      .turns(facts, resumedAtUs(history, fromUs))
      .filter((turnUs) => turnUs > fromUs && turnUs < toUs)
      .sort((a, b) => a - b);
    const begins = [fromUs, ...turns];
    for (const [turn, beginsUs] of begins.entries()) {
      const then = turn === 0 ? facts : factsAt(history, agent, beginsUs);
      if (stray && isGone(then)) {
        extend(intervals, intervalOf(beginsUs, begins[turn + 1] ?? toUs, null, [], rules.version));
        continue;
      }
      const verdict = rules.judge(then.evidence);
      const why = whyOf(history, then, verdict, beginsUs);
      extend(intervals, intervalOf(beginsUs, begins[turn + 1] ?? toUs, verdict, why, rules.version));
    }
  }
  return intervals;
}

function intervalOf(
  fromUs: number,
  toUs: number,
  verdict: Verdict | null,
  why: readonly number[],
  rules: number,
): Interval {
  const ends = toUs === Infinity ? null : toUs;
  return { fromUs, toUs: ends, status: verdict?.status ?? null, reason: verdict?.reason ?? null, why, rules };
}

/** Every moment of the window at which evidence on this agent changes, its beginning first. */
function momentsOf(history: History, agent: string, { fromUs, toUs }: Window, book: RuleBook): number[] {
  const roster = history.roster(agent);
  const units = new Set([`mosaic-agent@${agent}.service`]);
  for (const document of roster.values) if (document) units.add(document.declaration.unit);
  const sockets = new Set([...history.told.sockets(agent), ...history.coverage.scopes("tmux")]);
  const beat = history.beat(agent);
  const timelines = [
    roster,
    history.told.of("manager", ONLY),
    history.told.of("clock", ONLY),
    history.told.of("managerexits", ONLY),
    history.purpose(agent),
    beat.told,
    beat.watched,
    ...[...units].flatMap((unit) => [history.unit(unit), history.unitKnown(unit)]),
    ...[...sockets].flatMap((socket) => {
      const { own, known } = history.pane(agent, socket);
      return [history.server(socket), own, known];
    }),
  ];
  const moments = new Set([fromUs]);
  const add = (atUs: number) => {
    if (atUs > fromUs && atUs < toUs) moments.add(atUs);
  };
  for (const timeline of timelines) for (const atUs of changesOf(timeline)) add(atUs);
  for (const { fromUs: beganUs } of history.chronology.unlived) add(beganUs);
  for (const atUs of book.changesUs) add(atUs);
  return [...moments].sort((a, b) => a - b);
}

/** The events behind a verdict: the newest word of each plane that it stands on; for `unobserved`, who stopped watching. */
function whyOf(history: History, facts: AgentFacts, verdict: Verdict, atUs: number): number[] {
  const { pane, server, unit, heartbeat, roster } = facts;
  const serverMatters = server !== undefined && (server.state === "gone" || server.pid !== pane.own?.server);
  const ofPane = [pane.own?.seq, serverMatters ? server.seq : undefined];
  const ofUnit = facts.evidence.unit.known ? unit?.seq : undefined;
  const found = (() => {
    switch (verdict.status) {
      case "stopped":
        return [...ofPane, facts.evidence.stop?.seq];
      case "failed":
      case "dead":
        return [...ofPane, ofUnit];
      case "absent":
        return [roster?.declaredSeq];
      case "stale":
      case "healthy":
      case "busy":
      case "waiting":
        return [heartbeat?.seq];
      case "unobserved":
        return [
          history.coverage.toldAt("tmux", pane.socket ?? "", atUs)?.seq,
          history.coverage.toldAt("heartbeat", "", atUs)?.seq,
        ];
      default:
        return ofPane;
    }
  })();
  return [...new Set(found.filter((seq): seq is number => seq !== undefined && seq > 0))].sort(
    (a, b) => a - b,
  );
}
