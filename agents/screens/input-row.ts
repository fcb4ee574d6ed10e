import type { InputShape, ScreenKnowledge } from "./knowledge.ts";
import { type Cell, type Row, type Screen, textOf } from "./screen.ts";

/** Where a person would type, and what stands there. */
export interface InputRow {
  /** First and last row of the input, frame included. */
  readonly top: number;
  readonly bottom: number;
  /** What is typed and not sent: "" for an empty input. A big paste is what the runtime shows for it. */
  readonly draft: string;
  /** False: the draft is longer than what the screen can show of it. */
  readonly whole: boolean;
  /** What the runtime shows in an empty input. */
  readonly hint: string;
}

/** A draft longer than any screen is tall. */
const MAX_ROWS = 500;

const NO_ROW: Row = { text: "", cells: [] };

/** The input of this runtime at the cursor; null when there is none, and a menu or something never seen is there. */
export function findInput(screen: Screen, knowledge: ScreenKnowledge): InputRow | null {
  const shape = knowledge.input;
  if (shape.kind === "rules") return betweenRules(screen, knowledge, shape);
  if (shape.kind === "marker") return afterMarker(screen, knowledge, shape);
  return inBox(screen, knowledge, shape);
}

function betweenRules(
  { rows, cursor }: Screen,
  knowledge: ScreenKnowledge,
  shape: InputShape & { readonly kind: "rules" },
): InputRow | null {
  const top = nearest(rows, cursor.y - 1, -1, shape.rule);
  const bottom = nearest(rows, cursor.y + 1, 1, shape.rule);
  if (top === null || bottom === null || shape.rule.test(rows[cursor.y]?.text ?? "")) return null;
  const inner = rows.slice(top + 1, bottom);
  const [first] = inner;
  if (first === undefined || !textOf(first.cells).startsWith(shape.marker)) return null;
  return {
    top,
    bottom,
    ...draftOf(
      inner.map((row, index) => row.cells.slice((index === 0 ? shape.marker : shape.indent).length)),
      knowledge,
    ),
    whole: true,
  };
}

function afterMarker(
  { rows, cursor }: Screen,
  knowledge: ScreenKnowledge,
  { marker, indent }: InputShape & { readonly kind: "marker" },
): InputRow | null {
  const within = (row: Row): boolean => row.text === "" || textOf(row.cells).startsWith(indent);
  // The marker of a menu's selected line is in reverse, that of a sent message dim.
  const isFirst = ({ cells }: Row): boolean =>
    cells[0]?.bold === true && !cells[0].reverse && !cells[0].dim && textOf(cells).startsWith(marker);
  let top = cursor.y;
  while (top > 0 && !isFirst(rows[top] ?? NO_ROW) && within(rows[top] ?? NO_ROW)) top -= 1;
  if (!isFirst(rows[top] ?? NO_ROW)) return null;
  let bottom = cursor.y;
  while (bottom + 1 < rows.length && rows[bottom + 1]?.text !== "" && within(rows[bottom + 1] ?? NO_ROW))
    bottom += 1;
  const inner = rows.slice(top, bottom + 1);
  const cells = inner.map((row, index) => row.cells.slice((index === 0 ? marker : indent).length));
  // A long draft takes the room of the rows below it, and what is shown of it is its end.
  return { top, bottom, ...draftOf(cells, knowledge), whole: bottom < rows.length - 2 };
}

function inBox(
  { rows, cursor }: Screen,
  knowledge: ScreenKnowledge,
  { bar, label, bottom: end }: InputShape & { readonly kind: "box" },
): InputRow | null {
  if (!bar.test(rows[cursor.y]?.text ?? "")) return null;
  let top = cursor.y;
  while (top > 0 && bar.test(rows[top - 1]?.text ?? "")) top -= 1;
  let bottom = cursor.y;
  while (bar.test(rows[bottom + 1]?.text ?? "")) bottom += 1;
  if (!end.test(rows[bottom + 1]?.text ?? "") || !label.test(rows[bottom]?.text ?? "")) return null;
  // The label has a blank row above it, and the text one above and one below.
  const inner = rows.slice(top, bottom).map((row) => afterBar(row.cells));
  return { top, bottom: bottom + 1, ...draftOf(inner, knowledge), whole: true };
}

/** What stands in the box: the text begins two cells after the bar, and other boxes may stand to the right of it. */
function afterBar(cells: readonly Cell[]): readonly Cell[] {
  return cells.slice(cells.findIndex(({ text }) => text === "┃") + 3);
}

function draftOf(
  rows: readonly (readonly Cell[])[],
  knowledge: ScreenKnowledge,
): { readonly draft: string; readonly hint: string } {
  const text = rows.map((cells) => textOf(cells).trimEnd()).join("\n");
  const shown = rows.flat().filter((cell) => cell.text.trim() !== "");
  // The runtime's own cursor lies on the first letter of a hint, in reverse.
  const isHint = shown.every((cell, index) => knowledge.isHint(cell) || (index === 0 && cell.reverse));
  const trimmed = trimmedBlankRows(text);
  return isHint && shown.length !== 1 ? { draft: "", hint: trimmed } : { draft: trimmed, hint: "" };
}

function trimmedBlankRows(text: string): string {
  return text.replace(/^(?:\s*\n)+/, "").trimEnd();
}

function nearest(rows: readonly Row[], from: number, step: 1 | -1, pattern: RegExp): number | null {
  for (let at = from; at >= 0 && at < rows.length && Math.abs(at - from) < MAX_ROWS; at += step) {
    if (pattern.test(rows[at]?.text ?? "")) return at;
  }
  return null;
}
