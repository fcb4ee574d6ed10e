import type { FoldEvent } from "../../store/projection.ts";
import type { Purpose } from "../planes/documents.ts";
import { intentOf, NO_PURPOSE, withIntent } from "../planes/purpose.ts";
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
  for (const event of events) {
    const intent = intentOf(event);
    if (intent === null || event.agent === null) continue;
    const timeline = purposes.get(event.agent) ?? always(NO_PURPOSE);
    purposes.set(event.agent, timeline);
    evolveFrom(timeline, chronology.effectUs(event), (known) => withIntent(known, intent));
  }
  return purposes;
}
