import { hostname } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openOwnLog } from "../../cli/own-log.ts";
import { runProgram } from "../../cli/program.ts";
import { userName } from "../../cli/user-name.ts";
import { catchOutput } from "./support/output.ts";
import { type SeededFleet, seedFleet } from "./support/seeded-fleet.ts";

let fleet: SeededFleet;
let environment: Record<string, string>;
beforeEach(async () => {
  fleet = seedFleet();
  // A tmux and a bus of nobody: whatever is looked at here answers at once.
  environment = { ...fleet.environment, FLEET_STATE: join(fleet.home, "other"), XDG_RUNTIME_DIR: fleet.home };
  const file = join(fleet.home, "all.ndjson");
  await fleet.run("export", "--output", file);
  expect((await inOther("import", file)).exit).toBe(0);
});
afterEach(() => {
  vi.restoreAllMocks();
  fleet.close();
});

async function inOther(...argv: string[]) {
  const output = catchOutput(120);
  const exit = await runProgram(argv, { output, environment });
  return { exit, stdout: output.printed(), stderr: output.complained() };
}

function held(): unknown {
  const database = new Database(join(environment.FLEET_STATE ?? "", "fleet.db"), { readonly: true });
  try {
    const state = "SELECT tenant_id, host FROM state JOIN partitions USING (partition_id)";
    const last = database.prepare("SELECT max(seq) FROM events").pluck().get();
    return { last, of: database.prepare(state).raw().get() };
  } finally {
    database.close();
  }
}

const OWN = `${userName(process.getuid?.() ?? 0)}@${hostname()}`;

test("no look of this host is taken into a log that was imported from another, and who asks is told", async () => {
  const before = held();
  for (const argv of [["ps"], ["ps", "--json"], ["why", "coder0"]]) {
    const { exit, stdout, stderr } = await inOther(...argv);
    expect({ argv, exit }).toEqual({ argv, exit: 0 });
    expect(stdout).toContain("coder0");
    expect(stderr).toContain(
      `this log was brought here and is of jarvis@W-jarvis: nothing of ${OWN} is looked at, or added to it\n`,
    );
  }
  expect((await inOther("ps", "--no-collect")).stderr).toBe("");
  expect(held()).toEqual(before);
});

test("nor is anybody of this host probed into it, or promised to come back", async () => {
  const before = held();
  for (const argv of [
    ["ps", "--probe"],
    ["doctor", "--boot"],
  ]) {
    const { exit, stderr } = await inOther(...argv);
    expect({ argv, exit }).toEqual({ argv, exit: 1 });
    expect(stderr).toContain(`nothing of ${OWN} is written to it`);
  }
  expect(held()).toEqual(before);
});

test("whoever records into it is never taken for its tenant, and is told that it holds two hosts from then on", () => {
  const told = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const { log, identity } = openOwnLog(environment);
  log.close();
  expect(`${identity.tenantId}@${identity.host}`).toBe(OWN);
  const expected = `brought here and is of jarvis@W-jarvis; from now on it is of ${OWN}, too`;
  expect(told.mock.calls.join("")).toContain(expected);
});

test("a log that is brought back to its own host goes on", async () => {
  environment = { ...environment, FLEET_TENANT: "jarvis", FLEET_HOST: "W-jarvis" };
  const { exit, stderr } = await inOther("ps");
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: "" });
  expect(held()).toMatchObject({ of: ["jarvis", "W-jarvis"] });
});
