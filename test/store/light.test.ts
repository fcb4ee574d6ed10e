import { expect, test } from "vitest";
import { startProcess } from "./support/child.ts";
import { logBench } from "./support/log.ts";

const bench = logBench();

/** Every module that a process has loaded after it did what `mode` says. */
async function modulesLoaded(mode: "append" | "read"): Promise<string[]> {
  const path = bench.path();
  bench.open(path);
  const { stdout } = await startProcess("list-modules.ts", [mode, path]).finished();
  return JSON.parse(stdout) as string[];
}

function packagesOf(modules: readonly string[]): string[] {
  // The list would be empty too if nothing had been seen at all.
  expect(modules.some((url) => url.endsWith("/store/open.ts"))).toBe(true);
  const packages = modules.flatMap((url) => /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1] ?? []);
  return [...new Set(packages)].sort();
}

test("appending loads no package but better-sqlite3: zod would cost more than the append", async () => {
  expect(packagesOf(await modulesLoaded("append"))).toEqual(["better-sqlite3"]);
});

test("reading loads no package but better-sqlite3, and neither guards nor anything else that only a writer needs", async () => {
  const modules = await modulesLoaded("read");
  expect(packagesOf(modules)).toEqual(["better-sqlite3"]);
  expect(modules.filter((url) => /\/(guards\.generated|writer|append|rebuild|log)\.ts$/.test(url))).toEqual(
    [],
  );
});
