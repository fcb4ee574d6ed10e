/**
 * How fast the mirror gets spans answered for, against handing the very spans, ready-made, to OpenTelemetry's own exporter. All in one
 * run, OTLP/JSON over HTTP (which is what the exporter of that name speaks) to a receiver in a process of its own that reads and
 * answers. "Kept" is what a receiver gets that comes back after an outage: read, make, serialize, POST, checkpoint. "From the log" is
 * a first start: fold the past, plan, keep, and all of that.
 */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { setPriority, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { openPast } from "../cli/past.ts";
import { BATCH, mirror } from "../otel/mirror/mirror.ts";
import { createPlanner } from "../otel/mirror/planner.ts";
import { spanMaker } from "../otel/mirror/readable-span.ts";
import { traceSerializer } from "../otel/mirror/serializer.ts";
import { recordOf } from "../otel/mirror/span-record.ts";
import { openPost } from "../otel/otlp/post.ts";
import { otlpSettings, type Protocol } from "../otel/otlp/settings.ts";
import { derive, projections } from "../query/planes/all.ts";
import type { FleetEvent } from "../store/events/catalogue.ts";
import { openLog } from "../store/log.ts";
import { openMirrorBook } from "../store/mirror-book.ts";
import { openReader } from "../store/reader.ts";
import type { BenchOptions, Result } from "./result.ts";
import { atLeast, info, median, optionsOf, table } from "./result.ts";

const AGENTS = 50;
const BEGIN_US = 1_700_000_000_000_000;
const WHO = { tenantId: "jarvis", host: "W-jarvis" };

export async function run({ events = 100_000 }: BenchOptions = {}): Promise<Result[]> {
  const directory = mkdtempSync(join(tmpdir(), "fleet-bench-mirror-"));
  const receiver = await startReceiver();
  try {
    const path = join(directory, "fleet.db");
    writeLog(path, events);
    const json = await mirrored(path, "json", "http/json", receiver.url);
    const protobuf = await mirrored(path, "protobuf", "http/protobuf", receiver.url);
    const direct = await directly(path, "json", receiver.url);
    return [
      info("mirror: ready-made spans by OTLPTraceExporter (JSON)", direct, "spans/s"),
      info("mirror: kept spans, answered for (JSON)", json.kept, "spans/s"),
      atLeast("mirror: kept spans / exporter", (json.kept / direct) * 100, "%", 70),
      atLeast("mirror: kept spans, answered for (protobuf)", protobuf.kept, "spans/s", 30_000),
      info("mirror: from the log (JSON)", json.whole, "spans/s"),
      info("mirror: from the log (protobuf)", protobuf.whole, "spans/s"),
      info("mirror: from the log / exporter (JSON)", (json.whole / direct) * 100, "%"),
      atLeast(
        "mirror: append rate beside a running mirror",
        await appendBeside(directory, receiver.url),
        "%",
        90,
      ),
      info("mirror: memory of this process at the end", process.memoryUsage().rss / 1e6, "MB"),
    ];
  } finally {
    receiver.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Agents whose beats change their status each time: a log whose every event is a span. */
function writeLog(path: string, events: number): void {
  let nowUs = BEGIN_US;
  const log = openLog({
    path,
    identity: { ...WHO, machineId: "bench" },
    clock: { nowUs: () => nowUs },
    projections,
    derive,
  });
  const declare = (agent: string): FleetEvent => ({
    type: "roster.agent.declared",
    agent,
    source: "roster",
    occurredAtUs: nowUs,
    precision: "us",
    payload: {
      role: "agent",
      runtime: "pi",
      class: "implementer",
      unit: `mosaic-agent@${agent}.service`,
      socketName: "mosaic-factory",
      intervalSeconds: 15,
      heartbeat: "expected",
      lifecycle: "always",
      driftAccept: [],
      persistentPersona: false,
      resetBetweenTasks: false,
      modelHint: null,
    },
  });
  log.append({ source: "roster", events: Array.from({ length: AGENTS }, (_, n) => declare(`a${n}`)) });
  for (let from = 0; from < events; from += 1000) {
    const batch = Array.from({ length: Math.min(1000, events - from) }, (_, i): FleetEvent => {
      const n = from + i;
      const status = Math.floor(n / AGENTS) % 2 === 0 ? "ok" : "busy";
      return {
        type: "heartbeat.received",
        agent: `a${n % AGENTS}`,
        source: "heartbeat",
        occurredAtUs: BEGIN_US + Math.floor(n / AGENTS) * 15_000_000 + (n % AGENTS),
        precision: "us",
        payload: { pid: 4000 + (n % AGENTS), pidStart: 7, status, evidence: "runtime" },
      };
    });
    nowUs = (batch.at(-1)?.occurredAtUs ?? nowUs) + 1;
    log.append({ source: "heartbeat", events: batch });
  }
  log.close();
}

async function mirrored(
  path: string,
  name: string,
  protocol: Protocol,
  url: string,
): Promise<{ whole: number; kept: number }> {
  const reader = openReader(path);
  const book = openMirrorBook(path, name);
  const settings = otlpSettings(
    { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_PROTOCOL: protocol },
    "traces",
  );
  const { post, close } = openPost(settings, {}, "bench");
  const identity = { ...WHO, hostId: "bench", logId: reader.logId, version: "1" };
  const nowUs = () => Date.now() * 1000;
  const planner = createPlanner({
    reader,
    book,
    identity,
    openPast: (atUs) => openPast(reader, reader.identity(), atUs),
    nowUs,
    recorderAliveAtUs: () => null,
    heartbeatSpans: true,
    sinceUs: null,
  });
  const timed = async (pass: typeof planner.pass): Promise<number> => {
    const before = book.state().sent;
    const begun = performance.now();
    await mirror(
      {
        book,
        planner: { pass },
        ...traceSerializer(protocol, identity),
        post,
        nowUs,
        random: Math.random,
        wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
        worthPlanning: async () => {},
        onTrouble: (reason) => process.stderr.write(`mirror: ${reason}\n`),
        once: true,
      },
      new AbortController().signal,
    );
    return (book.state().sent - before) / ((performance.now() - begun) / 1000);
  };
  const whole = await timed(planner.pass);
  book.startAgain(0);
  const kept = await timed(async function* () {});
  close();
  book.close();
  reader.close();
  return { whole, kept };
}

/** The same spans, made beforehand, handed to the exporter one batch after the other. */
async function directly(path: string, name: string, url: string): Promise<number> {
  const book = openMirrorBook(path, name);
  const make = spanMaker({ ...WHO, hostId: "bench", logId: "bench", version: "1" });
  const spans = book.after(0, 10_000_000).map(({ span }) => make(recordOf(span)));
  book.close();
  const exporter = new OTLPTraceExporter({ url: `${url}/v1/traces` });
  const begun = performance.now();
  for (let from = 0; from < spans.length; from += BATCH) {
    await new Promise<void>((resolve, reject) =>
      exporter.export(spans.slice(from, from + BATCH), ({ code, error }) =>
        code === 0 ? resolve() : reject(error ?? new Error("the exporter failed")),
      ),
    );
  }
  const seconds = (performance.now() - begun) / 1000;
  await exporter.shutdown();
  return spans.length / seconds;
}

/**
 * The rate at which a recorder appends (batches of 20, one commit each) while `fleet mirror` runs as the process that a recorder starts,
 * as a share of the rate without it. The two take turns, so that the machine's own moods meet both.
 */
async function appendBeside(directory: string, url: string): Promise<number> {
  const state = join(directory, "state");
  mkdirSync(state, { mode: 0o700 });
  const path = join(state, "fleet.db");
  writeLog(path, 10_000);
  const environment = {
    HOME: directory,
    FLEET_STATE: state,
    PATH: process.env.PATH,
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
  };
  const command = fileURLToPath(new URL("../dist/fleet.cjs", import.meta.url));
  const rates = { alone: [] as number[], beside: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    rates.alone.push(appendRate(path, round));
    const child = spawn(process.execPath, [command, "mirror", "--while-stdin"], {
      env: environment,
      stdio: ["pipe", "pipe", "inherit"],
    });
    if (child.pid !== undefined) setPriority(child.pid, 10);
    await new Promise((resolve) => child.stdout.once("data", resolve));
    rates.beside.push(appendRate(path, ROUNDS + round));
    child.stdin.end();
    await new Promise((resolve) => child.once("exit", resolve));
  }
  return (median(rates.beside) / median(rates.alone)) * 100;
}

const ROUNDS = 4;

function appendRate(path: string, round: number): number {
  let nowUs = BEGIN_US + (round + 1) * 86_400_000_000;
  const log = openLog({
    path,
    identity: { ...WHO, machineId: "bench" },
    clock: { nowUs: () => nowUs },
    projections,
    derive,
  });
  const begun = performance.now();
  for (let batch = 0; batch < 300; batch++) {
    nowUs += 1_000_000;
    const events = Array.from(
      { length: 20 },
      (_, n): FleetEvent => ({
        type: "heartbeat.received",
        agent: `a${n}`,
        source: "heartbeat",
        occurredAtUs: nowUs - n,
        precision: "us",
        payload: { pid: 4000 + n, pidStart: 7, status: "ok", evidence: "runtime" },
      }),
    );
    log.append({ source: "heartbeat", events });
  }
  const rate = 6000 / ((performance.now() - begun) / 1000);
  log.close();
  return rate;
}

const RECEIVER = `
const { createServer } = require("node:http");
const server = createServer((request, response) => {
  request.resume().on("end", () => {
    const isJson = request.headers["content-type"] === "application/json";
    response.writeHead(200, { "content-type": request.headers["content-type"] }).end(isJson ? "{}" : "");
  });
});
server.listen(0, "127.0.0.1", () => process.stdout.write(server.address().port + "\\n"));
process.stdin.resume().on("end", () => process.exit());
`;

async function startReceiver(): Promise<{ url: string; close(): void }> {
  const child = spawn(process.execPath, ["-e", RECEIVER], { stdio: ["pipe", "pipe", "inherit"] });
  const port = await new Promise<string>((resolve) =>
    child.stdout.setEncoding("utf8").once("data", (text: string) => resolve(text.trim())),
  );
  return { url: `http://127.0.0.1:${port}`, close: () => child.stdin.end() };
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  process.stdout.write(table(await run(optionsOf(process.argv))));
