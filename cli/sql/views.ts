import { bucketOfSighting } from "../../query/history/buckets.ts";
import { exactUsOf } from "../../query/instant.ts";
import { MESSAGE_EVENTS, type MessageEntry, messagesOf } from "../../query/messages.ts";
import { psDocument } from "../../query/ps.ts";
import type { AgentRow } from "../../query/row.ts";
import { withFirst } from "../../query/since.ts";
import { isoMicros } from "../../store/exchange.ts";
import { type ComputedTable, EVENT_COLUMNS, type SqlValue, type UpTo } from "../../store/query-log.ts";
import type { Reader } from "../../store/reader.ts";
import { nowUs } from "../clock.ts";
import type { Variables } from "../environment.ts";
import { observe } from "../observe.ts";
import type { Output } from "../output.ts";
import { filterUpTo, passedMoment, withinTheLog } from "../passed-moment.ts";
import { openPast } from "../past.ts";
import { readPresent } from "../present.ts";

/** The views and their columns, in the order in which they are given. What each means is in docs/sql.md. */
export const VIEWS = {
  agents: [
    "tenant_id",
    "host",
    "name",
    "class",
    "runtime",
    "status",
    "status_reason",
    "since",
    "incarnation",
    "unit",
    "unit_active",
    "unit_enabled",
    "pane_state",
    "pane_id",
    "pane_pid",
    "exit_status",
    "signal",
    "idle_seconds",
    "heartbeat_health",
    "heartbeat_at",
    "heartbeat_status",
    "heartbeat_age_seconds",
    "interval_seconds",
    "drift",
    "actual_runtime",
    "boot",
    "boot_reasons",
    "flags",
    "unknown",
    "unrostered",
  ],
  intervals: [
    "tenant_id",
    "host",
    "agent",
    "status",
    "reason",
    "from_at",
    "to_at",
    "seconds",
    "from_us",
    "to_us",
    "rules",
    "why",
    "since_at",
    "unrostered",
    "bucket",
  ],
  messages: [
    "tenant_id",
    "host",
    "agent",
    "message",
    "state",
    "verdict",
    "kind",
    "proof",
    "queued",
    "because",
    "typed",
    "submitted",
    "via",
    "session",
    "runtime_message",
    "requested_at",
    "at",
    "user",
    "until",
    "bytes",
    "lines",
    "text",
    "digest",
    "traceparent",
    "seq",
    "last_seq",
  ],
  events: EVENT_COLUMNS,
} as const;

export function listViews(): string {
  const lines = Object.entries(VIEWS).map(([view, columns]) => `${view}: ${columns.join(", ")}\n`);
  return `${lines.join("\n")}\nWhat each column means is in docs/sql.md.\n`;
}

/** What a query is asked of: the views that are computed when it reads them, and which events there are. */
export interface Views {
  readonly tables: Readonly<Record<string, ComputedTable>>;
  readonly upTo: UpTo;
}

/**
 * As of now the table of `fleet ps --all` from the log alone; as of a moment (`--at`) that of `fleet ps --all --at`, the verdicts up to it, and
 * the messages and events of before.
 */
export async function viewsOf(
  variables: Variables,
  said: string | undefined,
  output: Pick<Output, "complain">,
): Promise<Views> {
  const { reader, observer } = await observe(variables, { collect: false, complain: () => {} });
  const now = nowUs();
  const at = said === undefined ? null : passedMoment(said, "--at", { reader, output, now });
  const filter = filterUpTo(at);
  // Refused at once, and not only by the view that a query happens to read.
  const atUs = at === null ? null : withinTheLog(at, reader.beginsUs());
  const own = reader.identity();
  function* table(): Generator<AgentRow> {
    if (atUs === null) yield* psDocument(readPresent(reader, { nowUs: now, observer, all: true })).agents;
    for (const partition of reader.partitions()) {
      const isOwn = partition.tenantId === own.tenantId && partition.host === own.host;
      if (isOwn && atUs === null) continue;
      // Of another host there is only what the log knows, as `fleet ps --host` has it.
      const past = openPast(reader, partition, now);
      const thenUs = atUs ?? now;
      if (past.beginsUs !== null && past.beginsUs <= thenUs) yield* past.table(thenUs, true).agents;
    }
  }
  return {
    tables: {
      agents: {
        columns: VIEWS.agents,
        *rows() {
          for (const row of table()) yield agentRow(row);
        },
      },
      intervals: { columns: VIEWS.intervals, rows: () => intervalRows(reader, atUs ?? now, now) },
      messages: {
        columns: VIEWS.messages,
        rows: () => messagesOf(reader.events({ ...filter, types: MESSAGE_EVENTS })).map(messageRow),
      },
    },
    upTo: filter,
  };
}

/** What `fleet history` tells: every verdict over everybody, from the beginning of the log up to a moment. */
function* intervalRows(reader: Reader, endUs: number, now: number): Generator<SqlValue[]> {
  for (const partition of reader.partitions()) {
    const past = openPast(reader, partition, now);
    if (past.beginsUs === null || past.beginsUs >= endUs) continue;
    for (const name of past.names()) {
      const whole = { fromUs: past.beginsUs, toUs: endUs };
      for (const [{ fromUs, status, reason, rules, why, ...interval }, first] of withFirst(
        past,
        name,
        whole,
      )) {
        // What goes on then is not over, whatever came of it.
        const toUs = interval.toUs !== null && interval.toUs <= endUs ? interval.toUs : null;
        // Before the log nobody knew anything.
        const from = Math.max(fromUs, past.beginsUs);
        const sinceUs = first === null ? from : first.sinceUs;
        yield [
          partition.tenantId,
          partition.host,
          name,
          status,
          reason,
          isoMicros(from),
          toUs === null ? null : isoMicros(toUs),
          ((toUs ?? endUs) - from) / 1e6,
          BigInt(from),
          toUs === null ? null : BigInt(toUs),
          BigInt(rules),
          JSON.stringify(why),
          sinceUs === null ? null : isoMicros(sinceUs),
          interval.unrostered ? 1n : 0n,
          bucketOfSighting({ ...interval, status, reason }, past.isStray(name)),
        ];
      }
    }
  }
}

function messageRow(one: MessageEntry): SqlValue[] {
  const { user, until, bytes, lines, text, digest, traceparent } = one.requested;
  return [
    one.tenantId,
    one.host,
    one.agent,
    one.id,
    one.state,
    one.verdict,
    one.kind,
    one.proof,
    one.queued ? 1n : 0n,
    one.because,
    one.typed ? 1n : 0n,
    one.submitted ? 1n : 0n,
    one.via,
    one.session,
    one.runtimeMessage,
    isoMicros(one.requestedAtUs),
    isoMicros(one.atUs),
    user,
    until,
    whole(bytes),
    whole(lines),
    text,
    digest,
    traceparent,
    BigInt(one.seq),
    BigInt(one.lastSeq),
  ];
}

function agentRow(row: AgentRow): SqlValue[] {
  const { systemd, pane, heartbeat, drift, boot } = row;
  return [
    row.tenant_id,
    row.host,
    row.name,
    row.class,
    row.runtime,
    row.status,
    row.status_reason,
    microsOf(row.since),
    row.incarnation,
    systemd.unit,
    systemd.active,
    systemd.enabled,
    pane.state,
    pane.id,
    whole(pane.pid),
    whole(pane.exit_status),
    whole(pane.signal),
    row.idle.seconds,
    heartbeat.health,
    microsOf(heartbeat.at),
    heartbeat.status,
    heartbeat.age_seconds,
    heartbeat.interval_seconds,
    drift.state,
    drift.actual,
    boot.state,
    JSON.stringify(boot.reasons),
    JSON.stringify(row.flags),
    JSON.stringify(row.unknown),
    row.unrostered ? 1n : 0n,
  ];
}

/** Moments of documents are written to the microsecond where there are any: here all are, so that they compare as text. */
function microsOf(iso: string | null): string | null {
  return iso === null ? null : isoMicros(exactUsOf(iso));
}

/** A number would be handed to SQLite as one with a fraction: 4711.0. */
function whole(value: number | null): bigint | null {
  return value === null ? null : BigInt(value);
}
