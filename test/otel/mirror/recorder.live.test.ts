import { afterEach, beforeEach, expect, test } from "vitest";
import { readMirrorStatus } from "../../../store/mirror-status.ts";
import { createLiveFleet, type LiveFleet, waitUntil } from "../../cli/support/live-fleet.ts";
import { startOf } from "../../collectors/tmux/tmux-server.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";

const ROSTER = `version: 1
tmux: { socket_name: fleet-test, holder_session: _holder }
heartbeat: { interval_seconds: 1 }
agents:
  - { name: coder0, runtime: dogfood-agent.py, class: implementer }
`;
const CALLER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

let live: LiveFleet;
let receiver: Receiver;
beforeEach(async () => {
  live = createLiveFleet(ROSTER);
  receiver = await startReceiver();
  Object.assign(live.environment, {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
  });
  live.tmux("new-session", "-d", "-s", "_holder", "sleep", "infinity");
  live.startAgent("coder0");
});
afterEach(async () => {
  await live.remove();
  await receiver.close();
});

const mirrorPid = () => readMirrorStatus(`${live.home}/state/fleet.db`, "traces")?.holder?.pid ?? null;
const arrived = (name: string) => [...receiver.kept.values()].flat().filter((span) => span.name === name);
const attribute = (span: { readonly [field: string]: unknown } | undefined, key: string) => {
  const all = (span?.attributes ?? []) as { key: string; value: { stringValue?: string } }[];
  return all.find((one) => one.key === key)?.value.stringValue;
};

test("beside a recorder the root of a life is there at once; a mirror that dies is started again, and one whose recorder dies ends", async () => {
  const recorder = live.start("record", "--mirror");
  await waitUntil("the root has arrived", () => arrived("agent.session coder0").length > 0);
  const first = mirrorPid() ?? 0;
  const begun = startOf(first);
  expect(first).toBeGreaterThan(0);
  process.kill(first, "SIGKILL");
  await waitUntil("another mirror has begun", () => ![null, first].includes(mirrorPid()));
  expect(recorder.stderr()).toContain("the mirror was ended by SIGKILL");
  expect(recorder.child.exitCode, "the recorder goes on").toBeNull();
  expect((await live.row("coder0")).tenant_id).toBe("jarvis");
  const second = mirrorPid() ?? 0;
  const secondBegun = startOf(second);
  expect([second, secondBegun]).not.toEqual([first, begun]);
  recorder.child.kill("SIGKILL");
  await recorder.ended;
  await waitUntil("its mirror has ended too", () => startOf(second) !== secondBegun);
  expect(new Set(arrived("agent.session coder0").map(({ spanId }) => spanId)).size, "one root").toBe(1);
});

test("a caller's trace, fleet's own span of the send and the mirrored message are one trace", async () => {
  await waitUntil("the agent beats", async () => (await live.row("coder0")).status === "healthy");
  const sent = await live.fleet("send", "coder0", "hello", "--traceparent", CALLER);
  expect(sent.stderr).toBe("");
  await waitUntil("fleet's own span has arrived", () => arrived("fleet send").length > 0);
  const [own] = arrived("fleet send");
  expect(own).toMatchObject({ traceId: CALLER.slice(3, 35), parentSpanId: CALLER.slice(36, 52) });
  expect((await live.fleet("mirror", "--once")).code).toBe(0);
  const { stdout } = await live.fleet("messages", "--json");
  const verdict = /"verdict": ?"(\w+)"/.exec(stdout)?.[1];
  if (verdict === undefined) {
    // A send that does not verify has no verdict, and its trace waits for one.
    expect(arrived("send coder0")).toEqual([]);
    const again = await live.fleet(
      "send",
      "coder0",
      "--command",
      "/status",
      "--verify",
      "--traceparent",
      CALLER,
    );
    expect([0, 10, 11, 12]).toContain(again.code);
    expect((await live.fleet("mirror", "--once")).code).toBe(0);
  }
  const [message] = arrived("send coder0");
  const owns = arrived("fleet send").map(({ spanId }) => spanId);
  expect(message).toMatchObject({ traceId: CALLER.slice(3, 35) });
  expect(owns).toContain(message?.parentSpanId);
  expect(attribute(message, "fleet.message.verdict")).toMatch(/^(accepted|draft|unverifiable|refused)$/);
});
