import type { Output } from "./output.ts";

/** The whole terminal, on which only the rows that differ are written again. */
export interface Canvas {
  size(): { readonly columns: number; readonly rows: number };
  draw(lines: readonly string[]): void;
  close(): void;
}

export function openCanvas(output: Output): Canvas {
  let drawn: readonly string[] = [];
  let drawnSize = "";
  const size = () => ({ columns: output.width() ?? 80, rows: process.stdout.rows ?? 24 });
  // Alternate screen, cursor hidden, no wrapping.
  output.print("\u001b[?1049h\u001b[?25l\u001b[?7l");
  return {
    size,
    draw(lines) {
      const { columns, rows } = size();
      const now = `${columns}x${rows}`;
      const clear = now === drawnSize ? "" : "\u001b[2J";
      const before = now === drawnSize ? drawn : [];
      drawnSize = now;
      const changed = lines
        .map((line, at) =>
          line === before[at] ? "" : `\u001b[${at + 1};1H\u001b[0m${line}\u001b[0m\u001b[K`,
        )
        .join("");
      drawn = lines;
      if (clear + changed !== "") output.print(clear + changed);
    },
    close: () => output.print("\u001b[0m\u001b[?7h\u001b[?25h\u001b[?1049l"),
  };
}
