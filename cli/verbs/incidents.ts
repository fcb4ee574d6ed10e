import { type IncidentsDocument, incidentsDocument } from "../../query/incidents.ts";
import { type Asked, askPast, asksForSome, entriesOf, unknownIn, windowOf } from "../asked.ts";
import { has, type Invocation, valuesOf } from "../declaration.ts";
import { EXIT } from "../exit.ts";
import { NOBODY, sayNoSuchAgent } from "../no-such-agent.ts";
import { formatIncidents, incidentsJson } from "../render/incidents.ts";

/** `fleet incidents [NAME...]`: a death certificate for each failure, those of one cause together. */
export async function run(invocation: Invocation): Promise<number> {
  const { output } = invocation;
  const found = await askPast(invocation, (asked) => {
    const { past, atUs } = asked;
    const window = windowOf(invocation, asked);
    const unknown = unknownIn(past, invocation);
    if (unknown !== undefined) return { unknown, known: past.names() };
    const entries = entriesOf(past, window, invocation);
    const classes = valuesOf(invocation, "class");
    const document = incidentsDocument(past, { entries, classes, window, atUs, events: eventsOf(asked) });
    return { document, isOfNobody: entries.length === 0 && asksForSome(invocation) };
  });
  if (!("document" in found)) return sayNoSuchAgent(output, found.unknown, found.known);
  const { document, isOfNobody } = found;
  if (!has(invocation, "json") && isOfNobody) output.complain(NOBODY);
  else for (const text of inPieces(told(invocation, document))) output.print(text);
  return EXIT.done;
}

function* told(invocation: Invocation, document: IncidentsDocument): Generator<string> {
  const { output } = invocation;
  if (has(invocation, "json")) return yield* incidentsJson(document);
  const look = { width: output.width(), paint: output.paint };
  for (const line of formatIncidents(document, look)) yield `${line}\n`;
}

/** What a pipe holds. */
const PIECE = 65_536;

/** Joined to what is worth a call of the system, and never to all there is. */
function* inPieces(texts: Iterable<string>): Generator<string> {
  let piece = "";
  for (const text of texts) {
    piece += text;
    if (piece.length < PIECE) continue;
    yield piece;
    piece = "";
  }
  if (piece !== "") yield piece;
}

function eventsOf({ reader, past }: Asked): Parameters<typeof incidentsDocument>[1]["events"] {
  const { tenantId, host } = past;
  return {
    event: (seq) => reader.event(seq),
    between: (agent, types, { fromUs, toUs }) =>
      reader.events({
        ...{ tenantId, host, types: [...types], sinceUs: fromUs, untilUs: toUs },
        ...(agent === null ? {} : { agent }),
      }),
  };
}
