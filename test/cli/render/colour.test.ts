import { expect, test } from "vitest";
import { ansi, plain, wantsColour } from "../../../cli/render/colour.ts";

test.each([
  [{}, true, true],
  [{}, false, false],
  [{ TERM: "dumb" }, true, false],
  [{ NO_COLOR: "1" }, true, false],
  [{ NO_COLOR: "" }, true, true],
  [{ FORCE_COLOR: "1" }, false, true],
  [{ FORCE_COLOR: "0" }, true, false],
  [{ FORCE_COLOR: "false" }, true, false],
  [{ FORCE_COLOR: "" }, false, false],
  [{ FORCE_COLOR: "1", NO_COLOR: "1" }, false, true],
])("with %j on a terminal=%s colour is %s", (environment, isTerminal, expected) => {
  expect(wantsColour(environment, isTerminal)).toBe(expected);
});

test("a tone is switched on and off around its text, and an empty text stays empty", () => {
  expect(ansi("bad", "dead")).toBe("\u001b[1;31mdead\u001b[22;39m");
  expect(ansi(null, "x")).toBe("x");
  expect(ansi("good", "")).toBe("");
  expect(plain("bad", "dead")).toBe("dead");
});
