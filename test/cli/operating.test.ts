import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { verbs } from "../../cli/verbs.ts";
import type { AgentStatus, BootReason, Flag } from "../../query/row.ts";

const guide = readFileSync(new URL("../../docs/operating.md", import.meta.url), "utf8");

/** Exhaustive by type: a status, flag or reason that is added must be added here, and then explained. */
const statuses: Record<AgentStatus, true> = {
  stopped: true,
  finished: true,
  failed: true,
  absent: true,
  dead: true,
  stale: true,
  silent: true,
  starting: true,
  waiting: true,
  busy: true,
  healthy: true,
  running: true,
  unobserved: true,
};
const flags: Record<Flag, true> = {
  drift: true,
  "unit-failed": true,
  boot: true,
  unrostered: true,
  sidecar: true,
};
const reasons: Record<BootReason, true> = {
  "unit-disabled": true,
  "no-unit": true,
  "runtime-only": true,
  "linger-off": true,
  "kill-mode": true,
  socket: true,
};

test.each(Object.keys(statuses))("the guide says what `%s` means and what to do", (status) => {
  const row = guide.split("\n").find((line) => line.startsWith(`| \`${status}\` |`));
  expect(row?.split("|").map((cell) => cell.trim().length > 0)).toEqual([
    false,
    true,
    true,
    true,
    true,
    false,
  ]);
});

test.each(Object.keys(flags))("the guide says what the flag `%s` means", (flag) => {
  expect(guide).toContain(`| \`${flag}\` |`);
});

test.each(Object.keys(reasons))("the guide says what to do about the boot gap `%s`", (reason) => {
  expect(guide).toContain(`\`${reason}\` (`);
});

test.each(["unwatched", "clock", "resumed", "previous-incarnation", "ended-unseen", "pid-gone"])(
  "the guide says what it means that a beat does not count: `%s`",
  (reason) => {
    expect(guide).toContain(`| \`${reason}\` |`);
  },
);

test.each(verbs.map(({ name }) => name))("the guide has a paragraph on `fleet %s`", (name) => {
  expect(guide).toMatch(new RegExp(`^\\*\\*\`fleet ${name}\\b`, "m"));
});

test("every option that the guide names exists", () => {
  const known = new Set(verbs.flatMap((verb) => verb.options.map(({ name }) => `--${name}`)));
  const named = [...guide.matchAll(/fleet [a-z]+[^`|\n]*?(--[a-z-]+)/g)].map(([, option]) => option ?? "");
  expect(named.filter((option) => !known.has(option))).toEqual([]);
  expect(named.length).toBeGreaterThan(5);
});
