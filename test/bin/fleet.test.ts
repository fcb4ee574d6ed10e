import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeToolbox, runBare, writeFakeNode, writeProgram } from "../scripts/toolbox.ts";

const project = join(import.meta.dirname, "..", "..");
const echo = `console.log(JSON.stringify({ args: process.argv.slice(2), exec: process.execPath,
  ca: process.env.NODE_EXTRA_CA_CERTS ?? null, flags: process.execArgv }))`;

let base: string;
let checkout: string;
let launcher: string;
let memory: string;
let path: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "fleet launcher "));
  checkout = join(base, "a checkout");
  for (const folder of ["bin", "scripts", "dist"]) mkdirSync(join(checkout, folder), { recursive: true });
  for (const name of ["bin/fleet", "scripts/find-node.sh", "scripts/node-pin.json"])
    cpSync(join(project, name), join(checkout, name));
  writeFileSync(join(checkout, "dist", "fleet.cjs"), echo);
  launcher = join(checkout, "bin", "fleet");
  memory = join(checkout, ".fleet-node");
  path = makeToolbox(join(base, "tools"), ["sh", "dirname", "sed", "readlink", "mv", "rm"]);
});
afterEach(() => {
  rmSync(base, { recursive: true, force: true });
});

const fleet = (args: string[] = [], env: Record<string, string> = {}, program = launcher, cwd = "/") =>
  runBare(program, args, { PATH: path, ...env }, cwd);
const putNodeOnPath = () => symlinkSync(process.execPath, join(path, "node"));
const remembered = () => readFileSync(memory, "utf8");
const QUICKLY = [
  "--v8-pool-size=1",
  "--no-rehash-snapshot",
  "--no-flush-bytecode",
  "--max-semi-space-size=4",
];

test("arguments reach the bundle exactly, and its exit code comes back", () => {
  putNodeOnPath();
  const args = ["ps", "", "two words", "$(touch x)", "'\"", "*", "--", "é\n"];
  expect(JSON.parse(fleet(args).stdout).args).toEqual(args);
  writeFileSync(join(checkout, "dist", "fleet.cjs"), "process.exitCode = 42");
  expect(fleet().status).toBe(42);
});

test("the Node is looked for once; afterwards no other program is run at all", () => {
  putNodeOnPath();
  expect(fleet(["ps"]).status).toBe(0);
  expect(remembered()).toBe(`${join(path, "node")}\nquickly\n`);
  expect(statSync(memory).mode & 0o777).toBe(0o644);
  expect(fleet(["ps"], { PATH: "/nonexistent" }).status).toBe(0);
});

test("it is found through relative and absolute links, from another directory and by `sh fleet`", () => {
  putNodeOnPath();
  symlinkSync("a checkout/bin/fleet", join(base, "relative"));
  symlinkSync(join(base, "relative"), join(base, "absolute"));
  symlinkSync("a checkout/bin", join(base, "linked bin"));
  for (const name of ["relative", "absolute", "linked bin/fleet"])
    expect(fleet([name], {}, join(base, name)).stdout).toContain(`"args":["${name}"]`);
  expect(fleet(["up"], {}, "../bin/fleet", join(checkout, "dist")).stdout).toContain('"args":["up"]');
  // Below a linked directory the parent in the text is not the parent on disk.
  expect(fleet(["up"], {}, "./fleet", join(base, "linked bin")).stdout).toContain('"args":["up"]');
  expect(fleet(["fleet", "here"], {}, "/bin/sh", join(checkout, "bin")).stdout).toContain('"args":["here"]');
  const onPath = { PATH: `${path}:${base}` };
  expect(fleet(["-c", "relative there"], onPath, "/bin/sh").stdout).toContain('"args":["there"]');
});

test("a Node that was replaced after it was remembered, or is gone, is looked for again", () => {
  const first = writeFakeNode(join(path, "node"), "24.1.0");
  expect(fleet(["a"]).stdout).toContain(`${first} `);
  // A newer program at the remembered path may be any version: here it is one that does not fit.
  writeFakeNode(first, "20.0.0");
  const later = new Date(Date.now() + 60_000);
  utimesSync(first, later, later);
  expect(fleet(["a"]).stderr).toContain("found Node 20.0.0");
  rmSync(first);
  expect(fleet(["a"]).stderr).toContain("found no Node");
  putNodeOnPath();
  expect(fleet(["a"]).stdout).toContain('"args":["a"]');
});

test("a remembered line that is no absolute path is not run", () => {
  putNodeOnPath();
  for (const line of ["", "node", "./evil", "-e"]) {
    writeFileSync(memory, `${line}\nquickly\n`);
    expect(JSON.parse(fleet(["ps"]).stdout).args).toEqual(["ps"]);
    expect(remembered()).toBe(`${join(path, "node")}\nquickly\n`);
  }
});

test("FLEET_NODE decides for one call and is not remembered", () => {
  const chosen = writeFakeNode(join(base, "chosen"), "26.2.0");
  expect(fleet(["x"], { FLEET_NODE: chosen }).stdout).toContain(`${chosen} `);
  expect(existsSync(memory)).toBe(false);
  putNodeOnPath();
  expect(fleet(["x"]).stdout).toContain('"args":["x"]');
  expect(fleet(["x"], { FLEET_NODE: chosen }).stdout).toContain(`${chosen} `);
  expect(remembered()).toBe(`${join(path, "node")}\nquickly\n`);
});

test("without a fitting Node it says what is wrong and what to do, and ends with 1", () => {
  writeFakeNode(join(path, "node"), "20.20.2");
  const said = fleet(["ps"]);
  expect([said.status, said.stdout]).toEqual([1, ""]);
  const lines = said.stderr.trim().split("\n");
  expect(lines).toHaveLength(2);
  expect(lines[0]).toContain("needs Node 22.22+, 24 or 26+, found Node 20.20.2");
  expect(existsSync(memory)).toBe(false);
});

test("a checkout that was not built says how to build it", () => {
  putNodeOnPath();
  rmSync(join(checkout, "dist"), { recursive: true });
  const said = fleet(["ps"]);
  expect([said.status, said.stdout]).toEqual([1, ""]);
  expect(said.stderr).toContain("npm ci");
  expect(said.stderr.trim().split("\n")).toHaveLength(2);
});

test("what goes through a whole log has a young heap that stays small; what only answers starts quickly", () => {
  putNodeOnPath();
  for (const [verb, flags] of [
    ["rebuild", ["--max-semi-space-size=4"]],
    ["record", ["--max-semi-space-size=4"]],
    ["ps", QUICKLY],
    ["incidents", QUICKLY],
    ["when", [...QUICKLY, "--min-semi-space-size=4"]],
    ["import", []],
    ["serve", []],
  ] as const) {
    const { args, flags: given } = JSON.parse(fleet([verb, "--json"]).stdout);
    expect({ args, given }).toEqual({ args: [verb, "--json"], given: flags });
  }
});

test("a Node that refuses the flags of a quick start is started plainly, and asked no more than once", () => {
  const asked = join(base, "asked");
  writeProgram(
    join(path, "node"),
    `[ "$1" = --version ] && { echo v28.0.0; exit 0; }\n[ "$1" = "${QUICKLY[0]}" ] && { echo asked >>"${asked}"; exit 9; }\necho ran "$@"`,
  );
  for (let call = 0; call < 2; call += 1) expect(fleet(["ps"]).stdout).toMatch(/^ran \/.*fleet\.cjs ps\n$/);
  expect(readFileSync(asked, "utf8")).toBe("asked\n");
  expect(remembered()).toBe(`${join(path, "node")}\nplainly\n`);
});

test("a memory that does not say how its Node starts, as older versions wrote it, is made anew", () => {
  putNodeOnPath();
  writeFileSync(memory, `${join(path, "node")}\n`);
  expect(JSON.parse(fleet(["ps"]).stdout).flags).toEqual(QUICKLY);
  expect(remembered()).toBe(`${join(path, "node")}\nquickly\n`);
});

test("NODE_EXTRA_CA_CERTS reaches only the verbs that leave this host", () => {
  putNodeOnPath();
  const certificates = join(base, "no such file");
  for (const [verb, seen] of [
    ["ps", null],
    ["why", null],
    ["mirror", certificates],
    ["serve", certificates],
  ] as const)
    expect(JSON.parse(fleet([verb], { NODE_EXTRA_CA_CERTS: certificates }).stdout).ca).toBe(seen);
});
