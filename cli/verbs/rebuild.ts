import { has, type Invocation } from "../declaration.ts";
import { openExistingLog } from "../existing-log.ts";
import { EXIT } from "../exit.ts";
import { lookAround, nothingRecorded } from "../here.ts";
import { openOwnLog } from "../own-log.ts";
import { progressOf } from "../progress.ts";
import { formatDuration } from "../render/duration.ts";

/** `fleet rebuild`: every projection folded anew from the log. */
export async function run(invocation: Invocation): Promise<number> {
  const { output, environment } = invocation;
  const here = lookAround(environment);
  const existing = openExistingLog(here);
  if (existing === null) throw nothingRecorded(here.places);
  existing.close();
  const { log, identity } = openOwnLog(environment, { keepIdentity: true });
  try {
    const begunMs = performance.now();
    const progress = progressOf(invocation, log.lastSeq());
    const judging = progressOf(invocation, log.lastSeq(), "judged");
    const { events } = log.rebuild(progress.reached, judging.reached);
    progress.end();
    judging.end();
    const seconds = (performance.now() - begunMs) / 1000;
    if (has(invocation, "json")) {
      const { tenantId, host } = identity;
      output.print(
        `${JSON.stringify({ schema: "fleet.rebuild.v1", tenant_id: tenantId, host, events, seconds: Math.round(seconds * 1000) / 1000 }, null, 2)}\n`,
      );
    } else {
      output.print(`Rebuilt everything that is read from ${events} events in ${formatDuration(seconds)}.\n`);
    }
    return EXIT.done;
  } finally {
    log.close();
  }
}
