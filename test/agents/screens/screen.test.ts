import { expect, test } from "vitest";
import { parseRows } from "../../../agents/screens/screen.ts";

test("a look lasts until it is changed, also over the end of a line", () => {
  const [first, second] = parseRows("a\u001b[2;38;5;8mb\nc\u001b[0md\n");
  expect(first?.cells.map(({ text, dim, foreground }) => [text, dim, foreground])).toEqual([
    ["a", false, ""],
    ["b", true, "38;5;8"],
  ]);
  expect(second?.cells.map(({ text, dim }) => [text, dim])).toEqual([
    ["c", true],
    ["d", false],
  ]);
});

test("colours of 256 and of RGB are not taken for looks: the 2 of `38;2` is not dim, the 7 of `48;5;7` not reverse", () => {
  const cells = parseRows("\u001b[38;2;1;2;7;48;5;7mx")[0]?.cells;
  expect(cells).toEqual([{ text: "x", dim: false, bold: false, reverse: false, foreground: "38;2;1;2;7" }]);
});

test("line drawing letters become lines, and links and titles leave only their text", () => {
  expect(parseRows("\u000eqx\u000fq")[0]?.text).toBe("─│q");
  expect(parseRows("\u001b]8;;https://example.org\u001b\\link\u001b]8;;\u001b\\")[0]?.text).toBe("link");
});

test("a wide character and one outside of the basic plane are one cell each", () => {
  expect(parseRows("日😀")[0]?.cells.map(({ text }) => text)).toEqual(["日", "😀"]);
});
