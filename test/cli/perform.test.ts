import { expect, test } from "vitest";
import type { VerbDeclaration } from "../../cli/declaration.ts";
import { perform } from "../../cli/perform.ts";
import { FleetError } from "../../store/errors.ts";

const failing: VerbDeclaration = {
  name: "ps",
  purpose: "look",
  summary: "",
  description: [],
  arguments: [],
  options: [
    { name: "check", description: "" },
    { name: "all", description: "" },
  ],
  examples: [],
  load: async () => ({
    run: async () => {
      throw new FleetError("corrupt", "the log is damaged");
    },
  }),
};

async function performed(options: Record<string, true>) {
  const out: string[] = [];
  const err: string[] = [];
  const output = {
    print: (text: string) => void out.push(text),
    complain: (text: string) => void err.push(text),
    width: () => null,
    paint: (_tone: unknown, text: string) => text,
  };
  const words = { arguments: [], options };
  const code = await perform(failing, words as never, { output: output as never, environment: {} });
  return { code, out: out.join(""), err: err.join("") };
}

test("a check that could not be made is UNKNOWN to a monitor, with a line on stdout", async () => {
  expect(await performed({ check: true })).toMatchObject({
    code: 3,
    out: "UNKNOWN: fleet could not check\n",
  });
});

test("without a check the same failure is a plain one", async () => {
  const { code, out, err } = await performed({ all: true });
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(err).toContain("the log is damaged");
});
