import { claude } from "./claude.ts";
import { codex } from "./codex.ts";
import { findInput, type InputRow } from "./input-row.ts";
import type { ScreenKnowledge } from "./knowledge.ts";
import { opencode } from "./opencode.ts";
import { pi } from "./pi.ts";
import type { Row, Screen } from "./screen.ts";

/**
 * `ready`: the input row is there and no turn runs. `busy`: a turn runs. `waiting`: a prompt is open that an Enter would
 * answer. `dialog`: a first-run dialog. `dead`: the pane's process ended. `unknown`: a screen that was never seen, which
 * is not guessed at.
 */
export type ScreenState = "ready" | "busy" | "waiting" | "dialog" | "dead" | "unknown";

export interface Reading {
  readonly state: ScreenState;
  /** Which dialog or prompt it is. */
  readonly what: string | null;
  /** Null: the screen shows no input row. */
  readonly input: InputRow | null;
  /** Messages wait behind the running turn. */
  readonly queued: boolean;
  /** What told it, for a person who asks. */
  readonly because: string;
  /** By which knowledge it was read; null when there is none for this runtime. */
  readonly knowledge: { readonly runtime: string; readonly version: string } | null;
}

/** Newest first: a screen is read by the first that knows it. */
const KNOWN: Readonly<Record<string, readonly ScreenKnowledge[]>> = { claude, codex, opencode, pi };

/** Around the input: what a runtime says about its turn stands no further off. */
const NEAR_ROWS = 8;

/** The runtimes whose screens can be read. */
export function knownRuntimes(): readonly string[] {
  return Object.keys(KNOWN);
}

/** What is known of a runtime, newest version first; nothing for one that was never measured. */
export function knowledgeOf(runtime: string): readonly ScreenKnowledge[] {
  return Object.hasOwn(KNOWN, runtime) ? (KNOWN[runtime] ?? []) : [];
}

/**
 * Reads a captured screen. Right on everything that was captured, and `unknown` on everything else: a state is told only
 * when every part of the screen that could say otherwise is one that is known.
 */
export function classify(runtime: string, screen: Screen, version?: string): Reading {
  const known = knowledgeOf(runtime);
  if (screen.dead) return read("dead", "the pane's process has ended", known[0] ?? null);
  if (known.length === 0) return read("unknown", `the screens of ${runtime} are not known`, null);
  const exact = known.filter((one) => one.version === version);
  let first: Reading | null = null;
  for (const knowledge of exact.length > 0 ? exact : known) {
    const reading = classifyBy(knowledge, screen);
    if (reading.state !== "unknown") return reading;
    first ??= reading;
  }
  return first as Reading;
}

function classifyBy(knowledge: ScreenKnowledge, screen: Screen): Reading {
  const { waiting, dialogs } = knowledge;
  const written = screen.rows.filter(({ text }) => text.trim() !== "");
  if (written.length === 0) return read("unknown", "the screen is blank", knowledge);
  const input = inputOf(screen, knowledge);
  const whole = written.map(({ text }) => text).join("\n");
  const dialog = input === null ? dialogs.find(({ all }) => all.every((one) => one.test(whole))) : undefined;
  if (dialog !== undefined) return read("dialog", `first-run dialog: ${dialog.name}`, knowledge, dialog.name);
  const last = written.slice(-waiting.rows);
  const prompt = waiting.marks.find(
    ({ hint, text }) => last.some((row) => hint.test(row.text)) && (text === undefined || text.test(whole)),
  );
  if (prompt !== undefined) return read("waiting", `a ${prompt.name} prompt is open`, knowledge, prompt.name);
  if (screen.title !== null && waiting.title?.test(screen.title)) {
    return read("waiting", "its title asks for a person", knowledge, "permission");
  }
  if (input === null) return read("unknown", "no input row where the cursor is", knowledge);
  return turnOf(knowledge, screen, input);
}

/** The input row, where what stands below it is this runtime's. A draft that fills the screen leaves no room for that. */
function inputOf(screen: Screen, knowledge: ScreenKnowledge): InputRow | null {
  const input = findInput(screen, knowledge);
  if (input === null || (!input.whole && input.draft !== "")) return input;
  return has(screen.rows.slice(input.bottom + 1), [knowledge.signature]) ? input : null;
}

/** Whether a turn runs, on a screen with an input row. */
function turnOf(knowledge: ScreenKnowledge, screen: Screen, input: InputRow): Reading {
  const above = screen.rows.slice(Math.max(0, input.top - NEAR_ROWS), input.top + 1);
  const below = screen.rows.slice(input.bottom + 1).filter(({ text }) => text.trim() !== "");
  const queued =
    has([...above, ...below], knowledge.queued) || knowledge.queued.some((one) => one.test(input.hint));
  const tell = (state: ScreenState, because: string): Reading => ({
    ...read(state, because, knowledge),
    input,
    queued,
  });
  const strange = strangeRow(screen.rows.slice(input.bottom + 1), knowledge);
  if (strange !== null) return tell("unknown", "a row below the input was never seen there");
  if (screen.alternate !== knowledge.alternate) {
    return tell("unknown", `${knowledge.runtime} ${knowledge.version} is not on this screen of the terminal`);
  }
  const { busy } = knowledge;
  if (has(below, busy.below) || has(above, busy.above))
    return tell("busy", "the screen shows a running turn");
  if (busy.title !== null && screen.title === null) {
    return tell("unknown", "without a title it cannot be told whether a turn runs");
  }
  if (busy.title !== null && screen.title !== null && busy.title.test(screen.title)) {
    return tell("busy", "its title shows a running turn");
  }
  return tell("ready", "the input row is there and no turn runs");
}

/** The first row below the input that is neither a known footer nor part of a tip. */
function strangeRow(rows: readonly Row[], { footers, tip }: ScreenKnowledge): Row | null {
  let inTip = false;
  for (const row of rows) {
    const blank = row.text.trim() === "";
    inTip = !blank && (inTip || tip?.test(row.text) === true);
    if (!blank && !inTip && !footers.some((one) => one.test(row.text))) return row;
  }
  return null;
}

function has(rows: readonly Row[], patterns: readonly RegExp[]): boolean {
  return rows.some(({ text }) => patterns.some((one) => one.test(text)));
}

function read(
  state: ScreenState,
  because: string,
  knowledge: ScreenKnowledge | null,
  what: string | null = null,
): Reading {
  const by = knowledge === null ? null : { runtime: knowledge.runtime, version: knowledge.version };
  return { state, what, input: null, queued: false, because, knowledge: by };
}
