import type { Past } from "../query/history/past.ts";
import { isGone } from "../query/listed.ts";
import type { Explained } from "../query/ps.ts";
import type { AgentRow } from "../query/row.ts";
import { EXIT } from "./exit.ts";
import type { Output } from "./output.ts";
import { formatMoment } from "./render/moment.ts";
import { visible } from "./render/text.ts";

/**
 * The row of one at a moment, whoever it is that is asked about by name; null where it is known not to have been there, or was off the roster and no
 * session of its name was ever told of. A table has no row of one that no roster ever named and that is known by its beats alone, of which nobody may
 * know whether it had a session.
 */
export function rowThen(past: Past, name: string, atUs: number): Explained | null {
  const told = past.explain(name, atUs);
  if (told.facts.roster !== undefined) return told;
  const [then] = past.sightings(name, { fromUs: atUs, toUs: atUs + 1 });
  return isGone(told.facts) || then?.status === null ? null : told;
}

/** Says that one who is known was not there; the exit code is that of nobody's name. */
export function sayNotThere(
  output: Output,
  name: string,
  atUs: number,
  rows: readonly Pick<AgentRow, "name">[],
): number {
  const there =
    rows.length === 0
      ? "Nobody was; `fleet history NAME` tells when it came and went."
      : `There were: ${rows.map((row) => visible(row.name)).join(", ")}.`;
  output.complain(`fleet: ${visible(name)} was not there at ${formatMoment(atUs)}\n  ${there}\n`);
  return EXIT.noSuchAgent;
}
