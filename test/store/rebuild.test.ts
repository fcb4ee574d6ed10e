import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { eventAt } from "../../bench/load.ts";
import { derive as derivePlanes, projections as planes } from "../../query/planes/all.ts";
import type { FleetEvent } from "../../store/events/catalogue.ts";
import type { NewEvent } from "../../store/events/envelope.ts";
import type { Projection } from "../../store/projection.ts";
import { verifyLog } from "../../store/verify.ts";
import { beat, OWN, T0, tally, vanished } from "./support/events.ts";
import { allDocuments, logBench, testClock } from "./support/log.ts";

const bench = logBench();
const dump = (path: string) =>
  bench.raw(path).prepare("SELECT * FROM documents ORDER BY partition_id, family, id").all();

/** Events of few agents and texts, so that they meet each other. */
const agents = fc.constantFrom("a", "b", "c", "0", "ü", "z z");
const atUs = fc.integer({ min: T0 - 10_000_000, max: T0 + 10_000_000 });
const someEvent: fc.Arbitrary<FleetEvent> = fc.oneof(
  fc
    .record({ agent: agents, occurredAtUs: atUs, pid: fc.nat(3), status: fc.constantFrom("ok", "busy") })
    .map(({ agent, ...over }) => beat(agent, over)),
  fc.record({ agent: agents, occurredAtUs: atUs }).map(
    ({ agent, occurredAtUs }): FleetEvent => ({
      type: "heartbeat.file.removed",
      agent,
      source: "heartbeat",
      occurredAtUs,
      precision: "us",
      payload: {},
    }),
  ),
  fc.record({ occurredAtUs: atUs }).map((over) => vanished("/tmp/a", over)),
);
const batches = fc.array(fc.array(someEvent, { maxLength: 120 }), { minLength: 1, maxLength: 12 });
/** What may happen between two batches. */
const happening = fc.constantFrom("nothing", "rebuild", "reopen", "other writer", "failed batch", "replay");

describe("rebuilding at any moment gives what appending gave", () => {
  test("for any batching, restarts, several writers, refused batches and replays", () => {
    fc.assert(
      fc.property(batches, fc.array(happening, { minLength: 12, maxLength: 12 }), (all, happenings) => {
        const path = bench.path();
        const straight = bench.open(bench.path());
        straight.append({ source: "heartbeat", events: all.flat() });
        let log = bench.open(path);
        const other = bench.open(path);
        const batch = (i: number) =>
          ({
            source: "heartbeat",
            events: all[i] ?? [],
            cursor: { name: "spool", expected: i === 0 ? null : String(i), next: String(i + 1) },
          }) as const;
        all.forEach((events, i) => {
          switch (happenings[i]) {
            case "rebuild":
              log.rebuild();
              break;
            case "reopen":
              log.close();
              log = bench.open(path);
              break;
            case "other writer":
              other.append(batch(i));
              return;
            case "replay":
              for (let old = 0; old < i; old += 1) expect(log.append(batch(old)).ok).toBe(false);
              break;
            case "failed batch":
              expect(() =>
                log.append({ source: "heartbeat", events: [...events, { ...beat("a"), occurredAtUs: 0.5 }] }),
              ).toThrow();
              break;
          }
          log.append(batch(i));
        });
        const live = dump(path);
        expect(log.rebuild()).toEqual({ events: all.flat().length });
        expect(dump(path)).toEqual(live);
        log.rebuild();
        expect(dump(path)).toEqual(live);
        expect(allDocuments(other.documents())).toEqual(allDocuments(log.documents()));
        expect(tallies(log.documents())).toEqual(tallies(straight.documents()));
        expect(verifyLog(path)).toMatchObject({ ok: true, events: all.flat().length });
      }),
      { numRuns: 25 },
    );
  }, 60_000);

  test("for the real planes of a fleet, chunk by chunk", () => {
    const path = bench.path();
    const clock = testClock();
    const options = { projections: planes, derive: derivePlanes, clock };
    const log = bench.open(path, options);
    for (let from = 0; from < 6000; from += 500) {
      const rows = Array.from({ length: 500 }, (_, i) => eventAt(from + i, 1000));
      clock.us = rows.at(-1)?.recordedAtUs ?? T0;
      log.append({ source: "heartbeat", events: rows.map(({ event }) => event) });
    }
    const live = dump(path);
    const seen: number[] = [];
    expect(log.rebuild((seq) => seen.push(seq))).toEqual({ events: 6000 });
    expect(dump(path)).toEqual(live);
    expect(live.length).toBeGreaterThan(100);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen.at(-1)).toBe(6000);
  });
});

test("rebuilding touches neither the lease nor observations, gauges and cursors, nor the log", () => {
  const path = bench.path();
  const log = bench.open(path);
  log.claimLease({ pid: 1, pidStart: 2, bootId: "b", version: "1" }, () => true);
  log.append({
    source: "tmux",
    events: [beat("a"), vanished("/tmp/a")],
    cursor: { name: "c", expected: null, next: "1" },
    observed: { scope: "/tmp/a", atUs: T0 },
    gauges: { scope: "/tmp/a", values: { "%1": 1 } },
  });
  const tables = ["lease", "observations", "gauges", "cursors", "events", "batches", "log_ids", "payloads"];
  const all = () => tables.map((table) => bench.raw(path).prepare(`SELECT * FROM ${table}`).all());
  const before = all();
  expect(before.slice(0, 6).every((rows) => rows.length > 0)).toBe(true);
  log.rebuild();
  expect(all()).toEqual(before);
});

test("a document that was damaged or invented is put right", () => {
  const path = bench.path();
  const log = bench.open(path);
  log.append({ source: "heartbeat", events: [beat("a"), beat("b")] });
  const before = dump(path);
  bench.raw(path).exec(`UPDATE documents SET document = '"nonsense"' WHERE id = 'a';
    INSERT INTO documents VALUES (1, 'agent', 'ghost', '{}'); DELETE FROM documents WHERE id = 'b'`);
  log.rebuild();
  expect(dump(path)).toEqual(before);
  expect(bench.read(path).documents(OWN).get("agent", "ghost")).toBeUndefined();
});

test("a document that is no JSON any more is said to be damaged, and a rebuild mends it", () => {
  const path = bench.path();
  bench.open(path).append({ source: "heartbeat", events: [beat("a"), beat("b")] });
  const before = dump(path);
  bench.raw(path).exec("UPDATE documents SET document = '{\"seq\":' WHERE id = 'a'");
  const log = bench.open(path);
  const damaged = expect.objectContaining({
    kind: "corrupt",
    hint: expect.stringContaining("fleet rebuild"),
  });
  expect(() => log.append({ source: "heartbeat", events: [beat("c")] })).toThrow(damaged);
  expect(() => bench.read(path).documents(OWN).get("agent", "a")).toThrow(damaged);
  log.rebuild();
  expect(dump(path)).toEqual(before);
  expect(log.append({ source: "heartbeat", events: [beat("c")] })).toMatchObject({ lastSeq: 3 });
});

describe("versions of the folds", () => {
  const next: Projection = {
    ...tally,
    version: 2,
    evolve: (documents, event) => documents.set("tally", event.type, { v: 2, seq: event.seq }),
  };

  test("documents of an older fold are rebuilt when the log is opened for writing", () => {
    const path = bench.path();
    const told: [events: number, wasFolded: boolean][] = [];
    const refolding = (...said: (typeof told)[number]) => void told.push(said);
    bench.open(path).append({ source: "heartbeat", events: [beat("a"), beat("b")] });
    bench.open(path, { refolding });
    expect(told).toEqual([]);
    const log = bench.open(path, { projections: [next], refolding });
    expect(told).toEqual([[2, true]]);
    expect(allDocuments(log.documents())).toEqual({
      tally: [["heartbeat.received", { v: 2, seq: 2 }]],
      agent: [],
      order: [],
    });
  });

  test("a fold that is new here is folded from the beginning", () => {
    const path = bench.path();
    bench.open(path, { projections: [] }).append({ source: "heartbeat", events: [beat("a"), beat("b")] });
    const log = bench.open(path);
    expect([...log.documents().list("agent")].map(([id]) => id)).toEqual(["a", "b"]);
  });

  test("a process with the older fold is stopped at its next append, and cannot rebuild backwards", () => {
    const path = bench.path();
    const old = bench.open(path);
    old.append({ source: "heartbeat", events: [beat("a")] });
    const log = bench.open(path, { projections: [next] });
    const before = dump(path);
    for (const act of [
      () => old.append({ source: "heartbeat", events: [beat("b")] }),
      () => old.documents(),
      () => old.rebuild(),
    ]) {
      expect(act).toThrow(expect.objectContaining({ name: "FleetError", kind: "too-new" }));
    }
    expect([dump(path), log.lastSeq()]).toEqual([before, 1]);
    expect(() => bench.open(path)).toThrow(expect.objectContaining({ kind: "too-new" }));
  });

  test("a fold reads only the types it names", () => {
    const seen: string[] = [];
    const narrow: Projection = {
      name: "narrow",
      version: 1,
      types: new Set(["tmux.server.vanished"]),
      evolve: (_, event) => void seen.push(event.type),
    };
    const log = bench.open(bench.path(), { projections: [narrow] });
    log.append({ source: "tmux", events: [beat("a"), vanished("/tmp/a"), beat("b")] });
    log.rebuild();
    expect(seen).toEqual(["tmux.server.vanished", "tmux.server.vanished"]);
  });
});

test("events of a type or version that this fleet does not know survive, are shown, and do no harm to a rebuild", () => {
  const path = bench.path();
  const log = bench.open(path);
  log.append({ source: "heartbeat", events: [beat("a")] });
  const shell = bench.raw(path);
  shell.exec(`INSERT INTO kinds VALUES (50, 'quantum.state.collapsed', 7, 'oracle', 'us');
    INSERT INTO series VALUES (50, 1, 50);
    INSERT INTO events VALUES (2, 50, ${T0 + 50}, 25, '{"cat":["dead","alive"]}', NULL, NULL)`);
  const unknown = bench.read(path).event(2);
  expect(unknown).toMatchObject({
    type: "quantum.state.collapsed",
    schemaVersion: 7,
    source: "oracle",
    agent: "a",
    occurredAtUs: T0 + 25,
    payload: { cat: ["dead", "alive"] },
  });
  expect(log.rebuild()).toEqual({ events: 2 });
  expect(log.documents().get("tally", "quantum.state.collapsed")).toMatchObject({ count: 1 });
});

/** Tallies depend on the order, the place and the time of every event, and so agree only where nothing was lost or doubled. */
function tallies(documents: { get(family: string, id: string): unknown }): unknown {
  const types: NewEvent["type"][] = ["heartbeat.received", "heartbeat.file.removed", "tmux.server.vanished"];
  return types.map((type) => documents.get("tally", type));
}
