import type { Past } from "../../query/history/past.ts";
import { cutIntervals } from "../../query/history-document.ts";
import type { StoryInput } from "../../query/story.ts";
import { csvCell } from "../../store/export.ts";

const COLUMNS = [
  "tenant_id",
  "host",
  "agent",
  "from",
  "to",
  "seconds",
  "began_before",
  "status",
  "reason",
  "rules",
  "why",
  "since",
  "unrostered",
];

/** Each agent's statuses as CSV (RFC 4180), a line at a time. Within one agent the seconds add up to the window. */
export function* historyCsv(past: Past, { entries, window }: StoryInput): Generator<string> {
  yield `${COLUMNS.join(",")}\r\n`;
  for (const { name } of entries) {
    for (const interval of cutIntervals(past, name, window)) {
      const { from, to, seconds, began_before, status, reason, rules, why, since, unrostered } = interval;
      const cells = [
        past.tenantId,
        past.host,
        name,
        from,
        to,
        seconds,
        began_before,
        status,
        reason,
        rules,
        why.join(" "),
        since,
        unrostered,
      ];
      yield `${cells.map((cell) => csvCell(cell === null ? null : String(cell))).join(",")}\r\n`;
    }
  }
}
