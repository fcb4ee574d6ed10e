import type { Past } from "../../query/history/past.ts";
import type { StoredEvent } from "../../store/events/envelope.ts";
import type { MirrorBook, PlannedSpan } from "../../store/mirror-book.ts";
import type { Reader } from "../../store/reader.ts";
import { DAY_US, dayStartUs } from "./day.ts";
import { affectedFromUs } from "./evidence-reach.ts";
import type { MirrorIdentity } from "./identity.ts";
import type { Life } from "./pieces.ts";
import { planAgent } from "./plan-agent.ts";
import { type BeatRun, planBeat } from "./plan-beats.ts";
import { planMessage } from "./plan-messages.ts";
import { type AgentSubject, type Sessions, sessionsOf } from "./session.ts";
import { settledUntilUs } from "./settled-until.ts";
import { keptForm, type Planned } from "./span-record.ts";

/** How far the log has been turned into spans; kept as JSON beside them. */
export interface PlanState {
  /** Events up to this one have been weighed. */
  readonly seq: number;
  /** All that ended before this moment has been told. */
  readonly throughUs: number | null;
  /** Nothing that ended before this is told: `--from`, where nothing had been mirrored yet. */
  readonly sinceUs: number | null;
  /** Requests (their places in the log) of messages that have no verdict yet. */
  readonly open?: readonly number[];
  /** Runs of beats by agent; absent without `--heartbeat-spans`. */
  readonly runs?: Readonly<Record<string, BeatRun>>;
}

export interface PlannerOptions {
  readonly reader: Reader;
  readonly book: MirrorBook;
  readonly identity: MirrorIdentity;
  readonly openPast: (nowUs: number) => Past;
  readonly nowUs: () => number;
  readonly recorderAliveAtUs: (nowUs: number) => number | null;
  readonly heartbeatSpans: boolean;
  /** Where a mirror that has never planned begins; null: at the log's beginning. */
  readonly sinceUs: number | null;
}

/** Spans are put down so many at a time, so that memory stays flat however much there is to tell. */
const FLUSH = 5000;
const NOTHING: PlanState = { seq: 0, throughUs: null, sinceUs: null };

/** Types on which a boot gap hangs. */
const BOOT_TYPES = ["systemd.", "roster.agent.", "recorder."];

/**
 * Turns what the log has come to say into spans, and puts them down before anything is sent. `step` is one portion; it yields between
 * agents, so that what is planned can be sent meanwhile, and says whether anything was left to do. Killed at any moment, the next pass
 * finds what is there already and adds the rest.
 */
export function createPlanner(options: PlannerOptions) {
  const { reader, book, identity } = options;
  let waiting: PlannedSpan[] = [];
  const put = (planned: Planned): void => {
    waiting.push(keptForm(planned));
    if (waiting.length >= FLUSH) flush(null);
  };
  const flush = (plan: PlanState | null): void => {
    if (waiting.length === 0 && plan === null) return;
    const spans = waiting;
    waiting = [];
    book.add(spans, plan === null ? null : { text: JSON.stringify(plan), seq: plan.seq });
  };

  async function* pass(): AsyncGenerator<void> {
    const text = book.state().plan;
    const state: PlanState =
      text === null ? { ...NOTHING, sinceUs: options.sinceUs } : (JSON.parse(text) as PlanState);
    const nowUs = options.nowUs();
    const { past, settledUs } = reader.atOnce(() => ({
      past: options.openPast(nowUs),
      settledUs: settledAt(nowUs),
    }));
    if (past.beginsUs === null) return;
    const beginUs = Math.max(past.beginsUs, state.sinceUs ?? Number.NEGATIVE_INFINITY);
    const affectedUs =
      state.throughUs === null ? beginUs : earliestOf(state.seq, past.logSeq, state.throughUs);
    const fromUs = Math.max(beginUs, Math.min(state.throughUs ?? beginUs, affectedUs));
    const agents = agentsOf(past, fromUs, settledUs);
    for (const agent of agents.values()) {
      if (fromUs < settledUs) {
        for (const window of slices(fromUs, settledUs)) {
          const bootMomentsUs = bootMoments(agent.subject.agent, window);
          for (const planned of planAgent({ past, ...agent, book, window, bootMomentsUs })) put(planned);
          // Places are looked up in the book, so what one slice planned has to be there before the next.
          flush(null);
          yield;
        }
      }
    }
    const open = messages(state, past.logSeq, agents, nowUs);
    currentRoots(past, agents);
    const runs = options.heartbeatSpans
      ? yield* beats({ ...state, open: allOpen(state, open) }, past.logSeq, agents)
      : undefined;
    flush({
      seq: past.logSeq,
      throughUs: settledUs,
      sinceUs: state.sinceUs,
      ...(open.length === 0 ? {} : { open }),
      ...(runs === undefined ? {} : { runs }),
    });
  }

  /** Messages of which something new is told, or none for too long. What is returned is still without a verdict. */
  const messages = (
    state: PlanState,
    untilSeq: number,
    agents: ReturnType<typeof agentsOf>,
    nowUs: number,
  ): number[] => {
    const requests = new Set(state.open ?? []);
    const newest = {
      ...reader.identity(),
      types: ["message."],
      afterSeq: state.seq,
      beforeSeq: untilSeq + 1,
    };
    for (const event of reader.events(newest)) {
      const request = requestOf(event);
      if (request !== null) requests.add(request.seq);
    }
    const open: number[] = [];
    for (const seq of [...requests].sort((a, b) => a - b)) {
      const request = reader.event(seq);
      const agent = request?.agent ? agents.get(request.agent) : undefined;
      if (request === null || agent === undefined) continue;
      const planned = planMessage(eventsOf(request, untilSeq), { identity, book, ...agent }, nowUs);
      if (planned === null) open.push(seq);
      else for (const one of planned) put(one);
      // The next request of the same id looks up what this one planned.
      if (planned !== null && planned.length > 0) flush(null);
    }
    return open;
  };

  /** The request that an event of a message belongs to: the newest one of its id before it. */
  const requestOf = (event: StoredEvent): StoredEvent | null => {
    if (event.type === "message.requested") return event;
    const filter = {
      ...reader.identity(),
      types: ["message.requested"],
      beforeSeq: event.seq,
      newestFirst: true,
    };
    for (const request of reader.events({ ...filter, agent: event.agent ?? "" }))
      if (sameMessage(request, event)) return request;
    return null;
  };

  const eventsOf = (request: StoredEvent, untilSeq: number): StoredEvent[] => {
    const filter = { ...reader.identity(), agent: request.agent ?? "", types: ["message."] };
    const found: StoredEvent[] = [request];
    for (const event of reader.events({ ...filter, afterSeq: request.seq, beforeSeq: untilSeq + 1 })) {
      if (!sameMessage(request, event)) continue;
      if (event.type === "message.requested") break;
      found.push(event);
    }
    return found;
  };

  const settledAt = (nowUs: number): number => {
    const partition = reader.identity();
    return settledUntilUs({
      nowUs,
      documents: reader.documents(partition),
      observations: reader.observations(partition),
      recorderAliveAtUs: options.recorderAliveAtUs(nowUs),
    });
  };

  /** The earliest moment of which an event that is new to us says something. */
  const earliestOf = (afterSeq: number, untilSeq: number, throughUs: number): number => {
    let earliestUs = throughUs;
    const before = (event: StoredEvent) =>
      [
        ...reader.events({
          ...reader.identity(),
          types: ["recorder.source."],
          beforeSeq: event.seq,
          newestFirst: true,
          limit: 256,
        }),
      ].find(({ payload }) => sameScope(payload, event.payload))?.occurredAtUs ?? null;
    for (const event of reader.events({ ...reader.identity(), afterSeq, beforeSeq: untilSeq + 1 }))
      earliestUs = Math.min(earliestUs, affectedFromUs(event, before));
    return earliestUs;
  };

  const agentsOf = (past: Past, fromUs: number, settledUs: number) => {
    const agents = new Map<string, { subject: AgentSubject; lives: Life[]; sessions: Sessions }>();
    const until = Math.max(settledUs, options.nowUs());
    for (const { name, declaration } of past.roster({ fromUs: Math.min(fromUs, until - 1), toUs: until })) {
      const subject = { agent: name, class: declaration.class, runtime: declaration.runtime };
      agents.set(name, {
        subject,
        lives: livesOf(past, name, until),
        sessions: sessionsOf(identity, subject, book),
      });
    }
    return agents;
  };

  const livesOf = (past: Past, agent: string, untilUs: number): Life[] =>
    [...past.occurrences(agent, "started", { fromUs: 0, toUs: untilUs })].map(({ fromUs, why }) => ({
      fromUs,
      incarnation: incarnationOf(why[0]) ?? past.explain(agent, fromUs).row.incarnation,
    }));

  const incarnationOf = (seq: number | undefined): string | null => {
    const payload =
      seq === undefined ? null : (reader.event(seq)?.payload as { incarnation?: unknown } | null);
    return typeof payload?.incarnation === "string" ? payload.incarnation : null;
  };

  const bootMoments = (
    agent: string,
    { fromUs, settledUs }: { fromUs: number; settledUs: number },
  ): number[] => {
    const filter = {
      ...reader.identity(),
      types: BOOT_TYPES,
      sinceUs: dayStartUs(fromUs),
      untilUs: settledUs,
    };
    const moments: number[] = [];
    for (const event of reader.events(filter)) {
      if (event.agent !== null && event.agent !== agent) continue;
      if (event.source === "recorder" && (event.payload as { source?: unknown }).source !== "systemd")
        continue;
      moments.push(Math.min(event.occurredAtUs, event.recordedAtUs));
    }
    return moments;
  };

  /** The root of each life that goes on, on this very day: it is there as soon as the life is. */
  const currentRoots = (past: Past, agents: ReturnType<typeof agentsOf>): void => {
    for (const row of past.table(past.nowUs, false).agents) {
      const agent = agents.get(row.name);
      const life = agent?.lives.at(-1);
      if (agent === undefined || life === undefined || row.pane.state !== "alive") continue;
      agent.sessions.of(life.incarnation, past.nowUs, life.fromUs);
    }
    for (const { sessions } of agents.values()) for (const root of sessions.take()) put(root);
  };

  async function* beats(
    state: PlanState,
    untilSeq: number,
    agents: ReturnType<typeof agentsOf>,
  ): AsyncGenerator<void, Record<string, BeatRun>> {
    const runs: Record<string, BeatRun> = { ...state.runs };
    // Without runs nothing was told of beats yet: they begin with what is new, or with the whole log where nothing is told at all.
    let read = 0;
    const filter = {
      ...reader.identity(),
      types: ["heartbeat.received"],
      afterSeq: state.seq,
      beforeSeq: untilSeq + 1,
    };
    for (const event of reader.events(filter)) {
      const agent = event.agent === null ? undefined : agents.get(event.agent);
      if (agent === undefined || event.schemaVersion > 1) continue;
      const { subject } = agent;
      const { run, planned } = planBeat(event, runs[subject.agent], agent);
      runs[subject.agent] = run;
      for (const root of agent.sessions.take()) put(root);
      if (planned !== null && planned.endsUs >= (state.sinceUs ?? 0)) {
        waiting.push(keptForm(planned));
        if (waiting.length >= FLUSH) {
          // Revisions of these are not looked up, so the place in the log goes down with them.
          flush({ ...state, seq: event.seq, runs: { ...runs } });
          yield;
        }
      }
      if (++read % 10_000 === 0) yield;
    }
    return runs;
  }

  return { pass };
}

function* slices(fromUs: number, settledUs: number): Generator<{ fromUs: number; settledUs: number }> {
  for (let from = fromUs; from < settledUs; ) {
    const to = Math.min(settledUs, dayStartUs(from) + DAY_US);
    yield { fromUs: from, settledUs: to };
    from = to;
  }
}

/** While a pass is under way the messages that it has told of stay open: told twice, they are the same. */
function allOpen(state: PlanState, open: readonly number[]): number[] {
  return [...new Set([...(state.open ?? []), ...open])];
}

function sameMessage(a: StoredEvent, b: StoredEvent): boolean {
  const id = ({ payload }: StoredEvent) => (payload as { message?: unknown } | null)?.message;
  return id(a) !== undefined && id(a) === id(b);
}

function sameScope(a: unknown, b: unknown): boolean {
  const [one, other] = [a, b] as { source?: unknown; scope?: unknown }[];
  return one?.source === other?.source && one?.scope === other?.scope;
}
