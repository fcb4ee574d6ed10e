import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { askAgents } from "../../../agents/beat/ask.ts";
import { type Responder, startResponder } from "../../../agents/beat/responder.ts";

const UID = process.getuid?.() ?? 0;
let run: string;
const open: Responder[] = [];
beforeEach(() => {
  run = mkdtempSync(join(tmpdir(), "fleet-ask-"));
});
afterEach(() => {
  for (const responder of open.splice(0)) responder.close();
  rmSync(run, { recursive: true, force: true });
});

const start = (name: string, source: "runtime" | "sidecar" = "runtime"): void => {
  open.push(
    startResponder({
      name,
      directory: run,
      uid: UID,
      pid: process.pid,
      source,
      intervalSeconds: 3600,
      state: () => ({ status: "ok" }),
    }),
  );
};
const probesLeft = (): string[] => readdirSync(run).filter((file) => file.includes("probe"));

test("who answers is told with how fast and by what; who does not, when the time is over", async () => {
  start("coder0");
  start("coder1", "sidecar");
  writeFileSync(join(run, "dead.hb"), "ts=2026-11-25T20:00:00Z pid=1 status=ok\n");
  const answers = await askAgents({
    agents: ["coder0", "coder1", "dead"],
    directory: run,
    uid: UID,
    waitMs: 700,
  });
  expect(answers).toMatchObject([
    { agent: "coder0", pid: process.pid, source: "runtime", afterMs: expect.any(Number) },
    { agent: "coder1", source: "sidecar", afterMs: expect.any(Number) },
    { agent: "dead", afterMs: null, pid: null },
  ]);
  expect(probesLeft()).toEqual([]);
});

test("an old answer in the file is not taken for one to this question", async () => {
  start("coder0");
  const [first] = await askAgents({ agents: ["coder0"], directory: run, uid: UID, waitMs: 20_000 });
  for (const responder of open.splice(0)) responder.close();
  const [second] = await askAgents({ agents: ["coder0"], directory: run, uid: UID, waitMs: 50 });
  expect(first?.afterMs).not.toBeNull();
  expect(second?.afterMs).toBeNull();
});

test("two who ask the same agent at once are both answered", async () => {
  start("coder0");
  const both = await Promise.all(
    [1, 2].map(() => askAgents({ agents: ["coder0"], directory: run, uid: UID, waitMs: 20_000 })),
  );
  expect(both.map(([answer]) => answer?.afterMs)).toEqual([expect.any(Number), expect.any(Number)]);
  expect(probesLeft()).toEqual([]);
});

test("the question is a private file, and is gone when the asker is stopped", async () => {
  const controller = new AbortController();
  const asked = askAgents({
    agents: ["coder0"],
    directory: run,
    uid: UID,
    waitMs: 60_000,
    signal: controller.signal,
  });
  expect(statSync(join(run, "coder0.probe")).mode & 0o777).toBe(0o600);
  controller.abort();
  expect((await asked)[0]?.afterMs).toBeNull();
  expect(probesLeft()).toEqual([]);
});
