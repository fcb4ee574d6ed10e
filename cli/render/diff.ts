import type { DiffAgent, DiffDocument } from "../../query/diff.ts";
import type { AgentStatus } from "../../query/row.ts";
import type { Paint, Tone } from "./colour.ts";
import { formatMoment } from "./moment.ts";
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
  const { agents, compared, from, to } = document;
  const between = `${momentOf(from.at)} and ${momentOf(to.at)}`;
  const cells = look.width ?? Number.POSITIVE_INFINITY;
  const column = Math.max(0, ...agents.map(({ name }) => widthOf(visible(name))));
  const rest = compared - agents.length;
  const unwatched = [from, to].filter(({ observer }) => observer === "absent").map(({ at }) => momentOf(at));
  const remarks = [
    agents.length === 0
      ? `Nothing changed between ${between}, of ${count(compared, "agent")}.`
      : `Between ${between}; ${rest === 0 ? (agents.length === 1 ? "that is the only agent" : "all have changed") : `${count(rest, "other agent")} unchanged`}.`,
    ...(unwatched.length === 0 ? [] : [`Nobody was watching at ${unwatched.join(" and ")}.`]),
  ];
  return [
    ...agents.flatMap((agent) => agentLines(agent, column, cells, look.paint)),
    ...(agents.length === 0 ? [] : [""]),
    ...remarks.flatMap((text) => wrap(text, cells)),
  ];
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
