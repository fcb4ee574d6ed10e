import { readdirSync } from "node:fs";
import { Command } from "commander";
import { describe, expect, test } from "vitest";
import type { VerbDeclaration } from "../../cli/declaration.ts";
import { groupHelp, programHelp, verbHelp } from "../../cli/help.ts";
import { type Perform, registerFleet, registerGroup, runProgram } from "../../cli/program.ts";
import { cliReference } from "../../cli/reference.ts";
import { widthOf } from "../../cli/render/text.ts";
import { groups, programOptions, verbs } from "../../cli/verbs.ts";
import { VERSION } from "../../cli/version.ts";
import packageJson from "../../package.json" with { type: "json" };
import { grouped } from "./support/grouped-verbs.ts";
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
    const groupTexts = groups.map((group) => groupHelp(group, verbs, "fleet", width));
    const verbTexts = verbs.map((verb) => {
      // A command is there to be copied, and stays one line.
      const commands = new Set(verb.examples.map(({ command }) => `  ${command}`));
      const lines = verbHelp(verb, "fleet", width).split("\n");
      return lines.filter((line) => !commands.has(line)).join("\n");
    });
    const texts = [programHelp(verbs, programOptions, "fleet", width), ...groupTexts, ...verbTexts];
    for (const line of texts.join("\n").split("\n")) {
      expect(widthOf(line), line).toBeLessThanOrEqual(width);
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
    const words = name.split(" ");
    const { exit, stdout } = await run(...words, "--help");
    expect(exit).toBe(0);
    await expect(stdout).toMatchFileSnapshot(`golden/help-${words.join("-")}.txt`);
    expect((await run("help", ...words)).stdout).toBe(stdout);
    expect((await run(...words, "-h")).stdout).toBe(stdout);
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
  expect(files).toEqual(verbs.map(({ name }) => `${name.replace(" ", "-")}.ts`).sort());
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

describe("verbs in groups", () => {
  async function runGrouped(...argv: string[]) {
    const output = catchOutput();
    const exit = await runProgram(argv, { output, environment: {} }, grouped);
    return { exit, stdout: output.printed(), stderr: output.complained() };
  }

  test("are called by two words, and by each of their names", async () => {
    for (const argv of [
      ["agent", "start", "x"],
      ["watch", "x"],
      ["agent", "watch", "x"],
      ["mirror"],
      ["mirror", "status"],
    ])
      expect(await runGrouped(...argv)).toEqual({ exit: 0, stdout: "", stderr: "" });
  });

  test("show help under the name they were called by", async () => {
    expect((await runGrouped("agent", "watch", "--help")).stdout).toMatch(
      /^Usage: fleet agent watch NAME \[OPTIONS\]\nAlso: {2}fleet watch\n/,
    );
    expect((await runGrouped("watch", "--help")).stdout).toMatch(
      /^Usage: fleet watch NAME .*\nAlso: {2}fleet agent watch\n/,
    );
    expect((await runGrouped("help", "mirror", "status")).stdout).toMatch(
      /^Usage: fleet mirror status \[OPTIONS\]\n/,
    );
  });

  test("an option after the second word is the inner verb's, though the outer one has it too", async () => {
    const seen: unknown[] = [];
    const program = new Command("fleet");
    const [outer, inner] = [grouped.verbs[0], grouped.verbs[1]] as [VerbDeclaration, VerbDeclaration];
    const both = { ...grouped, verbs: [{ ...outer, options: inner.options }, inner] };
    registerFleet(program, async (verb, words) => void seen.push([verb.name, words.options]), both);
    await program.parseAsync(["mirror", "status", "--json"], { from: "user" });
    expect(seen).toEqual([["mirror status", { json: true }]]);
  });

  test("a group's word alone lists its verbs, on stderr as a usage error, on request as help", async () => {
    const { exit, stdout } = await runGrouped("agent", "--help");
    expect(exit).toBe(0);
    expect(stdout).toMatch(
      /^fleet agent: act on one agent\n.*Verbs:\n {2}watch {2}do watch\n {2}start {2}do agent start\n/s,
    );
    expect(await runGrouped("agent")).toEqual({ exit: 2, stdout: "", stderr: stdout });
  });

  test.each([
    [
      ["agent", "strat", "x"],
      "fleet: unknown verb 'strat'\n  Did you mean start? `fleet agent --help` lists the verbs.\n",
    ],
    [["agent", "start"], "fleet: missing required argument 'NAME'\n  See `fleet agent start --help`.\n"],
    [
      ["agent", "watch", "x", "--evry"],
      "fleet: unknown option '--evry'\n  Did you mean --every? See `fleet agent watch --help`.\n",
    ],
  ])("%j is two lines on stderr and exit code 2", async (argv, stderr) => {
    expect(await runGrouped(...argv)).toEqual({ exit: 2, stdout: "", stderr });
  });

  test("another program mounts a group under a command of its own", async () => {
    const mosaic = new Command("mosaic");
    const agent = mosaic.command("agent");
    const seen: unknown[] = [];
    const performVerb: Perform = async (verb, words) => {
      seen.push([verb.name, words.arguments]);
    };
    registerGroup(agent, "agent", performVerb, grouped);
    registerFleet(mosaic.command("fleet"), performVerb, grouped);
    await mosaic.parseAsync(["agent", "watch", "coder0"], { from: "user" });
    await mosaic.parseAsync(["fleet", "agent", "start", "coder1"], { from: "user" });
    expect(seen).toEqual([
      ["watch", ["coder0"]],
      ["agent start", ["coder1"]],
    ]);
    expect(agent.commands[0]?.helpInformation()).toContain("Usage: mosaic agent watch NAME [OPTIONS]");
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
    expect(fleet.helpInformation()).toMatch(/Look:\n {2}ps.*Keep:\n {2}verify/s);
  });

  test("help of a verb reads the same but for the name", () => {
    const [ps] = verbs;
    if (ps === undefined) throw new Error("no verbs");
    expect(verbHelp(ps, "mosaic fleet", 80).replaceAll("mosaic fleet ps", "fleet ps")).toBe(
      verbHelp(ps, "fleet", 80),
    );
  });
});
