/**
 * Characters that a terminal would obey, hide or reorder instead of showing: C0 and C1 controls (escape sequences begin with
 * one), line and paragraph separators, bidirectional marks and overrides, zero-width and other format characters, tag
 * characters, lone surrogates, and the fillers that look like nothing. Names come from other people's programs: `\x1b]0;…`
 * in a session name would otherwise retitle the operator's terminal, and U+202E would turn a row around.
 * Made when it is needed, which is seldom: for a class like \p{Cf} Unicode's tables are searched, a third of a ms of every start.
 */
const unsafe = (): RegExp => /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0\u2800]/gu;
const PLAIN = /^[\x20-\x7e]*$/;

const SHORT: Record<string, string> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\u001b": "\\e" };

/**
 * Text from outside as it may be printed: every unsafe character is replaced by a visible escape (`\n`, `\u{202e}`).
 * A backslash is left alone, so the result is for eyes, not for parsing; `--json` is for parsing.
 */
export function visible(text: string): string {
  if (PLAIN.test(text)) return text;
  return text.replace(
    unsafe(),
    (character) => SHORT[character] ?? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

/** A word from outside as messages quote it, wherever they are made: escaped once, by JSON, and what JSON leaves alone as `visible` does. */
export function inQuotes(text: string): string {
  return visible(JSON.stringify(text));
}

/** First and last code points of what terminals draw two cells wide: East Asian Wide and Fullwidth (Unicode 16), emoji included. */
const WIDE: readonly number[] = [
  0x1100, 0x115f, 0x231a, 0x231b, 0x2329, 0x232a, 0x23e9, 0x23ec, 0x23f0, 0x23f0, 0x23f3, 0x23f3, 0x25fd,
  0x25fe, 0x2614, 0x2615, 0x2630, 0x2637, 0x2648, 0x2653, 0x267f, 0x267f, 0x268a, 0x268f, 0x2693, 0x2693,
  0x26a1, 0x26a1, 0x26aa, 0x26ab, 0x26bd, 0x26be, 0x26c4, 0x26c5, 0x26ce, 0x26ce, 0x26d4, 0x26d4, 0x26ea,
  0x26ea, 0x26f2, 0x26f3, 0x26f5, 0x26f5, 0x26fa, 0x26fa, 0x26fd, 0x26fd, 0x2705, 0x2705, 0x270a, 0x270b,
  0x2728, 0x2728, 0x274c, 0x274c, 0x274e, 0x274e, 0x2753, 0x2755, 0x2757, 0x2757, 0x2795, 0x2797, 0x27b0,
  0x27b0, 0x27bf, 0x27bf, 0x2b1b, 0x2b1c, 0x2b50, 0x2b50, 0x2b55, 0x2b55, 0x2e80, 0x303e, 0x3041, 0x3247,
  0x3250, 0x4dbf, 0x4dc0, 0xa4c6, 0xa960, 0xa97c, 0xac00, 0xd7a3, 0xf900, 0xfaff, 0xfe10, 0xfe19, 0xfe30,
  0xfe6b, 0xff01, 0xff60, 0xffe0, 0xffe6, 0x16fe0, 0x18aff, 0x1aff0, 0x1b2fb, 0x1d300, 0x1d356, 0x1d360,
  0x1d376, 0x1f004, 0x1f004, 0x1f0cf, 0x1f0cf, 0x1f18e, 0x1f18e, 0x1f191, 0x1f19a, 0x1f200, 0x1f320, 0x1f32d,
  0x1f335, 0x1f337, 0x1f37c, 0x1f37e, 0x1f393, 0x1f3a0, 0x1f3ca, 0x1f3cf, 0x1f3d3, 0x1f3e0, 0x1f3f0, 0x1f3f4,
  0x1f3f4, 0x1f3f8, 0x1f43e, 0x1f440, 0x1f440, 0x1f442, 0x1f4fc, 0x1f4ff, 0x1f53d, 0x1f54b, 0x1f54e, 0x1f550,
  0x1f567, 0x1f57a, 0x1f57a, 0x1f595, 0x1f596, 0x1f5a4, 0x1f5a4, 0x1f5fb, 0x1f64f, 0x1f680, 0x1f6c5, 0x1f6cc,
  0x1f6cc, 0x1f6d0, 0x1f6d2, 0x1f6d5, 0x1f6d7, 0x1f6dc, 0x1f6df, 0x1f6eb, 0x1f6ec, 0x1f6f4, 0x1f6fc, 0x1f7e0,
  0x1f7eb, 0x1f7f0, 0x1f7f0, 0x1f90c, 0x1f93a, 0x1f93c, 0x1f945, 0x1f947, 0x1f9ff, 0x1fa70, 0x1faff, 0x20000,
  0x3fffd,
];
/** Marks that sit on the character before them, and the vowels and finals that Hangul joins to it. Made when it is needed. */
let zero: RegExp | null = null;

function cellsOf(codePoint: number, character: string): 0 | 1 | 2 {
  if (codePoint < 0x300) return 1;
  zero ??= /[\p{Mn}\p{Me}\u1160-\u11ff\ud7b0-\ud7ff]/u;
  if (zero.test(character)) return 0;
  if (codePoint < 0x1100) return 1;
  let low = 0;
  let high = WIDE.length / 2 - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (codePoint < (WIDE[middle * 2] ?? 0)) high = middle - 1;
    else if (codePoint > (WIDE[middle * 2 + 1] ?? 0)) low = middle + 1;
    else return 2;
  }
  return 1;
}

/** How many terminal cells a visible text takes. Ambiguous-width characters count as one, as in every UTF-8 locale's default. */
export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let cells = 0;
  for (const character of text) cells += cellsOf(character.codePointAt(0) ?? 0, character);
  return cells;
}

/** Shortened to at most `cells`, the last of which is then an ellipsis; a wide character is never cut in half. */
export function truncate(text: string, cells: number): string {
  if (widthOf(text) <= cells) return text;
  if (cells < 1) return "";
  let kept = "";
  let used = 0;
  for (const character of text) {
    const width = cellsOf(character.codePointAt(0) ?? 0, character);
    if (used + width > cells - 1) break;
    kept += character;
    used += width;
  }
  return `${kept}…`;
}

/** Filled up with spaces to `cells`. */
export function pad(text: string, cells: number, align: "left" | "right" = "left"): string {
  const filling = " ".repeat(Math.max(0, cells - widthOf(text)));
  return align === "left" ? text + filling : filling + text;
}

/** Broken at spaces into lines of at most `cells`; a word that is longer stands alone on its line. */
export function wrap(text: string, cells: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line === "") line = word;
    else if (widthOf(line) + 1 + widthOf(word) <= cells) line += ` ${word}`;
    else {
      lines.push(line);
      line = word;
    }
  }
  lines.push(line);
  return lines;
}
