import type { StoryEntry, StoryInput } from "../../query/story.ts";
import type { Paint, Tone } from "./colour.ts";
import { formatChanges } from "./declared.ts";
import { formatLength } from "./duration.ts";
import { glimpseWords } from "./glimpse.ts";
import { formatClock, formatMoment, formatNear } from "./moment.ts";
import { toneOf } from "./ps-cells.ts";
import { pad, truncate, visible, widthOf } from "./text.ts";
import { goingOn, offRoster } from "./window.ts";

const LONGEST_NAME = 20;

/**
 * The story line by line, days apart: `22:31:07  coder0  stale, for 4 min 12 s: no beat  [#1234]`. What began before the window
 * stands under its own day.
 */
export function* formatStory(
  story: Iterable<StoryEntry>,
  { entries, window }: StoryInput,
  {
    width,
    paint,
    atUs,
  }: { width: number | null; paint: Paint /** The moment of the answer. */; atUs: number },
): Generator<string> {
  const column = Math.min(LONGEST_NAME, Math.max(1, ...entries.map(({ name }) => widthOf(visible(name)))));
  const strays = new Set(entries.filter((one) => one.declaration.role === "stray").map(({ name }) => name));
  let day = "";
  for (const entry of story) {
    const [today = "", clock = ""] = [formatMoment(entry.fromUs).slice(0, 10), formatClock(entry.fromUs)];
    if (today !== day) yield paint("strong", today);
    day = today;
    const who = pad(truncate("agent" in entry ? visible(entry.agent) : "-", column), column);
    const { word, tone, rest } = told(
      entry,
      { endUs: window.toUs, atUs },
      "agent" in entry && strays.has(entry.agent),
    );
    const evidence =
      "why" in entry && entry.why.length > 0 ? `  [${entry.why.map((seq) => `#${seq}`).join(", ")}]` : "";
    const room = width === null ? Number.POSITIVE_INFINITY : width - widthOf(`${clock}  ${who}  ${word}`);
    const after =
      widthOf(rest + evidence) <= room ? rest + paint("quiet", evidence) : truncate(rest, Math.max(0, room));
    yield `${paint("quiet", clock)}  ${who}  ${paint(tone, word)}${after}`.trimEnd();
  }
}

/** Since when it had been so, where that is not its own line's beginning. */
function sinceWords({ first, fromUs, status }: Extract<StoryEntry, { kind: "status" }>): string {
  if (first === null || first.sinceUs === null || first.sinceUs >= fromUs) return "";
  const since = formatNear(first.sinceUs, fromUs);
  return first.by === "roster" ? `; ${status} since ${since}` : `, and before the log since ${since}`;
}

function told(
  entry: StoryEntry,
  { endUs, atUs }: { readonly endUs: number; readonly atUs: number },
  isStray: boolean,
): { word: string; tone: Tone | null; rest: string } {
  const isStatus = entry.kind === "status";
  const isUnseen = (isStatus || entry.kind === "attached") && entry.endUnseen;
  const atLeast = isUnseen || (isStatus && entry.beginUnseen) ? "at least " : "";
  const within = isStatus && atLeast === "" ? [entry.withinUs, entry.endWithinUs] : [];
  // It may have begun later than its source told, and so may what came after it.
  const bound = within.some((us) => us != null) ? "at most " : "";
  const lasted =
    entry.toUs === null
      ? `, for ${formatLength(Math.max(0, endUs - entry.fromUs))}${goingOn(endUs, atUs)}`
      : `, for ${atLeast}${bound}${formatLength(entry.toUs - entry.fromUs + (within[1] ?? 0))}`;
  switch (entry.kind) {
    case "status": {
      if (entry.status === null) return { word: offRoster(isStray), tone: "quiet", rest: lasted };
      const word = entry.turns > 0 ? "at work" : entry.status;
      const turns =
        entry.turns > 0
          ? ` (busy and healthy in turn, ${entry.turns} ${entry.turns === 1 ? "change" : "changes"})`
          : "";
      const reason = entry.reason === null ? "" : `: ${visible(entry.reason)}`;
      const found =
        entry.found === 1
          ? ""
          : ` (found so ${entry.found} times; of that ${formatLength(entry.unseenUs)} nobody watched)`;
      const off = entry.unrostered && !isStray ? ", off the roster" : "";
      const length = entry.glimpse === null ? lasted : `, ${glimpseWords(entry.glimpse)}`;
      const since = sinceWords(entry);
      return { word, tone: toneOf(entry.status), rest: `${off}${turns}${length}${found}${since}${reason}` };
    }
    case "attached": {
      const how = entry.reason === null ? "" : ` (${visible(entry.reason)})`;
      // Hooks tell whole seconds.
      const briefly = entry.endUnseen ? ", and until when nobody saw" : ", for less than a second";
      const length = entry.toUs === entry.fromUs ? briefly : lasted;
      return { word: "attached to", tone: "call", rest: `${how}${length}` };
    }
    case "declared":
      return { word: "declared anew", tone: "quiet", rest: `: ${formatChanges(entry.changes)}` };
    case "sent":
      return { word: "was sent a message", tone: "call", rest: "" };
    case "gap": {
      const words = {
        "never-started": "no recorder had run yet",
        stopped: "the recorder was stopped",
        lapsed: "the recorder ended without a word",
        starved: "the recorder was stopped or starved",
        suspended: "the machine slept, or its clock was set forward",
      };
      if (entry.cause === "log-ends")
        return { word: "the log ends here", tone: "quiet", rest: "; of later it knows nothing" };
      return { word: words[entry.cause], tone: "warn", rest: `${lasted}; nobody watched` };
    }
    case "log":
      return { word: "the log begins", tone: "quiet", rest: "" };
    case "boot":
      return {
        word: "the machine booted",
        tone: "warn",
        rest: ` (boot ${visible(entry.bootId.slice(0, 8))})`,
      };
  }
}
