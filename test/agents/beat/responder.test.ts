import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { BeatStatus } from "../../../agents/beat/beat.ts";
import { type Responder, type ResponderOptions, startResponder } from "../../../agents/beat/responder.ts";

const UID = process.getuid?.() ?? 0;
let home: string;
let run: string;
const open: Responder[] = [];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "fleet-responder-"));
  run = join(home, "fleet", "run");
});
afterEach(() => {
  for (const responder of open.splice(0)) responder.close();
  rmSync(home, { recursive: true, force: true });
});

function start(more: Partial<ResponderOptions> = {}): Responder {
  const responder = startResponder({
    name: "coder0",
    directory: run,
    uid: UID,
    pid: process.pid,
    source: "runtime",
    intervalSeconds: 3600,
    state: () => ({ status: "ok" }),
    ...more,
  });
  open.push(responder);
  return responder;
}
const beat = (): Record<string, string> =>
  Object.fromEntries(
    readFileSync(join(run, "coder0.hb"), "utf8")
      .trim()
      .split(" ")
      .map((word) => word.split("=") as [string, string]),
  );
const ask = (nonce: string): void => {
  writeFileSync(join(run, ".coder0.probe.new"), `${nonce}\n`);
  renameSync(join(run, ".coder0.probe.new"), join(run, "coder0.probe"));
};
const until = { timeout: 20_000, interval: 5 };

test("the first beat is there when it returns, in private files, and nothing else is left", () => {
  start();
  expect(beat()).toMatchObject({ pid: String(process.pid), status: "ok", source: "runtime", seq: "1" });
  expect(statSync(run).mode & 0o777).toBe(0o700);
  expect(statSync(join(run, "coder0.hb")).mode & 0o777).toBe(0o600);
  expect(readdirSync(run)).toEqual(["coder0.hb"]);
});

test("it beats each interval", async () => {
  start({ intervalSeconds: 0.05 });
  await expect.poll(() => Number(beat().seq), until).toBeGreaterThan(3);
});

test("a changed state is told at once, and by each later beat", () => {
  let status: BeatStatus = "ok";
  const responder = start({ state: () => ({ status, task: "T-1" }) });
  status = "waiting";
  responder.beat();
  expect(beat()).toMatchObject({ status: "waiting", task: "T-1", seq: "2" });
});

test("a probe is answered at once, long before a beat is due", async () => {
  start();
  ask("first");
  await expect.poll(() => beat().probe, until).toBe("first");
  ask("second");
  await expect.poll(() => beat().probe, until).toBe("second");
});

test("a probe that was there before the agent is answered by its first beat", () => {
  mkdirSync(run, { recursive: true, mode: 0o700 });
  ask("early");
  start();
  expect(beat().probe).toBe("early");
});

test("an answer outlives the next beat, and is not repeated for ever", async () => {
  let nowMs = 1_000_000;
  const responder = start({ now: () => nowMs });
  ask("n1");
  await expect.poll(() => beat().probe, until).toBe("n1");
  responder.beat();
  expect(beat().probe).toBe("n1");
  nowMs += 60_000;
  responder.beat();
  expect(beat().probe).toBeUndefined();
});

test.each(["../../etc", "a b", "x".repeat(129), "é", "$(id)"])(
  "the nonce %j is not repeated",
  async (nonce) => {
    start();
    ask(nonce);
    ask("good");
    await expect.poll(() => beat().probe, until).toBe("good");
    ask(nonce);
    const responder = start();
    responder.beat();
    expect(beat().probe ?? "good").toBe("good");
  },
);

test("a beat file that is a link or no file is refused, and what it points to is not touched", () => {
  mkdirSync(run, { recursive: true, mode: 0o700 });
  writeFileSync(join(home, "precious"), "mine");
  symlinkSync(join(home, "precious"), join(run, "coder0.hb"));
  expect(() => start()).toThrow("is not a regular file");
  expect(readFileSync(join(home, "precious"), "utf8")).toBe("mine");
});

test("a directory into which others may write, or that is a link, is refused", () => {
  mkdirSync(run, { recursive: true });
  chmodSync(run, 0o777);
  expect(() => start()).toThrow("can be written by others (mode 0777)");
  symlinkSync(run, join(home, "link"));
  expect(() => start({ directory: join(home, "link") })).toThrow("is a symbolic link");
  expect(() => start({ uid: UID + 1 })).toThrow("belongs to uid");
});

test("a name that is a path is refused before anything is written", () => {
  expect(() => start({ name: "../coder0" })).toThrow("is not an agent's name");
  expect(existsSync(run)).toBe(false);
});

test("a beat that cannot be written is told, and the next one is written again", () => {
  const troubles: string[] = [];
  const responder = start({ onTrouble: ({ message }) => troubles.push(message) });
  rmSync(join(run, "coder0.hb"));
  mkdirSync(join(run, "coder0.hb"));
  responder.beat();
  expect(troubles).toEqual([expect.stringContaining("is not a regular file")]);
  rmSync(join(run, "coder0.hb"), { recursive: true });
  responder.beat();
  expect(beat().status).toBe("ok");
});
