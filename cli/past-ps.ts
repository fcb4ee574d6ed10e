import { askPast, unknownIn } from "./asked.ts";
import { has, type Invocation, namesIn, type Words } from "./declaration.ts";
import { EXIT } from "./exit.ts";
import { sayNobody } from "./no-such-agent.ts";
import { OF_THE_PAST } from "./past-words.ts";
import { refuseWith } from "./refuse-with.ts";
import { formatMoment } from "./render/moment.ts";
import { formatPs } from "./render/ps-table.ts";
import { rowThen, sayNotThere } from "./row-then.ts";
import { hintOnSelection, selectRows, unknownNames } from "./select-rows.ts";
import { checkOf } from "./verbs/ps.ts";

export function isPast(words: Words): boolean {
  return OF_THE_PAST.some((option) => has(words, option));
}

/** `fleet ps --at T`, `fleet ps --as-recorded T`: the table of a past moment, in the shape of the present's. */
export async function pastPs(invocation: Invocation): Promise<number> {
  const { output } = invocation;
  for (const option of ["watch", "probe"]) refuseWith(invocation, option, OF_THE_PAST);
  const { whole, remark, names, nobody, atUs } = await askPast(invocation, (asked) => {
    const { past, atUs, asRecorded } = asked;
    // Names that are asked for are looked for everywhere, on the roster or not.
    const table = past.table(atUs, has(invocation, "all") || namesIn(invocation).length > 0);
    const names = past.names();
    const missing = unknownNames(table, invocation).filter((name) => names.includes(name));
    const rows = missing.flatMap((name) => rowThen(past, name, atUs)?.row ?? []);
    return {
      whole: { ...table, agents: [...table.agents, ...rows] },
      remark: asRecorded
        ? `As this log knew it at ${formatMoment(past.nowUs)}, by its events up to #${past.logSeq}.`
        : `By all the evidence known now, log #${past.logSeq}.`,
      ...{ names, atUs },
      nobody: unknownIn(asked, invocation),
    };
  });
  const [unknown] = unknownNames(whole, invocation);
  if (unknown !== undefined) {
    if (!names.includes(unknown)) return sayNobody(output, nobody ?? { unknown, known: names });
    return sayNotThere(output, unknown, atUs, whole.agents);
  }
  const document = selectRows(whole, invocation);
  if (document.agents.length === 0 && !has(invocation, "json"))
    output.complain(hintOnSelection(whole, invocation));
  if (has(invocation, "json")) output.print(`${JSON.stringify(document, null, 2)}\n`);
  else {
    const look = { width: output.width(), paint: output.paint, past: true, remark } as const;
    output.print(`${formatPs(document, look).join("\n")}\n`);
  }
  return has(invocation, "check") ? checkOf(document) : EXIT.done;
}
