import { bootId } from "../collectors/proc/stat.ts";
import {
  type BootOutlook,
  bootOutlook,
  compareBoot,
  isSamePromise,
  lastPromise,
} from "../query/boot-promise.ts";
import type { PsInput } from "../query/ps.ts";
import type { FleetEvent } from "../store/events/catalogue.ts";
import type { Log } from "../store/log.ts";

/** As many agents as the event takes. */
const MAX_AGENTS = 1024;

/**
 * Keeps the boot promise true to the moment. While the promise in the log is of an earlier boot it is first compared with what runs
 * now: at once when nobody is missing, else when `isPatienceOver`, since a fleet needs a while to come up. Then what would come
 * back after the next reboot is written, where that has changed. Returns the outlook; says nothing while a plane is not known.
 */
export function keepBootPromise(
  log: Pick<Log, "append">,
  input: PsInput,
  isPatienceOver: () => boolean,
): readonly BootOutlook[] {
  const outlook = bootOutlook(input).slice(0, MAX_AGENTS);
  const agents = outlook.map(({ name, returns, reasons }) => ({ name, returns, reasons: [...reasons] }));
  const isKnown = outlook.every(({ runs, returns }) => runs !== null && returns !== "unknown");
  const current = bootId();
  const promised = lastPromise(input.documents);
  const events: FleetEvent[] = [];
  const about = { agent: null, source: "recorder", occurredAtUs: input.nowUs, precision: "us" } as const;
  if (promised !== null && promised.bootId !== current) {
    const compared = compareBoot(promised.agents, outlook);
    // What nobody can say is no broken promise: it is compared when it can be said.
    if (compared.unknown.length > 0 || (compared.missing.length > 0 && !isPatienceOver())) return outlook;
    const lists = {
      returned: [...compared.returned],
      missing: [...compared.missing],
      unexpected: [...compared.unexpected],
    };
    const payload = { bootId: current, promisedBootId: promised.bootId, ...lists };
    events.push({ ...about, type: "recorder.boot.compared", payload });
  }
  const isNews = promised === null || promised.bootId !== current || !isSamePromise(promised.agents, agents);
  if (outlook.length > 0 && isNews && (isKnown || events.length > 0))
    events.push({ ...about, type: "recorder.boot.promised", payload: { bootId: current, agents } });
  if (events.length > 0) log.append({ source: "recorder", events });
  return outlook;
}
