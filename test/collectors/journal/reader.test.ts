import fc from "fast-check";
import { expect, test } from "vitest";
import type { Position } from "../../../collectors/journal/position.ts";
import { createReader, MAX_LINE_BYTES } from "../../../collectors/journal/reader.ts";
import type { NewEvent } from "../../../store/events/envelope.ts";

const START: Position = { at: "since", sinceUs: 0, unreadable: 0 };
const NONE = () => [];

function entry(n: number, unit = "mosaic-agent@coder0.service"): string {
  const at = 1_795_238_883_000_000 + n;
  return JSON.stringify({
    __CURSOR: `s=1;i=${n.toString(16)};t=${at.toString(16)}`,
    __REALTIME_TIMESTAMP: String(at),
    MESSAGE_ID: "7d4958e842da4a758f6c1cdc7b36dcc5",
    USER_UNIT: unit,
    _SYSTEMD_USER_UNIT: "init.scope",
    _TRANSPORT: "journal",
  });
}
const line = (text: string, whole = true) => ({ text, bytes: Buffer.byteLength(text), whole });
const positionOf = (n: number): Position => {
  const reader = createReader(START, NONE);
  reader.take([line(entry(n))], 1);
  return reader.position();
};
const types = (events: readonly NewEvent[]) => events.map((event) => event.type);

test("the entry of the cursor is left out, because it was handled before", () => {
  const reader = createReader(positionOf(1), NONE);
  const events = reader.take([line(entry(1)), line(entry(2))], 1);
  expect(events.map((event) => event.occurredAtUs % 1000)).toEqual([2]);
});

test("another entry in its place is a gap that says from when to when, and is itself kept", () => {
  const reader = createReader(positionOf(1), NONE);
  const events = reader.take([line(entry(7)), line(entry(8))], 99);
  expect(types(events)).toEqual(["journal.gap.found", "journal.unit.logged", "journal.unit.logged"]);
  expect(events[0]).toMatchObject({
    occurredAtUs: 99,
    payload: { fromUs: 1_795_238_883_000_001, toUs: 1_795_238_883_000_007, reason: "vacuumed" },
  });
});

test("units that are nobody's move the position and leave no event; the end of the session is kept", () => {
  const reader = createReader(START, () => [{ unit: "odd.service", agent: "odd" }]);
  const events = reader.take(
    ["stranger.service", "mosaic-x.slice", "odd.service", "default.target"].map((unit, n) =>
      line(entry(n, unit)),
    ),
    1,
  );
  expect(events.map((event) => event.agent)).toEqual(["odd", null]);
  expect(reader.position()).toEqual(positionOf(3));
});

test("a half line, a too long one and one of binary rubbish are kept as rejected with a bounded part of them", () => {
  const reader = createReader(START, NONE);
  const long = { text: "x".repeat(MAX_LINE_BYTES), bytes: 10_000_000, whole: false };
  const events = reader.take([line('{"__CURSOR":"s=1'), long, line("\u0000\ufffd\u0001"), line(entry(1))], 5);
  expect(types(events)).toEqual([
    ...Array<string>(3).fill("collector.input.rejected"),
    "journal.unit.logged",
  ]);
  const payloads = events
    .slice(0, 3)
    .map((event) => event.payload as { raw: string; bytes: number; reason: string });
  expect(payloads.map(({ reason }) => reason)).toEqual([
    "journal line: not JSON",
    `journal line: longer than ${MAX_LINE_BYTES} bytes`,
    "journal line: not JSON",
  ]);
  expect(payloads[1]).toMatchObject({ bytes: 10_000_000, raw: "x".repeat(1024) });
});

test("what the end of journalctl cut off is not rejected: the next reading brings it whole", () => {
  const reader = createReader(START, NONE);
  expect(reader.take([line(entry(1).slice(0, 40), false)], 1)).toEqual([]);
  // Whole although its newline is missing.
  expect(types(reader.take([line(entry(1), false)], 1))).toEqual(["journal.unit.logged"]);
});

test("a flood of rubbish is kept bounded and ends as nonsense", () => {
  const reader = createReader(START, NONE);
  expect(reader.take(Array(9_000).fill(line("rubbish")), 1)).toHaveLength(100);
  expect(reader.isNonsense()).toBe(false);
  const events = reader.take([line(entry(1))], 1);
  expect(events[0]).toMatchObject({
    payload: { reason: "journal line: 8900 more in a row, the last of them", bytes: 8900 * 7 },
  });
  reader.take(Array(10_000).fill(line("rubbish")), 1);
  expect(reader.isNonsense()).toBe(true);
});

test("killed after any commit and begun again, with lines that came in any pieces, each fact is told exactly once", () => {
  const content = fc.array(
    fc.oneof(
      { weight: 3, arbitrary: fc.constant("fleet") },
      { weight: 1, arbitrary: fc.constant("stranger") },
      { weight: 2, arbitrary: fc.constant("rubbish") },
    ),
    { maxLength: 40 },
  );
  const pieces = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 10 });
  const kills = fc.array(fc.boolean(), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(content, pieces, kills, (kinds, sizes, killed) => {
      const file = kinds.map((kind, n) => {
        if (kind === "rubbish") return `rubbish ${n}`;
        return entry(n, kind === "fleet" ? "mosaic-agent@a.service" : "stranger.service");
      });
      const cursorAt = (text: string) => {
        const reader = createReader(START, NONE);
        reader.take([line(text)], 1);
        return JSON.stringify(reader.position());
      };
      /** What journalctl prints from a position on: inclusively. */
      const from = (position: Position): string[] => {
        if (position.at === "since") return file;
        const bare = JSON.stringify({ ...position, unreadable: 0 });
        return file.slice(file.findIndex((text) => !text.startsWith("rubbish") && cursorAt(text) === bare));
      };
      const log: NewEvent[] = [];
      let stored: Position = START;
      let step = 0;
      for (let finished = false; !finished; ) {
        const reader = createReader(stored, NONE);
        const rest = from(stored);
        finished = true;
        for (let at = 0; at < rest.length; ) {
          const size = sizes[step % sizes.length] ?? 1;
          const events = reader.take(
            rest.slice(at, at + size).map((text) => line(text)),
            1,
          );
          at += size;
          // The transaction: events and position together, and nothing to write without events.
          if (events.length > 0) {
            log.push(...events);
            stored = reader.position();
          }
          step += 1;
          if (step < 60 && killed[step % killed.length] === true) {
            finished = false;
            break;
          }
        }
      }
      const uninterrupted = createReader(START, NONE).take(
        file.map((text) => line(text)),
        1,
      );
      expect(log).toEqual(uninterrupted);
    }),
  );
});
