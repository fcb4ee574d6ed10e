import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";

/**
 * A directory for PATH that holds exactly the named programs of this machine: what a script finds there is what
 * the test put there, whatever else the machine has (its own old Node above all).
 */
export function makeToolbox(directory: string, tools: readonly string[]): string {
  mkdirSync(directory, { recursive: true });
  for (const tool of tools) {
    const found = (process.env.PATH ?? "")
      .split(delimiter)
      .concat("/usr/bin", "/bin")
      .map((place) => join(place, tool))
      .find((path) => existsSync(path));
    if (found === undefined) throw new Error(`this machine has no ${tool}`);
    symlinkSync(found, join(directory, tool));
  }
  return directory;
}

/** Writes an executable shell script. */
export function writeProgram(path: string, body: string): string {
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** A program that says it is this Node; asked for anything else it prints its own path and the arguments. */
export function writeFakeNode(path: string, version: string): string {
  return writeProgram(path, `[ "$1" = --version ] && { echo "v${version}"; exit 0; }\necho "${path}" "$@"`);
}

/** Runs a program with exactly this environment. */
export function runBare(
  program: string,
  args: readonly string[],
  env: Record<string, string>,
  cwd = "/",
): SpawnSyncReturns<string> {
  return spawnSync(program, args, { env, cwd, encoding: "utf8", timeout: 25_000 });
}
