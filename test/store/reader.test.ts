import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { EventFilter } from "../../store/event-filter.ts";
import type { FleetEvent } from "../../store/events/catalogue.ts";
import type { StoredEvent } from "../../store/events/envelope.ts";
import type { Log } from "../../store/log.ts";
import { beat, OWN, T0, vanished } from "./support/events.ts";
import { logBench, testClock } from "./support/log.ts";

const bench = logBench();
const MINUTE = 60_000_000;

/** An hour of two hosts: beats, transitions, lines that arrive late by up to an hour, and some from the future. */
function fill(path: string, events: number): void {
  const clock = testClock();
  const logs = ["W-jarvis", "W-other"].map((host) =>
    bench.open(path, { clock, identity: { tenantId: "jarvis", host, machineId: null } }),
  );
  const rareAt = Math.floor(events / 3);
  for (let i = 0; i < events; ) {
    const batch: FleetEvent[] = [];
    for (const end = Math.min(events, i + (i % 7) + 1); i < end; i += 1) {
      const agent = `a${i % 5}`;
      const lag = i % 11 === 0 ? (i % 59) * MINUTE : i % 13 === 0 ? -(i % 7) * MINUTE : (i % 50) * 1_000_000;
      const occurredAtUs = clock.us - lag;
      if (i === rareAt) batch.push(vanished("/tmp/rare", { occurredAtUs }));
      else if (i % 4 === 0)
        batch.push({
          type: "process.changed",
          agent,
          source: "process",
          occurredAtUs,
          precision: "ms",
          payload: {
            socket: "s",
            server: 1,
            pane: "%1",
            panePid: i,
            name: null,
            interpreter: null,
            pid: null,
          },
        });
      else batch.push(beat(agent, { occurredAtUs, pid: i % 3 }));
    }
    logs[i % 2]?.append({ source: "heartbeat", events: batch });
    clock.us += 4_000_000;
  }
}

/** What a filter means, said once more, without any index. */
function matches(filter: EventFilter, event: StoredEvent): boolean {
  const { tenantId, host, agent, types, source, afterSeq, beforeSeq, sinceUs, untilUs } = filter;
  return (
    (tenantId === undefined || event.tenantId === tenantId) &&
    (host === undefined || event.host === host) &&
    (agent === undefined || event.agent === agent) &&
    (source === undefined || event.source === source) &&
    (types === undefined ||
      types.some((type) => (type.endsWith(".") ? event.type.startsWith(type) : event.type === type))) &&
    event.seq > (afterSeq ?? 0) &&
    event.seq < (beforeSeq ?? Number.POSITIVE_INFINITY) &&
    event.occurredAtUs >= (sinceUs ?? Number.NEGATIVE_INFINITY) &&
    event.occurredAtUs <= (untilUs ?? Number.POSITIVE_INFINITY)
  );
}

const EVENTS = 3000;
const instant = fc.integer({ min: T0 - 70 * MINUTE, max: T0 + 60 * MINUTE });
const seq = fc.integer({ min: -5, max: EVENTS + 5 });
const filters: fc.Arbitrary<EventFilter> = fc.record(
  {
    tenantId: fc.constantFrom("jarvis", "nobody"),
    host: fc.constantFrom("W-jarvis", "W-other"),
    agent: fc.constantFrom("a0", "a3", "ghost"),
    types: fc.subarray(["heartbeat.received", "process.", "tmux.server.vanished", "tmux.", "heart", "x."]),
    source: fc.constantFrom("heartbeat", "process", "tmux"),
    afterSeq: seq,
    beforeSeq: seq,
    sinceUs: instant,
    untilUs: instant,
    limit: fc.constantFrom(0, 1, 7, 100, 5000),
    newestFirst: fc.boolean(),
  },
  { requiredKeys: [] },
);

describe("events", () => {
  test("match a filter as if every event had been looked at", () => {
    const path = bench.path();
    fill(path, EVENTS);
    const reader = bench.read(path);
    const all = [...reader.events({})];
    expect(all.map((event) => event.seq)).toEqual(Array.from({ length: EVENTS }, (_, i) => i + 1));
    fc.assert(
      fc.property(filters, (filter) => {
        const expected = all.filter((event) => matches(filter, event));
        if (filter.newestFirst) expected.reverse();
        const found = [...reader.events(filter)];
        expect(found.map((event) => event.seq)).toEqual(
          expected.slice(0, filter.limit ?? expected.length).map((event) => event.seq),
        );
      }),
      { numRuns: 400 },
    );
  });

  test("are found by the index they are meant to be found by, however a search is combined", () => {
    const path = bench.path();
    fill(path, 200);
    const reader = bench.read(path);
    // A search that could not use its index would be an error of SQLite's: INDEXED BY insists.
    for (const types of [["process."], ["heartbeat."], undefined])
      for (const times of [
        {},
        { sinceUs: T0 },
        { untilUs: T0 + MINUTE },
        { sinceUs: T0, untilUs: T0 + MINUTE },
      ])
        for (const newestFirst of [false, true])
          [...reader.events({ types, ...times, newestFirst, agent: "a0" })];
    const plan = bench
      .raw(path)
      .prepare(
        `EXPLAIN QUERY PLAN SELECT payload FROM events INDEXED BY events_transitions
         WHERE seq >= 5 AND seq <= 9 AND series_id > 0 AND series_id IN (1, 2) ORDER BY seq DESC LIMIT 9`,
      )
      .all() as { detail: string }[];
    expect(plan.map(({ detail }) => detail)).toEqual([
      expect.stringMatching(/SEARCH events USING INDEX events_transitions \(seq>\? AND seq<\?\)/),
    ]);
  });

  test("that are beats stand in no index, the others in one", () => {
    const path = bench.path();
    fill(path, 1000);
    const indexed = bench
      .raw(path)
      .prepare("SELECT count(*) FROM events INDEXED BY events_transitions WHERE series_id > 0")
      .pluck()
      .get();
    const others = [...bench.read(path).events({})].filter(({ type }) => type !== "heartbeat.received");
    expect(indexed).toBe(others.length);
  });

  test("appended while somebody reads are not in what he reads, and nobody is kept waiting", () => {
    const path = bench.path();
    const log = bench.open(path);
    const beats = (n: number) => Array.from({ length: n }, (_, pid) => beat("a", { pid }));
    log.append({ source: "heartbeat", events: beats(5000) });
    const reading = bench.read(path).events({});
    const first = reading.next().value as StoredEvent;
    log.append({ source: "heartbeat", events: beats(10) });
    expect(bench.raw(path).pragma("wal_checkpoint(TRUNCATE)")).toEqual([
      { busy: 0, log: 0, checkpointed: 0 },
    ]);
    expect([first, ...reading].length).toBe(5000);
  });
});

describe("a reader", () => {
  test("sees each commit of others at once, and tells that there was one", () => {
    const path = bench.path();
    const log = bench.open(path);
    const reader = bench.read(path);
    const before = reader.dataVersion();
    expect(reader.dataVersion()).toBe(before);
    log.append({ source: "heartbeat", events: [beat("a")] });
    expect(reader.dataVersion()).not.toBe(before);
    expect(reader.lastSeq()).toBe(1);
    expect(reader.documents(OWN).get("agent", "a")).toMatchObject({ seq: 1 });
  });

  test("reads several things as of one commit", () => {
    const path = bench.path();
    const log = bench.open(path);
    const reader = bench.read(path);
    log.append({ source: "heartbeat", events: [beat("a")] });
    const [before, after, documents] = reader.atOnce(() => {
      const first = reader.lastSeq();
      log.append({ source: "heartbeat", events: [beat("b")] });
      return [first, reader.lastSeq(), [...reader.documents(OWN).list("agent")].length];
    });
    expect([before, after, documents]).toEqual([1, 1, 1]);
    expect(reader.lastSeq()).toBe(2);
  });

  test("writes nothing", () => {
    const path = bench.path();
    bench.open(path).append({ source: "heartbeat", events: [beat("a")] });
    const reader = bench.read(path);
    const before = bench.raw(path).pragma("data_version", { simple: true });
    reader.documents(OWN);
    [...reader.events({})];
    reader.lease();
    expect(bench.raw(path).prepare("SELECT count(*) FROM events").pluck().get()).toBe(1);
    expect(before).toBe(bench.raw(path).pragma("data_version", { simple: true }));
  });

  test("knows nothing of a partition that is not there", () => {
    const path = bench.path();
    bench.open(path).append({ source: "heartbeat", events: [beat("a")] });
    const reader = bench.read(path);
    const nobody = { tenantId: "nobody", host: "nowhere" };
    expect([...reader.documents(nobody).list("agent")]).toEqual([]);
    expect(reader.observations(nobody)).toEqual([]);
    expect(reader.gauges(nobody)).toEqual({});
    expect(reader.lease()).toBeNull();
  });

  test("lists documents in one order, however they came to be", () => {
    const path = bench.path();
    const log: Log = bench.open(path);
    for (const agent of ["b", "a", "Z", "ü", "c"]) log.append({ source: "heartbeat", events: [beat(agent)] });
    const ids = (list: Iterable<readonly [string, unknown]>) => [...list].map(([id]) => id);
    const order = ["Z", "a", "b", "c", "ü"];
    expect(ids(log.documents().list("agent"))).toEqual(order);
    expect(ids(bench.read(path).documents(OWN).list("agent"))).toEqual(order);
  });

  test("says which event a damaged payload belongs to no better than it can, and that it is damage", () => {
    const path = bench.path();
    const log = bench.open(path);
    log.append({ source: "heartbeat", events: [beat("a"), beat("b")] });
    const shell = bench.raw(path);
    shell.exec("DROP TRIGGER events_no_update; UPDATE events SET payload = '{\"pid\":' WHERE seq = 2");
    const reader = bench.read(path);
    expect(reader.event(1)?.agent).toBe("a");
    expect(() => reader.event(2)).toThrow(
      expect.objectContaining({ kind: "corrupt", hint: expect.stringContaining("fleet verify") }),
    );
  });
});

test("the view for a SQLite shell shows what the reader shows", () => {
  const path = bench.path();
  fill(path, 300);
  const read = [...bench.read(path).events({})].map((event) => [
    event.seq,
    event.tenantId,
    event.host,
    event.agent,
    event.type,
    event.schemaVersion,
    event.source,
    event.precision,
    event.occurredAtUs,
    event.recordedAtUs,
    JSON.stringify(event.payload),
    event.originLog,
    event.originSeq,
  ]);
  expect(bench.raw(path).prepare("SELECT * FROM log ORDER BY seq").raw().all()).toEqual(read);
});
