/**
 * What it costs to ask about the past, in logs of 10^5 and of as many events as are asked for: 50 agents that beat every 15 s and what changes
 * between the beats, recorded by a recorder that starts anew once a day. Each log is asked by a process of its own that has it open: every
 * question hundreds of times, of moments all over the log and of all agents, so that the median is of code that V8 has compiled; what the
 * first one takes stands beside it. The last minute is not settled yet, as beside a live recorder.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isBehind, openPast, openPastAsRecorded } from "../cli/past.ts";
import type { Past } from "../query/history/past.ts";
import type { FleetEvent } from "../store/events/catalogue.ts";
import { openReader, type Reader } from "../store/reader.ts";
import { askedByProcesses } from "./asked-by-process.ts";
import { openBenchLog } from "./bench-log.ts";
import { declarationOf, SCOPES, serverAppeared } from "./fleet-state.ts";
import { AGENTS, agentName, eventAt, START_US } from "./load.ts";
import type { BenchOptions, Result } from "./result.ts";
import { atMost, info, median, optionsOf, peakMegabytes, table } from "./result.ts";

/** 50 agents, a beat each 15 s, nine events of ten: 10^7 events are 31 days. */
const SPACING_US = 270_000;
/** What arrived within half a minute. */
const BATCH = 100;
/** Once a minute or so, as a recorder does. */
const SETTLE_EVERY = 3;
const DAY_US = 86_400_000_000;
const SMALL = 100_000;
const TURNS = 3;
const MOMENTS = 50;
/** Each moment is asked about so often. What the log knew then is folded each time, which takes as long the tenth time as the first. */
const ROUNDS: Readonly<Record<Question, number>> = {
  when: 10,
  "when, of dead": 10,
  "when, up to now": 10,
  "ps --at": 10,
  "uptime --since 30d": 10,
  "--as-recorded": 1,
};
/** SQLite keeps 16 MB of pages, and the small log has hardly so many; what a heap is given varies by some more. */
const FLAT_MEGABYTES = 32;

type Question =
  | "when"
  | "when, of dead"
  | "when, up to now"
  | "ps --at"
  | "uptime --since 30d"
  | "--as-recorded";

export function run({ events = 1_000_000, logs }: BenchOptions = {}): Result[] {
  const directory = logs ?? mkdtempSync(join(tmpdir(), "fleet-bench-history-"));
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  try {
    const [small, large] = askedByTurns(logOf(directory, Math.min(SMALL, events)), logOf(directory, events));
    const asked = (question: Question, limitMs: number) => [
      atMost(`history: ${question}`, large.ms[question], "ms", limitMs),
      info(`history: ${question}, 10^5 events`, small.ms[question], "ms"),
      info(`history: ${question}, the first in its process`, large.firstMs[question], "ms"),
      atMost(`history: ${question} / the same at 10^5`, large.ratio[question], "x", 2),
    ];
    return [
      ...asked("when", 5),
      ...asked("when, of dead", 5),
      ...asked("when, up to now", 5),
      ...asked("ps --at", 5),
      ...asked("uptime --since 30d", 5),
      ...asked("--as-recorded", 1000).slice(0, -1),
      ...(large.filled === null
        ? []
        : [
            info("history: append, verdicts settled once a minute", large.filled.appendRate, "events/s"),
            info("history: events settled", large.filled.settleRate, "events/s"),
          ]),
      info("history: the log with all that is kept of it", large.bytes / events, "bytes/event"),
      // Of a larger log the lines would take as much disk again as four of it.
      ...(events > 1_000_000
        ? []
        : askedByProcesses(
            join(directory, `history-${events}.db`),
            START_US,
            START_US + events * SPACING_US,
          )),
      info("history: peak memory of a process that asks all of it", large.megabytes, "MB"),
      atMost(
        "history: the same beyond that at 10^5",
        large.megabytes - small.megabytes,
        "MB",
        FLAT_MEGABYTES,
      ),
    ];
  } finally {
    if (logs === undefined) rmSync(directory, { recursive: true, force: true });
  }
}

interface Log {
  readonly path: string;
  readonly events: number;
  /** Null where the log was found filled. */
  readonly filled: Filled | null;
}

interface Asked extends Answered {
  /** What the large log takes, to what the small one does. */
  readonly ratio: Record<Question, number>;
  readonly filled: Filled | null;
  readonly bytes: number;
}

/** What the process that asks tells of itself. */
interface Answered {
  readonly ms: Record<Question, number>;
  /** What the first question of each kind took, of code that had not been run before. */
  readonly firstMs: Record<Question, number>;
  /** The most that it ever held. */
  readonly megabytes: number;
}

interface Filled {
  readonly appendRate: number;
  readonly settleRate: number;
}

function logOf(directory: string, events: number): Log {
  const path = join(directory, `history-${events}.db`);
  return { path, events, filled: existsSync(path) ? keepUp(path) : fill(path, events) };
}

/**
 * Medians of what several processes answered, and of the ratio of each two that asked one after the other: to fill the large log takes minutes, in
 * which what else the machine does changes, and a ratio of before to after would tell of that.
 */
function askedByTurns(small: Log, large: Log): [Asked, Asked] {
  const turns = Array.from({ length: TURNS }, () => [ask(small), ask(large)] as const);
  const of = (side: 0 | 1): Answered[] => turns.map((turn) => turn[side]);
  const medians = (answers: readonly Answered[], ms: (answer: Answered, question: Question) => number) =>
    byQuestion((question) => median(answers.map((answer) => ms(answer, question))));
  const told = ({ filled, path }: Log, answers: readonly Answered[]): Asked => ({
    ms: medians(answers, ({ ms }, question) => ms[question]),
    firstMs: medians(answers, ({ firstMs }, question) => firstMs[question]),
    megabytes: median(answers.map(({ megabytes }) => megabytes)),
    ratio: byQuestion((question) => median(turns.map(([a, b]) => b.ms[question] / a.ms[question]))),
    filled,
    bytes: statSync(path).size,
  });
  return [told(small, of(0)), told(large, of(1))];
}

function byQuestion<T>(value: (question: Question) => T): Record<Question, T> {
  const all = (Object.keys(questions) as Question[]).map((question) => [question, value(question)]);
  return Object.fromEntries(all) as Record<Question, T>;
}

/** By a process of its own: neither what filling needed counts, nor what a log that was asked before has warmed up. */
function ask({ path, events }: Log): Answered {
  const itself = [...process.execArgv, fileURLToPath(import.meta.url), "--ask", path, String(events)];
  const { status, stdout, stderr } = spawnSync(process.execPath, itself, { encoding: "utf8" });
  if (status !== 0) throw new Error(`asking ${path} ended with ${status}: ${stderr}`);
  return JSON.parse(stdout) as Answered;
}

function answer(path: string, events: number): Answered {
  const reader = openReader(path);
  try {
    const nowUs = START_US + events * SPACING_US;
    const times = byQuestion((question) => {
      const taken: number[] = [];
      for (let n = 0; n < MOMENTS * ROUNDS[question]; n += 1) {
        // All over the log, the end included.
        const part = ((n % MOMENTS) + 1) / MOMENTS;
        const atUs = Math.floor(START_US + part * (nowUs - START_US - 1));
        const started = process.hrtime.bigint();
        reader.atOnce(() => questions[question]({ reader, atUs, nowUs, n }));
        taken.push(Number(process.hrtime.bigint() - started) / 1e6);
      }
      return taken;
    });
    const of = (ms: (times: readonly number[]) => number) => byQuestion((question) => ms(times[question]));
    return { ms: of(median), firstMs: of(([first = 0]) => first), megabytes: peakMegabytes() };
  } finally {
    reader.close();
  }
}

interface Asking {
  readonly reader: Reader;
  readonly atUs: number;
  readonly nowUs: number;
  /** Which of the questions it is. */
  readonly n: number;
}

/**
 * Opened anew for each round, as a process opens it: what is not settled is judged once for each agent, and each question of a round is of
 * another one.
 */
let opened: { readonly of: string; readonly past: Past } | null = null;
function past(question: Question, { reader, nowUs, n }: Asking): Past {
  const of = `${question} ${Math.floor(n / MOMENTS)}`;
  if (opened?.of !== of) opened = { of, past: openPast(reader, reader.identity(), nowUs) };
  return opened.past;
}

const questions: Readonly<Record<Question, (asking: Asking) => number>> = {
  when: (asking) => timesFor(past("when", asking), asking.n, asking.atUs),
  // What a session may be that no roster names is looked for off the roster, too.
  "when, of dead": (asking) => timesFor(past("when, of dead", asking), asking.n, asking.atUs, "dead"),
  "ps --at": (asking) => past("ps --at", asking).table(asking.atUs, false).agents.length,
  "when, up to now": (asking) => timesFor(past("when, up to now", asking), asking.n, asking.nowUs),
  "uptime --since 30d": (asking) => {
    const month = { fromUs: asking.nowUs - 30 * DAY_US, toUs: asking.nowUs };
    return past("uptime --since 30d", asking).uptime(agentName(asking.n * 7), month).windowUs;
  },
  "--as-recorded": ({ reader, atUs }) =>
    openPastAsRecorded(reader, reader.identity(), reader.lastSeqBy(atUs), atUs).table(atUs, false).agents
      .length,
};

/** How often an agent went stale (or something else) in the day before a moment. */
function timesFor(past: Past, n: number, toUs: number, state: "stale" | "dead" = "stale"): number {
  return [...past.occurrences(agentName(n * 7), state, { fromUs: toUs - DAY_US, toUs })].length;
}

/** Some agent falls silent for five minutes every ten hours or so, so that there is something to find. */
function isSilent({ type, agent }: FleetEvent, atUs: number): boolean {
  if (type !== "heartbeat.received" || agent === null) return false;
  const n = Number(agent.slice("coder".length));
  return (atUs / 1e6 + n * 720) % 36_000 < 300;
}

/** A log that was filled by another fleet is folded and judged anew, as the first verb after an update does it. */
function keepUp(path: string): null {
  const reader = openReader(path);
  const behind = isBehind(reader);
  reader.close();
  if (!behind) return null;
  const log = openBenchLog(path, () => START_US);
  log.settle();
  log.close();
  return null;
}

/** Under another name until it is whole, so that a run that was cut short leaves nothing that a later one would ask. */
function fill(path: string, events: number): Filled {
  const filling = `${path}.filling`;
  rmSync(filling, { force: true });
  let nowUs = START_US;
  const log = openBenchLog(filling, () => nowUs);
  const declared = Array.from({ length: AGENTS }, (_, n) => declarationOf(agentName(n), nowUs));
  log.append({ source: "roster", events: [...declared, serverAppeared(nowUs)] });
  const words = (type: "recorder.source.started" | "recorder.source.stopped"): FleetEvent[] =>
    SCOPES.map((payload) => ({
      ...{ type, payload, agent: null, source: "recorder", occurredAtUs: nowUs, precision: "us" },
    }));
  log.append({ source: "recorder", events: words("recorder.source.started") });
  let dayUs = nowUs;
  let appended = 0n;
  let settled = 0n;
  for (let from = 0; from < events; from += BATCH) {
    const size = Math.min(BATCH, events - from);
    const batch = Array.from({ length: size }, (_, i) => eventAt(from + i, SPACING_US));
    nowUs = batch.at(-1)?.recordedAtUs ?? nowUs;
    const started = process.hrtime.bigint();
    const all = batch.filter(({ event, recordedAtUs }) => !isSilent(event, recordedAtUs));
    log.append({ source: "heartbeat", events: all.map(({ event }) => event) });
    appended += process.hrtime.bigint() - started;
    if (nowUs - dayUs > DAY_US) {
      dayUs = nowUs;
      log.append({ source: "recorder", events: words("recorder.source.stopped") });
      nowUs += 20_000_000;
      log.append({ source: "recorder", events: words("recorder.source.started") });
    }
    if ((from / BATCH) % SETTLE_EVERY !== 0) continue;
    const settling = process.hrtime.bigint();
    log.settle();
    settled += process.hrtime.bigint() - settling;
  }
  log.close();
  renameSync(filling, path);
  return { appendRate: (events / Number(appended)) * 1e9, settleRate: (events / Number(settled)) * 1e9 };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , word, path = "", events = ""] = process.argv;
  process.stdout.write(
    word === "--ask" ? JSON.stringify(answer(path, Number(events))) : table(run(optionsOf(process.argv))),
  );
}
