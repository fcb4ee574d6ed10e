import { afterEach, beforeEach, expect, test } from "vitest";
import { formatExactly, formatterFor } from "../../../cli/render/moment.ts";
import { formatWindow } from "../../../cli/render/window.ts";

const zone = process.env.TZ;
beforeEach(() => {
  process.env.TZ = "Europe/Berlin";
});
afterEach(() => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

const us = (text: string): number => Date.parse(text) * 1000;

test("an exact moment is local time too, and says which of two it is", () => {
  expect(formatExactly(us("2026-06-20T22:00:00.042Z"))).toBe("2026-06-21 00:00:00.042");
  expect(formatExactly(us("2026-06-20T22:00:00Z") + 7)).toBe("2026-06-21 00:00:00.000007");
  expect(formatExactly(us("2026-10-25T00:30:00.5Z"))).toBe("2026-10-25 02:30:00.500+02:00");
});

test("two moments within a second are told so that they differ", () => {
  const from = us("2026-06-20T22:00:00.998Z");
  const said = (to: number) => [from, to].map(formatterFor(from, to));
  expect(said(from + 1000)).toEqual(["2026-06-21 00:00:00.998", "2026-06-21 00:00:00.999"]);
  expect(said(from + 1e6)).toEqual(["2026-06-21 00:00:00", "2026-06-21 00:00:01"]);
  const window = (until: boolean) => formatWindow(from, from + 1000, { since: true, until });
  expect(window(true)).toBe("between 2026-06-21 00:00:00.998 and 2026-06-21 00:00:00.999");
  expect(window(false)).toBe("since 2026-06-21 00:00:00.998");
});
