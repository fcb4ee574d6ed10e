/** How exact `occurredAtUs` is: a heartbeat that says `10:00:05Z` happened somewhere within that second. */
export type Precision = "s" | "ms" | "us";

/** Collectors (and actors) that state facts. The value is the envelope's `source`. */
export const SOURCES = [
  "tmux", // what `list-panes` and friends said
  "tmux-hook", // lines that tmux's own hooks left in the spool
  "systemd", // unit state, linger, boot id
  "journal", // unit lifecycle lines
  "heartbeat", // NAME.hb files
  "process", // /proc behind a pane
  "roster", // roster.yaml
  "recorder", // the recorder and the store speaking about themselves
  "operator", // a verb that acts
] as const;
export type Source = (typeof SOURCES)[number];

/** An event before the log has stamped it. Tenant and host are the writer's identity, never the collector's business. */
export interface NewEvent<Type extends string = string, Payload = unknown> {
  readonly type: Type;
  /** The agent (tmux session name, heartbeat name, unit instance) this fact is about, or null. */
  readonly agent: string | null;
  readonly source: Source;
  /** The source's clock, microseconds since the epoch. */
  readonly occurredAtUs: number;
  readonly precision: Precision;
  readonly payload: Payload;
  /** Defaults to the newest version of the type's schema. */
  readonly schemaVersion?: number;
}

/** An event as the log keeps it. Reading is lenient: `type` and `payload` may be of a version this program does not know. */
export interface StoredEvent {
  readonly seq: number;
  readonly tenantId: string;
  readonly host: string;
  readonly agent: string | null;
  readonly type: string;
  readonly schemaVersion: number;
  readonly source: string;
  readonly occurredAtUs: number;
  readonly precision: Precision;
  /** This log's clock, never going back: max(clock, previous + 1 us). */
  readonly recordedAtUs: number;
  /** The log and the place in it where the event was first written: its name for ever, also in a hub. */
  readonly originLog: string;
  readonly originSeq: number;
  readonly payload: unknown;
}
