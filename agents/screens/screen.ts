import { readCapture } from "./capture.ts";

/** One visible character of a pane, and of its look what tells a runtime's own grey hint from a half-typed draft. */
export interface Cell {
  readonly text: string;
  readonly dim: boolean;
  readonly bold: boolean;
  readonly reverse: boolean;
  /** The foreground as it was set: `38;5;8`, `31`, "" for the default. */
  readonly foreground: string;
}

export interface Row {
  /** Without trailing blanks. */
  readonly text: string;
  readonly cells: readonly Cell[];
}

/** What a pane shows, and what tmux says about it in the same moment. */
export interface Screen {
  readonly rows: readonly Row[];
  /** Programs that draw a cursor of their own hide it, and some park it elsewhere. */
  readonly cursor: { readonly x: number; readonly y: number; readonly visible: boolean };
  readonly alternate: boolean;
  /** What the program set as its title; null where it never set one, so that tmux shows the host's name. */
  readonly title: string | null;
  readonly dead: boolean;
}

const PLAIN: Omit<Cell, "text"> = { dim: false, bold: false, reverse: false, foreground: "" };

/**
 * The text of `capture-pane -p -e` as rows of cells. A look lasts from one line to the next, as tmux writes it. Rows below
 * the last written one do not exist here: tmux prints them as empty lines, and a capture may be trimmed.
 */
export function parseRows(capture: string): Row[] {
  let look = PLAIN;
  let cells: Cell[] = [];
  return readCapture(capture, {
    colour: (codes) => {
      look = restyled(look, codes);
    },
    character: (text) => cells.push({ ...look, text }),
    row: () => {
      const row = { cells, text: textOf(cells).trimEnd() };
      cells = [];
      return row;
    },
  });
}

export function textOf(cells: readonly Cell[]): string {
  return cells.map(({ text }) => text).join("");
}

/** What an SGR sequence makes of the look before it. */
function restyled(before: Omit<Cell, "text">, codes: string): Omit<Cell, "text"> {
  let look = before;
  const numbers = codes.split(/[;:]/);
  for (let at = 0; at < numbers.length; at += 1) {
    const code = Number(numbers[at] ?? "0");
    if (code === 0) look = PLAIN;
    else if (code === 1) look = { ...look, bold: true };
    else if (code === 2) look = { ...look, dim: true };
    else if (code === 7) look = { ...look, reverse: true };
    else if (code === 22) look = { ...look, bold: false, dim: false };
    else if (code === 27) look = { ...look, reverse: false };
    else if (code === 39) look = { ...look, foreground: "" };
    else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97))
      look = { ...look, foreground: `${code}` };
    else if (code === 38 || code === 48 || code === 58) {
      const length = numbers[at + 1] === "5" ? 2 : numbers[at + 1] === "2" ? 4 : 0;
      if (code === 38) look = { ...look, foreground: numbers.slice(at, at + 1 + length).join(";") };
      at += length;
    }
  }
  return look;
}
