import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const LAUNCHER = new URL("../../scripts/agent-launcher.sh", import.meta.url).pathname;

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "fleet-launcher-"));
});
afterEach(() => rmSync(home, { recursive: true }));

/** What an agent is given: the launcher's last step is a stand-in that writes down its words and its environment. */
function launched(
  shell: readonly string[],
  variables: Record<string, string>,
  words: readonly string[],
): { words: string[]; environment: Map<string, string> } {
  const stand = join(home, "stand");
  mkdirSync(stand);
  writeFileSync(
    join(stand, "systemd-run"),
    `#!/bin/sh\ncat /proc/$$/environ >'${home}/environ'\nprintf '%s\\0' "$@" >'${home}/words'\n`,
    { mode: 0o755 },
  );
  // Words and environment are those of the process that the launcher is told of: here of the script that calls it, as a unit would be.
  const waiter = join(home, "waiter");
  writeFileSync(
    waiter,
    `#!/bin/sh\n# run NAME WORD...\nenv -i HOME="$HOME" PATH="$PATH" ${shell.join(" ")} "${LAUNCHER}" pane coder0 $$\n`,
    { mode: 0o755 },
  );
  const environment = { HOME: home, PATH: `${stand}:/usr/bin:/bin`, ...variables };
  execFileSync(waiter, ["run", "coder0", ...words], { env: environment, encoding: "utf8" });
  const records = (file: string): string[] => readFileSync(join(home, file), "utf8").split("\0").slice(0, -1);
  const given = records("environ").map((record): [string, string] => {
    const at = record.indexOf("=");
    return [record.slice(0, at), record.slice(at + 1)];
  });
  const all = records("words");
  return { words: all.slice(all.indexOf("--") + 1), environment: new Map(given) };
}

const shells = [["dash"], ["bash", "--posix"], ["busybox", "sh"]].filter(
  ([program = ""]) => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0,
);

describe.each(shells.map((words) => ({ named: words.join(" "), words })))("in $named", ({ words: shell }) => {
  test("no variable of a unit changes what the launcher does, and each reaches the agent as it is", () => {
    const usual = "name waiter count mark line key text path own directory rest mode session pane pid dead";
    const more = "born stat scope watcher tries there status signal server answer tail screens hook";
    const variables = Object.fromEntries(
      [...usual.split(" "), ...more.split(" ")].map((name, at) => [
        name,
        `/theirs ${at}\n$(id) 'of a' "unit"`,
      ]),
    );
    const { words, environment } = launched(
      shell,
      { ...variables, _fleet_name: "another", _fleet_count: "-100", _fleet_waiter: "1" },
      ["echo", "it's", "a\nb;", "$HOME", "", "-x"],
    );
    expect(words).toEqual(["echo", "it's", "a\nb;", "$HOME", "", "-x"]);
    for (const [name, value] of Object.entries(variables))
      expect([name, environment.get(name)]).toEqual([name, value]);
    expect(environment.get("MOSAIC_AGENT_NAME")).toBe("coder0");
    expect(environment.get("PATH")).toBe(`${join(home, "stand")}:/usr/bin:/bin`);
  });

  test("a variable that the shell itself will not have set does not keep the agent from starting", () => {
    const { words, environment } = launched(shell, { UID: "4711", EUID: "4711", AFTER: "yes" }, ["true"]);
    expect(words).toEqual(["true"]);
    expect(environment.get("AFTER")).toBe("yes");
  });
});

test("at least one shell was there to be tried", () => expect(shells).not.toEqual([]));
