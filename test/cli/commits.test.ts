import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { commits } from "../../cli/commits.ts";
import { until } from "../support/collecting.ts";

let directory: string;
let tick: string;
let version: number;
let ends: AbortController;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "fleet-commits-"));
  tick = join(directory, "fleet.db.tick");
  version = 1;
  ends = new AbortController();
});
afterEach(() => {
  ends.abort();
  rmSync(directory, { recursive: true, force: true });
});

function begin(everyMs?: number): AsyncGenerator<void> {
  const options = { tick, dataVersion: () => version, signal: ends.signal };
  return commits(everyMs === undefined ? options : { ...options, everyMs });
}

/** What the store does after a commit: the same byte of the same file is written again. */
function poke(): void {
  const file = openSync(tick, "r+");
  writeSync(file, "\n", 0);
  closeSync(file);
}

async function timed(next: Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await next;
  return performance.now() - begun;
}

test("a commit that touches the tick file is told long before the poll would find it", async () => {
  writeFileSync(tick, "\n");
  const told = begin();
  const first = told.next();
  // The generator has begun to watch by the time its first turn ends.
  await new Promise((resolve) => setImmediate(resolve));
  version = 2;
  poke();
  expect(await timed(first)).toBeLessThan(800);
  await told.return(undefined);
});

test("a commit without a tick is found by the poll, and a tick file that appears later is watched", async () => {
  const told = begin();
  version = 2;
  await told.next();
  writeFileSync(tick, "\n");
  const second = told.next();
  version = 3;
  await second;
  await told.return(undefined);
});

test("a tick without a commit is nothing to tell", async () => {
  writeFileSync(tick, "\n");
  let asked = 0;
  const dataVersion = (): number => {
    asked += 1;
    return version;
  };
  const told = commits({ tick, dataVersion, signal: ends.signal });
  let found = false;
  const next = told.next().then(() => {
    found = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  const before = asked;
  poke();
  await until("the tick was looked into", () => asked > before);
  await new Promise((resolve) => setImmediate(resolve));
  expect(found).toBe(false);
  version = 2;
  poke();
  await next;
  expect(found).toBe(true);
  await told.return(undefined);
});

test("with everyMs it also tells that time has passed", async () => {
  const told = begin(50);
  expect(await timed(told.next())).toBeGreaterThan(40);
  await told.next();
  await told.return(undefined);
});

test("it ends with the signal", async () => {
  const told = begin();
  const next = told.next();
  ends.abort();
  expect(await next).toEqual({ done: true, value: undefined });
});
