import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { bashCompletion } from "../../cli/completion/bash.ts";
import { fishCompletion } from "../../cli/completion/fish.ts";
import { zshCompletion } from "../../cli/completion/zsh.ts";
import { groups, verbs } from "../../cli/verbs.ts";

/** What a real shell offers at the end of a line: `$1` is the completion script, `$2` the line. */
const asks: Readonly<Record<string, { readonly script: string; readonly ask: readonly string[] }>> = {
  bash: {
    script: bashCompletion(verbs, groups),
    ask: [
      ...["bash", "--norc", "-c"],
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is bash that expands it.
      'source "$1"; read -ra COMP_WORDS <<<"$2"; [[ $2 == *" " ]] && COMP_WORDS+=(""); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _fleet; printf "%s\\n" "${COMPREPLY[@]}"',
      "bash",
    ],
  },
  zsh: {
    script: zshCompletion(verbs, groups),
    ask: ["zsh", "-f", join(import.meta.dirname, "support", "complete.zsh")],
  },
  fish: {
    script: fishCompletion(verbs, groups),
    ask: ["fish", "--no-config", "-c", "source $argv[1]; complete -C $argv[2] | string split -f1 \\t"],
  },
};
/** bash is everywhere; the others are tried where they are installed. */
const here = Object.entries(asks).filter(([name]) => spawnSync(name, ["-c", "true"]).status === 0);

test("there is a real bash to try", () => {
  expect(here.map(([name]) => name)).toContain("bash");
});

describe.each(here)("in a real %s", (name, { script, ask }) => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "fleet-shells-"));
    const fleet = join(directory, "fleet");
    const agents = '[ "$*" = "completion --agents" ] && printf "coder0\\ncoder1\\nreviewer\\n"';
    writeFileSync(fleet, `#!/bin/sh\n${agents}\n`);
    chmodSync(fleet, 0o755);
    writeFileSync(join(directory, "script"), script);
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const offered = (line: string): string[] => {
    const [program = "", ...args] = [...ask, join(directory, "script"), line];
    const env = {
      ...process.env,
      PATH: `${directory}${delimiter}${process.env.PATH}`,
      HOME: directory,
      TERM: "xterm",
    };
    const words = execFileSync(program, args, { env, encoding: "utf8", timeout: 20_000 }).split("\n");
    return [...new Set(words.map((word) => word.trim()).filter((word) => word !== ""))].sort();
  };

  test("verbs of a group, names of agents, options and choices are offered", () => {
    expect(offered("fleet agent sto"), name).toEqual(["stop"]);
    expect(offered("fleet agent stop cod")).toEqual(["coder0", "coder1"]);
    expect(offered("fleet why rev")).toEqual(["reviewer"]);
    expect(offered("fleet ps --wat")).toEqual(["--watch"]);
    expect(offered("fleet completion z")).toEqual(["zsh"]);
  });
});
