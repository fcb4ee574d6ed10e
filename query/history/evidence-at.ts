import type { ReadonlyDocuments } from "../../store/projection.ts";
import type { Coverage, Watch } from "../coverage.ts";
import type { AgentFacts } from "../evidence.ts";
import { factsOf } from "../evidence.ts";
import type {
  AgentDocument,
  AgentPane,
  HookedLife,
  RecorderDocument,
  ServerDocument,
} from "../planes/documents.ts";
import type { Unlived } from "./chronology.ts";
import type { History } from "./history.ts";
import type { ServerTold } from "./server-timeline.ts";
import type { Spans } from "./span.ts";
import { lastMoment, spanAt } from "./span.ts";
import type { Timeline } from "./timeline.ts";
import { pieceAt, valueAt } from "./timeline.ts";

/** The documents as they stand at a moment, by all the evidence known now: what the folds of the present would hold then. */
export function documentsAt(history: History, atUs: number): ReadonlyDocuments {
  const get = (family: string, id: string): unknown => {
    switch (family) {
      case "agent":
        return agentAt(history, id, atUs);
      case "heartbeat":
        return valueAt(history.beat(id).told, atUs).document;
      case "server":
        return sinceBy(history.server(id), atUs);
      case "recorder":
        return recorderAt(history, atUs);
      default:
        return valueAt(history.told.of(family, id), atUs);
    }
  };
  return {
    get,
    *list(family) {
      for (const id of history.told.ids(family)) {
        const document = get(family, id);
        if (document !== undefined) yield [id, document] as const;
      }
    },
  };
}

/** One that a process of its own proves was there before the look that told of it. */
function sinceBy(servers: Timeline<ServerTold>, atUs: number): ServerDocument | undefined {
  const piece = pieceAt(servers, atUs);
  const { server } = servers.values[piece] as ServerTold;
  return server === undefined || server.sinceUs <= atUs
    ? server
    : { ...server, sinceUs: servers.fromUs[piece] as number };
}

function agentAt(history: History, agent: string, atUs: number): AgentDocument {
  const panes: Record<string, AgentPane> = {};
  let hooked: Record<string, HookedLife> | undefined;
  for (const socket of history.told.sockets(agent)) {
    const own = valueAt(history.pane(agent, socket).own, atUs);
    if (own !== null) panes[socket] = own.pane;
    const life = valueAt(history.told.hooked(agent, socket), atUs);
    if (life !== undefined) hooked = { ...hooked, [socket]: life };
  }
  const purpose = valueAt(history.purpose(agent), atUs);
  return hooked === undefined ? { panes, purpose } : { panes, purpose, hooked };
}

/** Since when time has gone on after the last of what nobody lived: from its beginning on no beat before that end counts. */
export function resumedAtUs(history: History, atUs: number): number | null {
  return unlivedAt(history, atUs)?.resumedAtUs ?? null;
}

function unlivedAt(history: History, atUs: number): Unlived | undefined {
  return history.chronology.unlived.findLast(({ fromUs }) => fromUs <= atUs);
}

function recorderAt(history: History, atUs: number): RecorderDocument | undefined {
  const document = valueAt(history.recorder(), atUs);
  if (document === undefined) return undefined;
  const unlived = unlivedAt(history, atUs);
  const suspended = unlived ? { fromUs: unlived.fromUs, toUs: unlived.resumedAtUs } : null;
  return { ...document, suspended };
}

/** Whether each plane of one agent is known at a moment: `fresh` = known then, watched or not. */
export function coverageFor(history: History, agent: string, atUs: number): Coverage {
  const unitName = valueAt(history.roster(agent), atUs)?.declaration.unit ?? `mosaic-agent@${agent}.service`;
  const known = (source: string, scope: string): boolean => {
    switch (source) {
      case "tmux":
        return valueAt(history.pane(agent, scope).known, atUs);
      case "systemd":
        return valueAt(history.unitKnown(unitName), atUs);
      case "heartbeat":
        return valueAt(history.beat(agent).watched, atUs);
      case "process":
        return isProgramKnown(history, agent, atUs);
      default:
        return spanAt(history.coverage.spans(source, scope), atUs) !== null;
    }
  };
  return {
    of: (source, scope) => watchOf(known(source, scope), history.coverage.spans(source, scope), atUs),
    scopes: (source) => history.coverage.scopes(source),
  };
}

function watchOf(known: boolean, covered: Spans, atUs: number): Watch {
  const observedAtUs = lastMoment(covered, atUs);
  const span = spanAt(covered, atUs);
  if (known && span !== null) return { state: "fresh", observedAtUs, reason: null, sinceUs: span.fromUs };
  if (known) return { state: "fresh", observedAtUs, reason: null };
  return { state: "absent", observedAtUs, reason: "nobody was watching" };
}

function isProgramKnown(history: History, agent: string, atUs: number): boolean {
  if (spanAt(history.coverage.spans("process", ""), atUs)) return true;
  return history.told.sockets(agent).some((socket) => {
    const own = valueAt(history.pane(agent, socket).own, atUs);
    if (own?.pane.state !== "alive" || own.pane.pane === null) return false;
    return valueAt(history.programKnown(socket, own.pane.pane), atUs);
  });
}

/** What does not hang on heartbeats, which are most of a log and need not be read for it. */
export function factsButBeatsAt(
  history: History,
  agent: string,
  atUs: number,
): Pick<AgentFacts, "drift" | "boot" | "process"> & {
  readonly own: AgentPane | undefined;
  readonly paneKnown: boolean;
  /** Known, and alive. */
  readonly paneAlive: boolean;
} {
  const documents = documentsAt(history, atUs);
  const coverage = coverageFor(history, agent, atUs);
  const facts = factsOf({
    name: agent,
    documents: {
      ...documents,
      get: (family, id) => (family === "heartbeat" ? undefined : documents.get(family, id)),
    },
    coverage: {
      ...coverage,
      of: (source, scope) => (source === "heartbeat" ? UNASKED : coverage.of(source, scope)),
    },
    nowUs: atUs,
  });
  const { drift, boot, process, evidence, pane } = facts;
  const paneAlive = evidence.pane.known && evidence.pane.state === "alive";
  return { drift, boot, process, own: pane.own, paneKnown: evidence.pane.known, paneAlive };
}

const UNASKED: Watch = { state: "absent", observedAtUs: null, reason: "not asked for" };

/** Everything the planes hold on one agent at a moment, joined by the very function that joins the present. */
export function factsAt(history: History, agent: string, atUs: number): AgentFacts {
  return factsOf({
    name: agent,
    documents: documentsAt(history, atUs),
    coverage: coverageFor(history, agent, atUs),
    nowUs: atUs,
  });
}
