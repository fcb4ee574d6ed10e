import type { Output } from "./output.ts";

/** The whole terminal, for a table that keeps changing; what was on it comes back at the end. */
export interface Screen {
  draw(lines: readonly string[]): void;
  close(): void;
}

export function openScreen(output: Output): Screen {
  // Alternate screen, cursor hidden, no wrapping of what is still too wide.
  output.print("\u001b[?1049h\u001b[?25l\u001b[?7l");
  return {
    draw(lines) {
      const rows = process.stdout.rows ?? Number.POSITIVE_INFINITY;
      const fitting =
        lines.length <= rows
          ? lines
          : [...lines.slice(0, rows - 1), `… ${lines.length - rows + 1} more lines`];
      // Each line is written over the old one and its rest cleared, so that nothing flickers.
      output.print(`\u001b[H${fitting.map((line) => `${line}\u001b[K`).join("\r\n")}\u001b[J`);
    },
    close: () => output.print("\u001b[?7h\u001b[?25h\u001b[?1049l"),
  };
}

/** Calls back for each key typed; gives the terminal back as it was. Null when stdin is no terminal. */
export function listenToKeys(onKey: (key: string) => void): (() => void) | null {
  const { stdin } = process;
  if (!stdin.isTTY) return null;
  const onData = (data: Buffer): void => onKey(data.toString("utf8"));
  stdin.setRawMode(true);
  stdin.on("data", onData);
  stdin.resume();
  return () => {
    stdin.off("data", onData);
    stdin.setRawMode(false);
    stdin.pause();
  };
}
