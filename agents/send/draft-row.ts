import { splitAtColumn } from "../screens/columns.ts";
import { type Cell, type Row, type Screen, textOf } from "../screens/screen.ts";

/**
 * The input row of a program of which nothing is known: where the text appears that was typed. What stood there before it,
 * and returns after it, is the program's own prompt.
 */
export interface DraftRow {
  readonly top: number;
  /** How many rows the text takes. */
  readonly rows: number;
  /** What stands before the text. */
  readonly prompt: string;
  /** What follows the prompt in that row: the beginning of the text, or of its end where the row shows no more. */
  readonly shown: string;
  /** How the row looked before anything was typed, without what is drawn to the right of it. */
  readonly empty: string | null;
}

/** Lines and bars that programs draw around an input. */
const FRAME = /[\s\u2500-\u259f|]/gu;
const FRAME_AT_END = /[\s\u2500-\u259f|]+$/u;
/** Ends a prompt: `$ `, `user@host:~# `, `>>> `, `Name: `. */
const PROMPT_MARK = /[$#%>❯»›λ:?](?=\s|$)/u;
const PROMPT_AT_BEGIN = /^[\s\u2500-\u259f|]*[$#%>❯»›](?: |$)/u;
/** The first and the last characters of a text that are looked for: a row may be narrow. */
const PROBE_CHARS = 24;

/** Whether what stands in an input row is a prompt and nothing that a person has half typed. */
export function looksLikePrompt(text: string): boolean {
  const shown = text.replace(/^[\s\u2500-\u259f|]+/u, "").replace(FRAME_AT_END, "");
  if (shown === "" || /^\([\w-]+\)$/.test(shown)) return true;
  const mark = PROMPT_MARK.exec(shown);
  return mark !== null && mark.index === shown.length - 1;
}

/** What stands at the cursor that a person may have typed; null where the row is empty but for a prompt. */
export function draftAtCursor({ rows, cursor }: Screen): string | null {
  if (!cursor.visible) return draftInLowestPrompt(rows);
  const row = rows[cursor.y];
  if (row === undefined) return null;
  const { left, right } = splitAtColumn(row, cursor.x);
  if (!looksLikePrompt(textOf(left))) return textOf(left).trim();
  // Suggestions and hints are dim or grey; what stands far to the right is a clock or a frame.
  const typed = right.filter((cell) => !isHint(cell) && cell.text.trim() !== "");
  const after = textOf(right);
  return typed.length === 0 || /^\s{2,}|^[\s\u2500-\u259f|]*$/u.test(after) ? null : after.trim();
}

/** A program that hides the terminal's cursor draws its own; where that is, is not known, but its input row has a prompt. */
function draftInLowestPrompt(rows: readonly Row[]): string | null {
  const row = rows.findLast(({ text }) => PROMPT_AT_BEGIN.test(text));
  if (row === undefined) return null;
  const begin = PROMPT_AT_BEGIN.exec(row.text)?.[0].length ?? 0;
  const typed = row.cells.slice([...row.text.slice(0, begin)].length).filter((cell) => !isHint(cell));
  const text = bare(textOf(typed)).trim();
  return text === "" ? null : text;
}

function isHint({ dim, foreground }: Cell): boolean {
  return dim || foreground === "90" || foreground === "38;5;8" || /^38;5;2(?:3\d|4\d)$/.test(foreground);
}

/** Where the text stands now and did not stand before; null while it is not on the screen. */
export function findDraftRow(before: Screen, after: Screen, text: string): DraftRow | null {
  const { head, tail } = endsOf(text);
  if (head === "" || count(after.rows, tail) <= count(before.rows, tail)) return null;
  const last = after.rows.findLastIndex(({ text: row }) => squeezed(row).includes(tail.slice(-6)));
  const at = (top: number, prompt: string): DraftRow => ({
    top,
    rows: last - top + 1,
    prompt,
    shown: squeezed((after.rows[top]?.text ?? "").slice(prompt.length)).slice(0, PROBE_CHARS),
    empty: emptyRow(before, top, prompt),
  });
  for (let top = last; top >= 0; top -= 1) {
    const row = after.rows[top]?.text ?? "";
    const place = placeOf(row, head);
    if (place !== null) return at(top, row.slice(0, place));
  }
  // A row of one line that shows the end of a long text: what it has in common with itself as it was is the prompt.
  const row = after.rows[last]?.text ?? "";
  return last === -1 ? null : at(last, row.slice(0, commonLength(row, before.rows[last]?.text ?? "")));
}

export interface AfterEnter {
  /** Shells read lines and leave them standing above their next prompt. */
  readonly isShell: boolean;
  /** The program reads each byte itself; null when that is not known. */
  readonly raw: boolean | null;
}

/** Whether the text has left the input row, is still in it, or the screen does not tell. */
export function draftAfterEnter(
  draft: DraftRow,
  now: Screen,
  { isShell, raw }: AfterEnter,
): "gone" | "still" | "unclear" {
  const held = now.rows.findLastIndex(
    ({ text }) => text.startsWith(draft.prompt) && placeOf(text, draft.shown) === draft.prompt.length,
  );
  const cursorIsIn = now.cursor.y >= held && now.cursor.y < held + draft.rows;
  // A prompt of nothing but a frame tells nothing: an editor draws the same before each line of a draft.
  const isTelling = draft.prompt.replaceAll(FRAME, "") !== "";
  const empty = draft.empty === null ? -1 : now.rows.findLastIndex((row) => bare(row.text) === draft.empty);
  if (isTelling && empty > held) {
    // An editor that begins each line alike shows the same after a mere new line; a shell has no lines but those it took.
    const isNextLine = held !== -1 && empty - held <= draft.rows;
    return isNextLine && !(isShell && !now.alternate) ? "unclear" : "gone";
  }
  if (isShell) {
    if (isTelling && !cursorIsIn && isAtPrompt(now, draft.prompt)) return "gone";
    return held !== -1 && cursorIsIn && raw === true ? "still" : "unclear";
  }
  if (held === -1 || empty > held) return "unclear";
  if (now.alternate || cursorIsIn) return "still";
  return isTelling && raw === true && !now.cursor.visible ? "still" : "unclear";
}

/** A shell's prompt comes behind output that did not end its line, too. */
function isAtPrompt({ rows, cursor }: Screen, prompt: string): boolean {
  const row = rows[cursor.y];
  return row !== undefined && textOf(splitAtColumn(row, cursor.x).left).trimEnd().endsWith(prompt.trim());
}

function commonLength(one: string, other: string): number {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length += 1;
  return length;
}

function emptyRow(before: Screen, top: number, prompt: string): string | null {
  const candidates = [before.rows[top], ...before.rows].filter((row) => row !== undefined);
  const same = candidates.find((row) => bare(row.text) === bare(prompt));
  if (same !== undefined) return bare(prompt);
  // A hint in the empty row: the prompt, and then nothing that a person typed.
  const hinted = candidates.find(
    (row) =>
      row.text.startsWith(prompt) &&
      row.cells
        .slice([...prompt].length)
        .every((cell) => isHint(cell) || cell.reverse || cell.text.trim() === ""),
  );
  return hinted === undefined ? null : bare(hinted.text);
}

function endsOf(text: string): { readonly head: string; readonly tail: string } {
  const lines = text
    .split("\n")
    .map(squeezed)
    .filter((line) => line !== "");
  return { head: (lines[0] ?? "").slice(0, PROBE_CHARS), tail: (lines.at(-1) ?? "").slice(-PROBE_CHARS) };
}

/** Where in a row the text begins, as far as the row shows it. */
function placeOf(row: string, head: string): number | null {
  for (let at = 0; at < row.length; at += 1) {
    if (/\s/.test(row[at] as string)) continue;
    const rest = squeezed(row.slice(at));
    if (rest === "") return null;
    if (rest.startsWith(head) || (rest.length >= 4 && head.startsWith(rest))) return at;
  }
  return null;
}

function count(rows: readonly Row[], text: string): number {
  return squeezed(rows.map((row) => row.text).join("\n")).split(text).length - 1;
}

function squeezed(text: string): string {
  return text.replaceAll(FRAME, "");
}

function bare(text: string): string {
  return text.replace(FRAME_AT_END, "");
}
