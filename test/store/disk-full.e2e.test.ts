import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { logBench } from "./support/log.ts";

const bench = logBench();

test("on a disk that is full the log says so, keeps what it acknowledged, and goes on when there is room again", () => {
  const directory = bench.directory();
  const program = fileURLToPath(new URL("./support/append-until-full.ts", import.meta.url));
  const verify = fileURLToPath(new URL("./support/verify-log.ts", import.meta.url));
  // A file system of its own in a mount namespace of its own: both are gone with the shell.
  const script = `set -e
    mount -t tmpfs -o size=3m tmpfs "$1"
    head -c 1000000 /dev/zero >"$1/ballast"
    "$2" "$3" "$1/fleet.db" "$1/ballast"
    "$2" "$4" "$1/fleet.db"`;
  const { status, stdout, stderr } = spawnSync(
    "unshare",
    ["--mount", "sh", "-c", script, "sh", directory, process.execPath, program, verify],
    { encoding: "utf8", timeout: 60_000 },
  );
  expect([status, stderr]).toEqual([0, ""]);
  const lines = stdout.trim().split("\n");
  expect(lines.at(-2)).toBe("went on");
  const acknowledged = Number(lines.at(-3)?.split(" ")[1]);
  expect(JSON.parse(lines.at(-4) ?? "")).toMatchObject({
    kind: "unavailable",
    message: expect.stringMatching(/fleet\.db: the disk (is full|refused)/),
    hint: expect.stringMatching(/space/i),
  });
  expect(acknowledged).toBeGreaterThan(500);
  expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({ ok: true, events: acknowledged });
  expect(existsSync(`${directory}/fleet.db`)).toBe(false);
});
