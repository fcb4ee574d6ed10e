/**
 * How fast the mirror gets spans answered for, against handing the very spans, ready-made, to OpenTelemetry's own exporter; all in one
 * run, to a receiver in a process of its own that reads and answers. The exporter of that name speaks JSON; the mirror speaks protobuf
 * unless it is told otherwise, and that is what the targets are for.
 *
 * "Kept" is the mirror's delivery, and what is compared: read what is kept, make and serialize it, POST, read the answer, checkpoint.
 * "From the log" is a first start on a log that nobody has mirrored: fold the past, plan, keep, and all of that; no exporter does it.
 * Memory is the greatest that `fleet mirror --once` ever had while it back-filled a log that nobody had mirrored.
 */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { TRACES } from "../cli/mirror-name.ts";
import { openPast } from "../cli/past.ts";
import { BATCH, mirror } from "../otel/mirror/mirror.ts";
import { createPlanner } from "../otel/mirror/planner.ts";
import { spanMaker } from "../otel/mirror/readable-span.ts";
import { traceSerializer } from "../otel/mirror/serializer.ts";
import { recordOf } from "../otel/mirror/span-record.ts";
import { openPost } from "../otel/otlp/post.ts";
import { otlpSettings, type Protocol } from "../otel/otlp/settings.ts";
import { openMirrorBook } from "../store/mirror-book.ts";
import { openReader } from "../store/reader.ts";
import { appendBeside } from "./mirror-beside.ts";
import { WHO, writeMirrorLog } from "./mirror-log.ts";
import type { BenchOptions, Result } from "./result.ts";
import { atLeast, atMost, info, median, optionsOf, table } from "./result.ts";

const LAUNCHER = fileURLToPath(new URL("../bin/fleet", import.meta.url));
const BACK_FILLED = 1_000_000;
const TURNS = 5;

export async function run({ events = 100_000 }: BenchOptions = {}): Promise<Result[]> {
  const directory = mkdtempSync(join(tmpdir(), "fleet-bench-mirror-"));
  const receiver = await startReceiver();
  try {
    const path = join(directory, "fleet.db");
    writeMirrorLog(path, events);
    const json = await mirrored(path, "json", "http/json", receiver.url);
    const protobuf = await mirrored(path, "protobuf", "http/protobuf", receiver.url);
    const ready = readyMade(path, "json");
    // They take turns, so that the machine's own moods meet all of them.
    const rates = { direct: [] as number[], json: [] as number[], protobuf: [] as number[] };
    for (let round = 0; round < TURNS; round++) {
      rates.direct.push(await directly(ready, receiver.url));
      rates.json.push(await json.kept());
      rates.protobuf.push(await protobuf.kept());
    }
    json.close();
    protobuf.close();
    const direct = median(rates.direct);
    const share = (of: readonly number[]): number =>
      median(of.map((rate, turn) => (rate / (rates.direct[turn] ?? Number.NaN)) * 100));
    const large = Math.max(events, BACK_FILLED);
    const tenth = await backFilled(directory, large / 10, receiver.url);
    const whole = await backFilled(directory, large, receiver.url);
    const size = large.toLocaleString("en-US");
    return [
      info("mirror: ready-made spans by OTLPTraceExporter (JSON)", direct, "spans/s"),
      info("mirror: kept spans, answered for (JSON)", median(rates.json), "spans/s"),
      info("mirror: kept spans (JSON) / exporter", share(rates.json), "%"),
      atLeast("mirror: kept spans, answered for (protobuf)", median(rates.protobuf), "spans/s", 30_000),
      atLeast("mirror: kept spans (protobuf) / exporter", share(rates.protobuf), "%", 70),
      info("mirror: from the log, first start (JSON)", json.whole, "spans/s"),
      atLeast("mirror: from the log, first start (protobuf)", protobuf.whole, "spans/s", 30_000),
      info("mirror: from the log (protobuf) / exporter", (protobuf.whole / direct) * 100, "%"),
      info(`mirror: back-fill of ${size} events by fleet mirror --once`, whole.rate, "spans/s"),
      info(`mirror: its peak memory`, whole.peakMb, "MB"),
      info("mirror: peak memory of a tenth of them", tenth.peakMb, "MB"),
      atMost("mirror: peak memory / that of a tenth", whole.peakMb / tenth.peakMb, "x", 1.5),
      atLeast(
        "mirror: append rate beside a running mirror",
        await appendBeside(directory, receiver.url),
        "%",
        90,
      ),
    ];
  } finally {
    receiver.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The command itself on a log of so many events, watched from outside. */
async function backFilled(
  directory: string,
  events: number,
  url: string,
): Promise<{ rate: number; peakMb: number }> {
  const state = join(directory, `back-fill-${events}`);
  mkdirSync(state, { mode: 0o700 });
  const path = join(state, "fleet.db");
  writeMirrorLog(path, events);
  const env = {
    HOME: directory,
    FLEET_STATE: state,
    PATH: process.env.PATH,
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
  };
  const begun = performance.now();
  const child = spawn(LAUNCHER, ["mirror", "--once"], { env, stdio: ["ignore", "ignore", "inherit"] });
  let peakMb = 0;
  const watching = setInterval(() => {
    peakMb = Math.max(peakMb, peakOf(child.pid));
  }, 20);
  const code = await new Promise((resolve) => child.once("exit", resolve));
  clearInterval(watching);
  const seconds = (performance.now() - begun) / 1000;
  if (code !== 0) throw new Error(`fleet mirror --once ended with ${code}`);
  const book = openMirrorBook(path, TRACES);
  const { sent } = book.state();
  book.close();
  rmSync(state, { recursive: true });
  return { rate: sent / seconds, peakMb };
}

/** The most that a process ever had in memory, in MB; 0 where it has gone. */
function peakOf(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1000;
  } catch {
    return 0;
  }
}

async function mirrored(
  path: string,
  name: string,
  protocol: Protocol,
  url: string,
): Promise<{ whole: number; kept(): Promise<number>; close(): void }> {
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
    heartbeatSpans: false,
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
  return {
    whole,
    kept() {
      book.startAgain(0);
      return timed(async function* () {});
    },
    close() {
      close();
      book.close();
      reader.close();
    },
  };
}

function readyMade(path: string, name: string): ReadableSpan[] {
  const book = openMirrorBook(path, name);
  const make = spanMaker({ ...WHO, hostId: "bench", logId: "bench", version: "1" });
  const spans = book.after(0, 10_000_000).map(({ span }) => make(recordOf(span)));
  book.close();
  return spans;
}

/** The same spans, made beforehand, handed to the exporter one batch after the other. */
async function directly(spans: readonly ReadableSpan[], url: string): Promise<number> {
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
