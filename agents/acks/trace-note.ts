import { rmSync } from "node:fs";
import { join } from "node:path";
import { checkAgentName } from "../beat/beat.ts";
import { replaceOwnFile } from "../beat/own-file.ts";

/** Where the trace context of the message that is about to be typed waits for the agent's adapter. */
export function traceNoteOf(directory: string, name: string): string {
  return join(directory, `${checkAgentName(name)}.trace`);
}

/**
 * Leaves the trace context of a message for the adapter of its agent, which finds it by the digest of the prompt and takes it away; one
 * of an earlier message that nobody took goes. What cannot be written is left out: a trace is not worth a message.
 */
export function leaveTrace(
  { directory, agent, uid }: { directory: string; agent: string; uid: number },
  digest: string,
  traceparent: string | null,
): void {
  try {
    const path = traceNoteOf(directory, agent);
    if (traceparent === null) rmSync(path, { force: true });
    else replaceOwnFile(path, `sha256=${digest} traceparent=${traceparent}\n`, uid);
  } catch {
    // No directory: no adapter either. Somebody else's file: the adapter does not believe it.
  }
}
