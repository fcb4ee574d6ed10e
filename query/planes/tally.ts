import type { PayloadOf } from "../../store/events/catalogue.ts";
import type { Projection } from "../../store/projection.ts";
import { documentOf } from "./documents.ts";

const VERDICTS: ReadonlySet<string> = new Set([
  "message.accepted",
  "message.draft",
  "message.unverifiable",
  "message.refused",
]);

const BEGINNINGS: ReadonlySet<string> = new Set(["tmux.pane.created", "tmux.pane.respawned"]);

/** What is counted over the whole log, because no document of the present remembers it. Folded after the planes, whose word it takes. */
export const tally: Projection = {
  name: "tally",
  version: 2,
  types: new Set([...BEGINNINGS, ...VERDICTS]),
  evolve(documents, event) {
    if (event.schemaVersion > 1) return;
    if (VERDICTS.has(event.type) && event.agent !== null) {
      const verdict = event.type.slice("message.".length);
      const counts = documentOf(documents, "verdicts", event.agent);
      documents.set("verdicts", event.agent, { ...counts, [verdict]: (counts?.[verdict] ?? 0) + 1 });
    }
    if (!BEGINNINGS.has(event.type)) return;
    const { name, socket } = event.payload as PayloadOf<"tmux.pane.created">;
    const own = documentOf(documents, "agent", name)?.panes[socket];
    // A pane that was split off beside the agent's own is no life of it.
    if (own?.seq !== event.seq) return;
    const life = own.incarnation ?? `${own.server} ${own.pid}`;
    const known = documentOf(documents, "tally", name);
    if (known?.life === life) return;
    documents.set("tally", name, { life, restarts: known ? known.restarts + 1 : 0 });
  },
};
