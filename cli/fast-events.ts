import { events } from "./declarations/events.ts";
import { processOutput } from "./output.ts";
import { perform } from "./perform.ts";
import { run } from "./verbs/events.ts";
import { readWords } from "./words.ts";

/** `fleet events` by itself, as `ps` is: what asks the log for events needs a third of what asks it for the past. Null as with `fastPs`. */
export async function fastEvents(argv: readonly string[]): Promise<number | null> {
  const words = readWords(events, argv);
  if (words === null) return null;
  const around = { output: processOutput(process.env), environment: process.env };
  return perform({ ...events, load: async () => ({ run }) }, words, around);
}
