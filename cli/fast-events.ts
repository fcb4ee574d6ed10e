import { openCurrentLog } from "./current-log.ts";
import type { Invocation } from "./declaration.ts";
import { events } from "./declarations/events.ts";
import { listEvents } from "./list-events.ts";
import { processOutput } from "./output.ts";
import { perform } from "./perform.ts";
import { readWords } from "./words.ts";

/** `fleet events` by itself, as `ps` is: what asks the log for events needs a sixth of what asks it for the past. Null as with `fastPs`. */
export async function fastEvents(argv: readonly string[]): Promise<number | null> {
  const words = readWords(events, argv);
  if (words === null) return null;
  const around = { output: processOutput(process.env), environment: process.env };
  const load = async () => ({ run: (invocation: Invocation) => listEvents(invocation, openCurrentLog) });
  return perform({ ...events, load }, words, around);
}
