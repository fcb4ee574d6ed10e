import { checkRows } from "../../query/check.ts";
import { type PsInput, psDocument } from "../../query/ps.ts";
import type { PsDocument } from "../../query/row.ts";
import { FleetError } from "../../store/errors.ts";
import { presentAtAGlance } from "../at-a-glance.ts";
import { has, type Invocation, namesIn } from "../declaration.ts";
import { EXIT } from "../exit.ts";
import { OF_THE_PAST } from "../past-words.ts";
import { formatPs } from "../render/ps-table.ts";
import { hintOnSelection, selectRows, unknownNames } from "../select-rows.ts";

/** Nagios' UNKNOWN. */
const NOTHING_TO_CHECK = 3;

/** `fleet ps`: the table of the present; that of a past moment has code of its own, which the present does not load. */
export async function run(invocation: Invocation): Promise<number> {
  if (OF_THE_PAST.some((option) => has(invocation, option))) {
    const { pastPs } = await import("../past-ps.ts");
    return pastPs(invocation);
  }
  if (has(invocation, "wait") && !has(invocation, "probe")) {
    throw new FleetError("usage", "--wait means nothing without --probe", {
      hint: "See `fleet ps --help`.",
    });
  }
  if (has(invocation, "watch") && !has(invocation, "probe")) {
    const { watchPs } = await import("../watch-ps.ts");
    return watchPs(invocation);
  }
  if (has(invocation, "probe")) {
    const { probePs } = await import("../probe-ps.ts");
    return probePs(invocation);
  }
  const { output, environment } = invocation;
  // Names that are asked for are looked for everywhere, on the roster or not.
  const all = has(invocation, "all") || namesIn(invocation).length > 0;
  const present = presentAtAGlance(environment) ?? (await presentAtLength(invocation));
  const whole = psDocument({ ...present, all });
  const [unknown] = unknownNames(whole, invocation);
  if (unknown !== undefined) {
    const { sayNobodyHere } = await import("../nobody-here.ts");
    return sayNobodyHere(invocation, unknown, whole);
  }
  const document = selectRows(whole, invocation);
  if (document.agents.length === 0 && !has(invocation, "json"))
    output.complain(hintOnSelection(whole, invocation));
  if (has(invocation, "json")) {
    output.print(JSON.stringify(document, null, 2));
    // By itself: joined to the text it would copy all of it.
    output.print("\n");
  } else output.print(`${formatPs(document, { width: output.width(), paint: output.paint }).join("\n")}\n`);
  return has(invocation, "check") ? checkOf(document) : EXIT.done;
}

/** A monitor that is shown no rows has been told nothing: no roster, another HOME, a misspelt class. */
export function checkOf({ agents }: PsDocument): number {
  return agents.length === 0 ? NOTHING_TO_CHECK : checkRows(agents);
}

async function presentAtLength({ output, environment, ...words }: Invocation): Promise<PsInput> {
  const { presentAtLength: look } = await import("../at-length.ts");
  return look(environment, { collect: !has(words, "no-collect"), complain: output.complain });
}
