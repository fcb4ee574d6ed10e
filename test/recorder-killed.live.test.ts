import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { documentsOf } from "../query/planes/documents.ts";
import type { StoredEvent } from "../store/events/envelope.ts";
import { openReader } from "../store/reader.ts";
import { verifyLog } from "../store/verify.ts";
import { createLiveFleet, type LiveFleet, waitUntil } from "./cli/support/live-fleet.ts";

const KILLS = 20;
const BEATING = ["a0", "a1", "a2", "a3"];

let live: LiveFleet;
let database: string;
let load: ReturnType<typeof createLoad> | null = null;

beforeAll(() => {
  const agents = BEATING.map((name) => `  - { name: ${name}, runtime: pi }`).join("\n");
  live = createLiveFleet(
    `version: 1\ntmux: { socket_name: fleet-test }\nheartbeat: { interval_seconds: 1 }\nagents:\n${agents}\n`,
  );
  database = join(live.environment.FLEET_STATE as string, "fleet.db");
  live.startAgent("_holder");
});
afterAll(async () => {
  await load?.stop();
  await live.remove();
});

/** Beats with numbers that never repeat, and sessions that come and go, until it is told to stop. */
function createLoad() {
  let going = true;
  let beats = 0;
  let sessions = 0;
  const last = new Map<string, number>();
  const run = async (): Promise<void> => {
    while (going) {
      for (const name of BEATING) {
        beats += 1;
        last.set(name, beats);
        live.writeBeat(name, `ts=${new Date().toISOString()} pid=${process.pid} status=ok seq=${beats}\n`);
      }
      sessions += 1;
      live.tmux("new-session", "-d", "-s", `churn-${sessions}`, "sleep", "100");
      if (sessions > 3) live.tmux("kill-session", "-t", `=churn-${sessions - 3}`);
      await pause(5);
    }
  };
  const ended = run();
  return {
    last,
    sessions: () => sessions,
    async stop() {
      going = false;
      await ended;
    },
  };
}

function read<T>(look: (reader: ReturnType<typeof openReader>) => T): T {
  const reader = openReader(database);
  try {
    return look(reader);
  } finally {
    reader.close();
  }
}

const payloads = (type: string) =>
  read((reader) => [...reader.events({ types: [type] })]) as (StoredEvent & {
    payload: Record<string, unknown>;
  })[];

test("a recorder killed at random moments under load loses no line of a hook and tells nothing twice", async () => {
  // The hooks stand before the first kill: from then on tmux itself writes down every session.
  const first = await live.recorder();
  await waitUntil("the hooks are set", () => live.tmux("show-hooks", "-g").includes("@fleet_"));
  const going = createLoad();
  load = going;
  first.child.kill("SIGKILL");
  await first.ended;
  for (let kill = 0; kill < KILLS; kill++) {
    const recorder = live.start("record");
    // From before it has opened the log to well within its work; no condition marks a random moment.
    await pause(100 + Math.random() * 700);
    recorder.child.kill("SIGKILL");
    const { stderr, signal } = await recorder.ended;
    // It says that there is no user manager here; an error of its own would begin with its name.
    expect({ signal, failed: /^(?:fleet:|Error)/m.test(stderr) }).toEqual({
      signal: "SIGKILL",
      failed: false,
    });
  }
  // On a busy machine each of them may have been killed before it read a beat: one more lives until it has read some.
  const reading = live.start("record");
  await waitUntil("beats are read under load", () => payloads("heartbeat.received").length > BEATING.length);
  reading.child.kill("SIGKILL");
  await reading.ended;
  await going.stop();
  const last = await live.recorder();
  const spooled = () =>
    payloads("tmux.hook.fired").filter(({ payload }) => payload.hook === "session-created").length;
  await waitUntil("the backlog is read", () => spooled() >= going.sessions());
  await waitUntil("the last beats are read", () =>
    BEATING.every((name) =>
      payloads("heartbeat.received").some(
        ({ agent, payload }) =>
          agent === name && (payload.extra as { seq?: string }).seq === String(going.last.get(name)),
      ),
    ),
  );
  const sessionsNow = live.tmux("list-sessions", "-F", "#{session_name}").split("\n").sort();
  const sessionsKnown = () =>
    read((reader) => [
      ...new Set([...documentsOf(reader.documents(reader.identity()), "pane")].map(([, { name }]) => name)),
    ]);
  await waitUntil(
    "the panes are those that are there",
    () => sessionsKnown().sort().join() === sessionsNow.join(),
  );
  last.child.kill("SIGTERM");
  await last.ended;

  const created = payloads("tmux.hook.fired").filter(({ payload }) => payload.hook === "session-created");
  expect(created.map(({ payload }) => payload.name)).toEqual(
    Array.from({ length: going.sessions() }, (_, index) => `churn-${index + 1}`),
  );
  const numbers = payloads("tmux.hook.fired").map(({ payload }) => payload.n as number);
  expect(new Set(numbers).size).toBe(numbers.length);
  expect(Math.max(...numbers) - Math.min(...numbers) + 1).toBe(numbers.length);

  const beats = payloads("heartbeat.received")
    .filter(({ agent }) => BEATING.includes(agent ?? ""))
    .map(({ agent, payload }) => `${agent} ${(payload.extra as { seq: string }).seq}`);
  expect(new Set(beats).size).toBe(beats.length);
  expect(beats.length).toBeGreaterThan(BEATING.length);

  // By pane id, which tmux never gives twice: of a pane that is gone by the time /proc is read no incarnation is known.
  const lives = payloads("tmux.pane.created").map(({ payload }) => payload.pane);
  expect(new Set(lives).size).toBe(lives.length);
  expect(payloads("tmux.server.appeared")).toHaveLength(1);
  expect(payloads("roster.agent.declared")).toHaveLength(BEATING.length + 1);
  // Every recorder that had begun and was killed is told of as lapsed, once.
  const begun = payloads("recorder.started").map(({ payload }) => payload.pid);
  const ended = [...payloads("recorder.lapsed"), ...payloads("recorder.stopped")].map(
    ({ payload }) => payload.pid,
  );
  expect(ended.sort()).toEqual(begun.sort());
  expect(verifyLog(database)).toMatchObject({ ok: true });
});

test("and what is folded anew from that log is the same", async () => {
  const documents = () =>
    read((reader) => {
      const own = reader.documents(reader.identity());
      return ["agent", "pane", "heartbeat", "roster", "server", "coverage"].map((family) => [
        ...own.list(family),
      ]);
    });
  const before = documents();
  expect((await live.fleet("rebuild")).code).toBe(0);
  expect(documents()).toEqual(before);
});
