import type { PayloadOf } from "../../store/events/catalogue.ts";
import type { AgentPane } from "../planes/documents.ts";
import type { Explained } from "../ps.ts";
import type { DeclaredChange } from "../redeclared.ts";
import type { AgentStatus, PsDocument } from "../row.ts";
import type { BootGapStay } from "./boot-gaps.ts";
import type { Happening } from "./happening.ts";
import type { Interval } from "./intervals.ts";
import type { Life } from "./lives.ts";
import type { Occurrence } from "./occurrence.ts";
import type { Outage } from "./outages.ts";
import type { Boot } from "./server-timeline.ts";
import type { Span, Spans } from "./span.ts";
import type { Window } from "./sweep.ts";
import type { Uptime } from "./uptime.ts";

/** What an agent can have been, or what can have happened to it: what `fleet when` asks for. */
export type State = AgentStatus | Happening;

/**
 * The past of one (tenant, host), by all the evidence that was taken into account: all that verbs, spans and metrics ask of it.
 * Windows have finite ends, the first inclusive and the last exclusive, and what lies after `nowUs` is never told of: what
 * still goes on then ends at null. Results that grow with the window are handed out one after another, in order of time.
 */
export interface Past {
  readonly tenantId: string;
  readonly host: string;
  /** The last event that was taken into account. */
  readonly logSeq: number;
  /** When the first event was recorded; null: there is none. */
  readonly beginsUs: number | null;
  /** The moment that counts as now. */
  readonly nowUs: number;
  /** Everybody who was ever on the roster, had a pane or beat. */
  names(): readonly string[];
  /** Whether no roster ever named it. Such a session has verdicts while it is there, as `ps --all` shows it. */
  isStray(name: string): boolean;
  /** Who was on the roster at any time of the window, in the order of `ps`. */
  roster(window: Window): readonly RosterEntry[];
  /** The verdicts that hold in the window, each with its own ends, also where they lie outside of it; without a hole. */
  intervals(agent: string, window: Window): Iterable<Interval>;
  /**
   * The same, but off the roster, where nobody promised anything, with what its session was, as `ps --all` shows it: null where that is known not to
   * have been there, and only there.
   */
  sightings(agent: string, window: Window): Iterable<Interval>;
  /** What the newest rules would have said of the window, clipped to it. */
  rejudged(agent: string, window: Window): Iterable<Interval>;
  /** Each time that an agent was in a state, or that something happened to it. */
  occurrences(agent: string, state: State, window: Window): Iterable<Occurrence>;
  /** The part of the window in which `state` could not have gone unseen: "never" is only said of this. */
  observed(agent: string, state: State, window: Window): Iterable<Span>;
  /** The lives that began in the window, in order of time. */
  lives(agent: string, window: Window): readonly Life[];
  /** When it ran and would not have come back after a reboot, clipped to the window. */
  bootGaps(agent: string, window: Window): readonly BootGapStay[];
  uptime(agent: string, window: Window): Uptime;
  /** The outages that it adds up. */
  outages(agent: string, window: Window): Iterable<Outage>;
  /** The table as it was at a moment; with `all` also sessions that no roster named. */
  table(atUs: number, all: boolean): PsDocument;
  /** The row of an agent at a moment, with its verdict and the documents behind it. */
  explain(agent: string, atUs: number): Explained;
  /** What had been told of the agent's own panes by a moment, one for each tmux socket: not weighed, and so read in no time. */
  ownPanes(agent: string, atUs: number): readonly AgentPane[];
  /**
   * The same past, which has read this stretch of an agent's time as a whole: for whoever asks about many of its moments, each of which is read
   * anew else. Null: it is too much to be held in memory.
   */
  stretch(agent: string, window: Window): Past | null;
  /** A window in parts that tile it, of each of which so much was written as may be held in memory. */
  parts(window: Window): Iterable<Window>;
  /** Time in which no recorder watched. One-shot looks do not end it. */
  gaps(window: Window): Iterable<Gap>;
  /** Boots of the machine; the one in which the log began is none of them. */
  boots(window: Window): Iterable<Boot>;
}

export interface RosterEntry {
  readonly name: string;
  /** The last one that was in force within the window; of a stray what `ps` shows in its place. */
  readonly declaration: Pick<PayloadOf<"roster.agent.declared">, "runtime" | "class"> & {
    readonly role: PayloadOf<"roster.agent.declared">["role"] | "stray";
  };
  /** When it was on the roster, within the window. */
  readonly stays: Spans;
  /** What its time counts to; these tile the window. Time off the roster (see `stays`) counts to what it had been, or came to be. */
  readonly declared: readonly Declared[];
  /** Each time within the window that it was declared otherwise, in what a verdict or its kind depends on. */
  readonly redeclared: readonly Redeclared[];
}

export interface Redeclared {
  readonly atUs: number;
  /** The event that declared it so. */
  readonly seq: number;
  readonly changes: readonly DeclaredChange[];
}

/** A stretch in which an agent was of one class and one runtime. */
export interface Declared extends Span {
  readonly class: string;
  readonly runtime: string | null;
  /** The event that declared it so; null: nobody did. */
  readonly seq: number | null;
}

export interface Gap {
  /** Its own ends, also where they lie outside of the window. -Infinity: there had been no recorder before. */
  readonly fromUs: number;
  readonly toUs: number | null;
  /**
   * `stopped`: it said so; `lapsed`: it ended without a word; `starved`: it was taken to have ended, and said later that it had only stood
   * still; `suspended`: the machine slept, or its clock skipped that time; `log-ends`: the log was brought from elsewhere, and goes no further.
   */
  readonly cause: "never-started" | "stopped" | "lapsed" | "starved" | "suspended" | "log-ends";
}
