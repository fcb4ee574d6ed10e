import { join } from "node:path";
import type { Collector } from "../collectors/collector.ts";
import { createHeartbeatCollector } from "../collectors/heartbeat/collect.ts";
import { createJournalCollector } from "../collectors/journal/collector.ts";
import { bootId } from "../collectors/proc/stat.ts";
import { createProcessCollector, type LivePane } from "../collectors/process/collector.ts";
import { createRosterCollector } from "../collectors/roster/collector.ts";
import { createSystemdCollector } from "../collectors/systemd/collector.ts";
import type { UnitOfInterest } from "../collectors/systemd/unit-name.ts";
import { createTmuxCollector } from "../collectors/tmux/collector.ts";
import type { TmuxSocket } from "../collectors/tmux/sockets.ts";
import { documentsOf } from "../query/planes/documents.ts";
import type { Emit } from "../store/events/batch.ts";
import type { Variables } from "./environment.ts";
import type { OwnLog } from "./own-log.ts";
import { createSocketNames } from "./roster-file.ts";
import { userName } from "./user-name.ts";

/** Everything that watches, wired to one log; and what it watches, for the words of the verbs. */
export interface Collecting {
  /** In the order of a single look: the roster says which units and sockets, panes say which processes. */
  readonly stages: readonly (readonly Collector[])[];
  sockets(): TmuxSocket[];
  /** `emit` for the collectors, which also tells those who look at the panes' processes when tmux told of a change. */
  listening(emit: Emit): Emit;
  readonly socketDirectory: string;
  readonly tmuxEnvironment: { readonly PATH: string; readonly HOME: string };
}

export function collectingFor(own: OwnLog, variables: Variables): Collecting {
  const { log, here, names } = own;
  const { uid, home } = here.account;
  const rosterEnvironment = {
    socketName: names.socketOverride,
    heartbeatIntervalSeconds: names.intervalSeconds,
  };
  const socketNames = createSocketNames(here.places.roster, rosterEnvironment);
  const sockets = (): TmuxSocket[] =>
    socketNames(log.documents()).map((name) => ({ name, path: join(names.tmuxDirectory, name) }));
  const units = (): UnitOfInterest[] =>
    [...documentsOf(log.documents(), "roster")].map(([agent, { declaration }]) => ({
      agent,
      unit: declaration.unit,
    }));
  const rings = new Set<() => void>();
  const onPanesChange = (ring: () => void) => {
    rings.add(ring);
    return () => void rings.delete(ring);
  };
  const tmuxEnvironment = { PATH: variables.PATH ?? "/usr/local/bin:/usr/bin:/bin", HOME: home };
  const runtimeDirectory = variables.XDG_RUNTIME_DIR || `/run/user/${uid}`;
  const systemd = { units, environment: variables, runtimeDirectory, uid, userName: userName(uid) };
  return {
    stages: [
      [createRosterCollector({ path: here.places.roster, environment: rosterEnvironment })],
      [
        createTmuxCollector({
          sockets,
          socketDirectory: names.tmuxDirectory,
          spoolDirectory: here.places.spoolDirectory,
          bootId: bootId(),
          environment: tmuxEnvironment,
        }),
        createSystemdCollector(systemd),
        createJournalCollector({ units, environment: variables, uid }),
        createHeartbeatCollector({ directory: here.places.runDirectory, uid }),
      ],
      [createProcessCollector({ panes: () => panesOf(own), onPanesChange })],
    ],
    sockets,
    listening: (emit) => (batch) => {
      const appended = emit(batch);
      if (batch.source === "tmux" && appended.ok && appended.count > 0) for (const ring of rings) ring();
      return appended;
    },
    socketDirectory: names.tmuxDirectory,
    tmuxEnvironment,
  };
}

/** The panes whose processes are looked at: all that tmux last called alive, on every socket. */
function panesOf({ log }: OwnLog): LivePane[] {
  return [...documentsOf(log.documents(), "pane")]
    .filter(([, { dead }]) => !dead)
    .map(([, { name, socket, server, pane, pid, start }]) => ({
      agent: name,
      socket,
      server,
      pane,
      panePid: pid,
      panePidStart: start,
    }));
}
