import type { Past } from "../../query/history/past.ts";
import { historyDocument } from "../../query/history-document.ts";
import type { Shelf } from "../../query/shelf.ts";
import { type StoryInput, storyOf } from "../../query/story.ts";
import { type Asked, askPast, entriesOf, kindsThere, unknownIn, windowOf } from "../asked.ts";
import { has, type Invocation } from "../declaration.ts";
import { shelvesOf } from "../disk-shelf.ts";
import { EXIT } from "../exit.ts";
import { inPieces } from "../in-pieces.ts";
import { asksForSome, kindsOf } from "../kinds-asked.ts";
import { NOBODY, type Nobody, sayNobody } from "../no-such-agent.ts";
import { refuseWith } from "../refuse-with.ts";
import { toldWhole } from "../render/declared.ts";
import { historyCsv } from "../render/history-csv.ts";
import { jsonPieces } from "../render/json-pieces.ts";
import { formatStory } from "../render/story.ts";
import { wrap } from "../render/text.ts";
import { formatTimeline } from "../render/timeline.ts";

/** `fleet history [NAME...]`: the story of a window; as lines, as bars, as a table for other programs. */
export async function run(invocation: Invocation): Promise<number> {
  refuseWith(invocation, "timeline", ["json", "csv"]);
  refuseWith(invocation, "json", ["csv"]);
  const { output } = invocation;
  const shelves = shelvesOf(invocation);
  try {
    // Told as a whole, and printed only when the log is closed: a pager that waits must not hold its checkpoints back.
    const told = await askPast(invocation, (asked) => tell(invocation, asked, shelves.shelf()));
    if ("unknown" in told) return sayNobody(output, told);
    for (const text of inPieces(told.texts)) output.print(text);
    if (told.texts.length === 0) output.complain(NOBODY);
    output.complain(told.hint);
    return EXIT.done;
  } finally {
    shelves.close();
  }
}

type Told = { readonly texts: Shelf<string>; readonly hint: string } | Nobody;

function tell(invocation: Invocation, asked: Asked, texts: Shelf<string>): Told {
  const { past, atUs } = asked;
  const window = windowOf(invocation, asked);
  const nobody = unknownIn(asked, invocation);
  if (nobody !== null) return nobody;
  const input = { entries: entriesOf(past, window, invocation), window, atUs };
  for (const text of inPieces(textsOf(invocation, past, input), LINES)) texts.push(text);
  const isOfNobody = input.entries.length === 0 && !has(invocation, "json");
  return { texts, hint: isOfNobody ? kindsThere(past, window, invocation) : "" };
}

/** So much of it is one value of the shelf. */
const LINES = 1024;

function* textsOf(invocation: Invocation, past: Past, input: StoryInput): Generator<string> {
  const look = { width: invocation.output.width(), paint: invocation.output.paint };
  if (has(invocation, "json")) {
    yield* jsonPieces(historyDocument(past, input));
    return yield "\n";
  }
  const remarks = toldWhole(input.entries, kindsOf(invocation));
  if (has(invocation, "csv")) {
    for (const remark of remarks) invocation.output.complain(`${remark}\n`);
    return yield* historyCsv(past, input);
  }
  const last = remarks.flatMap((text) => wrap(text, look.width ?? Number.POSITIVE_INFINITY));
  const lines = last.map((line) => `${look.paint("quiet", line)}\n`);
  if (has(invocation, "timeline")) {
    yield `${formatTimeline(past, input, look).join("\n")}\n`;
    return yield* lines;
  }
  // What the recorder did is no answer to who was of a class that nobody was of.
  if (input.entries.length === 0 && asksForSome(invocation)) return;
  const story = storyOf(past, { ...input, whole: has(invocation, "all") });
  for (const line of formatStory(story, input, { ...look, atUs: input.atUs })) yield `${line}\n`;
  yield* lines;
}
