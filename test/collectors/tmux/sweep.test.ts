import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createSweep, type Sweep } from "../../../collectors/tmux/sweep.ts";

const SERVER = 100;
const PANE = 200;

let root: string;
let sweep: Sweep;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "fleet-sweep-"));
  process(SERVER, "S");
  process(PANE, "S");
  ran(SERVER, "5000 10 3");
  children(SERVER, [PANE]);
  writeFileSync(join(root, "socket"), "");
  sweep = createSweep({ socketPath: join(root, "socket"), procRoot: root });
  sweep.track({ pid: SERVER, startTicks: 7 }, [{ pid: PANE, startTicks: 7 }]);
});
afterEach(() => {
  sweep.close();
  rmSync(root, { recursive: true, force: true });
});

function process(pid: number, state: string, ttyNr = 34816): void {
  mkdirSync(join(root, `${pid}`), { recursive: true });
  const rest = `${"0 ".repeat(9)}20 0 1 0 7 ${"0 ".repeat(30)}`;
  writeFileSync(join(root, `${pid}`, "stat"), `${pid} (a) b) ${state} 1 1 1 ${ttyNr} 1 ${rest}`);
}
function ran(pid: number, account: string): void {
  writeFileSync(join(root, `${pid}`, "schedstat"), `${account}\n`);
}
function children(pid: number, pids: readonly number[]): void {
  mkdirSync(join(root, `${pid}`, "task", `${pid}`), { recursive: true });
  writeFileSync(
    join(root, `${pid}`, "task", `${pid}`, "children"),
    pids.map((child) => `${child} `).join(""),
  );
}

test("while the server does not run there is nothing to see, and that is said", () => {
  expect(sweep.quiet(), "nothing is known before the first call").toBe(false);
  for (let call = 0; call < 20; call++) expect(sweep.changed()).toBe(false);
  expect(sweep.quiet()).toBe(true);
});

test("a pane's process that ends is seen once, as soon as the server has run", () => {
  sweep.changed();
  process(PANE, "Z");
  ran(SERVER, "6000 10 4");
  expect(sweep.changed()).toBe(true);
  expect(sweep.quiet()).toBe(false);
  expect(sweep.changed()).toBe(false);
});

test("a pane's process that ends unnoticed by the server is seen by the thorough call now and then", () => {
  sweep.changed();
  process(PANE, "Z");
  const calls = Array.from({ length: 8 }, () => sweep.changed());
  expect(calls.filter(Boolean)).toHaveLength(1);
});

test("a kernel that keeps no account of running makes every call thorough and no server quiet", () => {
  ran(SERVER, "0 0 0");
  sweep.track({ pid: SERVER, startTicks: 7 }, [{ pid: PANE, startTicks: 7 }]);
  sweep.changed();
  expect(sweep.quiet()).toBe(false);
  process(PANE, "Z");
  expect(sweep.changed()).toBe(true);
});

test("a server that is stopped and goes on is seen both times", () => {
  sweep.changed();
  process(SERVER, "T");
  expect(sweep.changed()).toBe(true);
  expect(sweep.quiet()).toBe(false);
  process(SERVER, "S");
  expect(sweep.changed()).toBe(true);
});

test("a stopped pane is no reason to look, and another process under its pid is not watched", () => {
  process(PANE, "T");
  ran(SERVER, "6000 10 4");
  expect(sweep.changed()).toBe(false);
  sweep.track({ pid: SERVER, startTicks: 7 }, [{ pid: PANE, startTicks: 99 }]);
  process(PANE, "Z");
  ran(SERVER, "7000 10 5");
  expect(sweep.changed()).toBe(false);
});

test("a new child with a terminal is a pane; one without is a job, however often it is looked at", () => {
  process(300, "S", 0);
  children(SERVER, [PANE, 300]);
  for (const account of ["6000 1 4", "7000 1 5", "8000 1 6"]) {
    ran(SERVER, account);
    expect(sweep.changed()).toBe(false);
  }
  process(400, "R", 0);
  children(SERVER, [PANE, 300, 400]);
  ran(SERVER, "9000 1 7");
  expect(sweep.changed(), "it may be between fork and exec").toBe(false);
  process(400, "S");
  ran(SERVER, "9500 1 8");
  expect(sweep.changed()).toBe(true);
  ran(SERVER, "9900 1 9");
  expect(sweep.changed()).toBe(false);
});

test("a socket that appears, goes or is made anew is seen", () => {
  sweep.changed();
  rmSync(join(root, "socket"));
  expect(sweep.changed()).toBe(true);
  writeFileSync(join(root, "socket"), "");
  expect(sweep.changed()).toBe(true);
  expect(sweep.changed()).toBe(false);
});

test("without a server only the socket is watched", () => {
  sweep.track(null, []);
  expect(sweep.changed()).toBe(false);
  expect(sweep.quiet()).toBe(false);
  rmSync(join(root, "socket"));
  expect(sweep.changed()).toBe(true);
});
