/** One visible character of a pane with the parts of its look that tell a placeholder from a draft. */
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

/** What the line-drawing character set of a terminal (VT100) shows for these letters. */
const LINE_DRAWING: Readonly<Record<string, string>> = {
  j: "┘",
  k: "┐",
  l: "┌",
  m: "└",
  n: "┼",
  q: "─",
  t: "├",
  u: "┤",
  v: "┴",
  w: "┬",
  x: "│",
};

const PLAIN: Omit<Cell, "text"> = { dim: false, bold: false, reverse: false, foreground: "" };

// biome-ignore lint/suspicious/noControlCharactersInRegex: these sequences are what a capture is made of
const PIECE = /\u001b\[([0-9;:]*)m|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)|([\u000e\u000f])|(.)/gsu;

/**
 * The text of `capture-pane -p -e` as rows of cells. A look lasts from one line to the next, as tmux writes it. Rows below
 * the last written one do not exist here: tmux prints them as empty lines, and a capture may be trimmed.
 */
export function parseRows(capture: string): Row[] {
  let look = PLAIN;
  let drawing = false;
  return capture
    .replace(/\n$/, "")
    .split("\n")
    .map((line) => {
      const cells: Cell[] = [];
      for (const [, codes, shift, character] of line.matchAll(PIECE)) {
        if (codes !== undefined) look = restyled(look, codes);
        else if (shift !== undefined) drawing = shift === "\u000e";
        else if (character !== undefined) {
          cells.push({ ...look, text: drawing ? (LINE_DRAWING[character] ?? character) : character });
        }
      }
      return { cells, text: textOf(cells).trimEnd() };
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
