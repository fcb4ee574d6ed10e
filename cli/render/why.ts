import type { AgentRow } from "../../query/row.ts";
import type { WhyCell, WhyDocument } from "../../query/why.ts";
import type { Paint, Tone } from "./colour.ts";
import { formatDuration } from "./duration.ts";
import { formatMoment, formatNear } from "./moment.ts";
import { pad, truncate, visible, widthOf } from "./text.ts";

const HOLDS: Record<"yes" | "no" | "unknown", { word: string; tone: Tone | null }> = {
  yes: { word: "yes", tone: "strong" },
  no: { word: "no", tone: "quiet" },
  unknown: { word: "?", tone: "warn" },
};

/** `fleet.why.v1` for people: the verdict, the ladder that led to it, and the events under each cell. Lines without newlines. */
export function formatWhy(
  document: WhyDocument,
  look: { width: number | null; paint: Paint; past?: boolean },
): string[] {
  const { paint, width } = look;
  const { row, verdict } = document;
  const nowMs = Date.parse(document.at);
  const cut = (line: string): string => (width === null ? line : truncate(line, width));
  const reason = verdict.reason === null ? "" : `: ${visible(verdict.reason)}`;
  const since =
    row.since === null
      ? ""
      : `, since ${formatNear(Date.parse(row.since) * 1000, nowMs * 1000)} (${formatDuration(Math.max(0, ageOf(row.since, nowMs)))})`;
  const where = `${visible(document.tenant_id)}@${visible(document.host)} at ${formatMoment(nowMs * 1000)}, log #${document.log_seq}`;
  const lines = [
    paint(
      "strong",
      cut(`${visible(document.name)} ${look.past ? "was" : "is"} ${verdict.status}${reason}${since}`),
    ),
    paint("quiet", cut(where)),
  ];
  if (row.flags.length > 0) lines.push(cut(`flags: ${row.flags.join(", ")}`));
  if (row.unknown.length > 0)
    lines.push(paint("warn", cut(`not known ${look.past ? "then" : "now"}: ${row.unknown.join(", ")}`)));

  for (const line of namesakeLines(row, nowMs, look.past)) lines.push(paint("warn", cut(line)));

  lines.push("", paint("quiet", "Verdict (the first that holds decides; ? = the evidence is missing)"));
  const column = Math.max(0, ...verdict.rungs.map((rung) => rung.status.length));
  for (const rung of verdict.rungs) {
    const { word, tone } = HOLDS[rung.holds];
    lines.push(paint(tone, cut(`  ${pad(word, 3)}  ${pad(rung.status, column)}  ${visible(rung.because)}`)));
  }

  lines.push("", paint("quiet", "Evidence (newest first)"));
  for (const cell of document.cells)
    lines.push(...cellLines(cell, observedOf(cell, nowMs, look.past), nowMs, cut, paint));
  return lines;
}

/** Which session all of this is of, where another one has the same name. */
function namesakeLines({ pane, namesakes }: AgentRow, nowMs: number, past = false): string[] {
  if (namesakes.length === 0) return [];
  const others = namesakes.map((namesake) => {
    const since = formatNear(Date.parse(namesake.since) * 1000, nowMs * 1000);
    const age = formatDuration(Math.max(0, ageOf(namesake.since, nowMs)));
    const lives = past ? "lived" : "lives";
    return `another session of this name ${lives}: ${pathAndPlace(namesake)}, since ${since} (${age})`;
  });
  return [`told of here: ${pathAndPlace(pane)}`, ...others];
}

function pathAndPlace({ socket, id, pid }: Pick<AgentRow["pane"], "socket" | "id" | "pid">): string {
  const pane = id === null ? "" : ` pane ${visible(id)}`;
  const process = pid === null ? "" : ` process ${pid}`;
  return `${visible(socket ?? "")}${pane}${process}`;
}

const PLANE_COLUMN = 9;

function cellLines(
  cell: WhyCell,
  observed: string,
  nowMs: number,
  cut: (line: string) => string,
  paint: Paint,
): string[] {
  const head = `  ${pad(cell.plane, PLANE_COLUMN)}  ${visible(cell.state)}`;
  const seqs = Math.max(0, ...cell.evidence.map(({ seq }) => widthOf(String(seq))));
  const indent = " ".repeat(PLANE_COLUMN + 4);
  return [
    `${cut(head)}${paint("quiet", cut(`  ${observed}, by ${visible(cell.source)}`))}`,
    ...cell.evidence.map(({ seq, type, occurred_at, summary }) => {
      const when = formatNear(Date.parse(occurred_at) * 1000, nowMs * 1000);
      return paint(
        "quiet",
        cut(`${indent}${pad(`#${seq}`, seqs + 1)}  ${when}  ${visible(type)}  ${visible(summary)}`),
      );
    }),
  ];
}

/**
 * How old the look was. Of a past moment also what was read after it is known; in the present a moment that a clock which was set back has put
 * into the future is now.
 */
function observedOf({ observed_at }: WhyCell, nowMs: number, past = false): string {
  if (observed_at === null) return "never observed";
  const age = ageOf(observed_at, nowMs);
  if (past && age < 0) return `told ${formatDuration(-age)} later`;
  return `observed ${formatDuration(Math.max(0, age))} ago`;
}

function ageOf(at: string, nowMs: number): number {
  return (nowMs - Date.parse(at)) / 1000;
}
