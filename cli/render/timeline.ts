import type { Past } from "../../query/history/past.ts";
import type { AgentStatus } from "../../query/row.ts";
import type { StoryInput } from "../../query/story.ts";
import { worstOf } from "../../query/worst.ts";
import type { Paint, Tone } from "./colour.ts";
import { formatMoment, formatNear, withoutSeconds } from "./moment.ts";
import { STATUSES, toneOf } from "./ps-cells.ts";
import { pad, truncate, visible, widthOf, wrap } from "./text.ts";
import { offRoster } from "./window.ts";

/** Capitals want somebody. The letters stand in the colours too, for eyes and terminals that do not tell them apart. */
const LETTERS: Readonly<Record<AgentStatus, string>> = {
  failed: "F",
  dead: "D",
  stale: "S",
  silent: "Q",
  absent: "A",
  unobserved: "?",
  waiting: "W",
  starting: "s",
  busy: "b",
  healthy: "h",
  running: "r",
  stopped: "-",
  finished: "=",
};
const LONGEST_NAME = 18;
/** Where nothing limits the width (a pipe), the bar is as wide as a day has quarters of an hour. */
const UNLIMITED_BAR = 96;
const SHORTEST_BAR = 10;

/** One bar for each agent across the terminal, and one for the recorder. Lines without newlines. */
export function formatTimeline(
  past: Past,
  { entries, window }: StoryInput,
  { width, paint }: { width: number | null; paint: Paint },
): string[] {
  if (entries.length === 0) return ["No agent was on the roster in that window."];
  const names = entries.map(({ name }) => visible(name));
  // A name gives way before the bar does.
  const most = width === null ? LONGEST_NAME : Math.min(LONGEST_NAME, Math.max(1, width - 2 - SHORTEST_BAR));
  const column = Math.min(most, Math.max(...[...names, WATCHED].map(widthOf)));
  const cells = width === null ? UNLIMITED_BAR : Math.max(1, width - column - 2);
  const seen = new Set<AgentStatus>();
  const blanks = new Set<string>();
  const line = (name: string, bar: string): string =>
    `${pad(truncate(name, column), column)}  ${bar}`.trimEnd();
  const bars = entries.map(({ name, declaration }, index) => {
    const worst = worstOf(past.sightings(name, window), window, cells);
    for (const status of worst)
      if (status !== null) seen.add(status);
      else blanks.add(offRoster(declaration.role === "stray"));
    return line(names[index] ?? "", barOf(worst, paint));
  });
  const gaps = [...past.gaps(window)].map((gap) => ({ ...gap, status: "unobserved" as const }));
  const watched = worstOf([{ ...window, status: "running" }, ...gaps], window, cells);
  if (gaps.length > 0) seen.add("unobserved");
  // Kept together where there is room for it, with what stands after it.
  const tied = (text: string): string =>
    width === null || widthOf(text) < width ? text.replaceAll(" ", TIE) : text;
  const legend = STATUSES.filter((status) => seen.has(status)).map((status) =>
    tied(`${LETTERS[status]} ${status}`),
  );
  if (blanks.size > 0) legend.push(tied(`blank ${[...blanks].sort().join(" or ")}`));
  const about = `${legend.join("  ")}; a cell shows the worst of its ${formatCell((window.toUs - window.fromUs) / cells)}.`;
  return [
    `${" ".repeat(column)}  ${paint("quiet", axisOf(window.fromUs, window.toUs, cells))}`.trimEnd(),
    ...bars,
    line(WATCHED, barOf(watched, paint, RECORDER)),
    "",
    ...wrap(about, width ?? Number.POSITIVE_INFINITY).map((text) =>
      paint("quiet", text.replaceAll(TIE, " ")),
    ),
  ];
}

const WATCHED = "(recorder)";
const RECORDER: Readonly<Partial<Record<AgentStatus, string>>> = { running: "+", unobserved: "?" };
const TIE = "\u00a0";

/** Cells of one status are painted together: fewer codes, and a bar that copies well. */
function barOf(
  cells: readonly (AgentStatus | null)[],
  paint: Paint,
  letters: Readonly<Partial<Record<AgentStatus, string>>> = LETTERS,
): string {
  let bar = "";
  for (let from = 0; from < cells.length; ) {
    const status = cells[from] ?? null;
    let to = from + 1;
    while (to < cells.length && (cells[to] ?? null) === status) to++;
    const text = (status === null ? " " : (letters[status] ?? "?")).repeat(to - from);
    bar += status === null ? text : filled(paint, toneOf(status), text);
    from = to;
  }
  return bar;
}

/** Reverse video turns a coloured letter into a coloured cell; a paint that leaves text alone is not asked for it. */
function filled(paint: Paint, tone: Tone | null, text: string): string {
  const painted = paint(tone, text);
  return painted === text ? text : `\u001b[7m${painted}\u001b[27m`;
}

/** The window's ends, and its middle where there is room. */
function axisOf(fromUs: number, toUs: number, cells: number): string {
  const moments = [formatMoment(fromUs), formatNear((fromUs + toUs) / 2, fromUs), formatNear(toUs, fromUs)];
  // Of a window of minutes the seconds tell its ends apart.
  const isShort = toUs - fromUs < SHORT_WINDOW_US;
  const [begin = "", middle = "", end = ""] = isShort ? moments : moments.map(withoutSeconds);
  const free = cells - begin.length - end.length;
  if (free < 2) return truncate(begin, cells);
  const left = Math.floor(cells / 2 - middle.length / 2) - begin.length;
  if (left < 2 || free - left - middle.length < 2) return begin + " ".repeat(free) + end;
  return begin + " ".repeat(left) + middle + " ".repeat(free - left - middle.length) + end;
}

const SHORT_WINDOW_US = 600e6;

function formatCell(us: number): string {
  const seconds = us / 1e6;
  if (seconds < 120) return `${Math.max(0.1, Math.round(seconds * 10) / 10)} s`;
  return seconds < 7200 ? `${Math.round(seconds / 6) / 10} min` : `${Math.round(seconds / 360) / 10} h`;
}
