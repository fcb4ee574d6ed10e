import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const readme = readFileSync(join(import.meta.dirname, "README.md"), "utf8");
const rows = readme.split("\n").filter((line) => line.startsWith("| ") && line.includes(".test.ts`"));

test("every failure of a peer in the README has tests, and they are there by that name", () => {
  expect(rows.length).toBeGreaterThan(18);
  for (const row of rows) {
    const cited = [...(row.split(" | ").at(-1) ?? "").matchAll(/`([^`]+\.test\.ts)`: (.+?)(?=; `| \|$)/g)];
    expect(cited.length, row).toBeGreaterThan(0);
    for (const [, file = "", name = ""] of cited) {
      const text = readFileSync(join(import.meta.dirname, file), "utf8");
      expect({ file, name, isThere: text.includes(name) }).toEqual({ file, name, isThere: true });
    }
  }
});
