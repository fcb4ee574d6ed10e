import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { verifyLog } from "../../store/verify.ts";
import { startProcess } from "./support/child.ts";
import { beat, OWN } from "./support/events.ts";
import { logBench } from "./support/log.ts";

const bench = logBench();

/** What a writer called `name` put into the log, in the order of the log: its pids count what it handed over. */
function written(path: string, name: string): number[] {
  return [...bench.read(path).events({ agent: name })].map(({ payload }) => (payload as { pid: number }).pid);
}

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

function expectWhole(path: string, names: readonly string[]): void {
  const reader = bench.read(path);
  const cursors = bench.raw(path).prepare("SELECT name, CAST(value AS INTEGER) FROM cursors").raw().all();
  for (const [name, cursor] of cursors as [string, number][]) {
    expect(written(path, name)).toEqual(upTo(cursor));
    expect([...reader.events({ agent: `${name}-same` })]).toHaveLength(cursor);
  }
  expect(cursors.map((row) => (row as [string])[0])).toEqual([...names].sort());
  expect(verifyLog(path)).toMatchObject({ ok: true });
  const documents = () => [...bench.read(path).documents(OWN).list("tally")];
  const live = documents();
  bench.open(path).rebuild();
  expect(documents()).toEqual(live);
}

test("processes that append at once lose nothing, double nothing, and keep one chain", async () => {
  const path = bench.path();
  bench.open(path);
  const names = ["p0", "p1", "p2", "p3", "p4", "p5"];
  const children = names.map((name) => startProcess("append-forever.ts", [path, name, "400"]));
  await Promise.all(children.map((child) => child.finished()));
  for (const name of names) expect(written(path, name)).toEqual(upTo(400));
  expectWhole(path, names);
}, 60_000);

test("a process killed at any instant loses nothing it was told is durable, and doubles nothing when it starts again", async () => {
  const path = bench.path();
  bench.open(path);
  const names = ["victim", "bystander"];
  const bystander = startProcess("append-forever.ts", [path, "bystander", "Infinity", "1"]);
  let acknowledged = 0;
  const kept = bench.raw(path).prepare("SELECT value FROM cursors WHERE name = ?").pluck();
  // The same moments on each run; where inside a commit each of them falls is up to the machine.
  for (const moment of fc.sample(fc.record({ lines: fc.nat(30), spins: fc.nat(200_000) }), {
    numRuns: 30,
    seed: 7,
  })) {
    const child = startProcess("append-forever.ts", [path, "victim"]);
    await child.until((lines) => lines.length > moment.lines);
    for (let i = 0; i < moment.spins; i += 1) Math.sqrt(i);
    child.kill("SIGKILL");
    const { signal } = await child.ended();
    expect(signal).toBe("SIGKILL");
    const told = Number(child.lines().at(-1));
    expect(told).toBeGreaterThan(acknowledged);
    acknowledged = told;
    expect(Number(kept.get("victim"))).toBeGreaterThanOrEqual(told);
  }
  bystander.kill("SIGKILL");
  await bystander.ended();
  expect(acknowledged).toBeGreaterThan(1000);
  expectWhole(path, names);
}, 120_000);

test("a rebuild while other processes append loses none of their events", async () => {
  const path = bench.path();
  const log = bench.open(path);
  const names = ["p0", "p1"];
  const children = names.map((name) => startProcess("append-forever.ts", [path, name, "1500", "1"]));
  await Promise.all(children.map((child) => child.until((lines) => lines.length > 2)));
  let rebuilt = 0;
  let isOver = false;
  const over = Promise.all(children.map((child) => child.finished())).then(() => {
    isOver = true;
  });
  while (!isOver) {
    log.rebuild();
    rebuilt += 1;
    await new Promise((resolve) => setImmediate(resolve));
  }
  await over;
  expect(rebuilt).toBeGreaterThan(3);
  expectWhole(path, names);
}, 60_000);

describe("a process that does not let go of the log", () => {
  test("is named, after a bounded wait, and nothing is written", async () => {
    const path = bench.path();
    const log = bench.open(path, { busyTimeoutMs: 300 });
    log.append({ source: "heartbeat", events: [beat("a")] });
    const holder = startProcess("hold-lock.ts", [path]);
    await holder.until((lines) => lines.includes("held"));
    const started = performance.now();
    expect(() => log.append({ source: "heartbeat", events: [beat("b")] })).toThrow(
      expect.objectContaining({
        name: "FleetError",
        kind: "unavailable",
        message: expect.stringMatching(
          new RegExp(
            `${path}: the log is being written by process ${holder.pid} \\(.+\\), which did not finish in time`,
          ),
        ),
        hint: expect.stringMatching(/again/),
      }),
    );
    expect(performance.now() - started).toBeGreaterThan(290);
    expect(log.lastSeq()).toBe(1);
    expect(bench.read(path).documents(OWN).get("agent", "b")).toBeUndefined();
    holder.kill("SIGKILL");
    await holder.ended();
    expect(log.append({ source: "heartbeat", events: [beat("b")] })).toMatchObject({ lastSeq: 2 });
  });
});
