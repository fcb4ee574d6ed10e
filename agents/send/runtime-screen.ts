import type { Row } from "../screens/screen.ts";

/** Blanks, wraps and frames fall out, so that a text is found again however it was broken into rows. */
function squeezed(text: string): string {
  return text.replaceAll(/[\s\u2500-\u259f|]/gu, "");
}

const PROBE_CHARS = 40;

/** Whether an input row holds the end of this text, and nothing behind it. Long drafts show their end. */
export function textIsIn(draft: string, text: string): boolean {
  const end = squeezed(text).slice(-PROBE_CHARS);
  return end !== "" && squeezed(draft).endsWith(end);
}

/** Whether the beginning of the text stands among the rows above the input, where it did not stand before. */
export function transcriptGained(before: readonly Row[], after: readonly Row[], text: string): boolean {
  const begin = squeezed(text.trim().split("\n")[0] ?? "").slice(0, PROBE_CHARS);
  // Too short to be told from anything else that may have come.
  if (begin.length < 3) return false;
  return count(after, begin) > count(before, begin);
}

function count(rows: readonly Row[], text: string): number {
  return squeezed(rows.map((row) => row.text).join("\n")).split(text).length - 1;
}
