import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { MockOtlpServer } from "@elastic/mockotlpserver";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { recordOf } from "../../../otel/mirror/span-record.ts";
import { openMirrorBook } from "../../../store/mirror-book.ts";
import { readMirrorStatus } from "../../../store/mirror-status.ts";
import { waitUntil } from "../../cli/support/live-fleet.ts";
import { createAuthority } from "../support/certificates.ts";
import {
  accept,
  cutAfter,
  cutBefore,
  type Fault,
  never,
  partial,
  type Receiver,
  refuseWith,
  startReceiver,
  tooSlow,
} from "../support/receiver.ts";
import { createStoryLog, flapping, type StoryLog } from "../support/story-log.ts";

const MAIN = fileURLToPath(new URL("../../../cli/main.ts", import.meta.url));

let story: StoryLog;
let receiver: Receiver;
const children = new Set<ChildProcess>();

beforeEach(async () => {
  story = createStoryLog((Date.now() - 86_400_000) * 1000);
  receiver = await startReceiver();
});
afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  await receiver.close();
  story.remove();
});

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(words: readonly string[], variables: Record<string, string> = {}) {
  const env = story.environment({
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    OTEL_EXPORTER_OTLP_TIMEOUT: "2000",
    ...variables,
  });
  const child = spawn(process.execPath, [MAIN, "mirror", ...words], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.add(child);
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((resolve) =>
    child.on("close", (code, signal) => {
      children.delete(child);
      resolve({ code, signal, stdout, stderr });
    }),
  );
  return { child, ended, stderr: () => stderr };
}
const once = (...words: string[]) => start(["--once", ...words]).ended;
const status = () => readMirrorStatus(story.path, "traces");

/** Everything that was planned, as the book has it. */
function planned(): { traceId: string; spanId: string; name: string }[] {
  const book = openMirrorBook(story.path, "traces");
  try {
    return book.after(0, 1_000_000).map(({ span }) => recordOf(span));
  } finally {
    book.close();
  }
}

/** All that was planned arrived, and every copy of a span is the same. */
function expectAllKept(except: ReadonlySet<string> = new Set()): void {
  const ids = planned().map(({ spanId }) => spanId);
  expect(ids.length).toBeGreaterThan(1000);
  expect(new Set(ids).size).toBe(ids.length);
  expect([...receiver.kept.keys()].sort()).toEqual(ids.filter((id) => !except.has(id)).sort());
  for (const copies of receiver.kept.values()) for (const copy of copies) expect(copy).toEqual(copies[0]);
}

describe("delivery against a receiver that fails", () => {
  test("each fault in turn: nothing is lost, repeats are the same bytes, counts are exact", async () => {
    flapping(story, 6, 40);
    const retryLater = refuseWith(503, { "retry-after": "1" });
    const faults: Fault[] = [retryLater, refuseWith(429), cutBefore, cutAfter, tooSlow, never];
    const begun: { fault: number; atMs: number }[] = [];
    receiver.next = () => {
      const fault = faults[begun.length];
      begun.push({ fault: begun.length, atMs: performance.now() });
      return fault ?? accept;
    };
    expect(await once()).toMatchObject({ code: 0 });
    expectAllKept();
    const told = planned().length;
    expect(status()).toMatchObject({ sent: told, rejected: 0, dead: 0, settledNo: told, trouble: null });
    const copies = [...receiver.kept.values()].reduce((sum, each) => sum + each.length, 0);
    const taken = [faults.indexOf(cutAfter), faults.indexOf(tooSlow)];
    expect(copies, "only the batches whose answers were lost came twice").toBe(
      taken.reduce((sum, fault) => sum + (receiver.requests[fault]?.spans.length ?? 0), told),
    );
    expect(
      (begun[1]?.atMs ?? 0) - (begun[0]?.atMs ?? 0),
      "Retry-After was waited for",
    ).toBeGreaterThanOrEqual(1000);
    expect(status()?.lastError?.text).toBe("no answer within 2000 ms");
  });

  test("what is poisoned becomes a dead letter of its own, with the receiver's reason", async () => {
    flapping(story, 6, 40);
    const isPoisoned = ({ name }: { name: string }) => name === "restart";
    receiver.next = (request) =>
      receiver.requests.length === 1
        ? refuseWith(401)
        : request.spans.some(isPoisoned) && request.spans.length > 1
          ? refuseWith(400)
          : request.spans.some((span) => isPoisoned(span) && span.spanId.endsWith("0"))
            ? (_request, response) => void response.writeHead(400).end("no restarts, please")
            : accept;
    expect(await once()).toMatchObject({ code: 0 });
    const dead = planned().filter((span) => isPoisoned(span) && span.spanId.endsWith("0"));
    expect(dead.length).toBeGreaterThan(2);
    expectAllKept(new Set(dead.map(({ spanId }) => spanId)));
    const { sent, dead: buried, deadLetters, settledNo } = status() ?? {};
    expect(buried).toBe(dead.length);
    expect(sent).toBe(planned().length - dead.length);
    expect(settledNo).toBe(planned().length);
    expect(deadLetters?.[0]).toMatchObject({ status: 400, reason: "answered 400: no restarts, please" });
  });

  test("a partial success is counted, told, and never sent again", async () => {
    flapping(story, 6, 40);
    let asked = 0;
    receiver.next = () => [refuseWith(502), partial(7, "too old")][asked++] ?? accept;
    expect(await once()).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/rejected 7 of \d+: too old/),
    });
    expectAllKept();
    expect(status()).toMatchObject({ sent: planned().length - 7, rejected: 7, dead: 0 });
  });

  test("killed again and again between the answer and the checkpoint, it loses nothing and sends nothing else", async () => {
    flapping(story, 6, 40);
    let current: ChildProcess | null = null;
    let kills = 0;
    let repeated = 0;
    receiver.next = () => (request, response, keep) => {
      accept(request, response, keep);
      if (kills >= 6 || current === null) return;
      kills += 1;
      // The answer is on its way; whoever asked has not had the time to read it.
      current.kill("SIGKILL");
      current = null;
      repeated += request.spans.length;
    };
    while (kills < 6) {
      const { child, ended } = start(["--once"]);
      current = child;
      const { signal } = await ended;
      if (signal === null) break;
    }
    expect(kills).toBe(6);
    expect((await once()).code).toBe(0);
    expectAllKept();
    const told = planned().length;
    expect(status()).toMatchObject({ sent: told, rejected: 0, dead: 0 });
    const copies = [...receiver.kept.values()].reduce((sum, each) => sum + each.length, 0);
    expect(copies, "twice came exactly what was not checkpointed").toBe(told + repeated);
  });

  test("an outage holds nothing up: it goes on when the receiver is there again, and SIGTERM ends it at once meanwhile", async () => {
    flapping(story, 6, 40);
    receiver.next = () => refuseWith(503);
    const waiting = start([]);
    await waitUntil("trouble is told", () => waiting.stderr().includes("the receiver: answered 503"));
    await waitUntil("all is planned", () => (status()?.lastNo ?? 0) > 1000);
    waiting.child.kill("SIGTERM");
    expect(await waiting.ended).toMatchObject({ code: 0 });
    expect(status()).toMatchObject({ sent: 0, settledNo: 0, trouble: "answered 503", holder: null });
    receiver.next = () => accept;
    expect((await once()).code).toBe(0);
    expectAllKept();
  });

  test("--from sends once more what ended since then, the same bytes, also when it is killed half way", async () => {
    flapping(story, 6, 40);
    await once();
    const first = new Map([...receiver.kept].map(([id, copies]) => [id, copies[0]]));
    receiver.kept.clear();
    const fromUs = story.at(600);
    const from = new Date(fromUs / 1000).toISOString();
    let current: ChildProcess | null = null;
    receiver.next = () => (request, response, keep) => {
      accept(request, response, keep);
      current?.kill("SIGKILL");
      current = null;
    };
    const killed = start(["--once", "--from", from]);
    current = killed.child;
    await killed.ended;
    // It remembers what it was asked for.
    expect((await once()).code).toBe(0);
    const again = [...receiver.kept.keys()];
    expect(again.length).toBeGreaterThan(700);
    expect(again.length).toBeLessThan(first.size);
    for (const [id, copies] of receiver.kept) expect(copies[0]).toEqual(first.get(id));
    const ended = planned().filter((span) => (span as unknown as { toUs: number }).toUs >= fromUs);
    expect(again.sort()).toEqual(ended.map(({ spanId }) => spanId).sort());
    expect(status()).toMatchObject({ again: null });
  });

  test("a second mirror says who mirrors already", async () => {
    flapping(story, 2, 2);
    receiver.next = () => never;
    const first = start([]);
    await waitUntil("it has begun", () => receiver.requests.length > 0);
    const second = await start(["--once"]).ended;
    expect(second.code).toBe(1);
    expect(second.stderr).toContain(`a mirror runs already: process ${first.child.pid}`);
  });

  test("headers, compression and a path of its own reach the receiver as the variables say", async () => {
    flapping(story, 2, 2);
    const { ended } = start(["--once"], {
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${receiver.url}/tenant/acme`,
      OTEL_EXPORTER_OTLP_HEADERS: "x-scope-orgid=acme,authorization=Bearer%20secret",
      OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
    });
    const { code, stdout } = await ended;
    expect(code).toBe(0);
    expect(stdout).not.toContain("secret");
    expect(receiver.requests[0]).toMatchObject({
      path: "/tenant/acme",
      headers: { "x-scope-orgid": "acme", authorization: "Bearer secret", "content-encoding": "gzip" },
    });
    expect(receiver.kept.size).toBeGreaterThan(10);
  });
});

describe("a receiver that is not trusted", () => {
  test("gets nothing, and `fleet mirror status` says why and what to look at", async () => {
    flapping(story, 2, 2);
    const [ours, theirs] = ["ours", "theirs"].map((name) => createAuthority(story.home, name));
    const { certificate = "", key = "" } = ours?.issue("server") ?? {};
    let asked = 0;
    const server = createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, () => {
      asked += 1;
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
    try {
      const { port } = server.address() as AddressInfo;
      const variables = {
        OTEL_EXPORTER_OTLP_ENDPOINT: `https://127.0.0.1:${port}`,
        OTEL_EXPORTER_OTLP_CERTIFICATE: theirs?.certificate ?? "",
      };
      const waiting = start([], variables);
      await waitUntil("trouble is told", () => waiting.stderr().includes("is not trusted"));
      const { code, stdout } = await start(["status"]).ended;
      expect(code).toBe(1);
      expect(stdout).toMatch(
        /^The receiver does not take them: the certificate of the receiver is not trusted: .+ \(see OTEL_EXPORTER_OTLP_CERTIFICATE\)$/m,
      );
      expect(asked).toBe(0);
      waiting.child.kill("SIGTERM");
      await waiting.ended;
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});

describe("a receiver that nobody here wrote", () => {
  test.each(["http/protobuf", "http/json"])(
    "takes every span over %s, and tells it by its id",
    { timeout: 60_000 },
    async (protocol) => {
      flapping(story, 3, 10);
      const arrived = new Map<string, { name: string; resource: Record<string, unknown> }>();
      const server = new MockOtlpServer({
        logLevel: "fatal",
        services: ["http"],
        httpHostname: "127.0.0.1",
        httpPort: 0,
        onTrace(trace: OtlpTrace) {
          for (const { resource, scopeSpans } of trace.resourceSpans)
            for (const { spans } of scopeSpans)
              for (const span of spans) {
                const id = (bytes: unknown) =>
                  typeof bytes === "string" && /^[0-9a-f]+$/.test(bytes)
                    ? bytes
                    : Buffer.from(bytes as string, "base64").toString("hex");
                arrived.set(`${id(span.traceId)}/${id(span.spanId)}`, {
                  name: span.name,
                  resource: Object.fromEntries(
                    resource.attributes.map(({ key, value }) => [key, value.stringValue]),
                  ),
                });
              }
        },
      });
      await server.start();
      try {
        const { ended } = start(["--once"], {
          OTEL_EXPORTER_OTLP_ENDPOINT: String(server.httpUrl),
          OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
        });
        expect(await ended).toMatchObject({ code: 0 });
      } finally {
        await server.close();
      }
      const told = planned();
      expect(told.length).toBeGreaterThan(100);
      expect(arrived.size).toBe(told.length);
      for (const { traceId, spanId, name } of told) {
        const span = arrived.get(`${traceId}/${spanId}`);
        expect(span?.name).toBe(name);
        expect(span?.resource).toMatchObject({
          "service.name": "fleet-agent",
          "service.namespace": "jarvis",
          "host.name": "W-jarvis",
        });
      }
    },
  );
});

interface OtlpTrace {
  readonly resourceSpans: {
    readonly resource: {
      readonly attributes: { readonly key: string; readonly value: { readonly stringValue: string } }[];
    };
    readonly scopeSpans: {
      readonly spans: { readonly traceId: unknown; readonly spanId: unknown; readonly name: string }[];
    }[];
  }[];
}
