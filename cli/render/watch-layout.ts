import { cutRow, type StyledRow } from "../../agents/watch/styled-rows.ts";
import type { Paint } from "./colour.ts";
import { pad, truncate, visible } from "./text.ts";

/** One agent as it is drawn: its rows, or a word about why there are none. */
export interface Picture {
  readonly agent: string;
  readonly rows: readonly StyledRow[];
  readonly width: number;
  readonly cursorRow: number;
  /** Said beside its name: a size, `dead`, why it cannot be seen. */
  readonly note: string;
  readonly trouble: boolean;
}

export interface View {
  readonly columns: number;
  readonly rows: number;
  /** The picture that keys act on. */
  readonly chosen: number;
  /** Only the chosen one, over everything. */
  readonly alone: boolean;
  /** First column that is shown of the chosen one. */
  readonly left: number;
  readonly foot: string;
}

/** Below this a screen cannot be read. */
const MIN_COLUMNS = 40;
const MIN_ROWS = 6;
const GAP = " │ ";

/** The whole terminal, row by row: titles, the part of each screen around its cursor, and one row at the foot. */
export function layOut(pictures: readonly Picture[], view: View, paint: Paint): string[] {
  const shown = view.alone ? pictures.slice(view.chosen, view.chosen + 1) : pictures;
  const across = columnsOf(shown.length, view);
  const down = Math.ceil(shown.length / across);
  const width = Math.floor((view.columns - GAP.length * (across - 1)) / across);
  const height = Math.floor((view.rows - 1) / down);
  const lines: string[] = [];
  for (let row = 0; row < down; row += 1) {
    const beside = shown.slice(row * across, (row + 1) * across).map((picture) => {
      const isChosen = shown.length > 1 && picture === pictures[view.chosen];
      const left = picture === pictures[view.chosen] ? view.left : 0;
      return cellOf(picture, { width, height, left, isChosen }, paint);
    });
    for (let at = 0; at < height; at += 1) {
      lines.push(beside.map((cell) => cell[at] ?? " ".repeat(width)).join(paint("quiet", GAP)));
    }
  }
  while (lines.length < view.rows - 1) lines.push("");
  return [...lines.slice(0, view.rows - 1), paint("quiet", truncate(view.foot, view.columns))];
}

function columnsOf(count: number, { columns, rows }: View): number {
  const most = Math.max(1, Math.floor((columns + GAP.length) / (MIN_COLUMNS + GAP.length)));
  const wanted = Math.ceil(Math.sqrt(count));
  const atLeast = Math.ceil((count * MIN_ROWS) / Math.max(1, rows - 1));
  return Math.max(1, Math.min(most, Math.max(wanted, atLeast), count));
}

function cellOf(
  picture: Picture,
  { width, height, left, isChosen }: { width: number; height: number; left: number; isChosen: boolean },
  paint: Paint,
): string[] {
  const title = truncate(`${isChosen ? "> " : ""}${visible(picture.agent)}  ${visible(picture.note)}`, width);
  const room = height - 1;
  // The cursor is where something happens: its row is in sight, and as much above it as fits.
  const top = Math.max(0, Math.min(picture.rows.length - room, picture.cursorRow - room + 3));
  const rows = picture.rows.slice(top, top + room).map((row) => cutRow(row, left, width));
  return [paint(picture.trouble ? "bad" : "strong", pad(title, width)), ...rows];
}
