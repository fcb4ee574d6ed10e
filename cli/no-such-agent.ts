import { EXIT } from "./exit.ts";
import type { Output } from "./output.ts";
import { inQuotes, visible } from "./render/text.ts";

/** Of a window in which nobody was of the class, or had the runtime, that was asked for; which there were is `oddKinds`. */
export const NOBODY = "Nobody that was asked for was on the roster then; `fleet ps --at` shows who was.\n";

/** A name that was asked for and that nobody has: who there is, and of which other hosts in this log somebody is called so (`--host w11`). */
export interface Nobody {
  readonly unknown: string;
  readonly known: readonly string[];
  readonly elsewhere?: readonly string[];
}

export function sayNobody(output: Output, { unknown, known, elsewhere = [] }: Nobody): number {
  if (elsewhere.length === 0) return sayNoSuchAgent(output, unknown, known);
  const name = inQuotes(unknown);
  output.complain(
    `fleet: no agent is called ${name} on the host that was asked about, but this log holds more than one\n` +
      `  One is called so elsewhere: ask with ${elsewhere.join(", or ")}.\n`,
  );
  return EXIT.noSuchAgent;
}

/** Says that nobody is called so, and who there is; the exit code is SPEC's own for it. */
export function sayNoSuchAgent(output: Output, name: string, known: readonly string[]): number {
  const shown = known.slice(0, 12).map(visible).join(", ");
  const more = known.length > 12 ? `, and ${known.length - 12} more` : "";
  const hint =
    known.length === 0
      ? "No agent is known here; `fleet ps --all` lists every session."
      : `Known here: ${shown}${more}.`;
  output.complain(`fleet: no agent is called ${inQuotes(name)}\n  ${hint}\n`);
  return EXIT.noSuchAgent;
}
