import type { Rules } from "./rules.ts";

/** How finely the chronicle is kept. */
export interface Cadence {
  /** A beat that was read later than this after it was made is found by name: others are looked for near their own time. */
  readonly lateUs: number;
  /** Beats are rows of their own nowhere but in the log: after so many events it is kept where a search may begin. */
  readonly beatsEvery: number;
  /** One of so many keeps every file (17 KB of 50 agents); the others what has become of them since (1 to 2 KB). */
  readonly wholeEvery: number;
  /** All documents, for what the log knew at any point of it. */
  readonly documentsEvery: number;
  /** Verdicts of what is younger than this are not settled yet: evidence of it is still on its way. */
  readonly lagUs: number;
  /** So many events are judged in one transaction. */
  readonly stepEvents: number;
  /** The versions that are known; absent: all of this program. */
  readonly rules?: readonly Rules[];
}

export const CADENCE: Cadence = {
  lateUs: 60_000_000,
  beatsEvery: 1024,
  wholeEvery: 32,
  documentsEvery: 65_536,
  lagUs: 60_000_000,
  stepEvents: 8192,
};

/** What `beat-timeline.ts` reads. */
export const BEAT_TYPES = ["heartbeat.", "roster.agent."];

/** The line of an agent's own pane on a socket. */
export function ownId(agent: string, socket: string): string {
  return `${agent}\n${socket}`;
}
