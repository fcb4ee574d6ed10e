import { uptimeDocument } from "../../query/uptime.ts";
import { askPast, entriesOf, kindsThere, unknownIn, windowOf } from "../asked.ts";
import { has, type Invocation } from "../declaration.ts";
import { EXIT } from "../exit.ts";
import { kindsOf } from "../kinds-asked.ts";
import { sayNobody } from "../no-such-agent.ts";
import { formatUptime } from "../render/uptime.ts";

/** `fleet uptime [NAME...]`: how much of a window each agent was well, unwell, meant to be down, and unobserved. */
export async function run(invocation: Invocation): Promise<number> {
  const { output } = invocation;
  const kinds = kindsOf(invocation);
  const found = await askPast(invocation, (asked) => {
    const { past, atUs } = asked;
    const window = windowOf(invocation, asked);
    const nobody = unknownIn(asked, invocation);
    if (nobody !== null) return nobody;
    const entries = entriesOf(past, window, invocation);
    const hint = entries.length === 0 ? kindsThere(past, window, invocation) : "";
    return { document: uptimeDocument(past, { entries, kinds, window, atUs }), hint };
  });
  if (!("document" in found)) return sayNobody(output, found);
  const { document, hint } = found;
  if (has(invocation, "json")) output.print(`${JSON.stringify(document, null, 2)}\n`);
  else {
    const look = { width: output.width(), paint: output.paint, kinds };
    output.print(`${formatUptime(document, look).join("\n")}\n`);
    output.complain(hint);
  }
  return EXIT.done;
}
