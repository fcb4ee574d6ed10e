import fc from "fast-check";
import { expect, test } from "vitest";
import { commitsOf, decodeBlock, encodeBlock, misnamed } from "../../../store/archive/block.ts";
import type { EventRow } from "../../../store/find-events.ts";
import { openNames } from "../../../store/names.ts";
import { openForReading } from "../../../store/open.ts";
import { beat, T0, vanished } from "../support/events.ts";
import { logBench } from "../support/log.ts";

const bench = logBench();

/** Names of three series (a second, another agent's second, a microsecond) and of two origins. */
function someNames() {
  const path = bench.path();
  const log = bench.open(path);
  log.append({ source: "tmux", events: [beat("coder0"), beat("ü \u{1f600}"), vanished("/tmp/a")] });
  const shell = bench.raw(path);
  shell.exec("INSERT INTO origins VALUES (1, 'one'), (2, 'two')");
  const series = shell.prepare("SELECT series_id FROM series ORDER BY series_id").pluck().all() as number[];
  const database = openForReading(path);
  return { names: openNames(database), series, close: () => database.close() };
}

test("what is decoded is what was encoded, whatever the rows and the commits are", () => {
  const { names, series, close } = someNames();
  const text = fc.oneof(fc.constantFrom('{"a":1}', '{"status":"ok"}', "null"), fc.json());
  const row = fc.record({
    series: fc.constantFrom(...series),
    step: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 40_000_000_000 })),
    // Whole seconds, as beats have them, and anything else: the future too.
    occurred: fc.oneof(
      fc.integer({ min: 0, max: 100 }).map((s) => ({ s })),
      fc.integer({ min: -1e15, max: 1e15 }).map((lag) => ({ lag })),
    ),
    text,
    origin: fc.option(fc.record({ id: fc.constantFrom(1, 2), seq: fc.integer({ min: 1, max: 2 ** 40 }) }), {
      freq: 5,
    }),
    endsCommit: fc.boolean(),
  });
  fc.assert(
    fc.property(
      fc.array(row, { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 1, max: 2 ** 40 }),
      (made, firstSeq) => {
        let recordedAtUs = T0;
        const sizes: number[] = [];
        let size = 0;
        const rows = made.map(
          ({ series: id, step, occurred, text: payload, origin, endsCommit }, i): EventRow => {
            recordedAtUs += step;
            const lag =
              "lag" in occurred
                ? occurred.lag
                : recordedAtUs - (Math.floor(recordedAtUs / 1e6) - occurred.s) * 1e6;
            size += 1;
            if (endsCommit || i === made.length - 1) {
              sizes.push(size);
              size = 0;
            }
            return [firstSeq + i, id, recordedAtUs, lag, payload, origin?.id ?? null, origin?.seq ?? null];
          },
        );
        const block = JSON.parse(JSON.stringify(encodeBlock(rows, { afterUs: T0, commits: sizes, names })));
        expect(decodeBlock(block)).toEqual(rows);
        expect([...commitsOf(block)]).toEqual(sizes);
        expect(misnamed(block, names)).toBeNull();
      },
    ),
  );
  close();
});

test("a name that the log's dictionary has another for is told", () => {
  const { names, series, close } = someNames();
  const rows: EventRow[] = [[1, series[0] as number, T0, 0, "{}", 1, 7]];
  const block = encodeBlock(rows, { afterUs: 0, commits: [1], names });
  const [its] = block.series;
  const renamed = {
    ...block,
    series: [[its?.[0], its?.[1], its?.[2], "somebody else", ...(its?.slice(4) ?? [])]],
  };
  expect(misnamed(renamed as unknown as typeof block, names)).toMatch(
    /^series -?\d+ is .*somebody else.* in the archive/,
  );
  expect(misnamed({ ...block, origins: [[1, "other"]] }, names)).toBe(
    "origin 1 is other in the archive only",
  );
  close();
});
