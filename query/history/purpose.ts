import type { FoldEvent } from "../../store/projection.ts";
import type { Intent } from "../planes/documents.ts";
import { follows, intentOf } from "../planes/journal.ts";
import type { Chronology } from "./chronology.ts";
import type { Timeline } from "./timeline.ts";
import { always, evolveFrom } from "./timeline.ts";

/**
 * What was last wanted of each agent, over time. These are points: they need no watcher, and they arrive late and in any order,
 * so each is placed at its own moment and the newest by that stands.
 */
export function purposesOf(
  events: Iterable<FoldEvent>,
  chronology: Chronology,
): Map<string, Timeline<Intent | null>> {
  const purposes = new Map<string, Timeline<Intent | null>>();
  for (const event of events) {
    const intent = intentOf(event);
    if (intent === null || event.agent === null) continue;
    const timeline = purposes.get(event.agent) ?? always<Intent | null>(null);
    purposes.set(event.agent, timeline);
    evolveFrom(timeline, chronology.effectUs(event), (known) =>
      known === null || follows(intent, known) ? intent : known,
    );
  }
  return purposes;
}
