import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import Sqlite from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ASKING } from "../../cli/past-words.ts";
import type { PsDocument } from "../../query/row.ts";
import { migrate } from "../../store/migrate.ts";
import { migrations } from "../../store/migrations/list.ts";
import { type SeededFleet, seedFleet } from "./support/seeded-fleet.ts";

const project = join(import.meta.dirname, "..", "..");

/**
 * Loaded before the program: says at its end which files and which of Node's own modules it has loaded, which of those it had asked
 * Node's loader for, and how many paths it has put together.
 */
const WITNESS = `
const fs = require("fs");
const Module = require("module");
const path = require("path");
const join = path.join;
let joined = 0;
path.join = (...parts) => { joined += 1; return join(...parts); };
const asked = [];
const load = Module._load;
Module._load = (name, ...rest) => { asked.push(name); return load(name, ...rest); };
const read = [];
const readFileSync = fs.readFileSync;
fs.readFileSync = (path, ...rest) => { read.push(String(path)); return readFileSync(path, ...rest); };
const dlopen = process.dlopen;
process.dlopen = (module, path, ...rest) => { read.push(String(path)); return dlopen(module, path, ...rest); };
process.on("exit", () => {
  const files = [...Object.keys(require.cache), ...read].filter((path) => /\\.(c?js|mjs|ts|json|node)$/.test(path));
  const builtins = process.moduleLoadList.filter((name) => name.startsWith("NativeModule ")).map((name) => name.slice(13));
  const fromTheLoader = asked.filter((name) => Module.isBuiltin(name));
  fs.writeSync(2, JSON.stringify({ files: [...new Set(files)], builtins, fromTheLoader, joined }));
});
`;

let tree: string;
let fleet: SeededFleet;
beforeAll(() => {
  tree = mkdtempSync(join(tmpdir(), "fleet-built-"));
  for (const folder of ["agents", "cli", "collectors", "otel", "query", "store"])
    cpSync(join(project, folder), join(tree, folder), { recursive: true });
  mkdirSync(join(tree, "scripts"));
  cpSync(join(project, "scripts", "build.mjs"), join(tree, "scripts", "build.mjs"));
  cpSync(join(project, "package.json"), join(tree, "package.json"));
  symlinkSync(join(project, "node_modules"), join(tree, "node_modules"));
  writeFileSync(join(tree, "witness.cjs"), WITNESS);
  const built = spawnSync(process.execPath, ["scripts/build.mjs"], { cwd: tree, encoding: "utf8" });
  if (built.status !== 0) throw new Error(built.stderr);
  fleet = seedFleet();
  fleet.record();
  // The first run of each use keeps what was compiled, and loads what does so.
  for (const use of [["ps"], ["ps", "--json"]]) expect(run(...use).status).toBe(0);
  // A whole build, on a machine that may be busy.
}, 240_000);
afterAll(() => {
  fleet.close();
  rmSync(tree, { recursive: true, force: true });
});

function run(...argv: string[]) {
  fleet.log.renewLease();
  return runIn(fleet.environment, ...argv);
}
function runIn(env: Record<string, string>, ...argv: string[]) {
  const options = { env, encoding: "utf8" } as const;
  return spawnSync(
    process.execPath,
    ["-r", join(tree, "witness.cjs"), join(tree, "dist", "fleet.cjs"), ...argv],
    options,
  );
}
const cacheFiles = (use = "json") =>
  readdirSync(join(tree, "dist", "cache")).filter((name) => name.startsWith(`fast-ps.cjs.ps-${use}.`));

describe("what a live ps loads", () => {
  test.each([[["ps"]], [["ps", "--json"]], [["ps", "--all", "coder0"]]])(
    "%j: two files of ours and SQLite's addon",
    (argv) => {
      const { status, stdout, stderr } = run(...argv);
      expect(status).toBe(0);
      expect(stdout).toContain("coder0");
      const { files, builtins } = JSON.parse(stderr) as { files: string[]; builtins: string[] };
      const names = files.map((path) => basename(path)).filter((name) => name !== "witness.cjs");
      expect(names.filter((name) => !name.endsWith(".node")).sort()).toEqual(["fast-ps.cjs", "fleet.cjs"]);
      expect(names.filter((name) => name.endsWith(".node"))).toHaveLength(1);
      const heavy = [
        "child_process",
        "net",
        "tls",
        "http",
        "https",
        "crypto",
        "zlib",
        "tty",
        "os",
        "worker_threads",
        "readline",
      ];
      expect(builtins.filter((name) => heavy.includes(name))).toEqual([]);
    },
  );

  test("it holds none of the heavy packages, and stays small", () => {
    const path = join(tree, "dist", "fast-ps.cjs");
    const text = readFileSync(path, "utf8");
    for (const trace of ["CommanderError", "ZodError", "chokidar", "LineCounter", "opentelemetry"]) {
      expect(text).not.toContain(trace);
    }
    expect(statSync(path).size).toBeLessThan(130_000);
  });
});

describe("what a question to the log loads", () => {
  const ofThePast = [...ASKING.map((verb) => [verb, ...(WORDS[verb] ?? [])]), ["ps", "--at", "#1"]];
  test.each<[string[], string]>([
    ...ofThePast.map((argv): [string[], string] => [argv, "fast-past.cjs"]),
    [["events"], "fast-events.cjs"],
  ])("%j: two files of ours, the second one compiled already", (argv, file) => {
    expect(run(...argv).status).toBe(0);
    const { status, stdout, stderr } = run(...argv);
    expect(status).toBe(0);
    expect(stdout).not.toBe("");
    const { files } = JSON.parse(stderr.slice(stderr.lastIndexOf('{"files"'))) as { files: string[] };
    const names = files.map((path) => basename(path)).filter((name) => /\.c?js$/.test(name));
    expect(names.filter((name) => name !== "witness.cjs").sort()).toEqual([file, "fleet.cjs"]);
    const kept = readdirSync(join(tree, "dist", "cache"));
    expect(kept.filter((name) => name.startsWith(`${file}.${argv[0]}-table.`))).toHaveLength(1);
  });

  test.each([[["events"]], [["events", "--json"]], [["ps"]], [["when", "coder0", "healthy"]]])(
    "%j: Node's own modules without Node's loader, and no path by path.join",
    (argv) => {
      run(...argv);
      const { status, stderr } = run(...argv);
      expect(status).toBe(0);
      expect(JSON.parse(stderr.slice(stderr.lastIndexOf('{"files"')))).toMatchObject({
        fromTheLoader: [],
        joined: 0,
      });
    },
  );

  test("what was refused leaves nothing that later starts would have to do with", () => {
    expect(run("history", "--since", "nonsense", "--json").status).toBe(2);
    expect(readdirSync(join(tree, "dist", "cache")).filter((name) => name.includes("history-json"))).toEqual(
      [],
    );
  });
});

/** Of verbs that want some. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  why: ["coder0", "--at", "#1"],
  when: ["coder0", "healthy"],
  diff: ["#1", "#2"],
};

describe("the compiled code that is kept", () => {
  test("is one file for each use, this build and this engine, which only the owner can write", () => {
    expect(cacheFiles()).toHaveLength(1);
    expect(cacheFiles("table")).toHaveLength(1);
    const all = readdirSync(join(tree, "dist", "cache"));
    expect(all.filter((name) => name.startsWith("fast-ps.cjs."))).toHaveLength(2);
    expect(cacheFiles()[0]).toMatch(
      new RegExp(
        `^fast-ps\\.cjs\\.ps-json\\.${process.versions.v8.replaceAll(".", "\\.")}-${process.arch}[-.]`,
      ),
    );
    expect(statSync(join(tree, "dist", "cache", cacheFiles()[0] ?? "")).mode & 0o022).toBe(0);
  });

  test("is replaced when it is no such code", () => {
    const path = join(tree, "dist", "cache", cacheFiles()[0] ?? "");
    writeFileSync(path, "nonsense");
    expect(JSON.parse(run("ps", "--json").stdout) as PsDocument).toMatchObject({ schema: "fleet.ps.v1" });
    expect(statSync(path).size).toBeGreaterThan(10_000);
  });

  test("under the flags of the launcher holds all that has run, however often memory was collected since", () => {
    // A first run after an update may fold the whole log anew: V8 forgot by then what had not run for so long, and every start compiled it again.
    writeFileSync(
      join(tree, "collecting.cjs"),
      `const Module = require("module");
       const load = Module._load;
       Module._load = (name, ...rest) => {
         const times = name.endsWith("keep-compiled.cjs") ? Number(process.env.COLLECTED) : 0;
         for (let time = 0; time < times; time += 1) gc({ type: "major", execution: "sync", flavor: "last-resort" });
         return load(name, ...rest);
       };`,
    );
    const [, quick = ""] = /^quick='(.*)'$/m.exec(readFileSync(join(project, "bin", "fleet"), "utf8")) ?? [];
    const keptAfter = (collected: number): number => {
      const flags = [...quick.split(" "), "--expose-gc", "-r", join(tree, "collecting.cjs")];
      const argv = [...flags, join(tree, "dist", "fleet.cjs"), "when", "coder0", "healthy", "--json"];
      const env = { ...fleet.environment, COLLECTED: String(collected) };
      expect(spawnSync(process.execPath, argv, { env }).status).toBe(0);
      const kept = readdirSync(join(tree, "dist", "cache")).filter((name) => name.includes("--expose-gc"));
      expect(kept).toHaveLength(1);
      const path = join(tree, "dist", "cache", kept[0] ?? "");
      const { size } = statSync(path);
      rmSync(path);
      return size;
    };
    expect(keptAfter(3) / keptAfter(0)).toBeGreaterThan(0.98);
  });

  test("is not believed when others can write it", () => {
    const path = join(tree, "dist", "cache", cacheFiles()[0] ?? "");
    chmodSync(path, 0o666);
    expect(run("ps", "--json").status).toBe(0);
    // It was made again by the one who may: a new file in its place.
    expect(statSync(path).mode & 0o022).toBe(0);
  });

  test("follows the code: another build leaves no trace of the one before", () => {
    const program = join(tree, "dist", "fast-ps.cjs");
    const [before] = cacheFiles();
    writeFileSync(program, readFileSync(program, "utf8").replaceAll("fleet.ps.v1", "fleet.ps.v2"));
    expect(JSON.parse(run("ps", "--json").stdout) as { schema: string }).toMatchObject({
      schema: "fleet.ps.v2",
    });
    expect(cacheFiles()).toHaveLength(1);
    expect(cacheFiles()[0]).not.toBe(before);
  });

  test("where it cannot be written everything works as without it", () => {
    rmSync(join(tree, "dist", "cache"), { recursive: true });
    writeFileSync(join(tree, "dist", "cache"), "a file where the folder should be");
    const { status, stdout } = run("ps", "--json");
    expect(status).toBe(0);
    expect(JSON.parse(stdout) as { schema: string }).toMatchObject({ schema: "fleet.ps.v2" });
    rmSync(join(tree, "dist", "cache"));
  });
});

test("a log of an older fleet is brought up to date by the part that can, and then asked", () => {
  const home = join(tree, "older");
  mkdirSync(join(home, "state"), { recursive: true, mode: 0o700 });
  const older = new Sqlite(join(home, "state", "fleet.db"));
  older.pragma("journal_mode = WAL");
  migrate(older, migrations.slice(0, -1));
  older.exec("INSERT INTO log_ids (log_id, from_seq, host, created_at) VALUES ('older', 1, 'W-jarvis', 0)");
  older.close();
  const asked = () => {
    const environment = { ...fleet.environment, FLEET_STATE: join(home, "state") };
    const { status, stdout, stderr } = runIn(environment, "events");
    const { files } = JSON.parse(stderr.slice(stderr.lastIndexOf('{"files"'))) as { files: string[] };
    return { status, stdout, said: stderr.split("\n")[0], files: files.map((path) => basename(path)) };
  };
  const first = asked();
  expect(first).toMatchObject({ status: 0, stdout: "", said: "No event matches." });
  expect(first.files).toContain("existing-log.cjs");
  expect(asked().files).not.toContain("existing-log.cjs");
});

test("words that need commander get it", () => {
  expect(run("ps", "--jsn")).toMatchObject({ status: 2 });
  expect(run("ps", "--help").stdout).toContain("Usage: fleet ps [NAME...] [OPTIONS]");
  expect(loaded("events", "-n1")).toContain("program.cjs");
});

test.each([
  ["fast-events.cjs", ["events", "--limit", "1"]],
  ["mirror-status.cjs", ["mirror", "status"]],
  ["sql.cjs", ["sql"]],
])("plain words need no commander: %s and little else is loaded", (file, argv) => {
  const names = loaded(...argv);
  expect(names).toContain(file);
  expect(names).not.toContain("program.cjs");
  expect(names).not.toContain("look-once.cjs");
});

/** The names of the files that a command loads. */
function loaded(...argv: string[]): string[] {
  const { stderr } = run(...argv);
  const { files } = JSON.parse(stderr.slice(stderr.lastIndexOf('{"files"'))) as { files: string[] };
  return files.map((path) => basename(path));
}

test("a part that is missing is a damaged installation, not a stack trace", () => {
  rmSync(join(tree, "dist", "plainly.cjs"));
  const { status, stderr } = run("doctor");
  expect(status).toBe(1);
  expect(stderr).toMatch(
    /^fleet: this installation is damaged: Cannot find module .*\n {2}Run `npm ci` in its checkout\.\n/,
  );
});
