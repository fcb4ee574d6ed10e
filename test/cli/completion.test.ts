import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { bashCompletion } from "../../cli/completion/bash.ts";
import { fishCompletion } from "../../cli/completion/fish.ts";
import { firstWords, plainNames } from "../../cli/completion/shell-words.ts";
import { zshCompletion } from "../../cli/completion/zsh.ts";
import { runProgram } from "../../cli/program.ts";
import { groups, verbs } from "../../cli/verbs.ts";
import { grouped } from "./support/grouped-verbs.ts";
import { catchOutput } from "./support/output.ts";

const scripts = {
  bash: bashCompletion(verbs, groups),
  zsh: zshCompletion(verbs, groups),
  fish: fishCompletion(verbs, groups),
};

test.each(Object.entries(scripts))(
  "the script for %s is what the golden file says",
  async (shell, script) => {
    await expect(script).toMatchFileSnapshot(`golden/completion.${shell}`);
  },
);

test.each(Object.entries(scripts))(
  "the script for %s knows every verb and every option",
  (_shell, script) => {
    for (const verb of verbs) {
      for (const word of verb.name.split(" ")) expect(script).toContain(word);
      for (const { name, hidden } of verb.options) if (!hidden) expect(script).toContain(name);
    }
  },
);

describe("in a real bash", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "fleet-completion-"));
    const fleet = join(directory, "fleet");
    writeFileSync(
      fleet,
      '#!/bin/sh\n[ "$*" = "completion --agents" ] && printf "coder0\\ncoder1\\nreviewer\\n"\n',
    );
    chmodSync(fleet, 0o755);
    writeFileSync(join(directory, "completion.bash"), scripts.bash);
    writeFileSync(join(directory, "grouped.bash"), bashCompletion(grouped.verbs, grouped.groups));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const complete = (...words: string[]) => completeBy("completion.bash", words);

  function completeBy(file: string, words: string[]): string[] {
    const script =
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is bash that expands it.
      'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _fleet; printf "%s\\n" "${COMPREPLY[@]}"';
    const env = { PATH: `${directory}${delimiter}/usr/bin${delimiter}/bin` };
    const args = ["--norc", "-c", script, "bash", join(directory, file), ...words];
    return execFileSync("bash", args, { env, encoding: "utf8" }).split("\n").filter(Boolean);
  }

  test("verbs, options and the names of agents are offered", () => {
    expect(complete("fleet", "re")).toEqual(["record", "rebuild"]);
    const first = new Set(firstWords(verbs, groups).map(([name]) => name));
    expect(new Set(complete("fleet", ""))).toEqual(new Set([...first, "--help", "--version"]));
    expect(complete("fleet", "agent", "st")).toEqual(["start", "stop"]);
    expect(complete("fleet", "agent", "stop", "cod")).toEqual(["coder0", "coder1"]);
    expect(complete("fleet", "ps", "--wat")).toEqual(["--watch"]);
    expect(complete("fleet", "why", "cod")).toEqual(["coder0", "coder1"]);
    expect(complete("fleet", "events", "--agent", "rev")).toEqual(["reviewer"]);
    expect(complete("fleet", "events", "--source", "tm")).toEqual(["tmux", "tmux-hook"]);
    expect(complete("fleet", "completion", "z")).toEqual(["zsh"]);
  });

  test("in each place what belongs there is offered, wherever options stand", () => {
    const states = complete("fleet", "when", "coder0", "");
    expect(complete("fleet", "when", "cod")).toEqual(["coder0", "coder1"]);
    expect(complete("fleet", "when", "coder0", "s")).toEqual([
      ...["stopped", "stale", "silent", "starting", "started", "sent"],
    ]);
    expect(states).not.toContain("coder1");
    expect(complete("fleet", "when", "--since", "1d", "-a", "coder0", "")).toEqual(states);
    expect(complete("fleet", "when", "coder0", "stale", "")).toEqual([]);
    expect(complete("fleet", "why", "coder0", "")).toEqual([]);
    expect(complete("fleet", "agent", "stop", "coder0", "cod")).toEqual(["coder0", "coder1"]);
  });

  test("after a group's word its verbs are offered, and after those their own words", () => {
    const complete = (...words: string[]) => completeBy("grouped.bash", words);
    expect(complete("fleet", "")).toEqual(["mirror", "watch", "agent", "--help", "--version"]);
    expect(complete("fleet", "agent", "")).toEqual(["watch", "start"]);
    expect(complete("fleet", "agent", "start", "cod")).toEqual(["coder0", "coder1"]);
    expect(complete("fleet", "agent", "watch", "--e")).toEqual(["--every"]);
    expect(complete("fleet", "watch", "--e")).toEqual(["--every"]);
    expect(complete("fleet", "mirror", "")).toEqual(["status"]);
    expect(complete("fleet", "mirror", "--f")).toEqual(["--from"]);
    expect(complete("fleet", "mirror", "status", "--j")).toEqual(["--json"]);
  });

  test("where nothing can be offered nothing is", () => {
    expect(complete("fleet", "events", "--since", "")).toEqual([]);
    expect(complete("fleet", "rebuild", "x")).toEqual([]);
  });
});

test("the states that are offered are those that the verb takes", async () => {
  const output = catchOutput(null);
  await runProgram(["when", "coder0", "nothing"], { output, environment: { HOME: "/nowhere" } });
  const offered = verbs.find(({ name }) => name === "when")?.arguments[1]?.completion;
  const choices = typeof offered === "object" ? offered.choices : [];
  const taken = /One of: (.*)\./.exec(output.complained())?.[1]?.split(", ");
  expect([...choices].sort()).toEqual(taken?.sort());
});

test("a name that is not plain is not given to a shell", () => {
  expect(plainNames(["b", "a", "$(reboot)", "x y", "-rf", "", "a", "café", "a;b", "v1.2"])).toEqual([
    "a",
    "b",
    "v1.2",
  ]);
});
