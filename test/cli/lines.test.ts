import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { linesOf } from "../../cli/lines.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "fleet-lines-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function read(bytes: string): string[] {
  const file = join(directory, "lines");
  writeFileSync(file, bytes);
  const descriptor = openSync(file, "r");
  try {
    return [...linesOf(descriptor, "lines")].map((line) => line.toString());
  } finally {
    closeSync(descriptor);
  }
}

test("lines longer than what is read at once, and ends at its very edge, come out whole", () => {
  const lines = ["a".repeat((1 << 20) - 1), "ü".repeat(1 << 20), "", "b".repeat(3_000_000), "c"];
  expect(read(`${lines.join("\n")}\n`)).toEqual(lines);
});

test("a last line without an end is a line, and a carriage return is no part of one", () => {
  expect(read("a\r\nb")).toEqual(["a", "b"]);
  expect(read("")).toEqual([]);
});

test("a file without line ends does not fill the memory", () => {
  expect(() => read("x".repeat(66 << 20))).toThrow("lines: a line is longer than 64 MB");
});
