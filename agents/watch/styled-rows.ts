import { readCapture } from "../screens/capture.ts";
import { isWide } from "../screens/columns.ts";

/** One character of a captured screen, and every colour sequence that is in force there. */
export interface StyledCell {
  readonly text: string;
  readonly columns: 0 | 1 | 2;
  readonly look: string;
}

export type StyledRow = readonly StyledCell[];

const RESET = "\u001b[0m";

/** They take no column of their own: they change the character before them. */
const MARK = /[\p{Mn}\p{Me}]|\u200d|\ufe0f/u;
const UNSAFE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

/**
 * A capture as rows of characters with their colours. Nothing else gets through: no sequence but colours, no control and none
 * of the marks that turn a line around, so that what an agent shows cannot act on the terminal of who watches it.
 */
export function styledRows(capture: string): StyledRow[] {
  let look = "";
  let cells: StyledCell[] = [];
  return readCapture(capture, {
    colour: (codes) => {
      look = restyled(look, codes);
    },
    character: (text) => {
      if (!UNSAFE.test(text)) cells.push({ text, columns: MARK.test(text) ? 0 : isWide(text) ? 2 : 1, look });
    },
    row: () => {
      const row = cells;
      cells = [];
      return row;
    },
  });
}

/** A sequence that begins with a reset takes everything before it out of force; without that the list would grow for ever. */
function restyled(look: string, sequence: string): string {
  const codes = sequence.split(/[;:]/);
  const colour = `\u001b[${sequence}m`;
  if (codes.every((code) => code === "0" || code === "")) return "";
  if (codes[0] === "0" || codes[0] === "") return colour;
  return look.length > 256 ? RESET + colour : look + colour;
}

/** So many columns of a row from a column on, filled up with blanks, in its own colours and without any left over. */
export function cutRow(row: StyledRow, from: number, columns: number): string {
  let line = "";
  let look = "";
  let at = 0;
  let used = 0;
  for (const cell of row) {
    const start = at;
    at += cell.columns;
    if (start < from) continue;
    if (used + cell.columns > columns) break;
    if (cell.look !== look) {
      line += RESET + cell.look;
      look = cell.look;
    }
    line += cell.text;
    used += cell.columns;
  }
  return `${line}${look === "" ? "" : RESET}${" ".repeat(Math.max(0, columns - used))}`;
}

/** A row as text alone. */
export function plainRow(row: StyledRow): string {
  return row
    .map(({ text }) => text)
    .join("")
    .trimEnd();
}
