/** What is known of how a runtime takes messages: facts, measured on the version that is named. */
export interface TakesMessages {
  readonly measured: string;
  /** So long after its start it may still put a dialog where its input row was. */
  readonly settlesMs: number;
  /** What an Enter does while a turn runs: the message waits for its end, or joins it at once. */
  readonly whileBusy: "queues" | "steers";
  /** A message that begins so is not sent as one, but obeyed: run by a shell, or taken as a command. */
  readonly obeys: RegExp | null;
  /** What else it does to a text before a model sees it; null when it is given on byte for byte. */
  readonly changes: ((text: string) => string | null) | null;
}

const lines = (text: string): number => text.split("\n").length;

const runtimes: Readonly<Record<string, TakesMessages>> = {
  claude: {
    measured: "Claude Code 2.1.329",
    settlesMs: 1000,
    whileBusy: "queues",
    obeys: /^[!/]/,
    changes: (text) =>
      lines(text) > 3 || text.length > 800
        ? "Claude Code gives a text of more than 3 lines or 800 characters to its model as <pasted_content>"
        : null,
  },
  codex: {
    measured: "Codex 0.169.0",
    // It paints its input row at 0.5 s, and a dialog over it up to 3 s after its start.
    settlesMs: 3500,
    whileBusy: "steers",
    obeys: /^[!/]/,
    changes: (text) => (text !== text.trim() ? "Codex takes the blanks off both ends of a text" : null),
  },
  opencode: {
    measured: "OpenCode 1.18.33",
    // Everything typed before is lost.
    settlesMs: 6000,
    whileBusy: "queues",
    obeys: /^\//,
    changes: (text) =>
      lines(text) > 2 ? "OpenCode adds a blank at the end of a text of several lines" : null,
  },
  pi: {
    measured: "pi 0.87.1",
    settlesMs: 1000,
    whileBusy: "queues",
    obeys: /^[!/]/,
    changes: null,
  },
};

/** Null for a program whose ways were never measured. */
export function howItTakesMessages(runtime: string | null): TakesMessages | null {
  return runtime !== null && Object.hasOwn(runtimes, runtime) ? (runtimes[runtime] ?? null) : null;
}
