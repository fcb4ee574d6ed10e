import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import {
  FLEET_HOOKS,
  HOOK_SLOT,
  hookCommand,
  installCommands,
  MARKS_COMMANDS,
  ownerOf,
  parseMarks,
  removeCommands,
  shellWord,
} from "../../../collectors/tmux/hooks.ts";

const made: string[] = [];
afterEach(() => {
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true });
});
const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), "fleet-hooks-"));
  made.push(path);
  return path;
};

test("every hook stands in our own slot and nothing but our own options is set", () => {
  for (const words of installCommands("/state/spool/a.spool")) {
    if (words[0] === "set-hook") expect(words[2]).toMatch(new RegExp(`^[a-z-]+\\[${HOOK_SLOT}\\]$`));
    else expect(words.join(" ")).toMatch(/^set-option -s(?:qo)? @fleet_/);
  }
});

test("nothing of a session, a command or a directory stands in a hook without being quoted", () => {
  for (const spec of FLEET_HOOKS) {
    const formats = [...hookCommand(spec).matchAll(/#\{([^}]*)\}/g)].map(([, inner]) => inner);
    for (const format of formats) {
      expect(format).toMatch(/^(?:q:|s\/\[\^ -~\]\/\?\/;q:|e\|\+\|:|@fleet_spool$|@fleet_n$|T:@fleet_now$)/);
      expect(format).not.toMatch(/current_command|current_path|start_command|window_name|title/);
    }
  }
});

test("the whole installation fits into one message to the server", () => {
  const bytes = installCommands(`/${"x".repeat(4000)}`)
    .flat()
    .join("\0").length;
  expect(bytes).toBeLessThan(16_000);
});

test("a path becomes one word of a shell, whatever is in it", () => {
  const directory = folder();
  for (const name of [
    "a b",
    "it's",
    '"',
    "$(touch pwned)",
    "`touch pwned`",
    "#{pid}",
    "{a,b}",
    "~",
    "*",
    ";:|&",
    "ü",
    "\\",
  ]) {
    mkdirSync(join(directory, name));
    const word = shellWord(join(directory, name));
    const out = execFileSync("/bin/sh", ["-c", `printf %s ${word}`], { cwd: directory, encoding: "utf8" });
    expect(out).toBe(join(directory, name));
  }
  expect(readdirSync(directory)).not.toContain("pwned");
});

test("a path with control characters or a relative one is refused with what to do", () => {
  for (const path of ["/a\nb", "/a\tb", "/\u007f", "relative/x"]) {
    expect(() => shellWord(path)).toThrow(
      expect.objectContaining({ kind: "config", hint: expect.stringMatching(/FLEET_STATE/) }),
    );
  }
});

/** What tmux makes of a hook's shell part, with formats filled in by hand. */
function shellPart(spool: string, words: string): string {
  const inner = /run-shell -b '(.*)'$/.exec(hookCommand({ hook: "session-created" }))?.[1] ?? "";
  return inner.replace("#{@fleet_spool}", spool).replace(/#\{q:@fleet_n\}.*?(?= >>)/, words);
}

const shells = ["/bin/sh", "/bin/bash"];
test.each(shells)(
  "under %s the line is appended without a word, and only while the spool exists",
  (shell) => {
    const spool = join(folder(), "a b.spool");
    const run = () =>
      execFileSync(shell, ["-c", shellPart(shellWord(spool), "1\\|x")], {
        stdio: ["ignore", "pipe", "pipe"],
      });
    expect(run().toString()).toBe("");
    expect(readdirSync(join(spool, ".."))).toEqual([]);
    writeFileSync(spool, "");
    expect(run().toString()).toBe("");
    expect(readFileSync(spool, "utf8")).toBe("1|x\n");
  },
);

test.each(shells)("under %s a spool that is no file, or not named at all, is no error", (shell) => {
  const directory = folder();
  for (const spool of [shellWord(directory), ""]) {
    const out = execFileSync(shell, ["-c", `${shellPart(spool, "x")} 2>&1`], { encoding: "utf8" });
    expect(out).toBe("");
  }
});

test("marks are found in the two kinds of hooks and among the options, and the user's are not taken for ours", () => {
  // Captured from tmux 3.3a, shortened.
  const held = parseMarks(
    [
      "pid 4711",
      "buffer-limit 50",
      "@fleet_n 3",
      "@fleet_now %s",
      `@fleet_owner ${ownerOf("/x")}`,
      "@fleet_spool \"'/x'\"",
      "after-new-window",
      "session-created[0] display-message user",
      `session-created[${HOOK_SLOT}] set-option -Fs @fleet_n "#{e|+|:#{@fleet_n},1}" ; run-shell -b x`,
      `session-closed[${HOOK_SLOT}] display-message somebody-else`,
      `pane-died[${HOOK_SLOT}] set-option -Fs @fleet_n 1`,
    ].join("\n"),
  );
  expect(held).toEqual({
    server: 4711,
    hooks: ["session-created", "pane-died"],
    options: ["@fleet_n", "@fleet_now", "@fleet_owner", "@fleet_spool"],
    owner: ownerOf("/x"),
  });
  expect(removeCommands(held)).toEqual([
    ["set-hook", "-gu", `session-created[${HOOK_SLOT}]`],
    ["set-hook", "-gu", `pane-died[${HOOK_SLOT}]`],
    ["set-option", "-su", "@fleet_n"],
    ["set-option", "-su", "@fleet_now"],
    ["set-option", "-su", "@fleet_owner"],
    ["set-option", "-su", "@fleet_spool"],
  ]);
  expect(MARKS_COMMANDS.every(([word]) => word !== "set-hook" && word !== "set-option")).toBe(true);
});
