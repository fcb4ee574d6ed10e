import type { Past } from "../../query/history/past.ts";
import type { MirrorBook, PlannedSpan } from "../../store/mirror-book.ts";
import type { Reader } from "../../store/reader.ts";
import { DAY_US, dayStartUs } from "./day.ts";
import { earliestSince } from "./evidence-reach.ts";
import type { MirrorIdentity } from "./identity.ts";
import { livesOn } from "./lives.ts";
import { messageStories } from "./message-plans.ts";
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

interface Agent {
  readonly subject: AgentSubject;
  readonly sessions: Sessions;
}

/** Spans are put down so many at a time, so that memory stays flat however much there is to tell. */
const FLUSH = 5000;
const NOTHING: PlanState = { seq: 0, throughUs: null, sinceUs: null };

/**
 * Turns what the log has come to say into spans, and puts them down before anything is sent. `pass` yields between its steps, so that
 * what is planned can be sent meanwhile. All that a step asks of the past it asks as of one commit; what is committed between two
 * steps is known to the later ones and weighed again by the next pass. Killed at any moment, the next pass finds what is there
 * already and adds the rest.
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

  /** The past as of the newest commit, and the lives that were read out of it. */
  let known: { readonly seq: number; readonly past: Past; readonly lives: Map<string, LivesOfDay> } | null =
    null;
  const atOnce = <T>(work: (past: Past, livesOf: (agent: string, atUs: number) => readonly Life[]) => T): T =>
    reader.atOnce(() => {
      const seq = reader.lastSeq();
      if (known?.seq !== seq) known = { seq, past: options.openPast(options.nowUs()), lives: new Map() };
      const { past, lives } = known;
      return work(past, (agent, atUs) => {
        const dayUs = dayStartUs(atUs);
        const last = lives.get(agent);
        if (last?.dayUs === dayUs) return last.lives;
        const found = livesOn(past, agent, dayUs);
        lives.set(agent, { dayUs, lives: found });
        return found;
      });
    });

  async function* pass(): AsyncGenerator<void> {
    known = null;
    const text = book.state().plan;
    const state: PlanState =
      text === null ? { ...NOTHING, sinceUs: options.sinceUs } : (JSON.parse(text) as PlanState);
    const { logSeq, beginsUs, nowUs, settledUs } = atOnce((past) => ({
      ...{ logSeq: past.logSeq, beginsUs: past.beginsUs, nowUs: past.nowUs },
      settledUs: settledAt(past.nowUs),
    }));
    if (beginsUs === null) return;
    const { throughUs } = state;
    const sinceUs = Math.max(beginsUs, state.sinceUs ?? Number.NEGATIVE_INFINITY);
    const affectedUs = throughUs === null ? sinceUs : earliestSince(reader, state.seq, logSeq, throughUs);
    const fromUs = Math.max(sinceUs, affectedUs);
    const untilUs = Math.max(settledUs, nowUs);
    const agents = agentsWithin(Math.min(fromUs, untilUs - 1), untilUs);
    for (const agent of agents.values()) {
      for (const window of days(fromUs, settledUs)) {
        atOnce((past, livesOf) => {
          const lives = livesOf(agent.subject.agent, window.fromUs);
          for (const planned of planAgent({ past, ...agent, lives, book, window })) put(planned);
        });
        // Places are looked up in the book, so what one step planned has to be there before the next.
        flush(null);
        agent.sessions.forget();
        yield;
      }
    }
    const open = yield* messages(state, logSeq, agents, nowUs);
    currentRoots(agents);
    const runs = options.heartbeatSpans
      ? yield* beats({ ...state, open: allOpen(state, open) }, logSeq, agents)
      : undefined;
    flush({
      seq: logSeq,
      throughUs: settledUs,
      sinceUs: state.sinceUs,
      ...(open.length === 0 ? {} : { open }),
      ...(runs === undefined ? {} : { runs }),
    });
  }

  /** Tells of messages of which something new is told, or none for too long. What is returned is still without a verdict. */
  async function* messages(
    state: PlanState,
    untilSeq: number,
    agents: ReadonlyMap<string, Agent>,
    nowUs: number,
  ): AsyncGenerator<void, number[]> {
    let open: number[] = [];
    const places = { afterSeq: state.seq, untilSeq, open: state.open ?? [] };
    for (const stories of messageStories(reader, places)) {
      const told = new Set(stories.map(({ request }) => request.seq));
      open = open.filter((seq) => !told.has(seq));
      atOnce((_past, livesOf) => {
        const planned = new Set<string>();
        for (const { request, events } of stories) {
          const agent = request.agent === null ? undefined : agents.get(request.agent);
          if (agent === undefined) continue;
          const { message } = request.payload as { message: string };
          // What was told of the same id before is looked up, so it has to be there.
          if (planned.has(message)) flush(null);
          const lives = livesOf(agent.subject.agent, request.occurredAtUs);
          const spans = planMessage(events, { identity, book, ...agent, lives }, nowUs);
          if (spans === null) open.push(request.seq);
          else for (const one of spans) put(one);
          planned.add(message);
        }
      });
      flush(null);
      for (const { sessions } of agents.values()) sessions.forget();
      yield;
    }
    return open;
  }

  const settledAt = (nowUs: number): number => {
    const partition = reader.identity();
    return settledUntilUs({
      nowUs,
      documents: reader.documents(partition),
      observations: reader.observations(partition),
      recorderAliveAtUs: options.recorderAliveAtUs(nowUs),
    });
  };

  const agentsWithin = (fromUs: number, toUs: number): Map<string, Agent> =>
    atOnce((past) => {
      const agents = new Map<string, Agent>();
      for (const { name, declaration } of past.roster({ fromUs, toUs })) {
        const subject = { agent: name, class: declaration.class, runtime: declaration.runtime };
        agents.set(name, { subject, sessions: sessionsOf(identity, subject, book) });
      }
      return agents;
    });

  /** The root of each life that goes on, on this very day: it is there as soon as the life is. */
  const currentRoots = (agents: ReadonlyMap<string, Agent>): void => {
    atOnce((past, livesOf) => {
      for (const row of past.table(past.nowUs, false).agents) {
        const agent = agents.get(row.name);
        if (agent === undefined || row.pane.state !== "alive") continue;
        const life = livesOf(row.name, past.nowUs).at(-1);
        if (life !== undefined) agent.sessions.of(life.incarnation, past.nowUs, life.fromUs);
      }
    });
    for (const { sessions } of agents.values()) for (const root of sessions.take()) put(root);
  };

  async function* beats(
    state: PlanState,
    untilSeq: number,
    agents: ReadonlyMap<string, Agent>,
  ): AsyncGenerator<void, Record<string, BeatRun>> {
    const runs: Record<string, BeatRun> = { ...state.runs };
    // Without runs nothing was told of beats yet: they begin with what is new, or with the whole log where nothing is told at all.
    const events = reader.events({
      ...reader.identity(),
      types: ["heartbeat.received"],
      afterSeq: state.seq,
      beforeSeq: untilSeq + 1,
    });
    for (let seq = state.seq, isDone = false; !isDone; ) {
      atOnce((_past, livesOf) => {
        // The portion is as large as what it plans: after it the place in the log goes down with it.
        for (let read = 0; read < FLUSH; read++) {
          const { value: event, done } = events.next();
          isDone = done === true;
          if (done) return;
          seq = event.seq;
          const agent = event.agent === null ? undefined : agents.get(event.agent);
          if (agent === undefined || event.schemaVersion > 1) continue;
          const { subject, sessions } = agent;
          const lives = (atUs: number) => livesOf(subject.agent, atUs);
          const { run, planned } = planBeat(event, runs[subject.agent], { subject, sessions, lives });
          runs[subject.agent] = run;
          for (const root of sessions.take()) waiting.push(keptForm(root));
          if (planned !== null && planned.endsUs >= (state.sinceUs ?? 0)) waiting.push(keptForm(planned));
        }
      });
      // Revisions of these are not looked up, so the place in the log goes down with them.
      if (!isDone) {
        flush({ ...state, seq, runs: { ...runs } });
        for (const { sessions } of agents.values()) sessions.forget();
      }
      yield;
    }
    return runs;
  }

  return { pass };
}

interface LivesOfDay {
  readonly dayUs: number;
  readonly lives: readonly Life[];
}

function* days(fromUs: number, settledUs: number): Generator<{ fromUs: number; settledUs: number }> {
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
