import type { ReadonlyDocuments } from "../store/projection.ts";
import type { Coverage, Watch } from "./coverage.ts";
import { type LivingNamesake, namesakesOf } from "./namesakes.ts";
import { basename, chooseOwnPane, isNowhere, ownPanes } from "./pane-evidence.ts";
import { type SetBack, setBackIn } from "./planes/clock.ts";
import type {
  AgentDocument,
  AgentPane,
  HeartbeatDocument,
  HookedLife,
  ManagerDocument,
  PaneDocument,
  ProcessDocument,
  RefusedBeatDocument,
  RosterDocument,
  ServerDocument,
  UnitDocument,
} from "./planes/documents.ts";
import { documentOf, ONLY, within } from "./planes/documents.ts";
import { unloadedUnit } from "./unit-evidence.ts";
import { beatOfLife, type Writer, writerOf } from "./writer.ts";

/** Of which agent, by which documents, watched by whom, and at which moment. */
export interface AgentQuestion {
  readonly name: string;
  readonly documents: ReadonlyDocuments;
  readonly coverage: Coverage;
  readonly nowUs: number;
}

/** What every plane last told of one agent, and who watches it: joined, and not weighed. */
export interface Told {
  readonly name: string;
  readonly roster: RosterDocument | undefined;
  readonly agent: AgentDocument | undefined;
  readonly pane: {
    readonly own: AgentPane | undefined;
    readonly present: PaneDocument | undefined;
    readonly socket: string | null;
    readonly namesakes: readonly LivingNamesake[];
  };
  /** What tmux's hooks told of lives on that pane's server. */
  readonly hooked: HookedLife | undefined;
  readonly server: ServerDocument | undefined;
  readonly unitName: string;
  readonly unit: UnitDocument | undefined;
  readonly manager: ManagerDocument | undefined;
  /** The newest beat that may be this life's. */
  readonly heartbeat: HeartbeatDocument | undefined;
  readonly writer: Writer;
  /** What its file held when it was last read, where that was no heartbeat. */
  readonly refusedBeat: RefusedBeatDocument | undefined;
  readonly process: ProcessDocument | undefined;
  readonly watch: {
    readonly pane: Watch;
    readonly systemd: Watch;
    readonly heartbeat: Watch;
    readonly process: Watch;
    /** Of one that is on no roster: who would have seen it named there. */
    readonly roster: Watch | null;
  };
  /** Where the host's clock was set back. */
  readonly setBack: readonly SetBack[];
}

export function toldOf({ name, documents, coverage, nowUs }: AgentQuestion): Told {
  const roster = documentOf(documents, "roster", name);
  const declaration = roster?.declaration;
  const agent = documentOf(documents, "agent", name);
  const panes = ownPanes(documents, agent, coverage, nowUs);
  const own = chooseOwnPane(documents, panes, declaration?.socketName);
  const socket = own?.socket ?? socketOf(coverage, declaration?.socketName);
  const server = socket === null ? undefined : documentOf(documents, "server", socket);
  const ofSocket = coverage.of("tmux", socket ?? "");
  const systemd = coverage.of("systemd", "");
  const unitName = declaration?.unit ?? `mosaic-agent@${name}.service`;
  const namesakes = namesakesOf(documents, panes, own, coverage);
  const watch = roster === undefined && isNowhere(own, server) ? ofAnySocket(coverage, ofSocket) : ofSocket;
  const writer = (one: HeartbeatDocument) => writerOf(one, own, namesakes);
  const heartbeat = beatOfLife(documentOf(documents, "heartbeat", name), writer);
  const refused = documentOf(documents, "refusedbeat", name);
  const paneId = own && own.pane !== null ? within(own.socket, own.pane) : null;
  return {
    name,
    roster,
    agent,
    pane: {
      own,
      present: paneId === null ? undefined : documentOf(documents, "pane", paneId),
      socket,
      namesakes,
    },
    hooked: own && agent?.hooked?.[own.socket],
    server,
    unitName,
    unit:
      documentOf(documents, "unit", unitName) ??
      (roster === undefined && systemd.state === "fresh" ? unloadedUnit(unitName) : undefined),
    manager: documentOf(documents, "manager", ONLY),
    heartbeat,
    writer: heartbeat === undefined ? null : writer(heartbeat),
    refusedBeat: refused && refused.seq > (heartbeat?.seq ?? 0) ? refused : undefined,
    process: paneId === null ? undefined : documentOf(documents, "process", paneId),
    watch: {
      pane: watch,
      systemd,
      heartbeat: coverage.of("heartbeat", ""),
      process: coverage.of("process", ""),
      roster: roster === undefined ? coverage.of("roster", "") : null,
    },
    setBack: setBackIn(documents),
  };
}

/**
 * Of a session that no roster names and that was not there when it was last told of: whoever watches tmux looks for every socket of this user, and
 * would have found it on any of them.
 */
function ofAnySocket(coverage: Coverage, ofItsOwn: Watch): Watch {
  if (ofItsOwn.state === "fresh") return ofItsOwn;
  const watches = coverage.scopes("tmux").map((path) => coverage.of("tmux", path));
  return watches.find(({ state }) => state === "fresh") ?? ofItsOwn;
}

function socketOf(coverage: Coverage, socketName: string | undefined): string | null {
  const named = coverage.scopes("tmux").filter((path) => basename(path) === socketName);
  // One of that name in another directory may have been watched at another time.
  return named.find((path) => coverage.of("tmux", path).state === "fresh") ?? named[0] ?? null;
}
