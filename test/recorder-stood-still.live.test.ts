import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { monotonicUs } from "../cli/clock.ts";
import { readProcess } from "../collectors/proc/stat.ts";
import type { StoredEvent } from "../store/events/envelope.ts";
import { LEASE_US } from "../store/lease.ts";
import { openReader } from "../store/reader.ts";
import { createLiveFleet, type LiveFleet, waitUntil } from "./cli/support/live-fleet.ts";

const BEATING = ["a0", "a1"];
const NAMES = [...BEATING, "gone"];
const SOURCES = ["heartbeat", "journal", "process", "roster", "tmux"];

let live: LiveFleet;
let database: string;

beforeAll(() => {
  const agents = NAMES.map((name) => `  - { name: ${name}, runtime: pi }`).join("\n");
  live = createLiveFleet(
    `version: 1\ntmux: { socket_name: fleet-test }\nheartbeat: { interval_seconds: 1 }\nagents:\n${agents}\n`,
  );
  database = join(live.environment.FLEET_STATE as string, "fleet.db");
  for (const name of NAMES) live.startAgent(name);
});
afterAll(() => live.remove());

function read<T>(look: (reader: ReturnType<typeof openReader>) => T): T {
  const reader = openReader(database);
  try {
    return look(reader);
  } finally {
    reader.close();
  }
}

type Told = StoredEvent & { readonly payload: Readonly<Record<string, unknown>> };
const told = (type: string, afterSeq = 0): Told[] =>
  read((reader) => [...reader.events({ types: [type], afterSeq })]) as Told[];

/** Where it is first said that a source is watched, after a place in the log. */
const watchedAgain = (source: string, afterSeq: number): number | undefined =>
  told("recorder.source.started", afterSeq).find(({ payload }) => payload.source === source)?.seq;

/** One that is stopped within a transaction would keep every other writer out. */
async function standsStill(recorder: ChildProcess): Promise<boolean> {
  recorder.kill("SIGSTOP");
  await waitUntil("it is stopped", () => readProcess(recorder.pid as number)?.state === "T");
  const other = new Sqlite(database, { timeout: 0 });
  try {
    other.exec("BEGIN IMMEDIATE; ROLLBACK");
    return true;
  } catch {
    recorder.kill("SIGCONT");
    return false;
  } finally {
    other.close();
  }
}

test("a recorder whose lapse another writer told looks at every source before it says that it watches it again", async () => {
  const recorder = await live.recorder();
  const statuses = async (...argv: string[]): Promise<string[]> =>
    (await live.ps(...argv)).agents.flatMap(({ name, status }) => (NAMES.includes(name) ? [status] : []));
  await waitUntil(
    "everybody is healthy",
    async () => (await statuses("--no-collect")).join() === "healthy,healthy,healthy",
  );
  const watched = SOURCES.filter((source) => watchedAgain(source, 0) !== undefined);
  expect(watched).toEqual(expect.arrayContaining(["heartbeat", "process", "roster", "tmux"]));

  await waitUntil("it stands still, and holds up no other writer", () => standsStill(recorder.child));
  const stoodAt = read((reader) => reader.lastSeq());
  live.tmux("kill-session", "-t", "=gone");
  await waitUntil("its lease has lapsed", () => {
    const lease = read((reader) => reader.lease());
    return lease !== null && monotonicUs() - lease.lastAliveMonotonicUs > LEASE_US;
  });
  const { stderr } = await live.fleet("send", "a0", "hello");
  const [lapse] = told("recorder.lapsed", stoodAt) as [Told];
  expect({ lapse: lapse?.payload.pid, stderr }).toMatchObject({ lapse: recorder.child.pid });
  recorder.child.kill("SIGCONT");

  await waitUntil("all is watched again", () =>
    watched.every((source) => watchedAgain(source, lapse.seq) !== undefined),
  );
  const [again] = told("recorder.started", lapse.seq) as [Told];
  expect(again.payload).toMatchObject({ pid: recorder.child.pid, silentSinceUs: expect.any(Number) });
  const ofBeats = watchedAgain("heartbeat", lapse.seq) as number;
  for (const name of BEATING) {
    const [beat] = told("heartbeat.received", lapse.seq).filter(({ agent }) => agent === name);
    expect({ name, isBefore: (beat?.seq ?? Infinity) < ofBeats }).toEqual({ name, isBefore: true });
  }
  const [closed] = told("tmux.pane.closed", lapse.seq);
  expect(closed?.seq).toBeLessThan(watchedAgain("tmux", lapse.seq) as number);
  for (const source of watched) expect(watchedAgain(source, lapse.seq)).toBeGreaterThan(again.seq);

  // Of the beats of that time the last is found, and of the time before it nobody knows: by what was read last they had grown stale.
  const { lastAliveUs } = lapse.payload as { readonly lastAliveUs: number };
  const iso = (us: number): string => new Date(us / 1000).toISOString();
  const then = (await statuses("--at", iso(lastAliveUs + 3_500_000))).slice(0, BEATING.length);
  expect(then.filter((status) => !["unobserved", "healthy"].includes(status))).toEqual([]);
  for (const name of BEATING) {
    const gap = ["--since", iso(lastAliveUs), "--until", iso(again.occurredAtUs)];
    const { stdout } = await live.fleet("history", name, ...gap, "--json");
    const [{ intervals }] = JSON.parse(stdout).agents as [{ intervals: { status: string | null }[] }];
    const others = intervals.filter(({ status }) => status !== "unobserved" && status !== "healthy");
    expect({ name, count: intervals.length > 0, others }).toEqual({ name, count: true, others: [] });
  }
});
