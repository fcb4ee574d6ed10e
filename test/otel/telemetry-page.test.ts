import { afterEach, expect, test } from "vitest";
import { attributeMeanings, resourceMeanings, spans } from "../../otel/mirror/catalogue.ts";
import { createPlanner } from "../../otel/mirror/planner.ts";
import { resourceAttributes } from "../../otel/mirror/readable-span.ts";
import { recordOf, type SpanRecord } from "../../otel/mirror/span-record.ts";
import { telemetryPage } from "../../otel/telemetry-page.ts";
import { pastOf } from "../../query/history/past-in-memory.ts";
import { openMirrorBook } from "../../store/mirror-book.ts";
import { beatLook } from "../support/looks.ts";
import { createStoryLog, flapping, type StoryLog } from "./support/story-log.ts";

const BEGIN_US = 1_800_000_000_000_000;
let story: StoryLog | null = null;
afterEach(() => story?.remove());

const DIGEST = "0".repeat(64);
const request = {
  message: "m1",
  digest: DIGEST,
  bytes: 5,
  lines: 1,
  text: null,
  user: "alice",
  pid: 7,
  verify: true,
  until: "accepted",
  traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
};

/** Two agents that die and come back, one that beats in changing moods, and messages with and without a caller. */
function tell(log: StoryLog): void {
  flapping(log, 2, 3);
  for (const [n, status] of ["busy", "waiting", "ok"].entries())
    log.look(140 + n, beatLook(log.at(140 + n), "a0", log.at(140 + n), { pid: 1004, status }));
  const say = (second: number, type: string, payload: object) =>
    log.tell(second, { type, payload, agent: "a1", source: "operator" });
  say(150, "message.requested", request);
  say(150.2, "message.typed", { message: "m1", socket: "/s", pane: "%2", pid: 1005, runtime: "claude" });
  say(150.3, "message.submitted", { message: "m1" });
  say(151, "message.unverifiable", { message: "m1", which: "no-evidence", because: "nothing was seen" });
  say(152, "message.requested", { ...request, message: "m2", traceparent: null });
  const where = { via: "prompt_async", runtime: "opencode", pid: 1005, port: 4597, session: "ses_1" };
  say(152.1, "message.posted", { message: "m2", ...where, runtimeMessage: "msg_1" });
  say(152.2, "message.submitted", { message: "m2" });
  say(153, "message.accepted", { message: "m2", proof: "id", queued: false, because: "its server holds it" });
}

async function planned(log: StoryLog): Promise<SpanRecord[]> {
  const reader = log.reader();
  const book = openMirrorBook(log.path, "traces");
  try {
    const planner = createPlanner({
      reader,
      book,
      identity: { tenantId: "jarvis", host: "W-jarvis", hostId: "m", logId: "log", version: "1" },
      openPast: (nowUs) =>
        pastOf({
          ...reader.identity(),
          logSeq: reader.lastSeq(),
          events: [...reader.events({})],
          lapsedAtUs: null,
          nowUs,
        }),
      nowUs: () => log.at(86_400),
      recorderAliveAtUs: () => null,
      heartbeatSpans: true,
      sinceUs: null,
    });
    for await (const _ of planner.pass());
    return book.after(0, 10_000).map(({ span }) => recordOf(span));
  } finally {
    book.close();
  }
}

test("docs/telemetry.md says what the code says", async () => {
  await expect(telemetryPage()).toMatchFileSnapshot("../../docs/telemetry.md");
});

test("every span of a story, with every attribute, is in the catalogue, and each kind is met", async () => {
  story = createStoryLog(BEGIN_US);
  tell(story);
  const told = await planned(story);
  const met = new Set<string>();
  for (const { name, kind, attributes } of told) {
    const entry = spans.find(({ pattern }) => pattern.test(name));
    expect(entry, name).toBeDefined();
    met.add(entry?.name ?? "");
    expect(kind).toBe(entry?.kind);
    for (const attribute of Object.keys(attributes)) expect(entry?.attributes, name).toContain(attribute);
  }
  expect([...met].sort()).toEqual(spans.map(({ name }) => name).sort());
  const identity = { tenantId: "t", host: "h", hostId: "m", logId: "l", version: "1" };
  expect(Object.keys(resourceAttributes(identity, "a", "i")).sort()).toEqual(
    Object.keys(resourceMeanings).sort(),
  );
  const known = new Set(spans.flatMap(({ attributes }) => attributes));
  expect([...known].sort()).toEqual(Object.keys(attributeMeanings).sort());
});

test("the spans of a story are these, ids and all", async () => {
  story = createStoryLog(BEGIN_US);
  tell(story);
  const told = await planned(story);
  const lines = told.map(({ fromUs, toUs, ...rest }) =>
    JSON.stringify({ ...rest, from: (fromUs - BEGIN_US) / 1e6, to: (toUs - BEGIN_US) / 1e6 }),
  );
  await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot("golden/story-spans.ndjson");
});

test("a message continues the trace of its caller, and is linked to the agent's day", async () => {
  story = createStoryLog(BEGIN_US);
  tell(story);
  const told = await planned(story);
  const sends = told.filter(({ name }) => name === "send a1");
  expect(sends.map(({ traceId, parentSpanId, error }) => [traceId, parentSpanId, error])).toEqual([
    ["4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", "nothing was seen"],
    [expect.stringMatching(/^[0-9a-f]{32}$/), undefined, undefined],
  ]);
  for (const { links } of sends) {
    const [session] = links ?? [];
    const root = told.find(
      ({ spanId, traceId }) => spanId === session?.spanId && traceId === session.traceId,
    );
    expect(root?.name).toBe("agent.session a1");
  }
  // A verdict that comes later is a further revision, linked to the first.
  story.tell(200, {
    type: "message.accepted",
    payload: { message: "m1", proof: "ack", queued: false, because: "it said so later" },
    agent: "a1",
    source: "operator",
  });
  const again = (await planned(story)).filter(({ name }) => name === "send a1").slice(2);
  expect(again).toHaveLength(1);
  expect(again[0]?.attributes).toMatchObject({ "fleet.revision": 2, "fleet.message.verdict": "accepted" });
  expect(again[0]?.links?.at(-1)).toMatchObject({ spanId: sends[0]?.spanId, relation: "first-revision" });
});
