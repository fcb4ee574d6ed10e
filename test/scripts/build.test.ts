import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

const project = join(import.meta.dirname, "..", "..");

let tree: string;
beforeEach(() => {
  tree = mkdtempSync(join(tmpdir(), "fleet build "));
  mkdirSync(join(tree, "scripts"));
  cpSync(join(project, "scripts", "build.mjs"), join(tree, "scripts", "build.mjs"));
  cpSync(join(project, "package.json"), join(tree, "package.json"));
  symlinkSync(join(project, "node_modules"), join(tree, "node_modules"));
});
afterEach(() => {
  rmSync(tree, { recursive: true, force: true });
});

function write(path: string, text: string): void {
  mkdirSync(dirname(join(tree, path)), { recursive: true });
  writeFileSync(join(tree, path), text);
}
const node = (...args: string[]) =>
  spawnSync(process.execPath, args, { cwd: tree, encoding: "utf8", timeout: 25_000 });
const build = () => node("scripts/build.mjs");

function writeProgram(): void {
  write(
    "store/open.ts",
    `import Database from "better-sqlite3";
    export function answer(): unknown {
      const database = new Database(":memory:");
      try { return database.prepare("SELECT 6 * 7 AS answer").get(); } finally { database.close(); }
    }`,
  );
  write(
    "cli/verbs/ps.ts",
    `import { answer } from "../../store/open.ts";
    export async function run(args: readonly string[]): Promise<void> {
      console.log(JSON.stringify({ ...(answer() as object), args, url: import.meta.url }));
    }`,
  );
  write(
    "cli/verbs/up.ts",
    `export async function run(): Promise<void> {
      const { z } = await import("zod");
      console.log(z.string().parse("checked"));
    }`,
  );
  write(
    "cli/main.ts",
    `async function main(argv: readonly string[]): Promise<void> {
      const [verb, ...rest] = argv;
      if (verb === "ps") await (await import("./verbs/ps.ts")).run(rest);
      else await (await import("./verbs/up.ts")).run();
      if (process.env.SHOW) console.log(Object.keys(require.cache).join("\\n"));
    }
    void main(process.argv.slice(2));`,
  );
}

test("each lazily imported module becomes a file of its own, and one verb loads no other", () => {
  writeProgram();
  expect(build().status).toBe(0);
  expect(readdirSync(join(tree, "dist")).sort()).toEqual(["chunks", "fleet.cjs", "verbs"]);
  expect(readdirSync(join(tree, "dist", "verbs")).sort()).toEqual(["ps.cjs", "up.cjs"]);
  const bundles = node("-e", `process.env.SHOW = "1"; process.argv[2] = "ps"; require("./dist/fleet.cjs")`);
  const loaded = bundles.stdout.split("\n").filter((line) => line.startsWith("/"));
  expect(loaded.map((path) => path.replace(/^.*[\\/](dist|prebuilds)[\\/]/, "")).slice(0, 2)).toEqual([
    "fleet.cjs",
    "verbs/ps.cjs",
  ]);
  expect(loaded.filter((path) => /up\.cjs|zod/.test(path))).toEqual([]);
});

test("a bundled verb finds SQLite's binary, its own url, and packages behind a lazy import", () => {
  writeProgram();
  expect(build().status).toBe(0);
  const ps = JSON.parse(node("dist/fleet.cjs", "ps", "a b").stdout);
  expect(ps).toMatchObject({ answer: 42, args: ["a b"] });
  expect(ps.url).toMatch(/^file:.*\/dist\/verbs\/ps\.cjs$/);
  expect(node("dist/fleet.cjs", "up").stdout).toBe("checked\n");
});

test("when the binary that was there at the build is gone, better-sqlite3 chooses for itself", () => {
  rmSync(join(tree, "node_modules"));
  mkdirSync(join(tree, "node_modules"));
  for (const name of readdirSync(join(project, "node_modules")))
    if (name !== "better-sqlite3")
      symlinkSync(join(project, "node_modules", name), join(tree, "node_modules", name));
  const own = join(tree, "node_modules", "better-sqlite3");
  cpSync(join(project, "node_modules", "better-sqlite3"), own, { recursive: true });
  writeProgram();
  expect(build().status).toBe(0);
  expect(JSON.parse(node("dist/fleet.cjs", "ps").stdout).answer).toBe(42);
  const libc = existsSync("/etc/alpine-release") ? "linuxmusl" : process.platform;
  const compiled = join(own, "build", "Release", "better_sqlite3.node");
  mkdirSync(dirname(compiled), { recursive: true });
  renameSync(join(own, "prebuilds", `${libc}-${process.arch}.node`), compiled);
  expect(JSON.parse(node("dist/fleet.cjs", "ps").stdout).answer).toBe(42);
  rmSync(compiled);
  expect(node("dist/fleet.cjs", "ps").status).not.toBe(0);
});

test("the bundle on an old Node prints what is needed and ends with 1", () => {
  writeProgram();
  expect(build().status).toBe(0);
  for (const version of ["18.0.0", "20.20.2", "22.21.0", "23.1.0", "25.0.0"]) {
    write(
      "old.cjs",
      `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${version}" } });`,
    );
    const said = node("-r", "./old.cjs", "dist/fleet.cjs", "ps");
    expect([said.status, said.stdout]).toEqual([1, ""]);
    expect(said.stderr).toContain(`needs Node 22.22+, 24 or 26+; this is Node ${version}`);
    expect(said.stderr.trim().split("\n")).toHaveLength(2);
  }
});

test("a build that fails names the file and leaves the last good one", () => {
  writeProgram();
  expect(build().status).toBe(0);
  const before = readFileSync(join(tree, "dist", "fleet.cjs"), "utf8");
  write("cli/verbs/ps.ts", 'import { nothing } from "./nowhere.ts"; export const run = nothing;');
  const failed = build();
  expect(failed.status).toBe(1);
  expect(failed.stderr).toContain("cli/verbs/ps.ts");
  expect(failed.stderr).not.toMatch(/^\s+at /m);
  expect(readFileSync(join(tree, "dist", "fleet.cjs"), "utf8")).toBe(before);
  expect(JSON.parse(node("dist/fleet.cjs", "ps").stdout).answer).toBe(42);
});

test("the file of a verb that is gone is removed", () => {
  writeProgram();
  write("cli/verbs/old.ts", "export function run(): void {}");
  expect(build().status).toBe(0);
  expect(existsSync(join(tree, "dist", "verbs", "old.cjs"))).toBe(true);
  rmSync(join(tree, "cli", "verbs", "old.ts"));
  expect(build().status).toBe(0);
  expect(existsSync(join(tree, "dist", "verbs", "old.cjs"))).toBe(false);
});

test("without a command there is nothing to build, which is no failure", () => {
  const said = build();
  expect([said.status, said.stdout]).toEqual([0, "build: nothing to do, there is no cli/main.ts\n"]);
});
