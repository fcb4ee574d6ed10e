import { afterAll, beforeAll, expect, test } from "vitest";
import type { DiffDocument } from "../query/diff.ts";
import type { HistoryDocument } from "../query/history-document.ts";
import type { IncidentsDocument } from "../query/incidents.ts";
import { exactUsOf } from "../query/instant.ts";
import type { PsDocument } from "../query/row.ts";
import type { UptimeDocument } from "../query/uptime.ts";
import type { WhenDocument } from "../query/when.ts";
import { waitUntil } from "./cli/support/live-fleet.ts";
import { buildFactory, FACTORY_AGENTS, type Factory } from "./sandbox/factory.ts";
import { createHost, type Host } from "./sandbox/host.ts";

/** Deadlines are generous: what is asserted is which moments the answers name, by marks that were set when things were done. */
const DEADLINE_MS = 60_000;
const S = 1e6;
/** The factory's agents beat each second, so a beat is good for three. */
const REACH_US = 3 * S;

let host: Host;
let factory: Factory;
/** What was done, and the moments right before and right after it, by the host's own clock. */
const done: Record<string, { fromUs: number; toUs: number }> = {};

const nowUs = () => Date.now() * 1000;
async function mark(what: string, act: () => Promise<unknown>): Promise<void> {
  const fromUs = nowUs();
  await act();
  done[what] = { fromUs, toUs: nowUs() + 1000 };
}

async function ask<T>(...words: string[]): Promise<T> {
  const { stdout, stderr, code } = await factory.fleet(...words, "--json");
  if (stdout === "") throw new Error(`fleet ${words.join(" ")} ended with ${code}: ${stderr}`);
  return JSON.parse(stdout) as T;
}

const iso = (us: number) => new Date(Math.floor(us / 1000)).toISOString();
const until = (what: string, holds: () => Promise<boolean>) => waitUntil(what, holds, DEADLINE_MS);
const untilIs = (name: string, status: string) =>
  until(
    `${name} is ${status}`,
    async () => (await factory.ps()).agents.find((agent) => agent.name === name)?.status === status,
  );
const untilRecording = () =>
  until("a recorder is at work", async () => (await factory.ps()).observer.state === "recording");

/** A moment that a source named lies between the marks; `coarseUs`: how exactly that source can name it. */
function expectWithin(at: string | null | undefined, what: string, coarseUs: number): void {
  const { fromUs, toUs } = done[what] as { fromUs: number; toUs: number };
  expect(exactUsOf(at ?? ""), what).toBeGreaterThanOrEqual(fromUs - coarseUs);
  expect(exactUsOf(at ?? ""), what).toBeLessThanOrEqual(toUs + coarseUs);
}

/** The last beat before a moment, as the log holds it. */
async function lastBeatUs(agent: string, beforeUs: number): Promise<number> {
  const words = ["--agent", agent, "--type", "heartbeat.received", "--until", iso(beforeUs), "--limit", "1"];
  const { stdout } = await factory.fleet("events", ...words, "--json");
  return exactUsOf((JSON.parse(stdout) as { occurred_at: string }).occurred_at);
}

beforeAll(async () => {
  host = await createHost({ name: "past", network: "private" });
  factory = await buildFactory(host, "alice");
  await factory.startRecorder();
  for (const name of FACTORY_AGENTS) await untilIs(name, "healthy");
  done.healthy = { fromUs: nowUs(), toUs: nowUs() };
  // tmux tells the hour of a death in whole seconds: let one pass, so that this moment lies before it in any case.
  const beganUs = done.healthy.fromUs;
  await until("a second has passed", async () => nowUs() > beganUs + S);

  await mark("silenced", async () =>
    factory.run("kill", "-USR1", String(await factory.panePid("canary-pi"))),
  );
  await mark("killed", async () =>
    factory.run("kill", "-KILL", String(await factory.panePid("dogfood-coder"))),
  );
  await untilIs("dogfood-coder", "failed");
  await untilIs("canary-pi", "stale");
  await mark("beating again", async () =>
    factory.run("kill", "-USR2", String(await factory.panePid("canary-pi"))),
  );
  await untilIs("canary-pi", "healthy");

  await mark("stopped", factory.stopRecorder);
  // A session that is closed while nobody records: only tmux's own hook sees it.
  await mark("closed", () => factory.tmux("kill-session", "-t", "=dogfood-reviewer"));
  const gapBegan = nowUs();
  const beatAt = async () =>
    Number(
      await factory.run("stat", "-c", "%Y", "/home/alice/.config/mosaic/fleet/run/dogfood-orchestrator.hb"),
    );
  await until("it went on beating", async () => (await beatAt()) * S > gapBegan + 2 * REACH_US);
  await mark("started", factory.startRecorder);
  await untilRecording();
  await untilIs("dogfood-reviewer", "dead");
  await untilIs("dogfood-orchestrator", "healthy");

  await mark("rebooted", () => host.reboot());
  await factory.startRecorder();
  await untilRecording();
  await untilIs("dogfood-orchestrator", "dead");
}, 300_000);
afterAll(async () => {
  await host.down();
});

/** A recorder may still see what a shutdown does first: processes that are gone while their panes are not. */
const untilTheReboot = () => [
  ...["--since", iso(done.healthy?.fromUs ?? 0)],
  ...["--until", iso(done.rebooted?.fromUs ?? 0)],
];

test("whose heartbeat stopped went stale three intervals after its last beat, to the microsecond", async () => {
  const lastUs = await lastBeatUs("canary-pi", (done["beating again"]?.fromUs ?? 0) - 1000);
  expect(lastUs).toBeLessThanOrEqual((done.silenced?.toUs ?? 0) + S);
  const { first, count } = await ask<WhenDocument>("when", "canary-pi", "stale", ...untilTheReboot());
  expect(count).toBe(1);
  expect(exactUsOf(first?.from ?? "")).toBe(lastUs + REACH_US + 1);
  expectWithin(first?.to, "beating again", S);
  expect(first?.reason).toBe("no beat");
});

test("the table of each moment is what was true then, and says who watched", async () => {
  const at = async (us: number) => {
    const document = await ask<PsDocument>("ps", "--at", iso(us));
    return {
      observer: document.observer.state,
      ...Object.fromEntries(document.agents.map(({ name, status }) => [name, status])),
    };
  };
  const well = Object.fromEntries(FACTORY_AGENTS.map((name) => [name, "healthy"]));
  expect(await at(done.healthy?.fromUs ?? 0)).toEqual({ observer: "recording", _holder: "running", ...well });
  expect(await at(done["beating again"]?.fromUs ?? 0)).toMatchObject({
    "canary-pi": "stale",
    "dogfood-coder": "failed",
    "dogfood-orchestrator": "healthy",
  });
  // In the gap, when the last beat's reach is over and the beat that is found after it is not made yet: what dead panes and
  // hooks prove is known, what would have needed a watcher is not.
  expect(await at((done.stopped?.toUs ?? 0) + REACH_US + 0.3 * S)).toMatchObject({
    observer: "absent",
    _holder: "running",
    "dogfood-coder": "failed",
    "dogfood-reviewer": "dead",
    "dogfood-orchestrator": "unobserved",
  });
  expect(await at(nowUs() - 1000)).toMatchObject({ observer: "recording", "dogfood-orchestrator": "dead" });
});

test("the gap is the recorder's own, from its stop to its start", async () => {
  const { gaps } = await ask<HistoryDocument>("history", "--since", iso(done.healthy?.fromUs ?? 0));
  expect(gaps.map(({ cause }) => cause)).toEqual(["stopped", "stopped"]);
  expectWithin(gaps[0]?.from, "stopped", 0);
  expectWithin(gaps[0]?.to, "started", 2 * S);
  expectWithin(gaps[1]?.from, "rebooted", 0);
  const never = await factory.fleet("when", "dogfood-orchestrator", "stale", ...untilTheReboot());
  expect(never.code).toBe(3);
  expect(never.stdout).toContain("as far as anybody could tell");
});

test("uptime: of the gap what lies beyond the last beat's reach is unobserved, and the buckets add up", async () => {
  const window = [iso(done.healthy?.toUs ?? 0), iso(done.rebooted?.fromUs ?? 0)] as const;
  const document = await ask<UptimeDocument>("uptime", "--since", window[0], "--until", window[1]);
  for (const figures of [...document.agents, document.total]) {
    const { healthy_us, unhealthy_us, planned_us, unobserved_us, window_us } = figures;
    expect(healthy_us + unhealthy_us + planned_us + unobserved_us).toBe(window_us);
  }
  const of = (name: string) => document.agents.find((agent) => agent.name === name);
  const beyondUs = (done.started?.fromUs ?? 0) - (done.stopped?.toUs ?? 0) - REACH_US;
  expect(of("dogfood-orchestrator")).toMatchObject({ outages: 0, availability: 1, unhealthy_us: 0 });
  expect(of("dogfood-orchestrator")?.unobserved_us).toBeGreaterThan(beyondUs - 2 * S);
  expect(of("canary-pi")).toMatchObject({ outages: 1 });
  expect(of("dogfood-coder")).toMatchObject({ outages: 1, mttr_us: null });
});

test("incidents: who failed, of what, at which instant; the reboot's deaths together at its own hour", async () => {
  const { incidents } = await ask<IncidentsDocument>("incidents", "--since", iso(done.healthy?.fromUs ?? 0));
  const deaths = incidents.flatMap(({ cause, deaths: all }) => all.map((death) => ({ ...death, cause })));
  const of = (name: string) => deaths.find(({ agent }) => agent === name);
  expect(of("dogfood-coder")).toMatchObject({
    witnessed: true,
    cause: null,
    pane: { signal: 9, exit_status: null },
  });
  expectWithin(of("dogfood-coder")?.at, "killed", S);
  expect(of("dogfood-coder")?.course[0]).toMatchObject({ status: "failed", reason: "signal 9" });
  expect(of("canary-pi")?.course[0]).toMatchObject({ status: "stale", reason: "no beat" });
  // Nobody recorded, and yet its hour is known: tmux's hook wrote it down.
  expectWithin(of("dogfood-reviewer")?.at, "closed", S);
  const reboot = incidents.find(({ cause }) => cause?.kind === "reboot");
  expect(
    reboot?.deaths.map(({ agent }) => agent).sort(),
    JSON.stringify(await ask("history", "dogfood-coder", "--since", iso(done.healthy?.fromUs ?? 0))),
  ).toEqual(["_holder", "canary-pi", "dogfood-orchestrator"]);
  expectWithin(reboot?.at, "rebooted", S);
  const rebooted = await ask<WhenDocument>("when", "canary-pi", "rebooted", "--since", "1h");
  const { boots } = await ask<HistoryDocument>("history", "--since", "1h");
  expect(boots.map(({ at }) => at)).toEqual([rebooted.first?.from]);
});

test("diff: from a fleet at rest to one that did not come back", async () => {
  const { agents } = await ask<DiffDocument>("diff", iso(done.healthy?.fromUs ?? 0));
  expect(agents.map(({ name, change }) => `${name} ${change}`).sort()).toEqual(
    [...FACTORY_AGENTS, "_holder"].map((name) => `${name} changed`).sort(),
  );
});

test("the answers are the same after a rebuild, without a recorder", async () => {
  const since = iso(done.healthy?.fromUs ?? 0);
  const until = iso(done.rebooted?.fromUs ?? 0);
  const story = () => ask<HistoryDocument>("history", "--since", since, "--until", until);
  const { agents, gaps } = await story();
  await factory.stopRecorder();
  expect((await factory.fleet("rebuild")).code).toBe(0);
  expect(await story()).toMatchObject({ agents, gaps });
});
