import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runProgram } from "../../cli/program.ts";
import { exactIsoOf } from "../../query/instant.ts";
import type { PsDocument } from "../../query/row.ts";
import { lineEnd, lineStart } from "../../store/exchange.ts";
import { SOCKET, sampleTaken } from "../support/looks.ts";
import { catchOutput } from "./support/output.ts";
import { clock, type SeededFleet, seedFleet } from "./support/seeded-fleet.ts";

const MAIN = join(import.meta.dirname, "..", "..", "cli", "main.ts");

let fleet: SeededFleet;
beforeEach(() => {
  fleet = seedFleet();
});
afterEach(() => fleet.close());

/** The same home with an empty state directory. */
async function elsewhere(...argv: string[]) {
  const output = catchOutput(120);
  const environment = { ...fleet.environment, FLEET_STATE: join(fleet.home, "other") };
  const exit = await runProgram(argv, { output, environment });
  return { exit, stdout: output.printed(), stderr: output.complained() };
}

async function lines(...argv: string[]): Promise<Record<string, unknown>[]> {
  const { stdout } = await fleet.run("export", ...argv);
  return stdout
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe("fleet export", () => {
  test("prints every event on a line, or those that are selected", async () => {
    expect(await lines()).toHaveLength(fleet.log.lastSeq());
    const beats = await lines("--agent", "coder0", "--type", "heartbeat.");
    expect(beats).toMatchObject([
      { schema: "fleet.event.v1", tenant_id: "jarvis", type: "heartbeat.received", agent: "coder0" },
    ]);
    const early = await fleet.run("export", "--until", "2020-01-01");
    expect({ ...early, stderr: "" }).toEqual({ exit: 2, stdout: "", stderr: "" });
    expect(early.stderr).toContain("nothing is known of before 2020-01-01 00:00:00: the log begins at");
    const bogus = await fleet.run("export", "--type", "bogus.");
    expect({ ...bogus, stderr: "" }).toEqual({ exit: 0, stdout: "", stderr: "" });
    expect(bogus.stderr).toContain('No event matches.\n  "bogus." is no type that this fleet knows');
  });

  test("into a file that appears whole, is readable by its owner alone, and replaces what was there", async () => {
    const file = join(fleet.home, "out.csv");
    writeFileSync(file, "old", { mode: 0o644 });
    const { exit, stdout, stderr } = await fleet.run("export", "--format", "csv", "--output", file);
    expect({ exit, stdout }).toEqual({ exit: 0, stdout: "" });
    expect(stderr).toBe(`${fleet.log.lastSeq()} events written to ${file}.\n`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, "utf8").split("\r\n")).toHaveLength(fleet.log.lastSeq() + 2);
    expect(readdirSync(fleet.home).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  test("a file that cannot be written is an error, and leaves nothing", async () => {
    const file = join(fleet.home, "nowhere", "out.ndjson");
    const { exit, stderr } = await fleet.run("export", "--output", file);
    expect(exit).toBe(1);
    // The name of the draft is nobody's business.
    expect(stderr).toContain(`${file} cannot be written: ENOENT: no such file or directory\n`);
    expect(existsSync(file)).toBe(false);
  });

  test("a reader that goes away ends it quietly", () => {
    // More than a pipe holds, so that there is something left to say when nobody listens any more.
    for (let n = 0; n < 600; n += 1)
      fleet.log.append({
        source: "heartbeat",
        events: Array.from({ length: 5 }, (_, i) => ({
          type: "heartbeat.file.removed" as const,
          agent: `a${n}-${i}`,
          source: "heartbeat" as const,
          occurredAtUs: 1,
          precision: "us" as const,
          payload: {},
        })),
      });
    const { stdout, stderr, status } = spawnSync(
      "sh",
      ["-c", `"$@" export | head -n 1`, "sh", process.execPath, MAIN],
      { env: fleet.environment, encoding: "utf8" },
    );
    expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
    expect(stdout.split("\n")).toHaveLength(2);
  });

  test("--json says what was written, and only beside a file", async () => {
    const file = join(fleet.home, "out.ndjson");
    const { stdout } = await fleet.run("export", "--output", file, "--json");
    expect(JSON.parse(stdout)).toMatchObject({
      schema: "fleet.export.v1",
      host: "W-jarvis",
      format: "ndjson",
      file,
      events: fleet.log.lastSeq(),
    });
    expect((await fleet.run("export", "--json")).exit).toBe(2);
  });
});

describe("fleet import", () => {
  test("fills an empty log: ps shows the fleet as it was, and the export is the same", async () => {
    const file = join(fleet.home, "out.ndjson");
    await fleet.run("export", "--output", file);
    const { exit, stdout, stderr } = await elsewhere("import", file);
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: "" });
    expect(stdout).toContain(`Imported ${fleet.log.lastSeq()} events of one log`);
    expect(stdout).toContain("This log now answers for jarvis@W-jarvis");
    expect((await elsewhere("export")).stdout).toBe(readFileSync(file, "utf8"));
    const shown = JSON.parse((await elsewhere("ps", "--no-collect", "--json")).stdout);
    expect(shown).toMatchObject({ tenant_id: "jarvis", host: "W-jarvis" });
    expect(shown.agents.map(({ name }: { name: string }) => name)).toEqual([
      "coder0",
      "canary-pi",
      "reviewer",
    ]);
    // Nobody looks here, and yet something was heard from each source: what the log tells of it.
    expect(shown.observer.sources.tmux).toMatchObject({ state: "absent", observed_at: expect.any(String) });
    const table = (await elsewhere("ps", "--no-collect")).stdout.replaceAll(/\s+/g, " ");
    expect(table).toMatch(/It last heard from roster [^,]* ago, tmux [^,]* ago/);
    expect((await elsewhere("verify")).exit).toBe(0);
    expect(await elsewhere("import", file)).toMatchObject({
      exit: 1,
      stderr: expect.stringMatching(/already holds events, up to #\d+\n {2}An import fills an empty log/),
    });
  });

  test("says what its file does not hold of the log, without refusing it, and nothing of the kind of a whole one", async () => {
    const all = (await fleet.run("export")).stdout.split(/(?<=\n)/);
    const file = join(fleet.home, "out.ndjson");
    const told = async (lines: readonly string[], ...argv: string[]) => {
      writeFileSync(file, lines.join(""));
      rmSync(join(fleet.home, "other"), { recursive: true, force: true });
      const { exit, stdout } = await elsewhere("import", file, ...argv);
      expect(exit).toBe(0);
      return argv.length > 0 ? JSON.parse(stdout) : stdout.split("\n").slice(1, -2);
    };
    expect(await told(all)).toEqual([]);
    expect(await told(all.toSpliced(4, 1))).toEqual([
      "1 event of its sequence is not in this file, after #4: filtered, or lost.",
    ]);
    expect(await told(all.toSpliced(4, 3).slice(2))).toEqual([
      "What came before #3 of its log is not in this file; 3 events of its sequence are not in this file, the first after #4: filtered, or lost.",
    ]);
    const origin_log = fleet.log.logId;
    expect(await told(all.toSpliced(4, 3).slice(2), "--json")).toMatchObject({
      first_origin_seq: 3,
      missing: { events: 3, first_after: { origin_log, origin_seq: 4 } },
    });
    expect(await told(all, "--json")).toMatchObject({
      first_origin_seq: 1,
      missing: { events: 0, first_after: null },
    });
  });

  test("when a source was last looked at is known, too, where a look without a recorder was the last", async () => {
    const sources = ["roster", "tmux", "journal"].map((source) => ({
      source,
      scope: source === "tmux" ? SOCKET : "",
    }));
    const occurredAtUs = clock.nowUs();
    fleet.log.append({ source: "recorder", events: [sampleTaken(occurredAtUs, sources)] });
    const file = join(fleet.home, "out.ndjson");
    await fleet.run("export", "--output", file);
    await elsewhere("import", file);
    const heard = async () => {
      const { observer } = JSON.parse((await elsewhere("ps", "--no-collect", "--json")).stdout) as PsDocument;
      return ["roster", "tmux", "journal"].map((source) => observer.sources[source]?.observed_at);
    };
    const at = exactIsoOf(occurredAtUs);
    expect(await heard()).toEqual([at, at, at]);
  });

  test("from standard input, as JSON, in a process of its own", async () => {
    const { stdout: text } = await fleet.run("export");
    const { stdout, status } = spawnSync(process.execPath, [MAIN, "import", "-", "--json"], {
      env: { ...fleet.environment, FLEET_STATE: join(fleet.home, "third") },
      input: text,
      encoding: "utf8",
    });
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      schema: "fleet.import.v1",
      tenant_id: "jarvis",
      events: fleet.log.lastSeq(),
      origin_logs: [fleet.log.logId],
    });
  });

  test("killed in the middle it has imported nothing, and is simply run again; its log is whole, and archived at once", async () => {
    const names = {
      ...{ tenantId: "jarvis", host: "W-jarvis", agent: "coder0", type: "heartbeat.received" },
      ...{ schemaVersion: 1, source: "heartbeat", precision: "us" as const },
    };
    const payload = JSON.stringify({ pid: 4000, pidStart: 7000, status: "ok", evidence: "runtime" });
    const originLog = "0197a000-0000-7000-8000-000000000001";
    const text = Array.from({ length: 12_000 }, (_, n) => {
      const recordedAtUs = Date.UTC(2026, 0, 1) * 1000 + n * 600e6;
      return (
        lineStart(names) +
        lineEnd({ occurredAtUs: recordedAtUs - 5, recordedAtUs, originLog, originSeq: n + 1, payload })
      );
    }).join("");
    const environment = { ...fleet.environment, FLEET_STATE: join(fleet.home, "other") };
    const child = spawn(process.execPath, [MAIN, "import", "-"], {
      env: environment,
      stdio: ["pipe", "ignore", "inherit"],
    });
    const ended = new Promise((resolve) => child.once("exit", (_, signal) => resolve(signal)));
    // All that a pipe does not hold has been read when it is written, and the end of the input has not come: it is at work on it.
    await new Promise<void>((resolve, reject) =>
      child.stdin.write(text, (error) => (error ? reject(error) : resolve())),
    );
    child.kill("SIGKILL");
    expect(await ended).toBe("SIGKILL");
    expect((await elsewhere("export")).stdout).toBe("");
    expect((await elsewhere("verify")).stdout).toContain("it holds no event yet");

    const file = join(fleet.home, "in.ndjson");
    writeFileSync(file, text);
    expect(await elsewhere("import", file)).toMatchObject({ exit: 0, stderr: "" });
    expect((await elsewhere("verify")).exit).toBe(0);
    expect((await elsewhere("archive", "--before", "2026-04-01")).stdout).toContain("Archived 11999 events");
    expect((await elsewhere("verify")).exit).toBe(0);
    expect((await elsewhere("export")).stdout).toBe(text);
  });

  test("a bad line is named by its number, and nothing is imported", async () => {
    const { stdout } = await fleet.run("export");
    const spoilt = stdout.split("\n");
    spoilt[1] = "{}";
    mkdirSync(join(fleet.home, "in"));
    const file = join(fleet.home, "in", "spoilt.ndjson");
    writeFileSync(file, spoilt.join("\n"));
    const { exit, stderr } = await elsewhere("import", file);
    expect(exit).toBe(2);
    expect(stderr).toContain(`${file}, line 2: it is not a line of`);
    expect((await elsewhere("export")).stdout).toBe("");
  });

  test("what was recorded in the future is refused: this log would have to go on from there", async () => {
    const file = join(fleet.home, "ahead.ndjson");
    const [first, ...rest] = await lines();
    const ahead = { ...rest.at(-1), recorded_at: "2100-01-01T00:00:00.000000Z" };
    writeFileSync(
      file,
      [first, ...rest.slice(0, -1), ahead].map((line) => `${JSON.stringify(line)}\n`).join(""),
    );
    const { exit, stderr } = await elsewhere("import", file);
    expect(exit).toBe(2);
    expect(stderr).toContain(`line ${rest.length + 1}: recorded_at lies in the future`);
    expect((await elsewhere("verify")).stdout).toContain("it holds no event yet");
  });

  test("a file that is not there is a usage error", async () => {
    const { exit, stderr } = await elsewhere("import", join(fleet.home, "none"));
    expect(exit).toBe(2);
    expect(stderr).toContain("cannot be read");
  });

  test("so is a directory", async () => {
    const { exit, stderr } = await elsewhere("import", fleet.home);
    expect(exit).toBe(2);
    expect(stderr).toContain("cannot be read: it is a directory");
  });
});
