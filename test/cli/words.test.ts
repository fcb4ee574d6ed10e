import { Command } from "commander";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { VerbDeclaration, Words } from "../../cli/declaration.ts";
import { verbCommand } from "../../cli/program.ts";
import { verbs } from "../../cli/verbs.ts";
import { checkWords, readWords } from "../../cli/words.ts";

/** What commander makes of the same words; null when it refuses them or shows help. */
async function readByCommander(verb: VerbDeclaration, argv: readonly string[]): Promise<Words | null> {
  let read: Words | null = null;
  const command = verbCommand(verb, async (_verb, words) => {
    read = words;
  });
  const program = new Command("fleet").addCommand(command);
  for (const each of [program, command]) {
    each.exitOverride().configureOutput({ writeOut: () => {}, writeErr: () => {} });
  }
  try {
    await program.parseAsync([command.name(), ...argv], { from: "user" });
    return read;
  } catch {
    return null;
  }
}

/** Words as a user might type them for this verb: its own flags in every spelling, values, names, and nonsense. */
function wordsFor(verb: VerbDeclaration): fc.Arbitrary<string[]> {
  const flags = verb.options.flatMap(({ name, short, value }) => [
    [`--${name}`],
    ...(short === undefined ? [] : [[`-${short}`]]),
    ...(value === undefined
      ? []
      : [[`--${name}`, "coder0"], [`--${name}=x y`], [`--${name}=`], [`--${name}`, "--json"]]),
    ...(value === undefined || short === undefined ? [] : [[`-${short}`, "5"], [`-${short}5`]]),
  ]);
  const shorts = verb.options.flatMap(({ short }) => (short === undefined ? [] : [short])).join("");
  const others = [
    ["coder0"],
    ["a b"],
    [""],
    ["-"],
    ["--"],
    ["--nope"],
    ["-x"],
    ["--help"],
    [`-${shorts}`],
    ["--json=1"],
  ];
  const sane = fc.constantFrom(["coder0"], ...flags);
  const words = fc.oneof(
    { weight: 6, arbitrary: sane },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  );
  // A verb that asks for two words would seldom be given both by chance.
  const least = verb.arguments.filter(({ required }) => required).length;
  const enough = fc
    .constantFrom(0, Math.max(0, least - 1), least)
    .map((count) => Array<string>(count).fill("coder0"));
  const more = fc.array(words, { maxLength: 4 }).map((groups) => groups.flat());
  return fc.tuple(enough, more).map((parts) => parts.flat());
}

describe.each(verbs.map((verb) => [verb.name, verb] as const))("the words of %s", (_name, verb) => {
  test("whatever the fast parser accepts, commander reads the same way", async () => {
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(wordsFor(verb), async (argv) => {
        const fast = readWords(verb, argv);
        if (fast === null) return;
        accepted += 1;
        expect(fast).toEqual(await readByCommander(verb, argv));
      }),
      { numRuns: 300 },
    );
    // Not an empty truth: some of them were plain words (fewer for a verb of many options and one argument).
    expect(accepted).toBeGreaterThan(3);
  });

  test("help is left to commander", () => {
    expect(readWords(verb, ["--help"])).toBeNull();
    expect(readWords(verb, ["-h"])).toBeNull();
  });
});

test("arguments that are missing or too many are refused", () => {
  const why = verbs.find(({ name }) => name === "why") as VerbDeclaration;
  expect(readWords(why, [])).toBeNull();
  expect(readWords(why, ["a", "b"])).toBeNull();
  expect(readWords(why, ["a"])).toEqual({ arguments: ["a"], options: {} });
});

test("a value that is not what its option takes is refused, and named", () => {
  const events = verbs.find(({ name }) => name === "events") as VerbDeclaration;
  const limit = (value: string) => checkWords(events, { arguments: [], options: { limit: value } });
  expect(() => limit("50")).not.toThrow();
  expect(() => limit("many")).toThrow('--limit "many": expected a whole number of at least 0');
  expect(() => limit("-1")).toThrow('--limit "-1"');
  const within = (name: string, option: string) => {
    const verb = verbs.find((one) => one.name === name) as VerbDeclaration;
    return () => checkWords(verb, { arguments: [], options: { [option]: "5s" } });
  };
  expect(within("sql", "timeout")).toThrow('"5s": expected a whole number of seconds, at least 0');
  expect(within("ps", "wait")).toThrow('"5s": expected a whole number of milliseconds, at least 0');
  expect(() => checkWords(events, { arguments: [], options: { agent: ["a", ""] } })).toThrow(
    '--agent "": expected a value, got nothing',
  );
});
