import fc from "fast-check";
import { expect, test } from "vitest";
import { type Lines, newLines, type Reading, startAt } from "../../../agents/watch/new-lines.ts";

/** All lines that a pane ever had, of which `kept` are still there, `screen` of them on the screen. */
function lines(all: readonly string[], { kept = 1000, screen = 5 } = {}): Lines {
  const there = all.slice(-kept);
  return { history: Math.max(0, there.length - screen), first: 0, done: there };
}
const numbered = (count: number): string[] => Array.from({ length: count }, (_, at) => `line ${at}`);

test("only what came since is new", () => {
  const reading = startAt(lines(numbered(10)));
  expect(newLines(reading, lines(numbered(13))).lines).toEqual(["line 10", "line 11", "line 12"]);
  expect(newLines(reading, lines(numbered(10))).lines).toEqual([]);
});

test("equal lines are counted as often as they came", () => {
  const reading = startAt(lines(["y", "y", "y"]));
  expect(newLines(reading, lines(["y", "y", "y", "y", "y"])).lines).toEqual(["y", "y"]);
});

test("a history that was cut is found again by the lines told last", () => {
  const reading = startAt(lines(numbered(100), { kept: 100 }));
  const cut = lines(numbered(103), { kept: 60 });
  expect(newLines(reading, cut)).toMatchObject({
    lines: ["line 100", "line 101", "line 102"],
    missed: false,
  });
});

test("where everything that was told is gone, it says that lines were missed", () => {
  const reading = startAt(lines(numbered(100), { kept: 100 }));
  const next = newLines(reading, lines(numbered(500), { kept: 20 }));
  expect(next.missed).toBe(true);
  expect(next.lines).toHaveLength(20);
});

test("a cursor that goes up takes nothing back, and what is written over is not told twice", () => {
  const reading = startAt(lines(numbered(10)));
  const up = newLines(reading, { ...lines(numbered(8)), history: 5 });
  expect(up.lines).toEqual([]);
  expect(newLines(up.reading, lines(numbered(11))).lines).toEqual(["line 10"]);
});

test("however it is read, every line of a growing history is told once and in order", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(30), { minLength: 1, maxLength: 20 }), (steps) => {
      let count = 5;
      let reading: Reading = startAt(lines(numbered(count)));
      const told: string[] = [];
      for (const step of steps) {
        count += step;
        const next = newLines(reading, lines(numbered(count)));
        told.push(...next.lines);
        reading = next.reading;
      }
      expect(told).toEqual(numbered(count).slice(5));
    }),
  );
});
