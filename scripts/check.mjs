// `npm run check`: format, lint, types and a build, each named, all of them run even when one fails.
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const colors = process.stdout.isTTY && !process.env.NO_COLOR ? [] : ["--colors=off"];
const steps = [
  [
    "format and lint",
    "node_modules/@biomejs/biome/bin/biome",
    ["ci", "--error-on-warnings", ...colors, "."],
    "npm run format",
  ],
  ["types", "node_modules/typescript/bin/tsc", ["--noEmit"], "the errors above name file and line"],
  ["build", "scripts/build.mjs", [], "the errors above name file and line"],
];

const failed = [];
for (const [name, program, args, remedy] of steps) {
  const started = performance.now();
  const { status, signal } = spawnSync(process.execPath, [join(root, program), ...args], {
    cwd: root,
    stdio: "inherit",
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(
    `check: ${name} ${status === 0 ? "passed" : `FAILED (${signal ?? `exit ${status}`})`} in ${seconds} s`,
  );
  if (status !== 0) failed.push(`${name}: ${remedy}`);
}
for (const line of failed) console.error(`check: ${line}`);
process.exitCode = failed.length === 0 ? 0 : 1;
