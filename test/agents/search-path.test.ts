import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { searchPath } from "../../agents/search-path.ts";

const LAUNCHER = new URL("../../scripts/agent-launcher.sh", import.meta.url).pathname;

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "fleet-path-"));
});
afterEach(() => rmSync(home, { recursive: true }));

/** The PATH that the launcher itself gives to an agent: its last step is a stand-in that prints it. */
function launched(variables: Record<string, string>, managerPath = "/usr/bin:/bin"): string[] {
  const stand = join(home, "stand");
  mkdirSync(stand);
  writeFileSync(join(stand, "systemd-run"), '#!/bin/sh\nprintf "%s" "$PATH"\n', { mode: 0o755 });
  const environment = {
    HOME: home,
    PATH: `${stand}:${managerPath}`,
    MOSAIC_AGENT_WORKDIR: home,
    ...variables,
  };
  // It takes words and environment from the process that it is told of: here from the script that calls it.
  writeFileSync(join(home, "waiter"), '#!/bin/sh\n# run NAME WORD...\n"$LAUNCHER" pane coder0 $$\n', {
    mode: 0o755,
  });
  const out = execFileSync(join(home, "waiter"), ["run", "coder0", "true"], {
    env: { ...environment, LAUNCHER },
    encoding: "utf8",
  });
  return out.split(":").filter((directory) => directory !== stand);
}

const expected = (over: Partial<Parameters<typeof searchPath>[0]>) =>
  searchPath({ runtimeBin: null, npmBin: null, home, managerPath: "/usr/bin:/bin", ...over }, (path) =>
    Boolean(statSync(path, { throwIfNoEntry: false })?.isDirectory()),
  );

test("the launcher and the doctor look for programs in the same places, in the same order", () => {
  for (const directory of ["own", "npm", ".npm-global/bin", ".local/bin"])
    mkdirSync(join(home, directory), { recursive: true });
  const [runtimeBin, npmBin] = [join(home, "own"), join(home, "npm")];
  const path = launched({ MOSAIC_RUNTIME_BIN: runtimeBin, FLEET_NPM_BIN: npmBin });
  expect(path).toEqual([
    ...[runtimeBin, npmBin, join(home, ".npm-global/bin"), join(home, ".local/bin"), "/usr/bin", "/bin"],
  ]);
  expect(path).toEqual(expected({ runtimeBin, npmBin }));
});

test("what does not exist is left out, and nothing stands there twice, also where the manager has it already", () => {
  for (const directory of ["npm", ".local/bin"]) mkdirSync(join(home, directory), { recursive: true });
  const [npmBin, runtimeBin] = [join(home, "npm"), join(home, "nowhere")];
  const managerPath = `/usr/bin:${npmBin}:/bin`;
  const path = launched({ MOSAIC_RUNTIME_BIN: runtimeBin, FLEET_NPM_BIN: npmBin }, managerPath);
  expect(path).toEqual([npmBin, join(home, ".local/bin"), "/usr/bin", "/bin"]);
  expect(path).toEqual(expected({ runtimeBin, npmBin, managerPath }));
});
