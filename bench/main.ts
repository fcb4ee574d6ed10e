/**
 * `npm run bench`: every bench, one table. Ratios are taken within one run. `npm run bench -- --events 1e7` for the sizes of the
 * contract (`--logs DIR` keeps what `history` filled, for the next run); the defaults end within some minutes. `npm run bench -- ps recorder` runs only these.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type BenchOptions, OPTIONS, optionsOf, type Result, table } from "./result.ts";

type Bench = (options: BenchOptions) => Result[] | Promise<Result[]>;

const benches: Readonly<Record<string, () => Promise<{ run: Bench }>>> = {
  append: () => import("./append.ts"),
  rebuild: () => import("./rebuild.ts"),
  size: () => import("./size.ts"),
  history: () => import("./history.ts"),
  keep: () => import("./keep.ts"),
  ps: () => import("./ps.ts"),
  recorder: () => import("./recorder.ts"),
  start: () => import("./start.ts"),
  mirror: () => import("./mirror.ts"),
  hooks: () => import("./hooks.ts"),
  agents: () => import("./agents.ts"),
};

const args = process.argv.slice(2);
const options = optionsOf(args);
const wanted = args.filter((arg, at) => !arg.startsWith("--") && !OPTIONS.includes(args[at - 1] ?? ""));
const unknown = wanted.filter((name) => benches[name] === undefined);
if (unknown.length > 0) {
  process.stderr.write(
    `bench: there is no ${unknown.join(", ")}; there are ${Object.keys(benches).join(", ")}\n`,
  );
  process.exit(2);
}

// What is measured is the command as it is installed, so it is built from what the sources say now.
const built = spawnSync(process.execPath, [fileURLToPath(new URL("../scripts/build.mjs", import.meta.url))], {
  stdio: ["ignore", "ignore", "inherit"],
});
if (built.status !== 0) process.exit(1);

const results: Result[] = [];
for (const [name, load] of Object.entries(benches)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  process.stderr.write(`${name} ...\n`);
  const { run } = await load();
  results.push(...(await run(options)));
}
process.stdout.write(table(results));
process.exitCode = results.some(({ verdict }) => verdict === "fail") ? 1 : 0;
