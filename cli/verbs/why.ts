import { explainAgent, psDocument } from "../../query/ps.ts";
import type { AgentRow } from "../../query/row.ts";
import { type WhyDocument, whyDocument } from "../../query/why.ts";
import { askPast, nobodyCalled } from "../asked.ts";
import { nowUs } from "../clock.ts";
import { has, type Invocation } from "../declaration.ts";
import { lookupIn } from "../event-lookup.ts";
import { EXIT } from "../exit.ts";
import { elsewhereIn } from "../known-agents.ts";
import { type Nobody, sayNobody } from "../no-such-agent.ts";
import { observe } from "../observe.ts";
import { readPresent } from "../present.ts";
import { formatWhy } from "../render/why.ts";
import { rowThen, sayNotThere } from "../row-then.ts";

/** `fleet why NAME`: the evidence behind one row, of now or of a past moment. */
export async function run(invocation: Invocation): Promise<number> {
  const { output } = invocation;
  const [name = ""] = invocation.arguments;
  const past = ["at", "as-recorded", "tenant", "host"].some((option) => has(invocation, option));
  const found = await (past ? pastWhy : presentWhy)(invocation, name);
  if ("there" in found) return sayNotThere(output, name, found.atUs, found.there);
  if (!("schema" in found)) return sayNobody(output, found);
  if (has(invocation, "json")) output.print(`${JSON.stringify(found, null, 2)}\n`);
  else {
    const look = { width: output.width(), paint: output.paint, past };
    output.print(`${formatWhy(found, look).join("\n")}\n`);
  }
  return EXIT.done;
}

type Found = WhyDocument | Nobody | { readonly there: readonly AgentRow[]; readonly atUs: number };

async function presentWhy({ output, environment, ...words }: Invocation, name: string): Promise<Found> {
  const { reader, observer } = await observe(environment, {
    collect: !has(words, "no-collect"),
    complain: output.complain,
  });
  try {
    const present = readPresent(reader, { nowUs: nowUs(), observer, all: true });
    const known = psDocument(present).agents.map((row) => row.name);
    if (!known.includes(name))
      return { unknown: name, known, elsewhere: elsewhereIn(reader, reader.identity(), name) };
    const lookup = lookupIn(reader, { ...reader.identity() }, output.complain);
    return whyDocument(explainAgent(present, name), { ...present, name, lookup });
  } finally {
    reader.close();
  }
}

function pastWhy(invocation: Invocation, name: string): Promise<Found> {
  return askPast(invocation, (asked) => {
    const { reader, past, atUs, asRecorded } = asked;
    const known = past.names();
    if (!known.includes(name)) return nobodyCalled(name, asked, known);
    const then = rowThen(past, name, atUs);
    if (then === null) return { there: past.table(atUs, true).agents, atUs };
    const { tenantId, host, logSeq } = past;
    const told = asRecorded ? { beforeSeq: logSeq + 1 } : {};
    const lookup = lookupIn(reader, { tenantId, host, untilUs: atUs, ...told }, invocation.output.complain);
    return whyDocument(then, { tenantId, host, nowUs: atUs, logSeq, name, lookup });
  });
}
