/** Endings that a program's file may have and its name on the roster may lack. */
const SCRIPT_ENDING = /\.(?:js|mjs|cjs|py)$/;

/** Whether the program found in a pane is the one the roster names: the same name, with or without its script ending. */
export function programMatches(name: string, expected: string): boolean {
  return name === expected || name.replace(SCRIPT_ENDING, "") === expected.replace(SCRIPT_ENDING, "");
}
