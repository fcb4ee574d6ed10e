import { expect, test } from "vitest";
import { createToldEnds } from "../../../collectors/tmux/told-ends.ts";

const DIED = { hook: "pane-died", server: 700, pane: "%1", atSeconds: 1000 };

test("a line that follows the telling is of it, once", () => {
  const ends = createToldEnds();
  ends.told(700, [{ pane: "%0" }, { pane: "%1" }], 1_000_900_000);
  expect(ends.isOf({ ...DIED, hook: "pane-exited" })).toBe(false);
  expect(ends.isOf({ ...DIED, server: 701 })).toBe(false);
  expect(ends.isOf(DIED)).toBe(true);
  expect(ends.isOf({ ...DIED, atSeconds: 1001 })).toBe(false);
  expect(ends.isOf({ ...DIED, pane: "%0", atSeconds: 1001 })).toBe(true);
});

test("where tmux had noticed by itself, the next end in that pane is nobody's telling", () => {
  const ends = createToldEnds();
  ends.told(700, [{ pane: "%1" }], 1_001_000_000);
  expect(ends.isOf(DIED)).toBe(false);
  expect(ends.isOf({ ...DIED, atSeconds: 1030 })).toBe(false);
});

test("another server was told nothing", () => {
  const ends = createToldEnds();
  ends.told(700, [{ pane: "%1" }], 999_000_000);
  ends.forget();
  expect(ends.isOf(DIED)).toBe(false);
});
