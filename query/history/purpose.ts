import { createDocuments } from "../../store/documents.ts";
import type { PayloadOf } from "../../store/events/catalogue.ts";
import type { FoldEvent } from "../../store/projection.ts";
import { type HolderRestart, holderRestartAfter } from "../planes/holder-restart.ts";
import { intentOf } from "../planes/intent.ts";
import { foldManagerExits, managerExits } from "../planes/manager-exits.ts";
import { NO_PURPOSE, withIntent } from "../planes/purpose.ts";
import type { Purpose } from "../planes/purpose-document.ts";
import type { Chronology } from "./chronology.ts";
import type { Timeline } from "./timeline.ts";
import { always, evolveFrom } from "./timeline.ts";

/**
 * What was last wanted of each agent, over time. These are points: they need no watcher, and they arrive late and in any order,
 * so each is placed at its own moment and of each source the newest by that stands.
 */
export function purposesOf(
  events: Iterable<FoldEvent>,
  chronology: Chronology,
): Map<string, Timeline<Purpose>> {
  const purposes = new Map<string, Timeline<Purpose>>();
  /** Who holds the tmux server, as far as the roster had been read. */
  const holders = new Set<string>();
  let restart: HolderRestart | undefined;
  let bootId: string | null = null;
  const managers = createDocuments("untracked");
  for (const event of events) {
    const { agent } = event;
    if (agent !== null && event.type.startsWith("roster.agent.")) {
      if ((event.payload as { role?: string }).role === "holder") holders.add(agent);
      else holders.delete(agent);
    }
    if (event.type === "journal.unit.logged" && agent !== null && holders.has(agent))
      restart = holderRestartAfter(restart, event);
    if (event.type === "systemd.manager.changed")
      bootId = (event.payload as PayloadOf<"systemd.manager.changed">).bootId;
    foldManagerExits(managers, event);
    const intent = intentOf(event, () => ({
      ...{ restart, bootId },
      managerGoesFromUs: managerExits(managers).endingFromUs,
    }));
    if (intent === null || event.agent === null) continue;
    const timeline = purposes.get(event.agent) ?? always(NO_PURPOSE);
    purposes.set(event.agent, timeline);
    evolveFrom(timeline, chronology.effectUs(event, intent.atUs), (known) => withIntent(known, intent));
  }
  return purposes;
}
