import type { Database } from "better-sqlite3";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { ChronicleTables } from "../../store/chronicle.ts";
import { openAsideChronicle, TEMPORARY } from "../../store/chronicle-aside.ts";
import { openChronicleTables } from "../../store/chronicle-tables.ts";
import { logBench } from "./support/log.ts";

const bench = logBench();

const family = fc.constantFrom("pane", "own");
const id = fc.constantFrom("a", "b");
const us = fc.integer({ min: 0, max: 30 });
const value = fc.option(fc.constantFrom<unknown>(1, "x", { deep: [1, 2] }), { nil: undefined });

type Step = (tables: ChronicleTables) => unknown;
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(family, id, us, value).map(
    ([family, id, us, value]): Step =>
      (tables) =>
        tables.setFrom(family, id, us, value),
  ),
  fc.tuple(family, id, us).map(
    ([family, id, us]): Step =>
      (tables) =>
        tables.dropFrom(family, id, us),
  ),
  fc.tuple(family, id, us, fc.boolean()).map(
    ([family, id, us, same]): Step =>
      (tables) =>
        tables.evolveFrom(family, id, us, (known) => (same ? known : ["after", known ?? null])),
  ),
  fc.tuple(family, id).map(
    ([family, id]): Step =>
      (tables) =>
        tables.last(family, id)?.value,
  ),
  fc.tuple(family, id).map(
    ([family, id]): Step =>
      (tables) =>
        tables.lastFromUs(family, id),
  ),
  us.map(
    (us): Step =>
      (tables) =>
        tables.linesBeyond(us).map(({ family, id, last }) => [family, id, last.fromUs, last.value]),
  ),
  fc.tuple(id, us, fc.nat(20)).map(
    ([id, atUs, seq]): Step =>
      (tables) =>
        tables.happen({ kind: "point", id, atUs, seq, value: [seq] }),
  ),
  fc.tuple(us, fc.boolean()).map(
    ([us, forget]): Step =>
      (tables) =>
        tables.move("point", us, (row) => (forget ? null : { ...row, atUs: us })),
  ),
);

test("a chronicle that is made aside is the one that would have been kept, however little of it is held back", () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 60 }), fc.constantFrom(2, 4, 16), (steps, heldBack) => {
      const kept = bench.path();
      const made = bench.path();
      for (const path of [kept, made]) bench.open(path).append({ source: "heartbeat", events: [] });
      const live = bench.raw(kept);
      const rebuilt = bench.raw(made);
      const tables = openChronicleTables(live, 1);
      const chronicle = openAsideChronicle({ database: rebuilt, name: TEMPORARY, log: rebuilt }, heldBack);
      const aside = chronicle.open(1);
      for (const step of steps) expect(step(aside)).toEqual(step(tables));
      chronicle.finish();
      const rows = (table: (name: string) => string) => [
        `SELECT line_id, partition_id, family, id, gone_us FROM ${table("lines")} ORDER BY line_id`,
        `SELECT line_id, from_us, value FROM ${table("told")} ORDER BY line_id, from_us`,
        `SELECT * FROM ${table("happened")} ORDER BY 1, 2, 3, 4, 5`,
      ];
      const of = (database: Database, queries: string[]) => queries.map((sql) => database.prepare(sql).all());
      expect(of(rebuilt, rows(TEMPORARY))).toEqual(
        of(
          live,
          rows((table) => table),
        ),
      );
    }),
    { numRuns: 60 },
  );
}, 120_000);
