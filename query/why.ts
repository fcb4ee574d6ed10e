import type { StoredEvent } from "../store/events/envelope.ts";
import { exactIsoOf, exactIsoOrNull } from "./instant.ts";
import type { Explained } from "./ps.ts";
import { type AgentRow, type AgentStatus, outlivesItsPane, type Plane } from "./row.ts";
import { summaryOf } from "./summary.ts";

export interface WhyEvidence {
  seq: number;
  type: string;
  occurred_at: string;
  recorded_at: string;
  source: string;
  summary: string;
}

export interface WhyCell {
  plane: Plane | "declared";
  state: string;
  observed_at: string | null;
  source: string;
  /** Newest first. */
  evidence: WhyEvidence[];
}

export interface WhyDocument {
  schema: "fleet.why.v1";
  tenant_id: string;
  host: string;
  at: string;
  log_seq: number;
  name: string;
  row: AgentRow;
  verdict: {
    status: AgentStatus;
    reason: string | null;
    rungs: { status: AgentStatus; holds: "yes" | "no" | "unknown"; because: string }[];
  };
  cells: WhyCell[];
}

/** Where the events behind a cell are found; the reader of the log is handed in. */
export interface EventLookup {
  event(seq: number): StoredEvent | null;
  /** The newest events of these types about this agent (null: about none), newest first. */
  recent(agent: string | null, types: readonly string[], limit: number): StoredEvent[];
}

const EVENTS_PER_CELL = 4;

export interface WhyInput {
  readonly tenantId: string;
  readonly host: string;
  readonly nowUs: number;
  readonly logSeq: number;
  readonly name: string;
  readonly lookup: EventLookup;
}

/** The row of one agent, of now or of a past moment, with the ladder that judged it and the events behind each of its cells. */
export function whyDocument({ row, verdict, facts }: Explained, input: WhyInput): WhyDocument {
  const { name, lookup } = input;
  const found = (...events: (StoredEvent | null)[]): WhyEvidence[] => {
    const unique = new Map(events.filter((event) => event !== null).map((event) => [event.seq, event]));
    return [...unique.values()].sort((a, b) => b.seq - a.seq).map(evidenceOf);
  };
  const bySeq = (seq: number | undefined) => (seq ? lookup.event(seq) : null);
  const recent = (types: readonly string[]) => lookup.recent(name, types, EVENTS_PER_CELL);

  const paneTypes = [
    "tmux.pane.created",
    "tmux.pane.respawned",
    "tmux.pane.died",
    "tmux.pane.closed",
    "tmux.session.renamed",
  ];
  const server = facts.server;
  const serverMatters =
    server !== undefined && (server.state === "gone" || server.pid !== facts.pane.own?.server);
  const beats = found(
    bySeq(facts.heartbeat?.seq),
    ...recent(["heartbeat.writer.exited", "heartbeat.file.removed", "collector.input.rejected"]),
  );
  const cells: WhyCell[] = [
    {
      plane: "declared",
      state: facts.roster?.declaration.class ?? (row.unrostered ? "not on the roster" : "unknown"),
      observed_at: facts.roster
        ? exactIsoOf(facts.roster.recordedAtUs)
        : exactIsoOrNull(facts.watch.roster?.observedAtUs ?? null),
      source: "roster",
      // What took it off the roster, where it ever was on one.
      evidence: facts.roster
        ? found(bySeq(facts.roster.seq), bySeq(facts.roster.declaredSeq))
        : found(...lookup.recent(name, ["roster.agent."], 1)),
    },
    {
      plane: "systemd",
      state: [row.systemd.active, row.systemd.sub].filter(Boolean).join(" "),
      observed_at: row.systemd.observed_at,
      source: "systemd",
      evidence: found(bySeq(facts.unit?.seq), ...recent(["systemd.unit.changed", "journal.unit.logged"])),
    },
    {
      plane: "pane",
      state: row.pane.state,
      observed_at: row.pane.observed_at,
      source: row.pane.source,
      evidence: found(
        bySeq(facts.pane.own?.seq),
        // That a life had begun of which only hooks told is in no event of a look.
        facts.pane.own?.byHooks === undefined ? null : bySeq(facts.pane.own.bornSeq),
        serverMatters ? bySeq(server?.seq) : null,
        ...facts.pane.namesakes.map(({ pane }) => bySeq(pane.seq)),
        ...recent(paneTypes),
      ),
    },
    {
      plane: "heartbeat",
      state: beatState(row, facts),
      observed_at: row.heartbeat.observed_at,
      source: "heartbeat",
      evidence: beats,
    },
    {
      plane: "drift",
      state: row.drift.state,
      observed_at: row.drift.observed_at,
      source: "process",
      evidence: found(bySeq(facts.process?.seq)),
    },
    {
      plane: "boot",
      state: [row.boot.state, row.boot.reasons.join(", ")].filter(Boolean).join(": "),
      observed_at: row.boot.observed_at,
      source: "systemd",
      evidence: found(bySeq(facts.unit?.seq), bySeq(facts.manager?.seq)),
    },
  ];
  return {
    schema: "fleet.why.v1",
    tenant_id: input.tenantId,
    host: input.host,
    at: exactIsoOf(input.nowUs),
    log_seq: input.logSeq,
    name,
    row,
    verdict: {
      status: verdict.status,
      reason: verdict.reason,
      rungs: verdict.rungs.map(({ status, holds, because }) => ({ status, holds, because })),
    },
    cells,
  };
}

function beatState(row: AgentRow, facts: Explained["facts"]): string {
  const { health, reason, refused } = row.heartbeat;
  const asides = [
    // A file that is refused is there.
    reason === "no-file" && refused !== null ? null : (reason ?? outlivesItsPane(row)),
    byAnother(row, facts),
    beatenSince(row),
    refused === null ? null : `its file is refused: ${refused}`,
  ].filter((aside) => aside !== null);
  return asides.length === 0 ? health : `${health} (${asides.join("; ")})`;
}

/** A beat of after the end that is told: another life came and went, of which nobody told more. Ends that hooks told of are told in whole seconds. */
function beatenSince({ status, pane, heartbeat, since }: AgentRow): string | null {
  const isOver = (status === "dead" || status === "failed") && pane.state !== "alive";
  if (!isOver || heartbeat.health !== "stale" || heartbeat.at === null || since === null) return null;
  const afterMs = Date.parse(heartbeat.at) - Date.parse(since);
  return afterMs > 1000 ? `process ${heartbeat.pid} has beaten since, and is not known to run` : null;
}

/**
 * Anybody of this uid can write a beat, and many a runtime runs as a child of its pane's process, so a beat is believed by its file. Who wrote it,
 * where that is no process that was seen in the pane, is for the reader to judge.
 */
function byAnother({ pane, heartbeat, namesakes }: AgentRow, { process }: Explained["facts"]): string | null {
  const isAsked = heartbeat.health === "healthy" || heartbeat.reason === "namesake";
  if (pane.state !== "alive" || !isAsked || heartbeat.pid === null) return null;
  const seen = [pane.pid, process?.process.panePid === pane.pid ? process?.process.pid : null];
  if (seen.includes(heartbeat.pid)) return null;
  const namesake = namesakes.find(({ pid }) => pid === heartbeat.pid);
  return namesake === undefined
    ? `by process ${heartbeat.pid}, which is not one that was seen in its pane`
    : `by process ${heartbeat.pid}, which is that of the other session of its name, on ${namesake.socket}`;
}

function evidenceOf(event: StoredEvent): WhyEvidence {
  return {
    seq: event.seq,
    type: event.type,
    occurred_at: exactIsoOf(event.occurredAtUs),
    recorded_at: exactIsoOf(event.recordedAtUs),
    source: event.source,
    summary: summaryOf(event),
  };
}
