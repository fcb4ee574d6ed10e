import { launchProblem } from "./runtimes.ts";
import type { Reading } from "./screens/classify.ts";

/** What one look at an agent that was just started found. */
export interface StartLook {
  /** Since the start was asked for. */
  readonly elapsedMs: number;
  /** `unknown`: tmux did not answer; null: no pane of the life that was asked for exists. */
  readonly pane: "unknown" | null | PaneLook;
  /** What had lived there before is what the session still shows, dead or running on; null where it does not. */
  readonly former: "dead" | "alive" | null;
  /** A beat of this very life has come. */
  readonly beats: boolean;
  /** How its screen reads; null where it was not looked at, or its runtime's screens are not known. */
  readonly screen: Pick<Reading, "state" | "what" | "because"> | null;
  /** The unit's own state, where it says that nothing more will come: `failed`, or inactive again. */
  readonly unitEnded: string | null;
}

export interface PaneLook {
  readonly id: string;
  readonly pid: number;
  readonly dead: boolean;
  readonly status: number | null;
  readonly signal: number | null;
}

export type StartOutcome =
  | { readonly what: "beats" | "ready" | "runs" }
  | { readonly what: "died"; readonly status: number | null; readonly signal: number | null }
  | { readonly what: "dialog"; readonly dialog: string }
  | { readonly what: "unit-ended"; readonly state: string }
  | { readonly what: "no-pane" }
  | { readonly what: "not-replaced" }
  | { readonly what: "unobservable" };

export interface StartPatience {
  /** After this long an agent that lives and says nothing is taken to run. */
  readonly timeoutMs: number;
  readonly beatExpected: boolean;
  readonly lifecycle: "always" | "ephemeral";
}

/** A composer is drawn before the dialog that replaces it: not believed before this. */
const BELIEVED_READY_AFTER_MS = 4000;
/** An agent of which no beat is expected has lived this long. */
const LIVED_MS = 2000;
/** How long the status of a death may take. */
const STATUS_KNOWN_MS = 3000;
/** What systemd says of the unit is asked about only when a pane should have been there for so long. */
const PANE_DUE_MS = 500;

/**
 * Tells the life that was asked for from the one that `before` found: a dead pane stands until its agent is started again, and how that
 * one ended is no news. Where tmux did not say what was there before, what is dead at the first look is taken to have been.
 */
export function createLifeTeller(
  before: StartLook["pane"],
): (found: StartLook["pane"]) => Pick<StartLook, "pane" | "former"> {
  let old = before;
  return (found) => {
    if (found === null || found === "unknown") return { pane: found, former: null };
    if (old === "unknown") old = found.dead ? found : null;
    if (old === null || old.id !== found.id || old.pid !== found.pid) return { pane: found, former: null };
    return { pane: null, former: found.dead ? "dead" : "alive" };
  };
}

/** Judges looks one after another, until one says how the start went. Pure but for what it remembers of earlier looks. */
export function createStartJudge(patience: StartPatience): (look: StartLook) => StartOutcome | null {
  let firstPid: number | null = null;
  let dialogs = 0;
  let deadSinceMs: number | null = null;
  return (look) => {
    const { pane, elapsedMs, screen } = look;
    const late = elapsedMs >= patience.timeoutMs;
    if (pane === "unknown") return late ? { what: "unobservable" } : null;
    if (pane === null) {
      if (firstPid !== null) return { what: "died", status: null, signal: null };
      if (look.unitEnded !== null && elapsedMs >= PANE_DUE_MS)
        return { what: "unit-ended", state: look.unitEnded };
      if (!late) return null;
      return { what: look.former === "alive" ? "not-replaced" : "no-pane" };
    }
    firstPid ??= pane.pid;
    if (pane.dead) {
      deadSinceMs ??= elapsedMs;
      // tmux can lose how a process ended; whoever waits for it asks again, and mostly it is then known.
      const isLost = pane.status === null && pane.signal === null;
      if (isLost && !late && elapsedMs - deadSinceMs < STATUS_KNOWN_MS) return null;
      if (patience.lifecycle === "ephemeral" && pane.status === 0) return { what: "runs" };
      return { what: "died", status: pane.status, signal: pane.signal };
    }
    // Another process: the one that was started has died, and systemd has started the next.
    if (pane.pid !== firstPid) return { what: "died", status: null, signal: null };
    if (look.beats) return { what: "beats" };
    // Twice in a row: what is drawn may be half drawn.
    dialogs = screen?.state === "dialog" ? dialogs + 1 : 0;
    if (dialogs >= 2) return { what: "dialog", dialog: screen?.what ?? "a dialog" };
    if (screen?.state === "ready" && elapsedMs >= BELIEVED_READY_AFTER_MS) return { what: "ready" };
    if (!patience.beatExpected && elapsedMs >= LIVED_MS) return { what: "runs" };
    return late ? { what: "runs" } : null;
  };
}

export function isFailure({ what }: StartOutcome): boolean {
  return !["beats", "ready", "runs"].includes(what);
}

/** What most likely lies behind a death, told from its last lines and how it ended; null where nothing is known. */
export function likelyCause(
  agent: { readonly runtime: string; readonly command: readonly string[] },
  ending: { readonly status: number | null; readonly signal: number | null },
  lastLines: readonly string[],
): string | null {
  const text = lastLines.join("\n");
  const known = CAUSES.find(({ says }) => says.test(text));
  if (known) return known.cause;
  if (ending.status === 127) return NOT_FOUND;
  if (ending.status === 126) return "the program is there and may not be executed";
  const problem = launchProblem(agent.runtime, agent.command);
  if (problem !== null) return problem;
  if (ending.signal === 9)
    return "killed: by hand, or by the kernel for want of memory (`journalctl -k -g oom`)";
  return null;
}

const NOT_FOUND =
  "the program is not on the agent's PATH: install it, or name its directory by MOSAIC_RUNTIME_BIN in NAME.local.env";

const CAUSES: readonly { readonly says: RegExp; readonly cause: string }[] = [
  { says: /command not found|No such file or directory|Failed to find executable/, cause: NOT_FOUND },
  {
    says: /stdin is not a (?:terminal|tty)|not a tty|Raw mode is not supported/i,
    cause:
      "the runtime wants the terminal for itself: its command must not be behind a pipe or a wrapper that takes its input",
  },
  {
    says: /working directory of .* is not there/,
    cause: "make the directory, or correct working_directory in the roster",
  },
  { says: /Failed to connect to bus/, cause: "the user's service manager cannot be reached from the pane" },
  {
    says: /not logged in|please (?:log|sign) in|authenticat|api key|401|unauthori[sz]ed/i,
    cause:
      "it has no account to work with: log in once by hand (`fleet agent attach NAME`), or give it a key in NAME.local.env",
  },
  {
    says: /requires? node|unsupported engine|SyntaxError: Unexpected/i,
    cause: "the Node on its PATH is too old for it",
  },
];
