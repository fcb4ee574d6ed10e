import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

const MAIN = join(import.meta.dirname, "..", "..", "cli", "main.ts");

// Seven starts of the program, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 });

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "fleet-hooks-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function hooks(...argv: string[]): { status: number | null; stdout: string; stderr: string } {
  const env = { PATH: process.env.PATH, HOME: home, FLEET_TENANT: "jarvis", FLEET_HOST: "W-jarvis" };
  return spawnSync(process.execPath, [MAIN, "hooks", ...argv], { env, encoding: "utf8" });
}
const settings = (): string => join(home, ".claude", "settings.json");

test("a dry run names each file and makes none", () => {
  const { status, stdout } = hooks("install", "claude", "--dry-run");
  expect(status).toBe(0);
  expect(stdout).toContain(`would make ${settings()}`);
  expect(existsSync(settings())).toBe(false);
});

test("installed, checked and removed: the words and the exit codes say how it stands", () => {
  expect(hooks("check", "claude", "pi")).toMatchObject({
    status: 1,
    stdout: expect.stringContaining("run: fleet hooks install claude"),
  });
  const { stdout } = hooks("install", "claude", "pi", "--json");
  expect(JSON.parse(stdout)).toMatchObject({
    schema: "fleet.hooks-install.v1",
    tenant_id: "jarvis",
    host: "W-jarvis",
    dry_run: false,
    runtimes: [
      { runtime: "claude", changes: expect.arrayContaining([{ path: settings(), what: "make" }]) },
      { runtime: "pi", changes: [{ path: expect.stringContaining("fleet-heartbeat.js"), what: "make" }] },
    ],
  });
  expect(readFileSync(settings(), "utf8")).toContain("statusline");
  expect(hooks("install", "claude").stdout).toContain("is installed already; nothing to do.");
  const checked = hooks("check", "claude", "pi", "--json");
  expect(checked.status).toBe(0);
  expect(JSON.parse(checked.stdout)).toMatchObject({
    schema: "fleet.hooks-check.v1",
    runtimes: [{ state: "installed" }, { state: "installed" }],
  });
  expect(hooks("remove", "claude", "pi")).toMatchObject({
    status: 0,
    stdout: expect.stringContaining("removed"),
  });
  expect(existsSync(settings())).toBe(false);
  expect(hooks("remove", "claude").stdout).toContain("nothing of ours was there.");
});

test("a runtime that nobody knows hooks for is refused with those that there are", () => {
  const { status, stderr } = hooks("install", "emacs");
  expect(status).toBe(2);
  expect(stderr).toContain("Name one of claude, codex, opencode, pi.");
});
