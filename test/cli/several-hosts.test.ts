import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { chronicle } from "../../query/history/chronicler.ts";
import { derive, projections } from "../../query/planes/all.ts";
import type { FleetEvent } from "../../store/events/catalogue.ts";
import { openLog } from "../../store/log.ts";
import { paneSeen, rosterLook, tmuxLook } from "../support/looks.ts";
import { at, type SeededPast, seedPast } from "./support/seeded-past.ts";

/** A log that holds W-jarvis, and then W-other, whose it is. */
let past: SeededPast;
beforeEach(() => {
  past = seedPast();
  past.sample(0, rosterLook(at(0), { coder0: {} }), tmuxLook(at(0), [paneSeen("coder0", 1)]));
  past.tell(10, asked("one", "coder0", at(10)) as Parameters<SeededPast["tell"]>[1]);
  let nowUs = at(100);
  const log = openLog({
    path: join(past.environment.FLEET_STATE ?? "", "fleet.db"),
    identity: { tenantId: "jarvis", host: "W-other", machineId: null },
    clock: { nowUs: () => nowUs, monotonicUs: () => 1e6 },
    ...{ projections, chronicle, derive },
  });
  log.append({ source: "roster", snapshot: rosterLook(at(100), { writer: {} }) });
  nowUs = at(110);
  log.append({ source: "operator", events: [asked("two", "writer", at(110))] });
  log.close();
  past.now(200);
});
afterEach(() => past.close());

function asked(message: string, agent: string, occurredAtUs: number): FleetEvent {
  return {
    type: "message.requested",
    agent,
    source: "operator",
    occurredAtUs,
    precision: "us",
    payload: {
      message,
      digest: "d",
      bytes: 3,
      lines: 1,
      user: "x",
      pid: 1,
      verify: true,
      until: "accepted",
      traceparent: null,
      text: null,
    },
  } as FleetEvent;
}

test("a list of more than one host says of each which it is of; of one it does not", async () => {
  const all = (await past.run("messages")).stdout;
  expect(all).toMatch(/^ASKED +HOST +AGENT /m);
  expect(all).toMatch(/20:00:10 +W-jarvis +coder0 /);
  expect(all).toMatch(/20:01:50 +W-other +writer /);
  const one = (await past.run("messages", "--host", "W-jarvis")).stdout;
  expect(one).toMatch(/^ASKED +AGENT /m);
  expect(one).not.toContain("writer");
  const document = await past.json<{ host: string; messages: unknown[] }>("messages", "--host", "W-jarvis");
  expect(document).toMatchObject({ host: "W-jarvis", messages: [{ host: "W-jarvis", agent: "coder0" }] });

  const events = (await past.run("events", "--type", "message.")).stdout;
  expect(events).toMatch(/20:00:10 {2}W-jarvis {2}coder0 /);
  expect(events).toMatch(/20:01:50 {2}W-other {3}writer /);
  expect((await past.run("events", "--host", "W-other")).stdout).not.toContain("W-other ");
});

test("an export is of one host where that is asked for", async () => {
  const { stdout } = await past.run("export", "--host", "W-jarvis");
  const hosts = new Set(
    stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).host),
  );
  expect([...hosts]).toEqual(["W-jarvis"]);
  expect((await past.run("export", "--host", "none")).exit).toBe(2);
});

test("every view of sql is of all hosts, those of another as ps has them", async () => {
  const ask = async (...argv: string[]) =>
    (await past.run("sql", "--in-this-process", "--csv", ...argv)).stdout.split("\r\n").slice(1, -1);
  const now = await ask("SELECT host, name FROM agents ORDER BY 1, 2");
  expect(now).toEqual(["W-jarvis,coder0", "W-other,writer"]);
  expect(await ask("--at", "20:00:50", "SELECT host, name FROM agents")).toEqual(["W-jarvis,coder0"]);
});

test("who is on another host of the log is not told to be nobody", async () => {
  for (const argv of [
    ["when", "coder0", "failed"],
    ["history", "coder0"],
    ["uptime", "coder0"],
    ["incidents", "coder0"],
    ["why", "coder0", "--no-collect"],
    ["why", "coder0", "--at", "20:03"],
    ["ps", "coder0", "--no-collect"],
    ["ps", "coder0", "--at", "20:03"],
    ["messages", "coder0", "--host", "W-other"],
  ]) {
    const { exit, stderr } = await past.run(...argv);
    expect({ argv, exit }).toEqual({ argv, exit: 3 });
    expect(stderr).toContain(
      "this log holds more than one\n  One is called so elsewhere: ask with --host W-jarvis.\n",
    );
  }
  expect((await past.run("when", "nobody", "failed")).stderr).toContain('no agent is called "nobody"');
});
