import fc from "fast-check";
import { expect, test } from "vitest";
import { ansi, plain } from "../../../cli/render/colour.ts";
import { formatTable, type Table } from "../../../cli/render/table.ts";
import { widthOf } from "../../../cli/render/text.ts";

const table: Table = {
  columns: [
    { id: "name", title: "NAME" },
    { id: "age", title: "AGE", align: "right" },
    { id: "unit", title: "UNIT" },
  ],
  rows: [
    [
      { said: ["日本語"], tone: null },
      { said: ["4 s"], tone: null },
      { said: ["active (exited)", "active"], tone: "good" },
    ],
    [
      { said: ["orchestrator"], tone: null },
      { said: ["12 min"], tone: "bad" },
      { said: ["failed"], tone: "bad" },
    ],
  ],
  squeezes: [
    { column: "unit", by: "shorten" },
    { column: "name", by: "truncate", to: 5 },
    { column: "unit", by: "drop" },
  ],
};

test("columns line up, wide characters too, and no line ends in blanks", () => {
  expect(formatTable(table, null, plain)).toEqual([
    "NAME             AGE  UNIT",
    "日本語           4 s  active (exited)",
    "orchestrator  12 min  failed",
  ]);
});

test("a narrower table first says the same in fewer words, then cuts, then gives a column up", () => {
  expect(formatTable(table, 28, plain)).toEqual([
    "NAME             AGE  UNIT",
    "日本語           4 s  active",
    "orchestrator  12 min  failed",
  ]);
  expect(formatTable(table, 24, plain)).toEqual([
    "NAME         AGE  UNIT",
    "日本語       4 s  active",
    "orchest…  12 min  failed",
  ]);
  expect(formatTable(table, 15, plain)).toEqual(["NAME      AGE", "日本…     4 s", "orch…  12 min"]);
});

test("a column in which nobody has anything to say is not shown", () => {
  const said = (text: string) => ({ said: [text] as const, tone: null });
  const rows = [[said("a"), said(""), said("x")]];
  expect(formatTable({ ...table, rows }, null, plain)).toEqual(["NAME  UNIT", "a     x"]);
});

test("a column that may take so much and no more is cut where the table could be as wide as it likes", () => {
  const columns = [{ id: "name", title: "NAME", most: 8 }, ...table.columns.slice(1)];
  expect(formatTable({ ...table, columns }, null, plain)).toEqual([
    "NAME         AGE  UNIT",
    "日本語       4 s  active (exited)",
    "orchest…  12 min  failed",
  ]);
});

test("colour changes nothing but the colour", () => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is the escape character that is looked for.
  const bare = formatTable(table, 24, ansi).map((line) => line.replace(/\u001b\[[0-9;]*m/g, "").trimEnd());
  expect(bare).toEqual(formatTable(table, 24, plain));
});

test("the table is never wider than asked for while there is anything left to give up", () => {
  const cell = fc.record({
    said: fc.tuple(
      fc.string({ maxLength: 30, unit: "grapheme-ascii" }),
      fc.string({ maxLength: 6, unit: "grapheme-ascii" }),
    ),
    tone: fc.constant(null),
  });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(cell, cell, cell), { minLength: 1 }),
      fc.integer({ min: 16, max: 90 }),
      (rows, width) => {
        const squeezes = [
          { column: "unit", by: "shorten" },
          { column: "name", by: "truncate", to: 4 },
          { column: "age", by: "truncate", to: 4 },
          { column: "unit", by: "truncate", to: 4 },
        ] as const;
        for (const line of formatTable({ columns: table.columns, rows, squeezes }, width, plain)) {
          expect(widthOf(line)).toBeLessThanOrEqual(width);
        }
      },
    ),
  );
});
