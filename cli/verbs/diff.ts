import { diffDocument } from "../../query/diff.ts";
import { isOfKind } from "../../query/kinds.ts";
import type { AgentRow } from "../../query/row.ts";
import { FleetError } from "../../store/errors.ts";
import { askPast, momentIn, unknownIn } from "../asked.ts";
import { has, type Invocation, valuesOf } from "../declaration.ts";
import { EXIT } from "../exit.ts";
import { kindsOf } from "../kinds-asked.ts";
import { sayNobody } from "../no-such-agent.ts";
import { formatDiff } from "../render/diff.ts";
import { formatMoment } from "../render/moment.ts";

/** `fleet diff T1 [T2]`: what changed from one table to another. */
export async function run(invocation: Invocation): Promise<number> {
  const { output } = invocation;
  const [from = "", to] = invocation.arguments;
  const words = { ...invocation, arguments: [] };
  const found = await askPast(words, (asked) => {
    const fromUs = momentIn(from, "T1", asked);
    const toUs = to === undefined ? asked.atUs : momentIn(to, "T2", asked);
    if (fromUs > toUs) {
      const said = `T1 ${formatMoment(fromUs)} is not before T2 ${formatMoment(toUs)}`;
      throw new FleetError("usage", said, { hint: "Give the earlier moment first." });
    }
    const nobody = unknownIn(asked, words);
    if (nobody !== null) return nobody;
    return diffDocument(asked.past, { fromUs, toUs, all: has(words, "all"), wanted: wantedBy(words) });
  });
  if (!("schema" in found)) return sayNobody(output, found);
  if (has(invocation, "json")) output.print(`${JSON.stringify(found, null, 2)}\n`);
  else output.print(`${formatDiff(found, { width: output.width(), paint: output.paint }).join("\n")}\n`);
  return EXIT.done;
}

function wantedBy(words: Invocation): (row: AgentRow) => boolean {
  const names = valuesOf(words, "agent");
  const kinds = kindsOf(words);
  return (row) => (names.length === 0 || names.includes(row.name)) && isOfKind(kinds, row);
}
