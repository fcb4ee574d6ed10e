import type { BeatHealth } from "./beat.ts";
import type { Away } from "./planes/away.ts";
import type { IntervalBefore } from "./planes/documents.ts";

/** When a process that nobody watched had ended, and when its pane had gone; null: nobody dated that. */
export interface UnseenEnd {
  readonly diedAtUs: number | null;
  readonly wentAtUs: number | null;
}

/** What is known of one agent at one moment; `known: false` is neither yes nor no. */
export interface Evidence {
  readonly nowUs: number;
  /** False for rows that nobody expects to beat (the holder, unrostered sessions): they are running, dead, stopped or unobserved. */
  readonly beatExpected: boolean;
  /** Since when that is so, where the roster had declared it otherwise; null: as long as it is on the roster. */
  readonly expectedSinceUs: number | null;
  readonly lifecycle: "always" | "ephemeral";
  readonly intervalSeconds: number;
  /** What the roster had declared before, where that has changed: what is within its time, or beyond, may be so only since then. */
  readonly intervalsBefore?: readonly IntervalBefore[];
  /** Seen to run since it was declared. */
  readonly everRan: boolean;
  readonly pane:
    | { readonly known: false }
    | {
        readonly known: true;
        readonly state: "alive" | "dead" | "missing";
        readonly atUs: number | null;
        readonly startedAtUs: number | null;
        /** When its session took the name, of a pane that had lived under another; absent: it was made under this one. */
        readonly namedAtUs?: number;
        readonly status: number | null;
        readonly signal: number | null;
        /** When its process was told to have ended, also of a pane that has gone since; null: it lives, or tmux kept nothing of its end. */
        readonly diedAtUs: number | null;
        /** Of one that a look found gone at `atUs`, and nobody had seen go: when that was, where somebody dated it. */
        readonly unseenEnd?: UnseenEnd;
        /** It did not go: its session has another name now. */
        readonly away: Away | null;
        /** The tmux server itself is gone. */
        readonly serverGone: boolean;
        /** Nobody saw it go: another life was found in its place. */
        readonly replaced?: true;
      };
  readonly unit:
    | { readonly known: false }
    | {
        readonly known: true;
        readonly active: string;
        readonly result: string | null;
        readonly atUs: number;
      };
  /** Somebody wanted this life to end (an operator verb, a stop job of systemd). */
  readonly stop: {
    /** Told when the unit had stopped. */
    readonly done?: true;
    readonly by: string;
    readonly atUs: number;
    /** When the first such wish was told, where it has been told more than once; absent: at `atUs`. */
    readonly firstAtUs?: number;
    readonly seq?: number;
  } | null;
  /** Until when such a wish was in force, where a start has ended it that brought nothing. */
  readonly stoppedUntilUs: number | null;
  /**
   * Until when nothing but beats told of it: after the end of its pane while nobody watched that, before anybody had seen it run, or of a life that was gone
   * when its pane was looked at again. Not until then was it missed; null: there was no such time.
   */
  readonly vouchedUntilUs: number | null;
  readonly beat: BeatHealth & {
    readonly status: string | null;
    readonly statusSinceUs: number | null;
    /** Where its reach is over: since when. */
    readonly staleSinceUs: number | null;
    readonly writerExitedAtUs: number | null;
  };
}
