import type { Paint, Tone } from "./colour.ts";
import { truncate, widthOf } from "./text.ts";

export interface TableCell {
  /** The same thing said at decreasing length; visible text only. */
  readonly said: readonly [string, ...string[]];
  readonly tone: Tone | null;
}

export interface TableColumn {
  readonly id: string;
  readonly title: string;
  readonly align?: "left" | "right";
}

/**
 * One way to make the table narrower. `shorten` lets a column use the next shorter wording, `truncate` cuts its texts down to
 * `to` cells (only as far as is needed), `drop` gives the column up.
 */
export type Squeeze =
  | { readonly column: string; readonly by: "shorten" }
  | { readonly column: string; readonly by: "drop" }
  | { readonly column: string; readonly by: "truncate"; readonly to: number };

export interface Table {
  readonly columns: readonly TableColumn[];
  readonly rows: readonly (readonly TableCell[])[];
  /** Applied one after another until the table fits. */
  readonly squeezes: readonly Squeeze[];
}

const GAP = "  ";

interface Fitted {
  wording: number;
  limit: number;
  shown: boolean;
}

/** The table as lines no wider than `width` cells (null = as wide as it likes); the first line is the header. */
export function formatTable(table: Table, width: number | null, paint: Paint): string[] {
  const state = new Map<string, Fitted>();
  for (const column of table.columns) {
    // A column in which no row has anything to say is not shown.
    const index = table.columns.indexOf(column);
    const shown = table.rows.length === 0 || table.rows.some((row) => (row[index]?.said[0] ?? "") !== "");
    state.set(column.id, { wording: 0, limit: Number.POSITIVE_INFINITY, shown });
  }
  if (width !== null) fit(table, state, width);

  const shown = table.columns.flatMap((column, index) => {
    const fitted = state.get(column.id);
    return fitted?.shown ? [{ column, index, fitted, cells: columnWidth(table, index, fitted) }] : [];
  });
  const line = (textOf: (index: number, fitted: Fitted) => { text: string; tone: Tone | null }): string =>
    shown
      .map(({ column, index, fitted, cells }) => {
        const { text, tone } = textOf(index, fitted);
        const cut = truncate(text, cells);
        const blank = " ".repeat(cells - widthOf(cut));
        // Colour goes around the text only, so that no line ends in coloured blanks.
        return column.align === "right" ? blank + paint(tone, cut) : paint(tone, cut) + blank;
      })
      .join(GAP)
      .trimEnd();
  return [
    line((index) => ({ text: table.columns[index]?.title ?? "", tone: "quiet" })),
    ...table.rows.map((row) =>
      line((index, fitted) => ({
        text: wordingOf(row[index], fitted.wording),
        tone: row[index]?.tone ?? null,
      })),
    ),
  ];
}

function fit(table: Table, state: Map<string, Fitted>, width: number): void {
  for (const squeeze of table.squeezes) {
    const excess = totalWidth(table, state) - width;
    if (excess <= 0) return;
    const fitted = state.get(squeeze.column);
    const index = table.columns.findIndex((column) => column.id === squeeze.column);
    if (!fitted?.shown || index < 0) continue;
    if (squeeze.by === "shorten") fitted.wording += 1;
    else if (squeeze.by === "drop") fitted.shown = false;
    else fitted.limit = Math.max(squeeze.to, columnWidth(table, index, fitted) - excess);
  }
}

function wordingOf(cell: TableCell | undefined, wording: number): string {
  if (cell === undefined) return "";
  return cell.said[Math.min(wording, cell.said.length - 1)] ?? "";
}

function columnWidth(table: Table, index: number, fitted: Fitted): number {
  let cells = widthOf(table.columns[index]?.title ?? "");
  for (const row of table.rows) cells = Math.max(cells, widthOf(wordingOf(row[index], fitted.wording)));
  return Math.min(cells, fitted.limit);
}

function totalWidth(table: Table, state: Map<string, Fitted>): number {
  let total = 0;
  let shown = 0;
  table.columns.forEach((column, index) => {
    const fitted = state.get(column.id);
    if (!fitted?.shown) return;
    shown += 1;
    total += columnWidth(table, index, fitted);
  });
  return total + Math.max(0, shown - 1) * GAP.length;
}
