export type Tone = "good" | "bad" | "warn" | "call" | "quiet" | "strong";
/** Puts a tone around a text that is already as wide as it will be: the codes take no cells. */
export type Paint = (tone: Tone | null, text: string) => string;

const CODES: Record<Tone, readonly [string, string]> = {
  good: ["32", "39"],
  bad: ["1;31", "22;39"],
  warn: ["33", "39"],
  /** Somebody is wanted: an agent waits for a human. */
  call: ["1;35", "22;39"],
  quiet: ["2", "22"],
  strong: ["1", "22"],
};

export const plain: Paint = (_tone, text) => text;

export const ansi: Paint = (tone, text) => {
  if (tone === null || text === "") return text;
  const [on, off] = CODES[tone];
  return `\u001b[${on}m${text}\u001b[${off}m`;
};

/**
 * Whether to colour. FORCE_COLOR (any value but 0, false and the empty string) wins over everything, then NO_COLOR
 * (any value but the empty string) and TERM=dumb forbid it, else a terminal gets it and a pipe does not.
 */
export function wantsColour(
  environment: Readonly<Record<string, string | undefined>>,
  isTerminal: boolean,
): boolean {
  const forced = environment.FORCE_COLOR;
  if (forced !== undefined && forced !== "") return forced !== "0" && forced !== "false";
  if (environment.NO_COLOR !== undefined && environment.NO_COLOR !== "") return false;
  return isTerminal && environment.TERM !== "dumb";
}
