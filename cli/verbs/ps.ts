import { checkRows } from "../../query/check.ts";
import { psDocument } from "../../query/ps.ts";
import type { PsDocument } from "../../query/row.ts";
import { nowUs } from "../clock.ts";
import { has, type Invocation } from "../declaration.ts";
import { EXIT } from "../exit.ts";
import { sayNoSuchAgent } from "../no-such-agent.ts";
import { observe } from "../observe.ts";
import { readPresent } from "../present.ts";
import { formatPs } from "../render/ps-table.ts";
import { selectRows, unknownNames } from "../select-rows.ts";

/** Nagios' UNKNOWN. */
const NOTHING_TO_CHECK = 3;

/** `fleet ps`: the table of the present. */
export async function run(invocation: Invocation): Promise<number> {
  if (has(invocation, "watch") && !has(invocation, "probe")) {
    const { watchPs } = await import("../watch-ps.ts");
    return watchPs(invocation);
  }
  if (has(invocation, "probe")) {
    const { probePs } = await import("../probe-ps.ts");
    return probePs(invocation);
  }
  const { output, environment } = invocation;
  const { reader, observer } = await observe(environment, {
    collect: !has(invocation, "no-collect"),
    complain: output.complain,
  });
  let whole: PsDocument;
  try {
    // Names that are asked for are looked for everywhere, on the roster or not.
    const all = has(invocation, "all") || invocation.arguments.length > 0;
    whole = psDocument(readPresent(reader, { nowUs: nowUs(), observer, all }));
  } finally {
    reader.close();
  }
  const [unknown] = unknownNames(whole, invocation);
  if (unknown !== undefined)
    return sayNoSuchAgent(
      output,
      unknown,
      whole.agents.map(({ name }) => name),
    );
  const document = selectRows(whole, invocation);
  if (has(invocation, "json")) output.print(`${JSON.stringify(document, null, 2)}\n`);
  else output.print(`${formatPs(document, { width: output.width(), paint: output.paint }).join("\n")}\n`);
  if (!has(invocation, "check")) return EXIT.done;
  // A monitor that is shown no rows has been told nothing: no roster, another HOME, a misspelt class.
  return document.agents.length === 0 ? NOTHING_TO_CHECK : checkRows(document.agents);
}
