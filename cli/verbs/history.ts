import { historyDocument, storyOf } from "../../query/story.ts";
import { type Asked, askPast, chosen, unknownIn, windowOf } from "../asked.ts";
import { has, type Invocation } from "../declaration.ts";
import { EXIT } from "../exit.ts";
import { sayNoSuchAgent } from "../no-such-agent.ts";
import { refuseWith } from "../refuse-with.ts";
import { historyCsv } from "../render/history-csv.ts";
import { formatStory } from "../render/story.ts";
import { formatTimeline } from "../render/timeline.ts";

/** `fleet history [NAME...]`: the story of a window; as lines, as bars, as a table for other programs. */
export async function run(invocation: Invocation): Promise<number> {
  refuseWith(invocation, "timeline", ["json", "csv"]);
  refuseWith(invocation, "json", ["csv"]);
  return askPast(invocation, (asked) => tell(invocation, asked));
}

function tell(invocation: Invocation, { past, atUs, ...asked }: Asked): number {
  const { output } = invocation;
  const window = windowOf(invocation, { past, atUs, ...asked });
  const unknown = unknownIn(past, invocation);
  if (unknown !== undefined) return sayNoSuchAgent(output, unknown, past.names());
  const entries = chosen(past.roster(window), invocation);
  const look = { width: output.width(), paint: output.paint };
  const input = { entries, window, atUs };
  if (has(invocation, "json")) {
    output.print(`${JSON.stringify(historyDocument(past, input), null, 2)}\n`);
  } else if (has(invocation, "csv")) {
    for (const lines of historyCsv(past, input)) output.print(lines);
  } else if (has(invocation, "timeline")) {
    output.print(`${formatTimeline(past, input, look).join("\n")}\n`);
  } else {
    let count = 0;
    for (const line of formatStory(storyOf(past, { ...input, whole: has(invocation, "all") }), input, look)) {
      output.print(`${line}\n`);
      count += 1;
    }
    if (count === 0)
      output.complain("Nothing is known of that window; `fleet history --since 30d` looks further back.\n");
  }
  return EXIT.done;
}
