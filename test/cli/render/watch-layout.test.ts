import { expect, test } from "vitest";
import { styledRows } from "../../../agents/watch/styled-rows.ts";
import { plain } from "../../../cli/render/colour.ts";
import { widthOf } from "../../../cli/render/text.ts";
import { layOut, type Picture, type View } from "../../../cli/render/watch-layout.ts";

const picture = (agent: string, rows: number, cursorRow = rows - 1): Picture => ({
  agent,
  rows: styledRows(Array.from({ length: rows }, (_, at) => `${agent} row ${at}`).join("\n")),
  width: 80,
  cursorRow,
  note: "80x24",
  trouble: false,
});
const view = (changed: Partial<View> = {}): View => ({
  columns: 100,
  rows: 20,
  chosen: 0,
  alone: false,
  left: 0,
  foot: "q ends",
  ...changed,
});

test("it fills the terminal and never more, whatever its size and the number of agents", () => {
  for (const count of [1, 2, 3, 5, 9]) {
    for (const [columns, rows] of [
      [100, 20],
      [40, 10],
      [200, 50],
      [81, 24],
    ] as const) {
      const pictures = Array.from({ length: count }, (_, at) => picture(`a${at}`, 30));
      const lines = layOut(pictures, view({ columns, rows }), plain);
      expect(lines).toHaveLength(rows);
      for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(columns);
    }
  }
});

test("the cursor's row is in sight", () => {
  const shown = (cursorRow: number) => layOut([picture("a", 60, cursorRow)], view(), plain).join("\n");
  expect(shown(59)).toContain("a row 59");
  expect(shown(0)).toContain("a row 0");
  expect(shown(30)).toContain("a row 30");
});

test("several stand side by side, the chosen one marked; alone it has everything", () => {
  const pictures = [picture("one", 5), picture("two", 5)];
  const both = layOut(pictures, view({ chosen: 1 }), plain);
  expect(both[0]).toMatch(/^one .*> two/);
  const alone = layOut(pictures, view({ chosen: 1, alone: true }), plain).join("\n");
  expect(alone).toContain("two row 4");
  expect(alone).not.toContain("one row");
});

test("a name cannot act on the terminal", () => {
  const [title] = layOut([{ ...picture("a", 1), note: "\u001b]0;x\u0007" }], view(), plain);
  expect(title).not.toContain("\u001b");
});
