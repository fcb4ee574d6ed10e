import { describe, expect, test } from "vitest";
import type { NewEvent } from "../../store/events/envelope.ts";
import type { HeartbeatSnapshot, TmuxSnapshot } from "../../store/events/snapshot.ts";
import type { Log } from "../../store/log.ts";
import type { DeriveContext } from "../../store/projection.ts";
import { beat, OWN, T0, vanished } from "./support/events.ts";
import { logBench, testClock } from "./support/log.ts";

const bench = logBench();

const tmuxLook = (begunAtUs: number, endedAtUs = begunAtUs): TmuxSnapshot => ({
  source: "tmux",
  scope: "/tmp/a",
  begunAtUs,
  endedAtUs,
  server: null,
  goneReason: "refused",
  panes: [],
  clients: [],
});
const heartbeatLook = (begunAtUs: number, complete: boolean): HeartbeatSnapshot => ({
  source: "heartbeat",
  scope: "",
  begunAtUs,
  endedAtUs: begunAtUs,
  beats: [],
  complete,
});

/** A log whose derive turns every look into one event, and remembers what it was handed. */
function watched(path: string, clock: { us: number; nowUs(): number }) {
  const contexts: DeriveContext[] = [];
  const log = bench.open(path, {
    clock,
    derive: (documents, snapshot, context): NewEvent[] => {
      contexts.push(context);
      return documents.get("agent", "quiet") ? [] : [vanished(snapshot.scope)];
    },
  });
  return { log, contexts, look: (snapshot: TmuxSnapshot | HeartbeatSnapshot) => lookWith(log, snapshot) };
}

function lookWith(log: Log, snapshot: TmuxSnapshot | HeartbeatSnapshot): number {
  const appended = log.append({ source: snapshot.source, snapshot });
  if (!appended.ok) throw new Error(appended.reason);
  return appended.count;
}

describe("a snapshot", () => {
  test("is turned into events against the documents, those of the same batch included", () => {
    const path = bench.path();
    const { log, look } = watched(path, testClock(T0 + 100));
    expect(look(tmuxLook(T0 + 50))).toBe(1);
    expect(
      log.append({ source: "tmux", events: [beat("quiet")], snapshot: tmuxLook(T0 + 60) }),
    ).toMatchObject({
      count: 1,
    });
    expect(bench.read(path).observations(OWN)).toEqual([{ source: "tmux", scope: "/tmp/a", atUs: T0 + 60 }]);
  });

  test("hands derive the stamp of the next event, and its own beginning on the log's clock", () => {
    const { look, contexts } = watched(bench.path(), testClock(T0 + 1_000));
    look(tmuxLook(T0 + 400, T0 + 900));
    expect(contexts).toEqual([{ nowUs: T0 + 1_000, begunUs: T0 + 400 }]);
  });

  test("of which the second of two writers says nothing new, appends nothing", () => {
    const path = bench.path();
    const seen = {
      occurredAtUs: T0,
      precision: "s",
      payload: beat("a").payload,
    } as HeartbeatSnapshot["beats"][number]["beat"];
    const look = { ...heartbeatLook(T0, false), beats: [{ agent: "a", beat: seen, writerAlive: true }] };
    const recorder = bench.open(path);
    const ps = bench.open(path);
    expect([lookWith(recorder, look), lookWith(ps, look), lookWith(recorder, look)]).toEqual([1, 0, 0]);
  });

  test("that another writer's complete look has overtaken is dropped", () => {
    const path = bench.path();
    const clock = testClock(T0 + 1_000);
    const [one, two] = [watched(path, clock), watched(path, clock)];
    expect(one.look(tmuxLook(T0 + 500, T0 + 800))).toBe(1);
    expect(two.look(tmuxLook(T0 + 700, T0 + 900))).toBe(0);
    expect(two.contexts).toEqual([]);
    expect(bench.read(path).observations(OWN)[0]?.atUs).toBe(T0 + 800);
    expect(two.look(tmuxLook(T0 + 800, T0 + 900))).toBe(1);
  });

  test("of a part is never dropped, and drops no other: each agent's documents tell what is fresher", () => {
    const path = bench.path();
    const clock = testClock(T0 + 1_000);
    const [one, two] = [watched(path, clock), watched(path, clock)];
    expect(one.look(heartbeatLook(T0 + 900, false))).toBe(1);
    expect(two.look(heartbeatLook(T0 + 500, true))).toBe(1);
    expect(one.look(heartbeatLook(T0 + 400, false))).toBe(1);
    expect(one.look(heartbeatLook(T0 + 400, true))).toBe(0);
  });

  test("of the same writer is never taken for overtaken", () => {
    const clock = testClock(T0 + 1_000);
    const { look } = watched(bench.path(), clock);
    expect(look(tmuxLook(T0 + 500, T0 + 1_000))).toBe(1);
    expect(look(tmuxLook(T0 + 999, T0 + 1_000))).toBe(1);
  });
});

describe("a wall clock that was set back by an hour", () => {
  const HOUR = 3_600_000_000;

  test("blinds nobody: looks begun after the last commit are fresher than all documents", () => {
    const path = bench.path();
    const clock = testClock(T0);
    const { look, contexts, log } = watched(path, clock);
    log.append({ source: "tmux", events: [vanished("/tmp/before")] });
    clock.us = T0 - HOUR;
    for (let i = 0; i < 5; i += 1) {
      const newestUs = bench.read(path).event(log.lastSeq())?.recordedAtUs ?? 0;
      clock.us += 1_000_000;
      const begunAtUs = clock.us;
      clock.us += 20_000;
      expect(look(tmuxLook(begunAtUs, clock.us - 1_000))).toBe(1);
      expect(contexts.at(-1)?.begunUs).toBeGreaterThanOrEqual(newestUs);
    }
  });

  test("lets a second writer's looks through as well, once it has seen the log", () => {
    const path = bench.path();
    const clock = testClock(T0);
    const recorder = watched(path, clock);
    recorder.log.append({ source: "tmux", events: [vanished("/tmp/before")] });
    clock.us = T0 - HOUR;
    recorder.look(tmuxLook(clock.us - 10, clock.us));
    const ps = watched(path, clock);
    clock.us += 500_000;
    const begunAtUs = clock.us;
    clock.us += 500_000;
    expect(ps.look(tmuxLook(begunAtUs, clock.us))).toBe(1);
  });

  test("leaves no observation in the future", () => {
    const path = bench.path();
    const clock = testClock(T0);
    const { look } = watched(path, clock);
    look(tmuxLook(T0 - 10, T0));
    clock.us = T0 - HOUR;
    look(tmuxLook(clock.us, clock.us));
    expect(bench.read(path).observations(OWN)[0]?.atUs).toBe(T0 - HOUR);
  });
});
