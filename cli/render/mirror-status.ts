import { recordOf } from "../../otel/mirror/span-record.ts";
import type { Partition } from "../../store/identity.ts";
import type { LeaseHolder } from "../../store/lease.ts";
import type { MirrorStatus } from "../../store/mirror-status.ts";
import { formatDuration } from "./duration.ts";
import { formatMoment, isoMoment } from "./moment.ts";
import { visible } from "./text.ts";

export interface MirrorStatusDocument {
  schema: "fleet.mirror-status.v1";
  tenant_id: string;
  host: string;
  at: string;
  state: "running" | "not running" | "never ran";
  pid: number | null;
  lag: { events: number; spans: number; seconds: number | null };
  resending: { from: string; spans_left_at_most: number } | null;
  sent: number;
  rejected: number;
  dead_letters: number;
  settled_at: string | null;
  /** Why nothing is settled now; null: all is well, or nothing waits. */
  trouble: string | null;
  last_error: { at: string; text: string } | null;
  newest_dead_letters: {
    at: string;
    status: number;
    reason: string;
    trace_id: string;
    span_id: string;
    agent: string;
    name: string;
  }[];
}

export function mirrorStatusDocument(
  input: Partition & {
    readonly nowUs: number;
    readonly logSeq: number;
    readonly status: MirrorStatus | null;
    readonly isAlive: (holder: LeaseHolder) => boolean;
  },
): MirrorStatusDocument {
  const { tenantId, host, nowUs, logSeq, status, isAlive } = input;
  const isRunning = status?.holder != null && isAlive(status.holder);
  const open = status?.oldestOpenUs ?? null;
  return {
    schema: "fleet.mirror-status.v1",
    tenant_id: tenantId,
    host,
    at: isoMoment(nowUs),
    state: status === null ? "never ran" : isRunning ? "running" : "not running",
    pid: isRunning ? (status.holder?.pid ?? null) : null,
    lag: {
      events: logSeq - (status?.plannedSeq ?? 0),
      spans: status === null ? 0 : Math.max(0, status.lastNo - status.settledNo),
      seconds: open === null ? (status === null ? null : 0) : Math.max(0, Math.round((nowUs - open) / 1e6)),
    },
    resending:
      status?.again == null
        ? null
        : {
            from: isoMoment(status.again.fromUs),
            spans_left_at_most: status.again.untilNo - status.again.afterNo,
          },
    sent: status?.sent ?? 0,
    rejected: status?.rejected ?? 0,
    dead_letters: status?.dead ?? 0,
    settled_at: status?.settledAtUs == null ? null : isoMoment(status.settledAtUs),
    trouble: status?.trouble ?? null,
    last_error:
      status?.lastError == null
        ? null
        : { at: isoMoment(status.lastError.atUs), text: status.lastError.text },
    newest_dead_letters: (status?.deadLetters ?? []).map(({ atUs, status: code, reason, span }) => {
      const { traceId, spanId, agent, name } = recordOf(span);
      return { at: isoMoment(atUs), status: code, reason, trace_id: traceId, span_id: spanId, agent, name };
    }),
  };
}

/** The same for a person. */
export function formatMirrorStatus(document: MirrorStatusDocument): string[] {
  const { lag, state, pid, resending, last_error: error } = document;
  if (state === "never ran") return ["No mirror has run here: `fleet mirror`, or `fleet record --mirror`."];
  const waiting =
    lag.spans === 0
      ? resending === null
        ? "nothing waits"
        : "nothing new waits"
      : `${lag.spans === 1 ? "1 span waits" : `${lag.spans} spans wait, the oldest`} for ${formatDuration(lag.seconds ?? 0)}`;
  const unread =
    lag.events === 0
      ? "every event of the log has been looked at"
      : `${lag.events === 1 ? "1 newer event of the log has" : `${lag.events} newer events of the log have`} not been looked at yet`;
  return [
    `${document.tenant_id}@${document.host}: ${state === "running" ? `a mirror runs (process ${pid})` : "no mirror runs"}; ${waiting}; ${unread}.`,
    ...(state === "not running" && (lag.spans + lag.events > 0 || resending !== null)
      ? ["Start one: `fleet record --mirror`, or `fleet mirror` alone. Nothing is lost meanwhile."]
      : []),
    ...(document.trouble === null
      ? []
      : [
          `The receiver ${state === "running" ? "does not take them" : "did not take them when it was last asked"}: ${visible(document.trouble)}`,
        ]),
    ...(resending === null
      ? []
      : [
          `Sending once more what ended since ${formatMoment(Date.parse(resending.from) * 1000)}: at most ${resending.spans_left_at_most} spans left.`,
        ]),
    `Sent ${document.sent}, rejected by the receiver ${document.rejected}, dead letters ${document.dead_letters}.`,
    ...(document.settled_at === null
      ? []
      : [`Last answer: ${formatMoment(Date.parse(document.settled_at) * 1000)}.`]),
    ...(error === null
      ? []
      : [`Last error: ${formatMoment(Date.parse(error.at) * 1000)}, ${visible(error.text)}`]),
    ...document.newest_dead_letters.map(
      ({ at, reason, trace_id, span_id, agent, name }) =>
        `  ${formatMoment(Date.parse(at) * 1000)} ${visible(agent)} ${visible(name)} (${trace_id}/${span_id}): ${visible(reason)}`,
    ),
  ];
}
