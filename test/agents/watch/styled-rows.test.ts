import { describe, expect, test } from "vitest";
import { cutRow, plainRow, styledRows } from "../../../agents/watch/styled-rows.ts";

const ESC = "\u001b";

test("colours stay with their characters, over line ends too, and none is left over", () => {
  const [first = [], second = []] = styledRows(`a${ESC}[31mb\nc${ESC}[0md\n`);
  expect(cutRow(first, 0, 2)).toBe(`a${ESC}[0m${ESC}[31mb${ESC}[0m`);
  expect(cutRow(second, 0, 2)).toBe(`${ESC}[0m${ESC}[31mc${ESC}[0md`);
});

test("a row is filled up and cut at columns, and a wide character is never cut in half", () => {
  const [row = []] = styledRows("日本語");
  expect(cutRow(row, 0, 5)).toBe("日本 ");
  expect(cutRow(row, 0, 8)).toBe("日本語  ");
  expect(cutRow(row, 2, 4)).toBe("本語");
});

describe("what an agent shows cannot act on the terminal of who watches", () => {
  test.each([
    ["a title", `${ESC}]0;pwned\u0007x`],
    ["a link", `${ESC}]8;;http://x${ESC}\\x${ESC}]8;;${ESC}\\`],
    ["the clipboard", `${ESC}]52;c;eA==\u0007x`],
    ["a cursor move", `${ESC}[2Ax`],
    ["a device question", `${ESC}[c${ESC}[6nx`],
    ["an 8-bit sequence", "\u009b2Jx"],
    ["a bell and a backspace", "\u0007\bx"],
    ["text that is turned around", "\u202ex"],
  ])("%s", (_name, capture) => {
    const [row = []] = styledRows(capture);
    const drawn = cutRow(row, 0, 20);
    const allowed = drawn.replaceAll(new RegExp(`${ESC}\\[[0-9;:]*m`, "gu"), "");
    expect([...allowed].every((character) => character >= " " && !"\u202e\u007f".includes(character))).toBe(
      true,
    );
    expect(drawn).not.toContain("pwned");
    expect(plainRow(row)).toContain("x");
  });
});

test("looks do not grow without end on a screen that never resets them", () => {
  const capture = Array.from({ length: 2000 }, (_, at) => `${ESC}[3${at % 8}mx`).join("");
  const [row = []] = styledRows(capture);
  expect(Math.max(...row.map(({ look }) => look.length))).toBeLessThan(300);
});
