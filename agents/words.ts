/** A command as people write it in a roster, as words; or why it cannot be read. */
export type Words =
  | { readonly ok: true; readonly words: readonly string[] }
  | { readonly ok: false; readonly problem: string };

/**
 * Splits a command into its words: blanks part them, quotes and backslashes work as in a shell, and nothing is expanded. No shell ever
 * reads it, so `$HOME` and `;` are letters like any others.
 */
export function splitWords(text: string): Words {
  const words: string[] = [];
  let word: string | null = null;
  let quote = "";
  for (let at = 0; at < text.length; at++) {
    const letter = text[at] as string;
    if (letter === "\\" && quote !== "'") {
      const next = text[++at];
      if (next === undefined) return { ok: false, problem: "it ends with a backslash" };
      // Inside double quotes a backslash stands for itself, except before what it can protect there.
      word = (word ?? "") + (quote === '"' && !/["\\$`]/.test(next) ? `\\${next}` : next);
    } else if (quote !== "") {
      if (letter === quote) quote = "";
      else word += letter;
    } else if (letter === "'" || letter === '"') {
      quote = letter;
      word ??= "";
    } else if (/\s/.test(letter)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? "") + letter;
  }
  if (quote !== "") return { ok: false, problem: `a quote (${quote}) is not closed` };
  if (word !== null) words.push(word);
  return words.length > 0 ? { ok: true, words } : { ok: false, problem: "it is empty" };
}

/** Words as the one text that systemd splits into the same words again when a unit says `$MOSAIC_AGENT_COMMAND`. */
export function joinWords(words: readonly string[]): string {
  return words.map((word) => (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : quoted(word))).join(" ");
}

/** One word in double quotes, for a command line in a unit file or a value in an environment file. */
export function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, "\\$&")}"`;
}
