import type { PsDocument } from "../../query/row.ts";
import type { Paint } from "./colour.ts";
import { cellsOf } from "./ps-cells.ts";
import { type Remark, remarksOn, TIE } from "./ps-remarks.ts";
import { formatTable, type Squeeze, type TableColumn } from "./table.ts";
import { wrap } from "./text.ts";

const COLUMNS: readonly TableColumn[] = [
  // A name of the roster has up to 64; what a session or a program calls itself may go on for a kilobyte.
  { id: "name", title: "  NAME", most: 66 },
  { id: "status", title: "STATUS" },
  { id: "since", title: "FOR", align: "right" },
  { id: "unit", title: "UNIT" },
  { id: "socket", title: "SOCKET" },
  { id: "pane", title: "PANE" },
  { id: "beat", title: "BEAT", align: "right" },
  { id: "runtime", title: "RUNTIME", most: 66 },
  { id: "idle", title: "IDLE", align: "right" },
  { id: "boot", title: "BOOT" },
  { id: "note", title: "NOTE" },
];

/** What gives way first when the terminal is narrow; a column for each plane is given up only below some 70 cells. */
const SQUEEZES: readonly Squeeze[] = [
  { column: "boot", by: "shorten" },
  { column: "unit", by: "shorten" },
  { column: "runtime", by: "shorten" },
  { column: "note", by: "truncate", to: 12 },
  { column: "runtime", by: "truncate", to: 10 },
  { column: "name", by: "truncate", to: 18 },
  { column: "socket", by: "truncate", to: 10 },
  { column: "pane", by: "shorten" },
  { column: "boot", by: "shorten" },
  { column: "note", by: "drop" },
  { column: "since", by: "drop" },
  { column: "socket", by: "drop" },
  { column: "name", by: "truncate", to: 12 },
  { column: "idle", by: "drop" },
  { column: "boot", by: "drop" },
  { column: "runtime", by: "drop" },
  { column: "unit", by: "drop" },
  { column: "pane", by: "drop" },
  { column: "beat", by: "drop" },
  { column: "name", by: "truncate", to: 6 },
];

export interface PsLook {
  /** Terminal cells; null = no limit. */
  readonly width: number | null;
  readonly paint: Paint;
  /** Said after everything else, by `--watch` and `--at`. */
  readonly remark?: string;
  /** The table is of a past moment. */
  readonly past?: true;
}

/** `fleet.ps.v1` for people: a line for each agent, then who watched and every source that is not fresh. Lines without newlines. */
export function formatPs(document: PsDocument, { width, paint, remark, past }: PsLook): string[] {
  const nowMs = Date.parse(document.at);
  const sockets = new Set(
    document.agents.flatMap((row) => (row.pane.socket === null ? [] : [row.pane.socket])),
  );
  const rows = document.agents.map((row) => cellsOf(row, nowMs, sockets.size > 1));
  const table =
    rows.length === 0
      ? []
      : [...formatTable({ columns: COLUMNS, rows, squeezes: SQUEEZES }, width, paint), ""];
  const remarks: Remark[] = remarksOn(document, past);
  if (remark !== undefined) remarks.push({ text: remark, tone: "quiet" });
  const below = remarks.flatMap(({ text, tone }) =>
    (width === null ? [text] : wrap(text, width)).map((line) => paint(tone, line.replaceAll(TIE, " "))),
  );
  return [...table, ...below];
}
