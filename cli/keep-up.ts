import type { Reader } from "../store/reader.ts";
import type { Invocation } from "./declaration.ts";
import { isFleetError } from "./failure.ts";
import { openOwnLog } from "./own-log.ts";
import { isBehind, UNSETTLED_EVENTS } from "./past.ts";

/**
 * Where no recorder has settled verdicts for long (there is none, or a newer fleet reads an older one's log), that is done before the
 * past is asked about: it would have to be read event by event each time. A log that cannot be written to is read so all the same.
 */
export function keepUp(reader: Reader, { environment, output }: Invocation): void {
  const behind = reader.lastSeq() - reader.settledSeq();
  if (!isBehind(reader)) return;
  if (output.isTerminal && behind > 100 * UNSETTLED_EVENTS)
    output.complain(`fleet: looking through ${behind} events that nobody has judged yet ...\n`);
  try {
    const { log } = openOwnLog(environment, { keepIdentity: true });
    try {
      log.settle();
    } finally {
      log.close();
    }
  } catch (error) {
    if (!isFleetError(error)) throw error;
  }
}
