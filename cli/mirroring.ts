import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { bootId, readProcess } from "../collectors/proc/stat.ts";
import type { MirrorIdentity } from "../otel/mirror/identity.ts";
import { mirror } from "../otel/mirror/mirror.ts";
import { createPlanner } from "../otel/mirror/planner.ts";
import { traceSerializer } from "../otel/mirror/serializer.ts";
import { openPost } from "../otel/otlp/post.ts";
import { type OtlpSettings, otlpSettings } from "../otel/otlp/settings.ts";
import { oneThenAtATime } from "../store/chronicle-then.ts";
import { type MirrorBook, openMirrorBook } from "../store/mirror-book.ts";
import { openReader, type Reader } from "../store/reader.ts";
import { monotonicUs, nowUs } from "./clock.ts";
import { commits } from "./commits.ts";
import type { Places, Variables } from "./environment.ts";
import { isHolderAlive } from "./holder.ts";
import { startMetricsPush } from "./metrics-push.ts";
import { TRACES } from "./mirror-name.ts";
import { openPast } from "./past.ts";
import { liveRecorder } from "./present.ts";
import { readCertificates } from "./read-certificates.ts";
import { VERSION } from "./version.ts";

/** Planning reads the past, so it may take at most this share of the time. */
const PLANNING_SHARE = 1 / 50;
const LEAST_PAUSE_MS = 1000;
/** Also when nothing is committed: what is settled depends on the clock. */
const LONGEST_PAUSE_MS = 30_000;

export interface MirroringOptions {
  readonly places: Places;
  readonly variables: Variables;
  readonly signal: AbortSignal;
  /** `--from`: what ended at or after this moment is sent once more, or at all. */
  readonly fromUs: number | null;
  readonly heartbeatSpans: boolean;
  readonly once: boolean;
  readonly onTrouble: (reason: string | null) => void;
  readonly onStart: (settings: OtlpSettings, identity: MirrorIdentity) => void;
}

/** Mirrors the log of this state directory until `signal` ends it. */
export async function runMirror(options: MirroringOptions): Promise<void> {
  const { places, variables, signal } = options;
  const settings = otlpSettings(variables, "traces");
  const certificates = readCertificates(settings);
  const reader = openReader(places.database);
  const book = openMirrorBook(places.database, TRACES);
  const { post, close } = openPost(settings, certificates, `fleet/${VERSION}`);
  try {
    const pidStart = readProcess(process.pid)?.startTicks ?? null;
    book.claim({ pid: process.pid, pidStart, bootId: bootId(), version: VERSION }, isHolderAlive);
    const identity = identityOf(reader, variables);
    options.onStart(settings, identity);
    startFrom(book, options.fromUs);
    // Beside a recorder of another version of fleet the log is folded for each pass.
    const fold = oneThenAtATime();
    const planner = createPlanner({
      reader,
      book,
      identity,
      openPast: (atUs) => openPast(reader, reader.identity(), atUs, fold),
      nowUs,
      recorderAliveAtUs: (atUs) => recorderAliveAtUs(reader, atUs),
      heartbeatSpans: options.heartbeatSpans,
      sinceUs: options.fromUs,
    });
    const { serialize, readPartial } = traceSerializer(settings.protocol, identity);
    const metrics = options.once ? null : startMetricsPush(reader, variables, options.onTrouble);
    await mirror(
      {
        book,
        planner: { pass: () => timed(planner.pass()) },
        serialize,
        readPartial,
        post,
        nowUs,
        random: Math.random,
        wait,
        worthPlanning: pacing(reader, places.tick),
        onTrouble: options.onTrouble,
        once: options.once,
      },
      signal,
    ).finally(() => metrics?.stop());
    book.release();
  } finally {
    close();
    book.close();
    reader.close();
  }
}

/** A mirror that has told of things before sends those again; a new one begins at that moment instead of with the log. */
function startFrom(book: MirrorBook, fromUs: number | null): void {
  if (fromUs !== null && book.state().plan !== null) book.startAgain(fromUs);
}

export function identityOf(reader: Reader, variables: Variables): MirrorIdentity {
  const { tenantId, host } = reader.identity();
  return { tenantId, host, hostId: machineId(host, variables), logId: reader.logId, version: VERSION };
}

/** The machine's own id belongs to its own host only: a log that was brought here from elsewhere names another. */
function machineId(host: string, variables: Variables): string | null {
  if (host !== (variables.FLEET_HOST || hostname())) return null;
  try {
    return readFileSync("/etc/machine-id", "latin1").trim() || null;
  } catch {
    return null;
  }
}

function recorderAliveAtUs(reader: Reader, atUs: number): number | null {
  const lease = liveRecorder(reader) === null ? null : reader.lease();
  return lease === null ? null : atUs - Math.max(0, monotonicUs() - lease.lastAliveMonotonicUs);
}

let planningMs = 0;

async function* timed(pass: AsyncGenerator<void>): AsyncGenerator<void> {
  planningMs = 0;
  for (;;) {
    const begunMs = performance.now();
    const { done } = await pass.next();
    planningMs += performance.now() - begunMs;
    if (done) return;
    yield;
  }
}

function pacing(reader: Reader, tick: string): (signal: AbortSignal) => Promise<void> {
  return async (signal) => {
    await wait(Math.max(LEAST_PAUSE_MS, planningMs / PLANNING_SHARE), signal);
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), LONGEST_PAUSE_MS);
    try {
      const either = AbortSignal.any([signal, patience.signal]);
      for await (const _ of commits({ tick, dataVersion: () => reader.dataVersion(), signal: either })) break;
    } finally {
      clearTimeout(timer);
    }
  };
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}
