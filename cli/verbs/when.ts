import { HAPPENINGS } from "../../query/history/happening.ts";
import type { State } from "../../query/history/past.ts";
import { whenDocument } from "../../query/when.ts";
import { FleetError } from "../../store/errors.ts";
import { askPast, windowOf } from "../asked.ts";
import { has, type Invocation } from "../declaration.ts";
import { EXIT } from "../exit.ts";
import { sayNoSuchAgent } from "../no-such-agent.ts";
import { refuseWith } from "../refuse-with.ts";
import { STATUSES } from "../render/ps-cells.ts";
import { formatWhen } from "../render/when.ts";

/** `fleet when NAME STATE`: when it was so, for how long, and how often. Exit 3 when it never was. */
export async function run(invocation: Invocation): Promise<number> {
  const { output } = invocation;
  const [name = "", word = ""] = invocation.arguments;
  const state = stateOf(word);
  refuseWith(invocation, "all", ["first", "last"]);
  refuseWith(invocation, "first", ["last"]);
  const found = await askPast(invocation, (asked) => {
    const known = asked.past.names();
    if (!known.includes(name)) return { known };
    return whenDocument(asked.past, { name, state, window: windowOf(invocation, asked), atUs: asked.atUs });
  });
  if (!("schema" in found)) return sayNoSuchAgent(output, name, found.known);
  if (has(invocation, "json")) output.print(`${JSON.stringify(found, null, 2)}\n`);
  else {
    const which = has(invocation, "all") ? "all" : has(invocation, "first") ? "first" : "last";
    const said = {
      since: has(invocation, "since"),
      until: has(invocation, "until") || has(invocation, "at"),
    };
    output.print(
      `${formatWhen(found, { which, said, width: output.width(), paint: output.paint }).join("\n")}\n`,
    );
  }
  return found.count === 0 ? EXIT.noSuchAgent : EXIT.done;
}

const STATES: readonly State[] = [...STATUSES, ...HAPPENINGS];

function stateOf(word: string): State {
  const state = STATES.find((one) => one === word);
  if (state !== undefined) return state;
  throw new FleetError("usage", `${JSON.stringify(word)} is nothing that an agent can be`, {
    hint: `One of: ${STATES.join(", ")}.`,
  });
}
