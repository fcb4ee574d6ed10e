import type { Cell, Row } from "./screen.ts";

// East Asian wide, fullwidth and emoji: what terminals draw over two columns. Coarser than a table of all of Unicode.
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u;

/** Whether a terminal draws a character over two columns. */
export function isWide(character: string): boolean {
  return WIDE.test(character);
}

/** The cells of a row to the left of a column, and the others. */
export function splitAtColumn(
  row: Row,
  column: number,
): { readonly left: readonly Cell[]; readonly right: readonly Cell[] } {
  let used = 0;
  let at = 0;
  while (at < row.cells.length && used < column) {
    used += isWide((row.cells[at] as Cell).text) ? 2 : 1;
    at += 1;
  }
  return { left: row.cells.slice(0, at), right: row.cells.slice(at) };
}
