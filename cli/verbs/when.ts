import { HAPPENINGS } from "../../query/history/happening.ts";
import type { State } from "../../query/history/past.ts";
import { type WhenTold, whenDocument } from "../../query/when.ts";
import { FleetError } from "../../store/errors.ts";
import { askPast, nobodyCalled, windowOf } from "../asked.ts";
import { has, type Invocation } from "../declaration.ts";
import { shelvesOf } from "../disk-shelf.ts";
import { EXIT } from "../exit.ts";
import { inPieces } from "../in-pieces.ts";
import { sayNobody } from "../no-such-agent.ts";
import { refuseWith } from "../refuse-with.ts";
import { jsonPieces } from "../render/json-pieces.ts";
import { STATUSES } from "../render/ps-cells.ts";
import { formatWhen } from "../render/when.ts";

/** `fleet when NAME STATE`: when it was so, for how long, and how often. Exit 3 when it never was. */
export async function run(invocation: Invocation): Promise<number> {
  const { output } = invocation;
  const [name = "", word = ""] = invocation.arguments;
  const state = stateOf(word);
  refuseWith(invocation, "all", ["first", "last"]);
  refuseWith(invocation, "first", ["last"]);
  const shelves = shelvesOf(invocation);
  try {
    const found = await askPast(invocation, (asked) => {
      const known = asked.past.names();
      if (!known.includes(name)) return nobodyCalled(name, asked);
      const all = has(invocation, "all") || has(invocation, "json");
      const window = windowOf(invocation, asked);
      return whenDocument(asked.past, { name, state, window, atUs: asked.atUs, all, shelf: shelves.shelf });
    });
    if (!("schema" in found)) return sayNobody(output, found);
    for (const text of inPieces(told(invocation, found))) output.print(text);
    return found.count === 0 ? EXIT.noSuchAgent : EXIT.done;
  } finally {
    shelves.close();
  }
}

function* told(invocation: Invocation, document: WhenTold): Generator<string> {
  if (has(invocation, "json")) {
    yield* jsonPieces(document);
    return yield "\n";
  }
  const which = has(invocation, "all") ? "all" : has(invocation, "first") ? "first" : "last";
  const said = {
    since: has(invocation, "since"),
    until: has(invocation, "until") || has(invocation, "at"),
  };
  const { output } = invocation;
  const look = { which, said, width: output.width(), paint: output.paint } as const;
  for (const line of formatWhen(document, look)) yield `${line}\n`;
}

const STATES: readonly State[] = [...STATUSES, ...HAPPENINGS];

function stateOf(word: string): State {
  const state = STATES.find((one) => one === word);
  if (state !== undefined) return state;
  throw new FleetError("usage", `${JSON.stringify(word)} is nothing that an agent can be`, {
    hint: `One of: ${STATES.join(", ")}.`,
  });
}
