import { incidentsDocument } from "../../query/incidents.ts";
import { type Asked, askPast, asksForSome, entriesOf, unknownIn, windowOf } from "../asked.ts";
import { has, type Invocation, valuesOf } from "../declaration.ts";
import { EXIT } from "../exit.ts";
import { NOBODY, sayNoSuchAgent } from "../no-such-agent.ts";
import { formatIncidents } from "../render/incidents.ts";

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
  if (has(invocation, "json")) output.print(`${JSON.stringify(document, null, 2)}\n`);
  else if (isOfNobody) output.complain(NOBODY);
  else
    output.print(`${formatIncidents(document, { width: output.width(), paint: output.paint }).join("\n")}\n`);
  return EXIT.done;
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
