import Sqlite from "better-sqlite3";
import fc from "fast-check";
import { expect, test } from "vitest";
import { openRecordedBy } from "../../store/recorded-by.ts";

/** Rows as a log has them: stamped in their order, some of the first missing since they were archived. */
const tables = fc
  .array(fc.integer({ min: 1, max: 1_000_000_000 }), { maxLength: 60 })
  .chain((steps) => fc.record({ steps: fc.constant(steps), missing: fc.nat(steps.length) }))
  .map(({ steps, missing }) => {
    let atUs = 1_780_000_000_000_000;
    const rows = steps.map((step, i) => {
      atUs += step;
      return { seq: i + 1, atUs };
    });
    return { last: steps.length, rows: rows.slice(missing) };
  });

test("a moment is found where going through all rows finds it, in any stretch, with the first rows there or not", () => {
  fc.assert(
    fc.property(
      tables,
      fc.double({ min: -0.1, max: 1.1, noNaN: true }),
      fc.nat(70),
      fc.nat(70),
      ({ rows, last }, part, a, b) => {
        const database = new Sqlite(":memory:");
        database.exec("CREATE TABLE events (seq INTEGER PRIMARY KEY, recorded_at INTEGER NOT NULL)");
        const insert = database.prepare("INSERT INTO events VALUES (?, ?)");
        for (const { seq, atUs } of rows) insert.run(seq, atUs);
        const recordedBy = openRecordedBy(database);
        const [firstUs, lastUs] = [rows[0]?.atUs ?? 0, rows.at(-1)?.atUs ?? 1];
        const between = Math.round(firstUs + part * (lastUs - firstUs));
        const from = 1 + (a % Math.max(1, last));
        const to = Math.min(last, from + b);
        // What is missing was recorded before the next one that is there.
        const seqs = Array.from({ length: Math.max(0, to - from + 1) }, (_, n) => from + n);
        const known = seqs.map((seq) => rows.find((row) => row.seq >= seq)?.atUs ?? Number.NaN);
        // Each row's own moment, and those beside it, are where a bound is easily taken for its neighbour.
        const beside = rows.flatMap(({ atUs }) => [atUs - 1, atUs, atUs + 1]);
        for (const us of [between, -Infinity, Infinity, ...beside])
          expect(recordedBy(us, from, to)).toBe(from + known.findLastIndex((atUs) => atUs <= us));
        database.close();
      },
    ),
    { numRuns: 300 },
  );
});
