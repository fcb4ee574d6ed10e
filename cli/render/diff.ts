import type { DiffAgent, DiffDocument } from "../../query/diff.ts";
import { exactUsOf } from "../../query/instant.ts";
import type { AgentStatus } from "../../query/row.ts";
import type { Paint, Tone } from "./colour.ts";
import { formatMoment, formatterFor } from "./moment.ts";
import { STATUSES, toneOf } from "./ps-cells.ts";
import { pad, visible, widthOf, wrap } from "./text.ts";

const MARKS: Readonly<Record<DiffAgent["change"], { mark: string; tone: Tone | null }>> = {
  added: { mark: "+", tone: "good" },
  removed: { mark: "-", tone: "warn" },
  changed: { mark: "~", tone: null },
  returned: { mark: "=", tone: "quiet" },
};

/** `fleet.diff.v1` for people: one line for each agent, its status first. Lines without newlines. */
export function formatDiff(document: DiffDocument, look: { width: number | null; paint: Paint }): string[] {
  const { agents, unknown, compared, from, to } = document;
  const said = formatterFor(exactUsOf(from.at), exactUsOf(to.at));
  const between = `${said(exactUsOf(from.at))} and ${said(exactUsOf(to.at))}`;
  const cells = look.width ?? Number.POSITIVE_INFINITY;
  const column = Math.max(0, ...agents.map(({ name }) => widthOf(visible(name))));
  const rest = compared - agents.length - unknown.length;
  const unwatched = [from, to].filter(({ observer }) => observer === "absent").map(({ at }) => momentOf(at));
  const remarks = [
    summaryOf(between, agents.length, rest, compared),
    ...(unknown.length === 0
      ? []
      : [`Whether anything changed is not known of ${unknown.map(({ name }) => visible(name)).join(", ")}.`]),
    ...(unwatched.length === 0 ? [] : [`Nobody was watching at ${unwatched.join(" and ")}.`]),
  ];
  return [
    ...agents.flatMap((agent) => agentLines(agent, column, cells, look.paint)),
    ...(agents.length === 0 ? [] : [""]),
    ...remarks.flatMap((text) => wrap(text, cells)),
  ];
}

function summaryOf(between: string, changed: number, unchanged: number, compared: number): string {
  if (changed === 0) {
    const of = unchanged === compared ? "" : `${unchanged} of `;
    return unchanged === 0 && compared > 0
      ? `Nothing was seen to change between ${between}.`
      : `Nothing changed between ${between}, of ${of}${count(compared, "agent")}.`;
  }
  if (changed === compared)
    return `Between ${between}; ${compared === 1 ? "that is the only agent" : "all have changed"}.`;
  return `Between ${between}; ${count(unchanged, "other agent")} unchanged.`;
}

function agentLines(agent: DiffAgent, column: number, cells: number, paint: Paint): string[] {
  const { mark, tone } = MARKS[agent.change];
  const said = agent.cells.map(({ cell, from, to }) => {
    const [before, after] = [from, to].map((value) => (value === null ? "nothing" : visible(value)));
    if (agent.change === "added") return `${cell} ${after}`;
    return agent.change === "removed" ? `${cell} ${before}` : `${cell} ${before} -> ${after}`;
  });
  const shown = agent.change === "added" || agent.change === "removed" ? said.slice(0, 3) : said;
  const words = {
    added: "came",
    removed: "went",
    changed: "",
    returned: `the same again, after ${count(agent.turns, "change")} of status`,
  };
  const turned =
    agent.change === "changed" && agent.turns > 1 ? `(${count(agent.turns, "change")} of status)` : "";
  const text = [[words[agent.change], shown.join("; ")].filter((part) => part !== "").join(": "), turned]
    .filter((part) => part !== "")
    .join(" ");
  const head = `${mark} ${pad(visible(agent.name), column)}  `;
  const lines = wrap(text, Math.max(20, cells - widthOf(head)));
  const status = agent.cells.find(({ cell }) => cell === "status")?.to;
  const painted = tone ?? (STATUSES.includes(status as AgentStatus) ? toneOf(status as AgentStatus) : null);
  return lines.map((line, index) =>
    index === 0
      ? paint(painted, head.trimEnd()) + head.slice(head.trimEnd().length) + line
      : " ".repeat(widthOf(head)) + line,
  );
}

function momentOf(iso: string): string {
  return formatMoment(Date.parse(iso) * 1000);
}

function count(many: number, what: string): string {
  return many === 1 ? `1 ${what}` : `${many} ${what}s`;
}
