import { type IncidentsTold, incidentsDocument } from "../../query/incidents.ts";
import { type Asked, askPast, entriesOf, kindsThere, unknownIn, windowOf } from "../asked.ts";
import { has, type Invocation } from "../declaration.ts";
import { shelvesOf } from "../disk-shelf.ts";
import { EXIT } from "../exit.ts";
import { inPieces } from "../in-pieces.ts";
import { asksForSome, kindsOf } from "../kinds-asked.ts";
import { NOBODY, sayNobody } from "../no-such-agent.ts";
import { formatIncidents } from "../render/incidents.ts";
import { jsonPieces } from "../render/json-pieces.ts";

/** `fleet incidents [NAME...]`: a death certificate for each failure, those of one cause together. */
export async function run(invocation: Invocation): Promise<number> {
  const { output } = invocation;
  const shelves = shelvesOf(invocation);
  try {
    const found = await askPast(invocation, (asked) => {
      const { past, atUs } = asked;
      const window = windowOf(invocation, asked);
      const nobody = unknownIn(asked, invocation);
      if (nobody !== null) return nobody;
      const entries = entriesOf(past, window, invocation);
      const input = { entries, kinds: kindsOf(invocation), window, atUs, shelf: shelves.shelf };
      const document = incidentsDocument(past, { ...input, events: eventsOf(asked) });
      const isOfNobody = entries.length === 0 && asksForSome(invocation);
      return { document, isOfNobody, hint: isOfNobody ? kindsThere(past, window, invocation) : "" };
    });
    if (!("document" in found)) return sayNobody(output, found);
    const { document, isOfNobody, hint } = found;
    if (!has(invocation, "json") && isOfNobody) output.complain(`${NOBODY}${hint}`);
    else for (const text of inPieces(told(invocation, document))) output.print(text);
    return EXIT.done;
  } finally {
    shelves.close();
  }
}

function* told(invocation: Invocation, document: IncidentsTold): Generator<string> {
  const { output } = invocation;
  if (has(invocation, "json")) {
    yield* jsonPieces(document);
    return yield "\n";
  }
  const look = { width: output.width(), paint: output.paint };
  for (const line of formatIncidents(document, look)) yield `${line}\n`;
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
