import type { VerbDeclaration } from "./declaration.ts";
import { diff } from "./declarations/diff.ts";
import { history } from "./declarations/history.ts";
import { incidents } from "./declarations/incidents.ts";
import { ps } from "./declarations/ps.ts";
import { uptime } from "./declarations/uptime.ts";
import { when } from "./declarations/when.ts";
import { why } from "./declarations/why.ts";
import { processOutput } from "./output.ts";
import { isPast, pastPs } from "./past-ps.ts";
import { perform } from "./perform.ts";
import { run as runDiff } from "./verbs/diff.ts";
import { run as runHistory } from "./verbs/history.ts";
import { run as runIncidents } from "./verbs/incidents.ts";
import { run as runUptime } from "./verbs/uptime.ts";
import { run as runWhen } from "./verbs/when.ts";
import { run as runWhy } from "./verbs/why.ts";
import { readWords } from "./words.ts";

type Run = Awaited<ReturnType<VerbDeclaration["load"]>>["run"];

const asking: readonly (readonly [VerbDeclaration, Run])[] = [
  [ps, pastPs],
  [why, runWhy],
  [history, runHistory],
  [when, runWhen],
  [uptime, runUptime],
  [diff, runDiff],
  [incidents, runIncidents],
];

/**
 * The verbs that ask the past, in one file of which the compiled code is kept (code-cache.ts). Null when their words need commander, and
 * for a `ps` of the present.
 */
export async function fastPast(argv: readonly string[]): Promise<number | null> {
  const [verb, run] = asking.find(([{ name }]) => name === argv[0]) ?? [];
  const words = verb === undefined ? null : readWords(verb, argv.slice(1));
  if (verb === undefined || run === undefined || words === null) return null;
  if (verb === ps && !isPast(words)) return null;
  const around = { output: processOutput(process.env), environment: process.env };
  return perform({ ...verb, load: async () => ({ run }) }, words, around);
}
