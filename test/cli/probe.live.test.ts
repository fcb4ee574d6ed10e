import { afterEach, expect, test } from "vitest";
import type { PsDocument } from "../../query/row.ts";
import { createLiveFleet, type LiveFleet } from "./support/live-fleet.ts";

let fleet: LiveFleet | null = null;
afterEach(async () => {
  await fleet?.remove();
  fleet = null;
});

const ROSTER = `version: 1
tmux: { socket_name: fleet-test }
agents:
  - { name: coder0, runtime: claude, heartbeat: { interval_seconds: 600 } }
  - { name: coder1, runtime: claude, heartbeat: { interval_seconds: 600 } }
  - { name: quiet, runtime: claude, heartbeat: not-expected }
`;

type Probed = PsDocument & {
  probe: { waited_ms: number; answers: { agent: string; answered: boolean; after_ms: number | null }[] };
};

test("a probe tells an agent that lives from one that only has a pane, and both answers are events", async () => {
  fleet = createLiveFleet(ROSTER);
  fleet.startAgent("coder0");
  fleet.tmux("new-session", "-d", "-s", "coder1", "sleep", "1000");
  fleet.writeBeat("coder1", `ts=${new Date().toISOString()} pid=${fleet.panePid("coder1")} status=ok\n`);
  await expect.poll(async () => (await fleet?.row("coder0"))?.status, { timeout: 20_000 }).toBe("healthy");

  // The one who is there answers within a tick of its own; the other is waited for until the time is over.
  const { stdout, code } = await fleet.fleet("ps", "--probe", "--wait", "3000", "--json");
  expect(code).toBe(0);
  const { agents, probe } = JSON.parse(stdout) as Probed;
  expect(agents.map(({ name }) => name)).toContain("quiet");
  expect(probe).toMatchObject({
    waited_ms: 3000,
    answers: [
      { agent: "coder0", answered: true, after_ms: expect.any(Number) },
      { agent: "coder1", answered: false, after_ms: null },
    ],
  });
  const { stdout: events } = await fleet.fleet("events", "--type", "heartbeat.probe.", "--json");
  expect(
    events
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line))
      .map(({ type, agent }) => `${agent} ${type}`),
  ).toEqual(["coder0 heartbeat.probe.answered", "coder1 heartbeat.probe.unanswered"]);

  const table = await fleet.fleet("ps", "--probe", "--wait", "100", "coder1");
  expect(table.stdout).toContain("No answer within 100 ms: coder1.");
  expect((await fleet.fleet("ps", "--probe", "nobody")).code).toBe(3);
  for (const words of [
    ["--probe", "--watch"],
    ["--wait", "5"],
  ])
    expect((await fleet.fleet("ps", ...words)).code).toBe(2);
});
