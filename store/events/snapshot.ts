import type { PayloadOf } from "./catalogue.ts";

/**
 * What a snapshot collector saw in one look. It hands over states; which transitions they mean is derived by the store inside
 * the append transaction, against what the log already knows, so that of two writers the second appends nothing.
 * A snapshot is complete for its scope: what is not in it was not there.
 */
interface Look {
  /** When the look began: a snapshot begun before the scope's last observation is dropped. */
  readonly begunAtUs: number;
  readonly endedAtUs: number;
  /** A tmux socket path, or "" where the source has one scope only. */
  readonly scope: string;
}

export interface TmuxPaneSeen {
  readonly session: string;
  readonly window: string;
  readonly pane: string;
  readonly name: string;
  readonly pid: number;
  readonly start: number | null;
  readonly startedAtUs: number | null;
  readonly incarnation: string | null;
  readonly dead: boolean;
  readonly status: number | null;
  readonly signal: number | null;
  /** `pane_dead_time` (seconds resolution) when tmux states it. */
  readonly diedAtUs: number | null;
  /** `window_activity`, whole seconds, as microseconds. */
  readonly activityAtUs: number | null;
  readonly sessionCreatedAtUs: number | null;
}
export interface TmuxClientSeen {
  readonly client: string;
  readonly session: string;
  readonly name: string;
  readonly pid: number;
  readonly readOnly: boolean;
  readonly control: boolean;
}
export interface TmuxSnapshot extends Look {
  readonly source: "tmux";
  /** Null: the socket is missing or refuses, so there is no server. */
  readonly server: { readonly pid: number; readonly start: number | null; readonly version: string } | null;
  readonly goneReason: "no-socket" | "refused" | null;
  readonly panes: readonly TmuxPaneSeen[];
  readonly clients: readonly TmuxClientSeen[];
}

export interface SystemdSnapshot extends Look {
  readonly source: "systemd";
  readonly manager: PayloadOf<"systemd.manager.changed">;
  /** `agent` is the instance name or the agent whose roster entry names the unit. */
  readonly units: readonly {
    readonly agent: string | null;
    readonly unit: PayloadOf<"systemd.unit.changed">;
  }[];
  /** False: only the units listed were looked at (a signal named them); the others are not known to be gone. */
  readonly complete: boolean;
}

export interface BeatSeen {
  readonly agent: string;
  /** The beat as parsed, or null where the file is gone. */
  readonly beat: {
    readonly occurredAtUs: number;
    readonly precision: "s" | "ms" | "us";
    readonly payload: PayloadOf<"heartbeat.received">;
  } | null;
  /** False when the beat's pid is known to be gone; null when it cannot be known. */
  readonly writerAlive: boolean | null;
}
export interface HeartbeatSnapshot extends Look {
  readonly source: "heartbeat";
  readonly beats: readonly BeatSeen[];
  /** False: only the files listed were looked at. True: a file not listed is not there. */
  readonly complete: boolean;
  /** Agents whose file is there and holds no beat: it is neither seen nor gone. */
  readonly unreadable?: readonly string[];
}

export interface ProcessSnapshot extends Look {
  readonly source: "process";
  readonly panes: readonly {
    readonly agent: string | null;
    readonly process: PayloadOf<"process.changed">;
  }[];
}

export interface RosterSnapshot extends Look {
  readonly source: "roster";
  readonly file:
    | { readonly state: "accepted"; readonly path: string; readonly digest: string }
    | ({ readonly state: "rejected" } & PayloadOf<"roster.file.rejected">)
    | { readonly state: "missing"; readonly path: string };
  /** All declarations (the holder's too) when accepted; ignored otherwise: the last good roster stays in force. */
  readonly agents: readonly {
    readonly name: string;
    readonly declaration: PayloadOf<"roster.agent.declared">;
  }[];
}

export type Snapshot = TmuxSnapshot | SystemdSnapshot | HeartbeatSnapshot | ProcessSnapshot | RosterSnapshot;
