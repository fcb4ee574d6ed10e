import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseRows, type Screen } from "../../../agents/screens/screen.ts";

const FIXTURES = join(import.meta.dirname, "../../fixtures/runtimes");
/** The host on which the screens were captured: tmux shows it as the title of a program that sets none. */
const HOST = "vm";

/** What was true when a screen was captured, by the runtime's own files and the model server. */
export interface Truth {
  readonly runtime: string;
  readonly version: string;
  readonly state: "idle" | "busy" | "waiting" | "dialog" | "dead";
  readonly draft?: string;
  readonly queued?: string;
  readonly prompt?: string;
  readonly dialog?: string;
  readonly cursor: { readonly x: number; readonly y: number; readonly visible: boolean };
  readonly alternate_on: 0 | 1;
  readonly dead: 0 | 1;
  readonly title: string;
}

export interface Captured {
  readonly name: string;
  readonly ansi: string;
  readonly truth: Truth;
  readonly screen: Screen;
}

/** Screens of the real runtimes, as tmux gave them, with what was true then. */
export function capturedScreens(): Captured[] {
  return readdirSync(FIXTURES).flatMap((runtime) =>
    readdirSync(join(FIXTURES, runtime))
      .filter((file) => file.endsWith(".ansi"))
      .map((file) => captured(`${runtime}/${file.slice(0, -".ansi".length)}`)),
  );
}

export function captured(name: string): Captured {
  const ansi = readFileSync(join(FIXTURES, `${name}.ansi`), "utf8");
  const truth = JSON.parse(readFileSync(join(FIXTURES, `${name}.json`), "utf8")) as Truth;
  return { name, ansi, truth, screen: screenOf(ansi, truth) };
}

export function screenOf(ansi: string, truth: Truth): Screen {
  return {
    rows: parseRows(ansi),
    cursor: truth.cursor,
    alternate: truth.alternate_on === 1,
    title: truth.title === "" || truth.title === HOST ? null : truth.title,
    dead: truth.dead === 1,
  };
}
