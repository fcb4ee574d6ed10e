/**
 * Keeping a log, and asking what is kept: export and import, the archive (size, speed, and how long a recorder waits beside it), and a
 * question to the log against what a user would otherwise do with the same data: `jq`, `grep`, and DuckDB where it is installed,
 * over the export. Whole processes, taking turns, with the same answer.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { derive, projections } from "../query/planes/all.ts";
import { openLog } from "../store/log.ts";
import { eventAt } from "./load.ts";
import type { BenchOptions, Result } from "./result.ts";
import { atLeast, atMost, info, median, optionsOf, table } from "./result.ts";
import { timed as timedProcess } from "./stopwatch.ts";

const LAUNCHER = fileURLToPath(new URL("../bin/fleet", import.meta.url));
const SPACING_US = 270_000;
const BATCH = 1000;
/** jq takes seconds for what fleet does in milliseconds: it runs once where the others run so often. */
const ROUNDS = 7;
/** When did the unit of this agent last change? One event in some thousands tells of it. */
const AGENT = "coder7";
const TYPE = "systemd.unit.changed";

export async function run({ events = 1_000_000 }: BenchOptions = {}): Promise<Result[]> {
  const directory = mkdtempSync(join(tmpdir(), "fleet-bench-keep-"));
  try {
    return [...exchanged(directory, events), ...(await archived(directory, Math.min(events, 400_000)))];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function exchanged(directory: string, events: number): Result[] {
  const [state, copy] = [join(directory, "state"), join(directory, "copy")];
  mkdirSync(state, { mode: 0o700 });
  fill(join(state, "fleet.db"), events, BATCH);
  const file = join(directory, "fleet.ndjson");
  const out = timed([LAUNCHER, "export", "--output", file], state);
  const into = timed([LAUNCHER, "import", file], copy);
  const verify = timed([LAUNCHER, "verify"], state);
  const bytes = statSync(file).size;

  const asked = {
    fleet: [LAUNCHER, "events", "--agent", AGENT, "--type", TYPE, "--limit", "1", "--json"],
    sql: [
      LAUNCHER,
      "sql",
      "--json",
      `SELECT max(seq) AS origin_seq FROM events WHERE agent = '${AGENT}' AND type = '${TYPE}'`,
    ],
    grep: ["grep", "-F", `"agent":"${AGENT}","type":"${TYPE}"`, file],
    // Who does not rely on how fleet orders the fields of a line asks for each of them.
    greps: ["sh", "-c", `grep -F '"agent":"${AGENT}"' "$0" | grep -F '"type":"${TYPE}"' | tail -n 1`, file],
    // Who knows that only the last line counts, and that it lies near the end, reads from there.
    tac: ["sh", "-c", `tac "$0" | grep -m 1 -F '"agent":"${AGENT}","type":"${TYPE}"'`, file],
  } as const;
  const taken = Object.fromEntries(Object.keys(asked).map((name) => [name, []])) as unknown as Record<
    keyof typeof asked,
    number[]
  >;
  const answers = new Map<string, string | undefined>();
  for (let round = 0; round < ROUNDS; round += 1)
    for (const name of Object.keys(asked) as (keyof typeof asked)[]) {
      const { ms, stdout } = timed(asked[name], state);
      taken[name].push(ms);
      answers.set(name, lastSeqIn(stdout));
    }
  const jq = timed(["jq", "-c", `select(.agent == "${AGENT}" and .type == "${TYPE}")`, file], state);
  answers.set("jq", lastSeqIn(jq.stdout));
  const duckSql = `SELECT max(origin_seq) AS origin_seq FROM read_ndjson_auto('${file}') WHERE agent = '${AGENT}' AND type = '${TYPE}'`;
  const duck = isInstalled("duckdb") ? timed(["duckdb", "-json", "-c", duckSql], state) : null;
  if (duck !== null) answers.set("duckdb", lastSeqIn(duck.stdout));
  if (new Set(answers.values()).size !== 1 || answers.get("fleet") === undefined)
    throw new Error(`the answers differ: ${JSON.stringify([...answers])}`);
  const ms = (name: keyof typeof taken): number => median(taken[name]);
  const size = events.toLocaleString("en-US");
  return [
    info("keep: export as NDJSON", (events / out.ms) * 1000, "events/s"),
    info("keep: import of it, folded", (events / into.ms) * 1000, "events/s"),
    info("keep: verify", (events / verify.ms) * 1000, "events/s"),
    info("keep: NDJSON", bytes / events, "bytes/event"),
    info(`keep: when did a unit last change, among ${size} events: fleet events`, ms("fleet"), "ms"),
    info("keep: the same, fleet sql", ms("sql"), "ms"),
    info("keep: the same, grep -F | grep -F | tail over the NDJSON, one for each field", ms("greps"), "ms"),
    info("keep: the same, grep -F of both fields as they stand side by side in a line", ms("grep"), "ms"),
    info("keep: the same, tac | grep -m 1 -F, which finds it near the end", ms("tac"), "ms"),
    info("keep: the same, jq over the NDJSON", jq.ms, "ms"),
    ...(duck === null ? [] : [info("keep: the same, DuckDB over the NDJSON", duck.ms, "ms")]),
    atLeast("keep: jq / fleet events", jq.ms / ms("fleet"), "x", 100),
    atLeast("keep: grep | grep / fleet events", ms("greps") / ms("fleet"), "x", 3),
    atLeast("keep: grep of both side by side / fleet events", ms("grep") / ms("fleet"), "x", 3),
  ];
}

/** A log as a recorder leaves it, one commit for each event; beside it a process that goes on recording. */
async function archived(directory: string, events: number): Promise<Result[]> {
  const state = join(directory, "old");
  mkdirSync(state, { mode: 0o700 });
  const path = join(state, "fleet.db");
  // The size is the same on any disk; a flush for each of so many commits is waited for in memory only.
  const memory = existsSync("/dev/shm") ? mkdtempSync("/dev/shm/fleet-bench-keep-") : null;
  try {
    if (memory !== null) {
      fill(join(memory, "fleet.db"), events, 1);
      spawnSync("cp", [join(memory, "fleet.db"), path]);
    } else fill(path, events, 1);
  } finally {
    if (memory !== null) rmSync(memory, { recursive: true, force: true });
  }
  const hot = statSync(path).size;
  const recorder = recordBeside(path);
  const started = performance.now();
  const ended = await new Promise<{ code: number | null; stdout: string; stderr: string }>(
    (resolve, reject) => {
      const child = spawn(LAUNCHER, ["archive", "--before", "now", "--json"], {
        env: environment(state),
        stdio: ["ignore", "pipe", "pipe"],
      });
      let [stdout, stderr] = ["", ""];
      child.stdout.on("data", (text) => {
        stdout += text;
      });
      child.stderr.on("data", (text) => {
        stderr += text;
      });
      child.on("error", reject);
      child.on("close", (code) => resolve({ code, stdout, stderr }));
    },
  );
  const seconds = (performance.now() - started) / 1000;
  const { longestMs, count } = recorder.stop();
  if (ended.code !== 0) throw new Error(`fleet archive ended with ${ended.code}: ${ended.stderr}`);
  const done = JSON.parse(ended.stdout) as { events: number; bytes: number };
  const inFiles = readdirSync(join(state, "archive")).reduce(
    (sum, name) => sum + statSync(join(state, "archive", name)).size,
    0,
  );
  const verified = timed([LAUNCHER, "verify", "--json"], state);
  const whole = timed([LAUNCHER, "events", "--after", "0", "--limit", "1"], state);
  return [
    info("keep: before the archive", hot / events, "bytes/event"),
    atMost("keep: archive, heartbeat log with jitter", inFiles / done.events, "bytes/event", 20),
    atLeast("keep: archive, whole process", done.events / seconds, "events/s", 50_000),
    info("keep: commits of a recorder meanwhile", count, ""),
    info("keep: the longest that one of them took", longestMs, "ms"),
    info("keep: verify of archived events", (events / verified.ms) * 1000, "events/s"),
    info("keep: the first event, out of the archive", whole.ms, "ms"),
  ];
}

/** Appends a beat each 20 ms, as somebody else's process would; tells how long the slowest commit took. */
function recordBeside(path: string): { stop(): { longestMs: number; count: number } } {
  const log = openLog({
    path,
    identity: IDENTITY,
    clock: { nowUs: () => Date.now() * 1000 },
    projections,
    derive,
  });
  let longestMs = 0;
  let count = 0;
  const timer = setInterval(() => {
    const began = performance.now();
    const { event } = eventAt(count, SPACING_US);
    log.append({
      source: "heartbeat",
      events: [{ ...event, occurredAtUs: Date.now() * 1000, precision: "us" }],
    });
    longestMs = Math.max(longestMs, performance.now() - began);
    count += 1;
  }, 20);
  return {
    stop() {
      clearInterval(timer);
      log.close();
      return { longestMs, count };
    },
  };
}

const IDENTITY = { tenantId: "jarvis", host: "W-jarvis", machineId: null };
/** 2020-03-01: months that are closed, whenever this runs. */
const LONG_AGO_US = Date.UTC(2020, 2, 1) * 1000;

/** The load of the benches, each event up to a quarter of a second late, as real timers are. The same on each run. */
function fill(path: string, events: number, batch: number): void {
  let nowUs = 0;
  let state = 12_345;
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const log = openLog({ path, identity: IDENTITY, clock: { nowUs: () => nowUs }, projections, derive });
  for (let from = 0; from < events; from += batch) {
    const made = Array.from({ length: Math.min(batch, events - from) }, (_, i) => {
      const { event } = eventAt(from + i, SPACING_US);
      nowUs = LONG_AGO_US + Math.floor((from + i + random() * 0.9) * SPACING_US);
      const lag = event.precision === "s" ? 0 : 1500 + Math.floor(random() * 1000);
      const occurredAtUs =
        event.precision === "s" ? Math.floor((nowUs - random() * 900_000) / 1e6) * 1e6 : nowUs - lag;
      return { ...event, occurredAtUs };
    });
    log.append({ source: "heartbeat", events: made });
  }
  log.close();
}

function environment(state: string): Record<string, string> {
  return {
    HOME: state,
    PATH: process.env.PATH ?? "",
    FLEET_STATE: state,
    FLEET_TENANT: "jarvis",
    FLEET_HOST: "W-jarvis",
  };
}

function timed([program = "", ...args]: readonly string[], state: string): { ms: number; stdout: string } {
  const { ms, stdout } = timedProcess({ program, args, env: environment(state) });
  return { ms, stdout: stdout.toString("utf8") };
}

/** The place of the last event that a program names. */
function lastSeqIn(stdout: string): string | undefined {
  return [...stdout.matchAll(/"origin_seq":(\d+)/g)].at(-1)?.[1];
}

function isInstalled(program: string): boolean {
  return spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  process.stdout.write(table(await run(optionsOf(process.argv))));
