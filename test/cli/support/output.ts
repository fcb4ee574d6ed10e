import type { Output } from "../../../cli/output.ts";
import { plain } from "../../../cli/render/colour.ts";

/** An output that keeps what was printed, as a pipe of a fixed width would show it. */
export function catchOutput(
  width: number | null = 100,
): Output & { printed(): string; complained(): string } {
  let printed = "";
  let complained = "";
  return {
    print: (text) => {
      printed += text;
    },
    complain: (text) => {
      complained += text;
    },
    isTerminal: false,
    paint: plain,
    width: () => width,
    printed: () => printed,
    complained: () => complained,
  };
}
