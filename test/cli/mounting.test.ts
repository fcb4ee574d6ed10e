import { execFileSync } from "node:child_process";
import { Command } from "commander";
import { expect, test } from "vitest";
import { registerAgent, registerFleet } from "../../cli/program.ts";
import { verbs } from "../../cli/verbs.ts";

/** Another program, as it would mount us: `mosaic fleet ...` and `mosaic agent ...`. */
function mosaic(performed: [string, readonly string[], object][]): Command {
  const program = new Command("mosaic").exitOverride();
  const perform = async (
    verb: { name: string },
    words: { arguments: readonly string[]; options: object },
  ) => {
    performed.push([verb.name, words.arguments, words.options]);
  };
  registerFleet(program.command("fleet"), perform);
  registerAgent(program.command("agent"), perform);
  return program;
}

test("every verb is there under the program that mounts it, and the verbs on agents under their own word", async () => {
  const performed: [string, readonly string[], object][] = [];
  const run = (...words: string[]) => mosaic(performed).parseAsync(words, { from: "user" });
  await run("fleet", "ps", "coder0", "--json");
  await run("fleet", "agent", "start", "coder0", "coder1", "--timeout", "3");
  await run("agent", "start", "coder0");
  await run("agent", "stop", "coder0");
  await run("agent", "send", "coder0", "hello");
  await run("agent", "watch", "coder0");
  expect(performed).toEqual([
    ["ps", ["coder0"], { json: true }],
    ["agent start", ["coder0", "coder1"], { timeout: "3" }],
    ["agent start", ["coder0"], {}],
    ["agent stop", ["coder0"], {}],
    ["send", ["coder0", "hello"], {}],
    ["watch", ["coder0"], {}],
  ]);
});

test("each verb has a command, and its help says how it is called there", () => {
  const program = mosaic([]);
  const fleet = program.commands.find((command) => command.name() === "fleet");
  for (const { name } of verbs) {
    const [first = "", second] = name.split(" ");
    const found = fleet?.commands.find((command) => command.name() === first);
    const command = second === undefined ? found : found?.commands.find((each) => each.name() === second);
    expect(command?.helpInformation(), name).toContain(`mosaic fleet ${name}`);
  }
  const agent = program.commands.find((command) => command.name() === "agent");
  const start = agent?.commands.find((command) => command.name() === "start");
  expect(start?.helpInformation()).toContain("mosaic agent start");
});

test("mounted in a real program a verb does its work and leaves its exit code", () => {
  const script = `
    import { Command } from "commander";
    import { registerAgent, registerFleet } from "${new URL("../../cli/program.ts", import.meta.url).pathname}";
    const program = new Command("mosaic");
    registerFleet(program.command("fleet"));
    registerAgent(program.command("agent"));
    await program.parseAsync(process.argv.slice(1), { from: "user" });`;
  const run = (...words: string[]) =>
    execFileSync(process.execPath, ["--input-type=module", "-e", script, "--", ...words], {
      cwd: new URL("../..", import.meta.url).pathname,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  expect(run("fleet", "completion", "bash")).toContain("complete -F _fleet fleet");
  expect(() => run("fleet", "completion", "nosuchshell")).toThrow(expect.objectContaining({ status: 2 }));
});
