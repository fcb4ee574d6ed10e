import { summaryOf } from "../../query/summary.ts";
import type { StoredEvent } from "../../store/events/envelope.ts";
import type { HostsShown } from "../hosts-shown.ts";
import type { Paint, Tone } from "./colour.ts";
import { formatMoment, isoMoment } from "./moment.ts";
import { pad, truncate, visible } from "./text.ts";

/** An event on one line: `#1234  2026-06-21 03:10:00  coder0  tmux.pane.died  process 4711 in pane %3 ended: signal 9`. */
export function formatEvent(
  event: StoredEvent,
  look: { width: number | null; paint: Paint; hosts?: HostsShown },
): string {
  const { paint, width, hosts = null } = look;
  const seq = pad(`#${event.seq}`, 8);
  const when = formatMoment(event.occurredAtUs);
  const who = pad(truncate(event.agent === null ? "-" : visible(event.agent), 20), 14);
  const type = pad(visible(event.type), 24);
  const where = hosts === null ? "" : `${pad(truncate(hosts(event), 24), 8)}  `;
  const fixed = `${seq}  ${when}  ${where}${who}  ${type}  `;
  const room = width === null ? Number.POSITIVE_INFINITY : Math.max(20, width - fixed.length);
  const summary = truncate(visible(summaryOf(event)), room);
  return `${paint("quiet", `${seq}  ${when}`)}  ${where}${who}  ${paint(toneOf(event.type), type)}  ${summary}`.trimEnd();
}

/** Ends, failures and gaps stand out; beats, which are most of a log, step back. */
function toneOf(type: string): Tone | null {
  if (type === "heartbeat.received" || type === "tmux.pane.active") return "quiet";
  if (/\.(died|closed|vanished|lapsed|exited|rejected|removed|unavailable|missing)$/.test(type))
    return "warn";
  return null;
}

/** `fleet.events.v1`: one event as one JSON object, named as SPEC 8 names the envelope. */
export function eventJson(event: StoredEvent): string {
  return JSON.stringify({
    schema: "fleet.events.v1",
    seq: event.seq,
    tenant_id: event.tenantId,
    host: event.host,
    agent: event.agent,
    type: event.type,
    schema_version: event.schemaVersion,
    occurred_at: isoMoment(event.occurredAtUs),
    precision: event.precision,
    recorded_at: isoMoment(event.recordedAtUs),
    source: event.source,
    origin_log: event.originLog,
    origin_seq: event.originSeq,
    payload: event.payload,
  });
}
