import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { resolvePlaces } from "../../cli/environment.ts";
import { openExistingLog } from "../../cli/existing-log.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "fleet-log-"));
  mkdirSync(join(home, "state"), { mode: 0o700 });
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const open = (hasStateDirectory: boolean) =>
  openExistingLog({
    hasStateDirectory,
    places: resolvePlaces({ FLEET_STATE: join(home, "state") }, { uid: 0, home }),
  });

test("no state directory and no file are no log", () => {
  expect(open(false)).toBeNull();
  expect(open(true)).toBeNull();
});

test("a file that another fleet is only just making is no log yet", () => {
  writeFileSync(join(home, "state", "fleet.db"), "");
  expect(open(true)).toBeNull();
});

test("a damaged file is not called nothing", () => {
  writeFileSync(join(home, "state", "fleet.db"), "not a database ".repeat(1000));
  expect(() => open(true)).toThrow("the log is damaged");
});
