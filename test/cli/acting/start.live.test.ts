import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createLiveFleet, type LiveFleet, waitUntil } from "../support/live-fleet.ts";

const ROSTER = `version: 1
tmux: { socket_name: fleet-test, holder_session: _holder }
agents:
  - { name: eph, runtime: worker, class: tools, command: worker, lifecycle: ephemeral, heartbeat: not-expected }
  - { name: coder0, runtime: worker, class: worker, command: worker, heartbeat: not-expected }
`;

let live: LiveFleet;
beforeEach(() => {
  live = createLiveFleet(ROSTER);
  live.startSession("_holder", "sleep", "infinity");
  live.tmux("set-option", "-gw", "remain-on-exit", "on");
});
afterEach(() => live.remove());

/**
 * A service manager whose units do what fleet's launcher does: the word that the unit runs is given at once, and a moment later what
 * stood in the session is put away and `words` run in a new one.
 */
function launches(name: string, words: string): void {
  const programs = join(live.home, "bin");
  mkdirSync(programs, { recursive: true });
  const tmux = `tmux -u -S '${live.socketPath}'`;
  writeFileSync(
    join(programs, "systemctl"),
    `#!/bin/sh
case " $* " in
  *" start "* | *" restart "*)
    (sleep 0.4; ${tmux} kill-session -t '=${name}'; ${tmux} new-session -d -s ${name} ${words}; sleep 0.2; ${tmux} run-shell true) >/dev/null 2>&1 &
    ;;
  *" show "*) echo ActiveState=active; echo SubState=running; echo Result=success ;;
esac
`,
    { mode: 0o755 },
  );
  live.environment.PATH = `${programs}:${process.env.PATH}`;
}

async function diesWith(name: string, status: number): Promise<void> {
  live.startSession(name, `exit ${status}`);
  await waitUntil(`${name} is dead`, () => {
    // tmux can lose the signal by which it learns of a death; when another child of it ends it looks.
    live.tmux("run-shell", "true");
    const dead = live.tmux("display-message", "-p", "-t", `=${name}:`, "#{pane_dead} #{pane_dead_status}");
    return dead === `1 ${status}`;
  });
}

async function started(verb: "start" | "restart", name: string): Promise<Record<string, unknown>> {
  const { stdout, stderr } = await live.fleet("agent", verb, name, "--json", "--timeout", "5");
  expect(stderr).toBe("");
  return JSON.parse(stdout).agents[0];
}

describe.each(["start", "restart"] as const)("agent %s beside the dead pane of an earlier life", (verb) => {
  test("says of the new life that it runs, not how the old one ended", async () => {
    for (const status of [0, 7]) {
      await diesWith("eph", status);
      launches("eph", "'sleep 600'");
      const report = await started(verb, "eph");
      expect(report).toMatchObject({ ok: true, outcome: "runs", already_running: false, exit_status: null });
      expect(report.pane).toMatchObject({ pid: live.panePid("eph") });
      live.tmux("kill-session", "-t", "=eph");
    }
  });

  test("says how the new one ended, where that ended at once", async () => {
    await diesWith("eph", 0);
    launches("eph", "'exit 7'");
    expect(await started(verb, "eph")).toMatchObject({ ok: false, outcome: "died", exit_status: 7 });
  });
});

test("agent restart waits for the end of what runs, and says of a unit that did not end it that it was not replaced", async () => {
  live.startSession("coder0", "sleep 600");
  const before = live.panePid("coder0");
  launches("coder0", "'sleep 600'");
  const report = await started("restart", "coder0");
  expect(report).toMatchObject({ ok: true, outcome: "runs", pane: { pid: live.panePid("coder0") } });
  expect(live.panePid("coder0")).not.toBe(before);
  launches("another", "'sleep 600'");
  expect(await started("restart", "coder0")).toMatchObject({
    ok: false,
    outcome: "not-replaced",
    pane: null,
  });
});
