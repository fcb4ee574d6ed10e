import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runProgram } from "../../../cli/program.ts";
import { openReader } from "../../../store/reader.ts";
import { catchOutput } from "../support/output.ts";

let home: string;
let environment: Record<string, string>;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "fleet-no-manager-"));
  mkdirSync(join(home, "fleet"), { mode: 0o700 });
  writeFileSync(
    join(home, "fleet", "roster.yaml"),
    `version: 1
tmux: { socket_name: fleet-test }
agents:
  - { name: coder0, runtime: script, class: worker, command: "sleep 600" }
  - { name: coder1, runtime: script, class: worker, command: "sleep 600" }
`,
  );
  environment = {
    HOME: home,
    PATH: process.env.PATH ?? "",
    TMUX_TMPDIR: home,
    FLEET_HOME: join(home, "fleet"),
    FLEET_STATE: join(home, "state"),
    FLEET_TENANT: "jarvis",
    FLEET_HOST: "W-jarvis",
    XDG_RUNTIME_DIR: join(home, "no-user-manager"),
    DBUS_SESSION_BUS_ADDRESS: `unix:path=${join(home, "no-bus")}`,
  };
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

async function run(...argv: string[]): Promise<{ exit: number; said: string }> {
  const output = catchOutput();
  const exit = await runProgram(argv, { output, environment });
  return { exit, said: output.printed() + output.complained() };
}

function written(): { type: string; agent: string | null; verb: unknown }[] {
  const reader = openReader(join(home, "state", "fleet.db"));
  try {
    return [...reader.events({ types: ["operator."] })].map(({ type, agent, payload }) => ({
      type,
      agent,
      verb: (payload as { verb?: unknown }).verb,
    }));
  } finally {
    reader.close();
  }
}

test.each([
  [["agent", "start", "coder0"], ["coder0"], "start"],
  [["agent", "restart", "coder0", "coder1"], ["coder0", "coder1"], "restart"],
  [["up"], ["_holder", "coder0", "coder1"], "start"],
])(
  "%j without a user service manager is told to have been asked for, and to have failed",
  async (argv, names, what) => {
    const { exit, said } = await run(...argv);
    expect(exit).toBe(1);
    expect(said).toContain("nothing can be started");
    const verb = argv.filter((word) => !word.startsWith("coder")).join(" ");
    for (const agent of names)
      expect(written().filter((one) => one.agent === agent)).toEqual([
        { type: `operator.${what}.requested`, agent, verb },
        { type: "operator.act.failed", agent, verb },
      ]);
  },
);

test.each([
  [["agent", "stop", "coder0"], ["coder0"]],
  [["down"], ["coder0", "coder1"]],
])(
  "%j without a user service manager is told to have failed, and nobody is said to be meant to be down",
  async (argv, names) => {
    const { exit, said } = await run(...argv);
    expect(exit).toBe(1);
    expect(said).toContain("nothing can be stopped");
    expect(said).not.toContain("started");
    const verb = argv.filter((word) => !word.startsWith("coder")).join(" ");
    expect(written()).toEqual(names.map((agent) => ({ type: "operator.act.failed", agent, verb })));
  },
);
