import { explainAgent, psDocument } from "../../query/ps.ts";
import { type EventLookup, whyDocument } from "../../query/why.ts";
import type { StoredEvent } from "../../store/events/envelope.ts";
import type { Reader } from "../../store/reader.ts";
import { nowUs } from "../clock.ts";
import { has, type Invocation } from "../declaration.ts";
import { EXIT } from "../exit.ts";
import { sayNoSuchAgent } from "../no-such-agent.ts";
import { observe } from "../observe.ts";
import { readPresent } from "../present.ts";
import { formatWhy } from "../render/why.ts";

/** `fleet why NAME`: the evidence behind one row. */
export async function run(invocation: Invocation): Promise<number> {
  const { output, environment } = invocation;
  const [name = ""] = invocation.arguments;
  const { reader, observer } = await observe(environment, {
    collect: !has(invocation, "no-collect"),
    complain: output.complain,
  });
  try {
    const present = readPresent(reader, { nowUs: nowUs(), observer, all: true });
    const known = psDocument(present).agents.map((row) => row.name);
    if (!known.includes(name)) return sayNoSuchAgent(output, name, known);
    const document = whyDocument(explainAgent(present, name), { ...present, name, lookup: lookupIn(reader) });
    if (has(invocation, "json")) output.print(`${JSON.stringify(document, null, 2)}\n`);
    else output.print(`${formatWhy(document, { width: output.width(), paint: output.paint }).join("\n")}\n`);
    return EXIT.done;
  } finally {
    reader.close();
  }
}

function lookupIn(reader: Reader): EventLookup {
  const partition = reader.identity();
  return {
    event: (seq) => reader.event(seq),
    recent: (agent, types, limit) => {
      const found: StoredEvent[] = [];
      const filter = { ...partition, types: [...types], newestFirst: true };
      for (const event of reader.events(agent === null ? filter : { ...filter, agent, limit })) {
        if (event.agent !== agent) continue;
        found.push(event);
        if (found.length === limit) break;
      }
      return found;
    },
  };
}
