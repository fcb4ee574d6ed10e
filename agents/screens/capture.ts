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

/** One colour sequence, one other sequence, one shift of the character set, or one character. */
const PIECE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these sequences are what a capture is made of
  /\u001b\[([0-9;:]*)m|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)|\u001b.?|([\u000e\u000f])|(.)/gsu;

/** Whoever makes something of a capture's pieces, in their order. */
export interface CaptureReader<Row> {
  /** The codes of a colour sequence. They are in force from one line to the next, as tmux writes it. */
  colour(codes: string): void;
  /** A character as the terminal shows it, line drawing included. */
  character(text: string): void;
  /** A line has ended; what it was. */
  row(): Row;
}

/** Reads the text of `capture-pane -p -e`, and gives the rows that the reader makes of it. No sequence but colours gets through. */
export function readCapture<Row>(capture: string, reader: CaptureReader<Row>): Row[] {
  let drawing = false;
  return capture
    .replace(/\n$/, "")
    .split("\n")
    .map((line) => {
      for (const [, codes, shift, character] of line.matchAll(PIECE)) {
        if (codes !== undefined) reader.colour(codes);
        else if (shift !== undefined) drawing = shift === "\u000e";
        else if (character !== undefined)
          reader.character(drawing ? (LINE_DRAWING[character] ?? character) : character);
      }
      return reader.row();
    });
}
