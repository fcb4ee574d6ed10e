import type { Documents, FoldEvent } from "../../store/projection.ts";
import { projections } from "../planes/all.ts";
import type {
  AgentDocument,
  AgentPane,
  HookedLife,
  PaneDocument,
  ServerDocument,
} from "../planes/documents.ts";
import { hookedLineOf, withHookedLine } from "../planes/hooked-life.ts";
import type { Chronology } from "./chronology.ts";
import { statedUs } from "./stated.ts";
import type { Timeline } from "./timeline.ts";
import { always, evolveFrom, setFrom } from "./timeline.ts";

/**
 * How the beginning of a state is known. `look`: a look found it so, it may have begun before. `own-time`: the source
 * itself dated it (a process's start, tmux's time of death, systemd's StateChangeTimestamp). `point`: a line that was
 * written at that moment (a hook), or the boot of the machine. `unseen`: a hook told of a life that no look saw, and nobody when
 * it ended.
 */
export type Begun = "look" | "own-time" | "point" | "unseen";

export interface OwnPaneTold {
  readonly pane: AgentPane;
  readonly begun: Begun;
}

/** What the sources told, as a function of time: the same folds as the present, each document dated by when it took effect. */
export interface Told {
  /** A document over time; undefined where there is none (yet, or any longer). */
  of(family: string, id: string): Timeline<unknown>;
  ids(family: string): readonly string[];
  /** Agents that ever had a pane of their own, or a session that only hooks told of. */
  readonly owners: readonly string[];
  /** Sockets on which the agent ever had a pane of its own. */
  sockets(agent: string): readonly string[];
  ownPane(agent: string, socket: string): Timeline<OwnPaneTold | null>;
  /** The newest session of its name that hooks had told of. */
  hooked(agent: string, socket: string): Timeline<HookedLife | undefined>;
}

const NEVER: Timeline<undefined> = always(undefined);
const NO_PANE: Timeline<null> = always(null);

/**
 * Runs the folds of the present over the log, in its order, and remembers each document from the moment on at which its
 * event took effect. The log's order is what derives transitions, so it settles what follows what; time only places it:
 * a later word overrides an earlier one from its own moment on. Heartbeats have a timeline of their own (they are most
 * of a log), and so has purpose (it arrives late).
 */
export function toldBy(events: Iterable<FoldEvent>, chronology: Chronology): Told {
  const families = new Map<string, Map<string, Timeline<unknown>>>();
  const owns = new Map<string, Map<string, Timeline<OwnPaneTold | null>>>();
  const hooked = new Map<string, Map<string, Timeline<HookedLife | undefined>>>();
  const latest = new Map<string, Map<string, unknown>>();
  const newest = (family: string) => membersOf(latest, family);
  let current: FoldEvent | null = null;

  const tell = (family: string, id: string, document: unknown): void => {
    const event = current as FoldEvent;
    const timelines = membersOf(families, family);
    const timeline = timelines.get(id) ?? always<unknown>(undefined);
    timelines.set(id, timeline);
    const effectUs = chronology.effectUs(event, statedUs(family, document, event));
    // Output is dated by its own second, but says nothing of the pane's other properties then.
    const isOutput = event.type === "tmux.pane.active";
    const fromUs = isOutput ? Math.max(effectUs, timeline.fromUs.at(-1) ?? effectUs) : effectUs;
    setFrom(timeline, fromUs, document);
    if (family === "pane" && document !== undefined) tellServer(document as PaneDocument, fromUs);
  };
  /** A process that started in a pane proves its server from then on, however late the first look at that server was. */
  const tellServer = ({ socket, server }: PaneDocument, fromUs: number): void => {
    const timeline = families.get("server")?.get(socket) as Timeline<ServerDocument | undefined> | undefined;
    const known = timeline?.values.at(-1);
    if (
      timeline &&
      known?.state === "up" &&
      known.pid === server &&
      fromUs < (timeline.fromUs.at(-1) as number)
    )
      setFrom(timeline, fromUs, known);
  };
  const tellOwnPanes = (agent: string, before: AgentDocument | undefined, now: AgentDocument): void => {
    const event = current as FoldEvent;
    for (const [socket, pane] of Object.entries(now.panes)) {
      const known = before?.panes[socket];
      if (known === pane) continue;
      const timelines = membersOf(owns, agent);
      const timeline = timelines.get(socket) ?? always<OwnPaneTold | null>(null);
      timelines.set(socket, timeline);
      const died = event.type === "tmux.pane.died";
      // A status that tmux told late belongs to the death that was told before.
      const again = died && known?.state === "dead" ? timeline.values.at(-1)?.begun : undefined;
      const fromUs = died
        ? chronology.effectUs(event, pane.diedAtUs ?? pane.atUs)
        : chronology.effectUs(event);
      setFrom(timeline, fromUs, { pane, begun: again ?? begunBy(event, pane) });
    }
  };
  const documents: Documents = {
    get: (family, id) => newest(family).get(id),
    list: (family) => newest(family),
    set(family, id, document) {
      if (family === "agent") {
        const before = newest(family).get(id) as AgentDocument | undefined;
        tellOwnPanes(id, before, document as AgentDocument);
      } else tell(family, id, document);
      newest(family).set(id, document);
    },
    delete(family, id) {
      if (newest(family).delete(id)) tell(family, id, undefined);
    },
  };
  for (const event of events) {
    if (event.type.startsWith("heartbeat.")) continue;
    current = event;
    for (const projection of projections) projection.evolve(documents, event);
    const line = hookedLineOf(event);
    if (line === null) continue;
    const lives = membersOf(hooked, line.agent);
    const timeline = lives.get(line.life.socket) ?? always<HookedLife | undefined>(undefined);
    lives.set(line.life.socket, timeline);
    // Lines arrive late and in any order, so each is placed at its own moment.
    evolveFrom(timeline, chronology.effectUs(event), (known) => withHookedLine(known, line.life));
  }
  return {
    of: (family, id) => families.get(family)?.get(id) ?? NEVER,
    ids: (family) => [...(families.get(family)?.keys() ?? [])],
    owners: [...new Set([...owns.keys(), ...hooked.keys()])],
    sockets: (agent) => [
      ...new Set([...(owns.get(agent)?.keys() ?? []), ...(hooked.get(agent)?.keys() ?? [])]),
    ],
    ownPane: (agent, socket) => owns.get(agent)?.get(socket) ?? NO_PANE,
    hooked: (agent, socket) => hooked.get(agent)?.get(socket) ?? NEVER,
  };
}

function membersOf<T>(groups: Map<string, Map<string, T>>, name: string): Map<string, T> {
  const found = groups.get(name) ?? new Map<string, T>();
  groups.set(name, found);
  return found;
}

/** `tmux.pane.died` is dated to the second when tmux told the time, else to the microsecond of the look (see `tmux-derive.ts`). */
export function begunBy(event: FoldEvent, pane: AgentPane): Begun {
  if (event.type === "tmux.pane.died") return event.precision === "s" ? "own-time" : "look";
  return pane.startedAtUs !== null && event.occurredAtUs === pane.startedAtUs ? "own-time" : "look";
}
