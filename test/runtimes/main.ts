// `npm run test:runtimes [RUNTIME...]`: the real CLIs from npm, each in a network namespace of its own that has nothing but loopback,
// against a mock model server. Installs them (some 1.3 GB, once) into the ignored folder `.runtimes/`. Needs root for the namespaces.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { cliSetups, OPENCODE_PLUGIN } from "./cli-setups.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const INSTALLED = join(ROOT, ".runtimes");

/** Installs the pinned version where it is not there yet. npm itself is the machine's own, run by the Node that runs this. */
function install(folder: string, packages: readonly string[]): void {
  const directory = join(INSTALLED, folder);
  const isThere = packages.every((spec) => {
    const at = spec.lastIndexOf("@");
    const manifest = join(directory, "node_modules", spec.slice(0, at), "package.json");
    return existsSync(manifest) && JSON.parse(readFileSync(manifest, "utf8")).version === spec.slice(at + 1);
  });
  if (!isThere) {
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, "package.json"), '{"private":true}\n');
    const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}` };
    console.log(`installing ${packages.join(" ")}`);
    const options = { cwd: directory, env, stdio: "inherit" } as const;
    if (spawnSync("npm", ["install", "--no-audit", "--no-fund", ...packages], options).status !== 0)
      throw new Error(`npm could not install ${packages.join(" ")}`);
    // npm runs no install scripts by itself any more; these two put the native program in its place.
    for (const script of [
      "node_modules/@anthropic-ai/claude-code/install.cjs",
      "node_modules/opencode-ai/postinstall.mjs",
    ]) {
      if (existsSync(join(directory, script))) spawnSync(process.execPath, [script], options);
    }
  }
}

const asked = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const flags = process.argv.slice(2).filter((word) => word.startsWith("--"));
const setups = cliSetups.filter(({ runtime }) => asked.length === 0 || asked.includes(runtime));
const build = spawnSync(process.execPath, [join(ROOT, "scripts", "build.mjs")], { stdio: "inherit" });
if (build.status !== 0) process.exit(1);
let failed = 0;
for (const setup of setups) {
  install(setup.runtime, setup.packages);
  if (setup.runtime === "opencode") install("opencode-plugin", [OPENCODE_PLUGIN]);
  const one = [process.execPath, join(import.meta.dirname, "one-runtime.ts"), setup.runtime, ...flags];
  const { status } = spawnSync(
    "unshare",
    ["--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", ...one],
    { stdio: "inherit" },
  );
  if (status !== 0) failed += 1;
}
console.log(
  failed === 0 ? "\nall runtimes told the truth" : `\n${failed} of ${setups.length} runtimes FAILED`,
);
process.exitCode = failed === 0 ? 0 : 1;
