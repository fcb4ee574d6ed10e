import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..");

/** Which rooms a room may import from, and the reason that a violation is told. */
const ROOMS: Readonly<Record<string, { readonly from: readonly string[]; readonly why: string }>> = {
  collectors: {
    from: ["store/events", "store/errors.ts"],
    why: "a collector is handed `emit`: it knows the vocabulary of events and no database, so that it can be run and tested alone",
  },
  store: {
    from: [],
    why: "the store knows nothing of ours: folds and derivation are handed to it, so that the log outlives them",
  },
  query: {
    from: ["store"],
    why: "folds and the verdict are pure functions over the store's types; they read and never act",
  },
  otel: { from: ["store", "query"], why: "the mirror is a consumer of the log" },
  agents: {
    from: ["store", "query"],
    why: "acting on agents needs the log and the verdict, and no collector",
  },
  cli: {
    from: ["collectors", "store", "query", "otel", "agents", "package.json"],
    why: "only cli wires the rooms together",
  },
};

/** Packages with one owner: everything else reaches them through it. */
const OWNERS: readonly { readonly name: RegExp; readonly rooms: readonly string[]; readonly why: string }[] =
  [
    { name: /^better-sqlite3/, rooms: ["store"], why: "the store is the only user of the database" },
    { name: /^commander$/, rooms: ["cli"], why: "only cli reads argv" },
    {
      name: /^zod/,
      rooms: ["store/events", "collectors/roster", "scripts"],
      why: "schemas stay off the start-up path",
    },
    { name: /^yaml$/, rooms: ["collectors/roster", "scripts"], why: "the roster is the only YAML" },
    { name: /^chokidar$/, rooms: ["collectors", "cli"], why: "watching files is a collector's work" },
    { name: /^@opentelemetry\//, rooms: ["otel"], why: "the mirror is the only user of OpenTelemetry" },
  ];

/** What a pure room may not touch; each would make its answers depend on more than its arguments. */
const IMPURE =
  /\b(?:process\.(?:env|argv|exit|stdout|stderr)|console\.|Date\.now\(|new Date\(\)|Math\.random\()/;

interface Import {
  readonly file: string;
  readonly specifier: string;
}

const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.ts"], {
  cwd: ROOT,
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => file !== "" && !file.startsWith("test/"));

const imports: Import[] = files.flatMap((file) => {
  const text = readFileSync(join(ROOT, file), "utf8");
  const found = text.matchAll(
    /(?:^|\n)\s*(?:import|export)\b[^;"']*?["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']\s*\)/g,
  );
  return [...found].map((match) => ({ file, specifier: match[1] ?? match[2] ?? "" }));
});

test("data flows one way: no room imports from a room that it must not know", () => {
  const broken = imports.flatMap(({ file, specifier }) => {
    const room = file.split("/")[0] ?? "";
    const rule = ROOMS[room];
    if (!rule || !specifier.startsWith(".")) return [];
    const target = normalize(join(dirname(file), specifier));
    const allowed = [`${room}/`, ...rule.from].some((place) => target.startsWith(place));
    return allowed ? [] : [`${file} imports ${target}: ${rule.why}`];
  });
  expect(broken).toEqual([]);
});

test("each outside thing has one owner", () => {
  const broken = imports.flatMap(({ file, specifier }) =>
    OWNERS.filter(
      ({ name, rooms }) =>
        name.test(specifier) && !rooms.some((room) => file.startsWith(room)) && !file.startsWith("bench/"),
    ).map(({ why }) => `${file} imports ${specifier}: ${why}`),
  );
  expect(broken).toEqual([]);
});

test("child processes are started by argv, never by a shell's string", () => {
  const broken = files.filter((file) =>
    /\b(?:execSync|exec)\(|shell:\s*true/.test(
      readFileSync(join(ROOT, file), "utf8").replaceAll(/\.exec\(/g, ""),
    ),
  );
  expect(broken).toEqual([]);
});

test("query is pure: it reads no clock, environment or terminal", () => {
  const broken = files.filter(
    (file) => file.startsWith("query/") && IMPURE.test(readFileSync(join(ROOT, file), "utf8")),
  );
  expect(broken).toEqual([]);
});

test("only cli prints, exits, and reads argv and the environment", () => {
  const world = /\b(?:process\.(?:exit|argv|stdout)|console\.(?:log|error|warn))\b/;
  const broken = files.filter(
    (file) =>
      /^(?:collectors|store|query|otel|agents)\//.test(file) &&
      world.test(readFileSync(join(ROOT, file), "utf8")),
  );
  expect(broken).toEqual([]);
});

test("nothing imports test", () => {
  expect(
    imports.filter(
      ({ file, specifier }) =>
        specifier.startsWith(".") && normalize(join(dirname(file), specifier)).startsWith("test/"),
    ),
  ).toEqual([]);
});
