import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createRosterCollector, type RosterOptions } from "../../../collectors/roster/collector.ts";
import type { RosterSnapshot } from "../../../store/events/snapshot.ts";
import { type RecordingContext, recordingContext, until } from "../../support/collecting.ts";

const environment = { socketName: null, heartbeatIntervalSeconds: null };
const GOOD = "version: 1\nagents:\n  - { name: coder0, runtime: pi, class: implementer }\n";
const MORE = `${GOOD}  - { name: coder1, runtime: claude }\n`;
const BAD = "version: 1\nagents:\n  - { name: coder0 }\n";

let base: string;
let home: string;
let path: string;
let running: { recorder: RecordingContext; ended: Promise<void> }[] = [];

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "fleet-roster-"));
  home = join(base, "fleet");
  mkdirSync(home);
  path = join(home, "roster.yaml");
});

afterEach(async () => {
  for (const { recorder } of running) recorder.abort();
  await Promise.all(running.map(({ ended }) => ended));
  running = [];
  rmSync(base, { recursive: true, force: true });
});

/** As an editor saves it: another file, then a rename. */
function save(text: string): void {
  writeFileSync(join(home, ".roster.yaml.swp"), text);
  renameSync(join(home, ".roster.yaml.swp"), path);
}

async function sampled(): Promise<RecordingContext> {
  const recorder = recordingContext();
  await createRosterCollector({ path, environment }).sample(recorder.context);
  return recorder;
}

function watching(over: Partial<RosterOptions> = {}): RecordingContext {
  const recorder = recordingContext();
  const ended = createRosterCollector({ path, environment, sweepMs: 60_000, ...over }).watch(
    recorder.context,
  );
  ended.catch(() => {});
  running.push({ recorder, ended });
  return recorder;
}

function last(recorder: RecordingContext): RosterSnapshot | undefined {
  return recorder.snapshots().at(-1) as RosterSnapshot | undefined;
}

function names(recorder: RecordingContext): string[] {
  return last(recorder)?.agents.map(({ name }) => name) ?? [];
}

describe("one look", () => {
  test("declares every agent and the holder, and names the file by its digest", async () => {
    save(GOOD);
    const recorder = await sampled();
    const digest = createHash("sha256").update(GOOD).digest("hex");
    expect(last(recorder)).toMatchObject({
      source: "roster",
      scope: "",
      file: { state: "accepted", path, digest },
    });
    expect(names(recorder)).toEqual(["coder0", "_holder"]);
    expect(recorder.reports).toEqual([{ scope: "", outcome: { state: "observed" } }]);
  });

  test("of a refused file says where and why, and declares nothing", async () => {
    save(BAD);
    expect(last(await sampled())).toMatchObject({
      file: {
        state: "rejected",
        path,
        line: 3,
        value: null,
        expected: expect.stringMatching(/runtime to be given/),
      },
      agents: [],
    });
  });

  test("of a missing file or directory is an answer too", async () => {
    expect(last(await sampled())?.file).toEqual({ state: "missing", path });
    rmSync(home, { recursive: true });
    expect(last(await sampled())?.file).toEqual({ state: "missing", path });
  });

  test("refuses a file that is too large, without reading on", async () => {
    save(GOOD);
    truncateSync(path, 50_000_000);
    expect(last(await sampled())?.file).toMatchObject({
      state: "rejected",
      expected: expect.stringMatching(/bytes/),
    });
  });

  test("is not held up by a FIFO or a directory of that name: it cannot be read", async () => {
    execFileSync("mkfifo", [path]);
    const fifo = await sampled();
    rmSync(path);
    mkdirSync(path);
    for (const recorder of [fifo, await sampled()]) {
      expect(recorder.snapshots()).toEqual([]);
      expect(recorder.reports[0]?.outcome).toMatchObject({
        state: "unavailable",
        reason: expect.stringContaining(path),
      });
    }
  });
});

describe("watching", () => {
  test("tells a saved change at once, long before the next sweep, by whichever way the editor saves", async () => {
    save(GOOD);
    const recorder = watching();
    await until("the first look", () => names(recorder).length === 2);
    save(MORE);
    await until("a rename", () => names(recorder).includes("coder1"));
    writeFileSync(path, GOOD);
    await until("a write in place", () => names(recorder).length === 2);
    rmSync(path);
    await until("its removal", () => last(recorder)?.file.state === "missing");
    save(MORE);
    await until("its return", () => names(recorder).includes("coder1"));
  });

  test("does not take a file between truncation and its new text for a bad one", async () => {
    save(GOOD);
    const recorder = watching();
    await until("the first look", () => names(recorder).length === 2);
    for (let turn = 0; turn < 10; turn += 1) {
      const text = turn % 2 === 0 ? MORE : GOOD;
      writeFileSync(path, "");
      await new Promise((resolve) => setTimeout(resolve, 3));
      writeFileSync(path, text);
      await until(`save ${turn}`, () => names(recorder).length === (turn % 2 === 0 ? 3 : 2));
    }
    const states = (recorder.snapshots() as RosterSnapshot[]).map(({ file }) => file.state);
    expect(new Set(states)).toEqual(new Set(["accepted"]));
  });

  test("finds by the sweep what no wake-up told: the target of a link", async () => {
    writeFileSync(join(base, "dotfile"), GOOD);
    execFileSync("ln", ["-s", join(base, "dotfile"), path]);
    const recorder = watching({ sweepMs: 50 });
    await until("the first look", () => names(recorder).length === 2);
    writeFileSync(join(base, "dotfile"), MORE);
    await until("the change", () => names(recorder).length === 3);
  });

  test("goes on when the directory comes later", async () => {
    rmSync(home, { recursive: true });
    const recorder = watching({ sweepMs: 1000 });
    await until("the first look", () => last(recorder)?.file.state === "missing");
    mkdirSync(home);
    save(GOOD);
    await until("the roster", () => names(recorder).length === 2);
    save(MORE);
    await until("its change", () => names(recorder).length === 3);
  });

  test("ends within half a second of the signal", async () => {
    save(GOOD);
    const recorder = watching();
    await until("the first look", () => names(recorder).length === 2);
    const abortedAt = performance.now();
    recorder.abort();
    await running[0]?.ended;
    expect(performance.now() - abortedAt).toBeLessThan(500);
  });
});
