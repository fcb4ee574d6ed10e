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
  /** In cells, also where the table may be as wide as it likes. */
  readonly most?: number;
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
  /** How many cells each row's text takes in this wording, and the widest of them: measured once for each wording. */
  widths: readonly number[];
  natural: number;
  limit: number;
  shown: boolean;
}

/** The table as lines no wider than `width` cells (null = as wide as it likes); the first line is the header. */
export function formatTable(table: Table, width: number | null, paint: Paint): string[] {
  const state = new Map(table.columns.map(({ id }, index) => [id, unfitted(table, index)]));
  if (width !== null) fit(table, state, width);

  const header: string[] = [];
  const rows: string[][] = table.rows.map(() => []);
  table.columns.forEach(({ id, title, align }, index) => {
    const fitted = state.get(id);
    if (!fitted?.shown) return;
    const cells = cellsOf(fitted);
    header.push(filled(title, widthOf(title), cells, align, "quiet", paint));
    rows.forEach((parts, at) => {
      const cell = table.rows[at]?.[index];
      const text = wordingOf(cell, fitted.wording);
      parts.push(filled(text, fitted.widths[at] ?? 0, cells, align, cell?.tone ?? null, paint));
    });
  });
  return [header, ...rows].map((parts) => parts.join(GAP).trimEnd());
}

/** A text of `taken` cells, cut or filled up to `cells`. Colour goes around the text only, so that no line ends in coloured blanks. */
function filled(
  text: string,
  taken: number,
  cells: number,
  align: TableColumn["align"],
  tone: Tone | null,
  paint: Paint,
): string {
  const cut = taken <= cells ? text : truncate(text, cells);
  const blank = blanks(cells - (taken <= cells ? taken : widthOf(cut)));
  return align === "right" ? blank + paint(tone, cut) : paint(tone, cut) + blank;
}

/** Blanks by their number: a table needs the same few again and again. */
const BLANKS: string[] = [];

function blanks(count: number): string {
  BLANKS[count] ??= " ".repeat(count);
  return BLANKS[count];
}

/** A column as wide as it likes. One in which no row has anything to say is not shown. */
function unfitted(table: Table, index: number): Fitted {
  const shown = table.rows.length === 0 || table.rows.some((row) => (row[index]?.said[0] ?? "") !== "");
  return {
    wording: 0,
    ...measured(table, index, 0),
    limit: table.columns[index]?.most ?? Number.POSITIVE_INFINITY,
    shown,
  };
}

function measured(table: Table, index: number, wording: number): Pick<Fitted, "widths" | "natural"> {
  let natural = widthOf(table.columns[index]?.title ?? "");
  const widths = table.rows.map((row) => {
    const cells = widthOf(wordingOf(row[index], wording));
    if (cells > natural) natural = cells;
    return cells;
  });
  return { widths, natural };
}

function cellsOf({ natural, limit }: Fitted): number {
  return Math.min(natural, limit);
}

function fit(table: Table, state: Map<string, Fitted>, width: number): void {
  for (const squeeze of table.squeezes) {
    const shown = [...state.values()].filter((fitted) => fitted.shown);
    const total = shown.reduce((sum, fitted) => sum + cellsOf(fitted), 0) + (shown.length - 1) * GAP.length;
    const excess = total - width;
    if (excess <= 0) return;
    const fitted = state.get(squeeze.column);
    if (!fitted?.shown) continue;
    if (squeeze.by === "drop") fitted.shown = false;
    else if (squeeze.by === "truncate") fitted.limit = Math.max(squeeze.to, cellsOf(fitted) - excess);
    else {
      fitted.wording += 1;
      const index = table.columns.findIndex(({ id }) => id === squeeze.column);
      Object.assign(fitted, measured(table, index, fitted.wording));
    }
  }
}

function wordingOf(cell: TableCell | undefined, wording: number): string {
  if (cell === undefined) return "";
  return cell.said[Math.min(wording, cell.said.length - 1)] ?? "";
}
