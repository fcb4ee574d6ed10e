import { historyDocument, storyOf } from "../../query/story.ts";
import { type Asked, askPast, asksForSome, entriesOf, unknownIn, windowOf } from "../asked.ts";
import { has, type Invocation } from "../declaration.ts";
import { EXIT } from "../exit.ts";
import { NOBODY, sayNoSuchAgent } from "../no-such-agent.ts";
import { refuseWith } from "../refuse-with.ts";
import { historyCsv } from "../render/history-csv.ts";
import { formatStory } from "../render/story.ts";
import { formatTimeline } from "../render/timeline.ts";

/** `fleet history [NAME...]`: the story of a window; as lines, as bars, as a table for other programs. */
export async function run(invocation: Invocation): Promise<number> {
  refuseWith(invocation, "timeline", ["json", "csv"]);
  refuseWith(invocation, "json", ["csv"]);
  const { output } = invocation;
  // Told as a whole, and printed only when the log is closed: a pager that waits must not hold its checkpoints back.
  const told = await askPast(invocation, (asked) => tell(invocation, asked));
  if ("unknown" in told) return sayNoSuchAgent(output, told.unknown, told.known);
  for (const text of told.texts) output.print(text);
  if (told.texts.length === 0) output.complain(NOBODY);
  return EXIT.done;
}

type Told =
  | { readonly texts: readonly string[] }
  | { readonly unknown: string; readonly known: readonly string[] };

function tell(invocation: Invocation, asked: Asked): Told {
  const { past, atUs } = asked;
  const window = windowOf(invocation, asked);
  const unknown = unknownIn(past, invocation);
  if (unknown !== undefined) return { unknown, known: past.names() };
  const input = { entries: entriesOf(past, window, invocation), window, atUs };
  const look = { width: invocation.output.width(), paint: invocation.output.paint };
  if (has(invocation, "json"))
    return { texts: [`${JSON.stringify(historyDocument(past, input), null, 2)}\n`] };
  if (has(invocation, "csv")) return { texts: [...historyCsv(past, input)] };
  if (has(invocation, "timeline")) return { texts: [`${formatTimeline(past, input, look).join("\n")}\n`] };
  // What the recorder did is no answer to who was of a class that nobody was of.
  if (input.entries.length === 0 && asksForSome(invocation)) return { texts: [] };
  const story = storyOf(past, { ...input, whole: has(invocation, "all") });
  return { texts: [...formatStory(story, input, { ...look, atUs })].map((line) => `${line}\n`) };
}
