import { readdirSync } from "node:fs";
import { Command } from "commander";
import { describe, expect, test } from "vitest";
import { programHelp, verbHelp } from "../../cli/help.ts";
import { registerFleet, runProgram } from "../../cli/program.ts";
import { cliReference } from "../../cli/reference.ts";
import { widthOf } from "../../cli/render/text.ts";
import { programOptions, verbs } from "../../cli/verbs.ts";
import { VERSION } from "../../cli/version.ts";
import packageJson from "../../package.json" with { type: "json" };
import { catchOutput } from "./support/output.ts";

async function run(...argv: string[]) {
  const output = catchOutput();
  const exit = await runProgram(argv, { output, environment: {} });
  return { exit, stdout: output.printed(), stderr: output.complained() };
}

describe("fleet --help", () => {
  test("lists every verb under its purpose", async () => {
    const { exit, stdout } = await run("--help");
    expect(exit).toBe(0);
    await expect(stdout).toMatchFileSnapshot("golden/help.txt");
    for (const { name } of verbs) expect(stdout).toContain(`  ${name} `);
  });

  test.each([40, 60, 80, 200])("fits %i cells", (width) => {
    for (const line of programHelp(verbs, programOptions, "fleet", width).split("\n").slice(1)) {
      expect(widthOf(line)).toBeLessThanOrEqual(Math.max(width, 44));
    }
  });

  test("no verb at all is a usage error that shows the same", async () => {
    const { exit, stdout, stderr } = await run();
    expect({ exit, stdout }).toEqual({ exit: 2, stdout: "" });
    expect(stderr).toBe((await run("--help")).stdout);
  });
});

describe.each(verbs.map((verb) => [verb.name, verb] as const))("fleet %s --help", (name, verb) => {
  test("is what the golden file says, however it is asked for", async () => {
    const { exit, stdout } = await run(name, "--help");
    expect(exit).toBe(0);
    await expect(stdout).toMatchFileSnapshot(`golden/help-${name}.txt`);
    expect((await run("help", name)).stdout).toBe(stdout);
    expect((await run(name, "-h")).stdout).toBe(stdout);
  });

  test("describes everything in whole sentences", () => {
    expect(verb.summary).toMatch(/^[a-z].*[^.]$/);
    for (const paragraph of verb.description) expect(paragraph).toMatch(/[.)]$/);
    for (const { description } of [...verb.options, ...verb.arguments])
      expect(description.length).toBeGreaterThan(3);
    expect(verb.examples.length).toBeGreaterThan(0);
  });

  test("has a module of its own that runs it", async () => {
    expect(typeof (await verb.load()).run).toBe("function");
  });
});

test("the folder of verbs holds the declared verbs and nothing else", () => {
  const files = readdirSync(new URL("../../cli/verbs/", import.meta.url)).sort();
  expect(files).toEqual(verbs.map(({ name }) => `${name}.ts`).sort());
});

test("docs/cli.md is made from the declarations", async () => {
  await expect(cliReference(verbs, programOptions)).toMatchFileSnapshot("../../docs/cli.md");
});

test("--version prints the version of the package", async () => {
  expect(await run("--version")).toEqual({ exit: 0, stdout: `${packageJson.version}\n`, stderr: "" });
  expect(VERSION).toBe(packageJson.version);
});

describe("a wrong command line", () => {
  test.each([
    [["pss"], "fleet: unknown verb 'pss'\n  Did you mean ps? `fleet --help` lists the verbs.\n"],
    [["xyzzy"], "fleet: unknown verb 'xyzzy'\n  `fleet --help` lists the verbs.\n"],
    [["ps", "--jsn"], "fleet: unknown option '--jsn'\n  Did you mean --json? See `fleet ps --help`.\n"],
    [["ps", "--class"], "fleet: option '--class <CLASS>' argument missing\n  See `fleet ps --help`.\n"],
    [["why"], "fleet: missing required argument 'NAME'\n  See `fleet why --help`.\n"],
    [
      ["why", "a", "b"],
      "fleet: too many arguments for 'why'. Expected 1 argument but got 2: a, b.\n  See `fleet why --help`.\n",
    ],
    [["--nope"], "fleet: unknown option '--nope'\n  `fleet --help` lists the verbs.\n"],
    [
      ["events", "--limit", "many"],
      'fleet: --limit "many": expected a whole number of at least 0\n  See `fleet events --help`.\n',
    ],
  ])("%j is two lines on stderr and exit code 2", async (argv, stderr) => {
    expect(await run(...argv)).toEqual({ exit: 2, stdout: "", stderr });
  });
});

describe("mounted in another program", () => {
  test("the verbs are there, by purpose, and help calls them by the other's name", async () => {
    const mosaic = new Command("mosaic");
    const fleet = mosaic.command("fleet");
    const seen: unknown[] = [];
    registerFleet(fleet, async (verb, words) => {
      seen.push([verb.name, words]);
    });
    await mosaic.parseAsync(["fleet", "ps", "coder0", "--check"], { from: "user" });
    expect(seen).toEqual([["ps", { arguments: ["coder0"], options: { check: true } }]]);
    const ps = fleet.commands.find((command) => command.name() === "ps");
    expect(ps?.helpInformation()).toContain("Usage: mosaic fleet ps [NAME...] [OPTIONS]");
    expect(fleet.helpInformation()).toMatch(/Look:\n {2}ps.*Keep:\n {2}rebuild/s);
  });

  test("help of a verb reads the same but for the name", () => {
    const [ps] = verbs;
    if (ps === undefined) throw new Error("no verbs");
    expect(verbHelp(ps, "mosaic fleet", 80).replaceAll("mosaic fleet ps", "fleet ps")).toBe(
      verbHelp(ps, "fleet", 80),
    );
  });
});
