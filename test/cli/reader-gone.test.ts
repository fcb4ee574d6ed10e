import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { whenReaderGone } from "../../cli/reader-gone.ts";
import { until } from "../support/collecting.ts";
import { clock, type SeededFleet, seedFleet } from "./support/seeded-fleet.ts";

const MAIN = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));

let fleet: SeededFleet;
beforeEach(() => {
  fleet = seedFleet();
});
afterEach(() => fleet.close());

/** Far below the test's own limit: what goes on for ever is killed, and has no exit code. */
const PATIENCE_S = 30;

/** `fleet … | READER` in a shell; how fleet ended, and what it complained of. */
async function piped(reader: string, ...argv: string[]): Promise<{ code: string; stderr: string }> {
  const said = join(fleet.home, "code");
  const script = `{ timeout -s KILL ${PATIENCE_S} "$@"; echo $? >"$SAID"; } | ${reader}`;
  const child = spawn("sh", ["-c", script, "sh", process.execPath, MAIN, ...argv], {
    env: { ...fleet.environment, SAID: said },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  await new Promise((resolve) => child.on("close", resolve));
  return { code: readFileSync(said, "utf8").trim(), stderr };
}

function change(): void {
  const event = {
    agent: "coder0",
    source: "heartbeat",
    occurredAtUs: clock.nowUs(),
    precision: "us",
  } as const;
  fleet.log.append({
    source: "heartbeat",
    events: [{ ...event, type: "heartbeat.file.removed", payload: {} }],
  });
}

describe("what follows the log ends when nobody reads it any more, though nothing changes", () => {
  test.each([
    ["events", "--follow", "--limit", "1"],
    ["ps", "--watch", "--no-collect"],
    ["ps", "--watch", "--no-collect", "--json"],
  ])("%s %s", async (...argv) => {
    expect(await piped("head -1", ...argv)).toEqual({ code: "0", stderr: "" });
  });

  test("a reader behind a socket too, as what Node starts has it", async () => {
    const child = spawn(process.execPath, [MAIN, "events", "--follow", "--limit", "1"], {
      env: fleet.environment,
      stdio: ["ignore", "pipe", "inherit"],
      timeout: PATIENCE_S * 1000,
      killSignal: "SIGKILL",
    });
    child.stdout.once("data", () => child.stdout.destroy());
    expect(await new Promise((resolve) => child.on("exit", (code) => resolve(code)))).toBe(0);
  });
});

test("while somebody reads it goes on", async () => {
  const lines = join(fleet.home, "lines");
  const following = piped(`head -3 >${lines}`, "events", "--follow", "--limit", "1");
  const count = () => (existsSync(lines) ? readFileSync(lines, "utf8").split("\n").length - 1 : 0);
  // What head holds back it writes in the end: that it took three lines is the proof that nothing ended before.
  let ended = false;
  void following.then(() => {
    ended = true;
  });
  await until("three lines are read", () => {
    if (!ended) change();
    return ended;
  });
  expect((await following).code).toBe("0");
  expect(count()).toBe(3);
});

test("what is neither pipe nor socket, or no longer open, can be asked about all the same", () => {
  const file = openSync(join(fleet.home, "file"), "w");
  expect(() => whenReaderGone(file, () => {})()).not.toThrow();
  closeSync(file);
  expect(() => whenReaderGone(file, () => {})()).not.toThrow();
});
