import type { MessageEntry } from "../../query/messages.ts";
import type { HostsShown } from "../hosts-shown.ts";
import type { Paint, Tone } from "./colour.ts";
import { formatNear } from "./moment.ts";
import { formatTable, type TableCell } from "./table.ts";
import { visible } from "./text.ts";

/** The ledger as a table, oldest first. */
export function formatMessages(
  messages: readonly MessageEntry[],
  { width, paint, nowUs, hosts }: { width: number | null; paint: Paint; nowUs: number; hosts: HostsShown },
): string[] {
  const cell = (said: readonly [string, ...string[]], tone: Tone | null = null): TableCell => ({
    said,
    tone,
  });
  return formatTable(
    {
      columns: [
        { id: "at", title: "ASKED" },
        ...(hosts === null ? [] : [{ id: "host", title: "HOST" }]),
        { id: "agent", title: "AGENT" },
        { id: "state", title: "STATE" },
        { id: "size", title: "BYTES", align: "right" },
        { id: "message", title: "MESSAGE" },
        { id: "why", title: "BECAUSE" },
      ],
      rows: messages.map((one) => [
        cell([formatNear(one.requestedAtUs, nowUs)]),
        ...(hosts === null ? [] : [cell([hosts(one)])]),
        cell([visible(one.agent ?? "-")]),
        cell([stateOf(one), one.state], toneOf(one)),
        cell([String(one.requested.bytes)]),
        cell([visible(one.id)]),
        cell([visible(one.because ?? ""), ""], "quiet"),
      ]),
      squeezes: [
        { column: "why", by: "truncate", to: 20 },
        { column: "why", by: "drop" },
        { column: "message", by: "truncate", to: 13 },
        { column: "state", by: "shorten" },
        { column: "size", by: "drop" },
        { column: "message", by: "drop" },
        { column: "agent", by: "truncate", to: 8 },
        ...(hosts === null ? [] : [{ column: "host", by: "truncate", to: 8 } as const]),
      ],
    },
    width,
    paint,
  );
}

function stateOf({ state, kind, queued }: MessageEntry): string {
  if (state === "accepted" && queued) return "accepted, queued";
  return kind === null || (state !== "refused" && state !== "unverifiable") ? state : `${state}, ${kind}`;
}

function toneOf({ state }: MessageEntry): Tone | null {
  if (state === "accepted" || state === "taken-up" || state === "answered") return "good";
  if (state === "draft" || state === "withdrawn") return "warn";
  return state === "refused" || state === "unverifiable" ? "bad" : "quiet";
}
