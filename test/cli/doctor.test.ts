import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { checkNames, remedyFor } from "../../cli/doctor/fleet.ts";
import { runProgram } from "../../cli/program.ts";
import { catchOutput } from "./support/output.ts";
import { agentRow, ago } from "./support/rows.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "fleet-doctor-"));
  mkdirSync(join(home, "fleet", "lib"), { recursive: true, mode: 0o700 });
  writeFileSync(
    join(home, "fleet", "roster.yaml"),
    "version: 1\nagents:\n  - { name: coder0, runtime: no-such-runtime.py }\n",
  );
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

async function findings(): Promise<{ check: string; state: string; found: string }[]> {
  const output = catchOutput();
  const environment = {
    HOME: home,
    PATH: process.env.PATH ?? "",
    TMUX_TMPDIR: home,
    FLEET_HOME: join(home, "fleet"),
    FLEET_STATE: join(home, "state"),
    MOSAIC_TMUX_SOCKET: "fleet-test",
    XDG_RUNTIME_DIR: join(home, "no-user-manager"),
  };
  await runProgram(["doctor", "--json"], { output, environment });
  return JSON.parse(output.printed()).findings;
}
const ofRuntime = async () => (await findings()).find(({ check }) => check === "runtime no-such-runtime.py");

test("a program that is on no PATH is a failure only where fleet's own launcher would look for it", async () => {
  expect(await ofRuntime()).toMatchObject({
    state: "warn",
    found: expect.stringContaining("Fleet does not launch these agents"),
  });
  const template = join(home, ".config", "systemd", "user", "mosaic-agent@.service");
  writeFileSync(join(home, "fleet", "lib", "written.json"), JSON.stringify({ [template]: "a".repeat(64) }));
  expect(await ofRuntime()).toMatchObject({ state: "fail", found: expect.stringContaining("is on none of") });
});

test("an agent whose name a second live session has is a warning that says where each of them is", () => {
  const [socket, id, pid] = ["/tmp/tmux-1000/scratch", "%0", 1348] as const;
  const namesake = { socket, id, pid, since: ago(60), observed_at: ago(1), source: "tmux" };
  expect(checkNames([agentRow("coder1")])).toMatchObject({ state: "ok" });
  expect(checkNames([agentRow("coder0", { namesakes: [namesake] }), agentRow("coder1")])).toMatchObject({
    state: "warn",
    found: "more than one live session has that of: coder0 (mosaic-factory %3 4711; scratch %0 1348)",
  });
});

test("a masked unit is unmasked before it is enabled, which systemd refuses until then", () => {
  const unit = "mosaic-agent@coder0.service";
  const enable = `systemctl --user enable ${unit}`;
  expect(remedyFor("unit-disabled", { unit, fileState: "disabled" }, "alice")).toBe(enable);
  const masked = remedyFor("unit-disabled", { unit, fileState: "masked" }, "alice");
  expect(masked).toBe(`systemctl --user unmask ${unit} && ${enable}`);
  const forNow = remedyFor("unit-disabled", { unit, fileState: "masked-runtime" }, "alice");
  expect(forNow).toBe(`systemctl --user unmask --runtime ${unit} && ${enable}`);
});
