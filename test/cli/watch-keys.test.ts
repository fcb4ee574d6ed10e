import { expect, test } from "vitest";
import { afterKey, START } from "../../cli/watch-keys.ts";

const extent = { agents: 2, history: 100, page: 20, width: 200 };
const press = (...keys: string[]) =>
  keys.reduce((state, key) => {
    const next = afterKey(state, key, extent);
    if (typeof next === "string") throw new Error(next);
    return next;
  }, START);

test("scrolling stays within the history", () => {
  expect(press("\u001b[A", "k").back).toBe(2);
  expect(press("b", "b", "b", "b", "b", "b", "b").back).toBe(100);
  expect(press("g", " ").back).toBe(80);
  expect(press("b", "G").back).toBe(0);
  expect(press("j", "j").back).toBe(0);
});

test("tab moves on, and begins at the present of the next one", () => {
  expect(press("b", "\t")).toEqual({ chosen: 1, alone: false, back: 0, left: 0 });
  expect(press("\t", "\t").chosen).toBe(0);
  expect(press("z").alone).toBe(true);
  expect(afterKey(START, "\t", { ...extent, agents: 1 })).toBe(START);
});

test("q ends, Ctrl-C interrupts, and every other key changes nothing", () => {
  expect(afterKey(START, "q", extent)).toBe("end");
  expect(afterKey(START, "\u0003", extent)).toBe("interrupt");
  for (const key of ["\r", "x", "!", "\u001b", "hello"]) expect(afterKey(START, key, extent)).toBe(START);
});
