import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { foregroundOf } from "../../../collectors/process/foreground.ts";
import { type ProcessRecord, programOf } from "../../../collectors/process/program-of.ts";
import { programMatches } from "../../../store/events/program.ts";

const TTY = 34816;
const PANE = 100;

/** One process as captured: `words` is its command line, by NUL in /proc, here by `|`. */
function proc(
  pid: number,
  words: string,
  comm: string,
  exe: string | null,
  over: Partial<ProcessRecord> = {},
): ProcessRecord {
  return {
    pid,
    ppid: pid === PANE ? 50 : PANE,
    pgrp: PANE,
    ttyNr: TTY,
    tpgid: PANE,
    state: "S",
    startTicks: pid,
    comm,
    argv: words === "" ? [] : words.split("|"),
    exe,
    ...over,
  };
}

const NODE = "/usr/bin/node";
const PYTHON = "/usr/bin/python3.11";
const BASH = "/usr/bin/bash";

function found(
  ...table: ProcessRecord[]
): { name: string | null; interpreter: string | null; pid: number } | null {
  const foreground = foregroundOf(PANE, table);
  if (foreground === null) return null;
  const { name, interpreter, pid } = foreground;
  return { name, interpreter, pid };
}

describe("one process, by the forms in which programs are started (captured on Linux 6.18, Node 20 and 24)", () => {
  test.each<[string, string, string | null, string | null, string | null]>([
    // command line, comm, exe -> name, interpreter
    ["/usr/bin/node|/usr/lib/node_modules/.bin/pi", "MainThread", NODE, "pi", "node"],
    ["node|/usr/bin/pi|--model|x", "node", NODE, "pi", "node"],
    ["pi|||||||", "pi", NODE, "pi", "node"],
    [
      "node|--max-old-space-size=4096|--require|/x/hook.js|/opt/app/codex.js|--flag",
      "MainThread",
      NODE,
      "codex.js",
      "node",
    ],
    ["node|--import=tsx|agent.ts", "node", NODE, "agent.ts", "node"],
    ["node|-r|dotenv/config|agent.mjs", "node", NODE, "agent.mjs", "node"],
    ["node|-e|const token='s3cret'", "node", NODE, "node", null],
    ["node|-p|1", "node", NODE, "node", null],
    ["node", "node", NODE, "node", null],
    ["python3|dogfood-agent.py", "python3", PYTHON, "dogfood-agent.py", "python3"],
    ["/home/a/.venv/bin/python|-u|/srv/dogfood-agent.py|--x", "python", PYTHON, "dogfood-agent.py", "python"],
    ["python3.11|-m|aider|--yes", "python3.11", PYTHON, "aider", "python3.11"],
    ["python3|-um|aider", "python3", PYTHON, "aider", "python3"],
    ["python3|-X|dev|-W|ignore|agent.py", "python3", PYTHON, "agent.py", "python3"],
    ["python3|-c|import secret", "python3", PYTHON, "python3", null],
    ["/usr/bin/python3|/usr/local/bin/aider", "aider", PYTHON, "aider", "python3"],
    ["bun|run|agent.ts", "bun", "/usr/bin/bun", "agent.ts", "bun"],
    ["bun|--hot|run|agent.ts", "bun", "/usr/bin/bun", "agent.ts", "bun"],
    ["deno|run|-A|--config|deno.json|agent.ts", "deno", "/usr/bin/deno", "agent.ts", "deno"],
    ["/bin/bash|/opt/run.sh|x", "run.sh", BASH, "run.sh", "bash"],
    ["bash|-eu|-o|pipefail|/opt/run.sh", "bash", BASH, "run.sh", "bash"],
    ["bash|+o|posix|run.sh", "bash", BASH, "run.sh", "bash"],
    ["bash|--rcfile|/x/rc|-i", "bash", BASH, "bash", null],
    ["sh|-c|TOKEN=s3cret agent", "sh", "/usr/bin/dash", "sh", null],
    ["bash|-lc|agent --key s3cret", "bash", BASH, "bash", null],
    ["-bash", "bash", BASH, "bash", null],
    ["-zsh", "zsh", "/usr/bin/zsh", "zsh", null],
    ["claude|--continue", "claude", "/opt/claude/claude.exe", "claude", null],
    ["/opt/codex/vendor/codex", "codex", "/opt/codex/vendor/codex", "codex", null],
    ["vi|x", "vi", "/usr/bin/vim.basic", "vi", null],
    ["nginx: master process /usr/sbin/nginx", "nginx", "/usr/sbin/nginx", "nginx", null],
    ["/opt/My Tools/agent", "agent", "/opt/My Tools/agent", "agent", null],
    // Programs that lie about argv[0]: the kernel's own two names decide.
    ["pi|1000", "sleep", "/usr/bin/sleep", "sleep", null],
    ["pi|agent.py", "python3", PYTHON, "agent.py", "python3.11"],
    ["pi|1000", "sleep", null, "sleep", null],
    // A name longer than the kernel's fifteen bytes.
    [
      "a-very-long-agent-name|x",
      "a-very-long-age",
      "/opt/a-very-long-agent-name",
      "a-very-long-agent-name",
      null,
    ],
    ["pi|x", "a-very-long-age", "/opt/a-very-long-agent-name", "a-very-long-agent-name", null],
    // The package was upgraded under it.
    ["node|/usr/bin/pi", "MainThread", "/usr/bin/node (deleted)", "pi", "node"],
    ["agent", "other", "/opt/agent (deleted)", "agent", null],
    // A thread's name over comm; the file and the command line still agree.
    ["/opt/agent|serve", "tokio-runtime-w", "/opt/agent", "agent", null],
    ["", "kworker/0:1", null, "0:1", null],
    ["", "", null, null, null],
  ])("%s (%s)", (words, comm, exe, name, interpreter) => {
    expect(programOf(proc(PANE, words, comm, exe))).toMatchObject({ name, interpreter });
  });

  test("whatever a program writes over its name, no more than one printable word of it is told", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: "binary", maxLength: 300 }), { maxLength: 4 }),
        fc.string({ maxLength: 15 }),
        fc.option(fc.string({ minLength: 1, maxLength: 40 })),
        (argv, comm, exe) => {
          const { name } = programOf({ ...proc(PANE, "", comm, exe), argv });
          if (name === null) return;
          expect(name.length).toBeLessThanOrEqual(128);
          expect(name).not.toMatch(/\p{Cc}/u);
        },
      ),
    );
  });
});

describe("the foreground program of a pane", () => {
  const pi = (pid: number, over: Partial<ProcessRecord> = {}) =>
    proc(pid, "/usr/bin/node|/usr/bin/pi", "MainThread", NODE, over);

  test("is the pane's own process where that is the foreground group", () => {
    expect(found(pi(PANE))).toEqual({ name: "pi", interpreter: "node", pid: PANE });
  });

  test("is the job in front of an interactive shell", () => {
    const shell = proc(PANE, "-bash", "bash", BASH, { tpgid: 120 });
    expect(found(shell, pi(120, { pgrp: 120, tpgid: 120 }))).toEqual({
      name: "pi",
      interpreter: "node",
      pid: 120,
    });
  });

  test("is looked for behind a wrapper shell, be it a script, a string or a shell in a shell", () => {
    expect(found(proc(PANE, "/bin/bash|/opt/run.sh", "run.sh", BASH), pi(101))?.name).toBe("pi");
    expect(found(proc(PANE, "sh|-c|cd /x; pi; true", "sh", "/usr/bin/dash"), pi(101))?.name).toBe("pi");
    const inner = proc(101, "bash|/opt/inner.sh", "bash", BASH);
    expect(found(proc(PANE, "sh|-c|x", "sh", "/bin/sh"), inner, pi(102, { ppid: 101 }))?.pid).toBe(102);
  });

  test("is behind the launchers that stay: mosaic, npm, timeout", () => {
    const mosaic = proc(PANE, "node|/usr/bin/mosaic|yolo|pi|--model|m", "MainThread", NODE);
    expect(found(mosaic, pi(101))?.name).toBe("pi");
    expect(found(mosaic)).toEqual({ name: "mosaic", interpreter: "node", pid: PANE });
    const npm = proc(PANE, "npm exec pi", "npm exec pi", NODE);
    expect(found(npm, proc(101, "sh|-c|pi", "sh", "/bin/sh"), pi(102, { ppid: 101 }))?.name).toBe("pi");
    expect(found(proc(PANE, "timeout|1000|pi", "timeout", "/usr/bin/timeout"), pi(101))?.name).toBe("pi");
  });

  test("is on the inner terminal of script(1)", () => {
    const script = proc(PANE, "script|-qc|pi|/dev/null", "script", "/usr/bin/script");
    const shell = proc(101, "sh|-c|pi", "sh", "/bin/sh", { ttyNr: 34900, pgrp: 101, tpgid: 101 });
    expect(found(script, shell, pi(102, { ppid: 101, ttyNr: 34900, pgrp: 101, tpgid: 101 }))?.pid).toBe(102);
    expect(found(script)?.name).toBe("script");
  });

  test("is the agent and not the tools it has started in the same group", () => {
    const agent = proc(PANE, "claude", "claude", "/opt/claude.exe");
    const tool = proc(101, "/bin/bash|-c|npm test", "bash", BASH);
    const deeper = proc(102, "node|/usr/bin/npm|test", "node", NODE, { ppid: 101 });
    expect(found(agent, tool, deeper)).toMatchObject({ name: "claude", pid: PANE });
    const wrapper = proc(PANE, "bash|run.sh", "bash", BASH);
    expect(found(wrapper, pi(101), proc(102, "rg|x", "rg", "/usr/bin/rg", { ppid: 101 }))?.name).toBe("pi");
  });

  test("of a pipeline is what is no errand, and its first part before the others", () => {
    const shell = proc(PANE, "bash|-c|pi | tee log", "bash", BASH);
    const tee = proc(102, "tee|log", "tee", "/usr/bin/tee");
    expect(found(shell, pi(101), tee)?.name).toBe("pi");
    expect(found(shell, proc(101, "cat|prompt", "cat", "/usr/bin/cat"), pi(102))?.name).toBe("pi");
    expect(
      found(shell, pi(102, { startTicks: 7 }), proc(101, "jq|.", "jq", "/usr/bin/jq", { startTicks: 8 }))
        ?.name,
    ).toBe("pi");
  });

  test("is the script itself while it only sleeps, and `sleep` where nothing else was asked for", () => {
    const sleep = proc(101, "sleep|15", "sleep", "/usr/bin/sleep");
    expect(found(proc(PANE, "/bin/sh|/opt/beat-agent", "beat-agent", "/usr/bin/dash"), sleep)).toEqual({
      name: "beat-agent",
      interpreter: "sh",
      pid: PANE,
    });
    expect(found(proc(PANE, "sh|-c|sleep 15; true", "sh", "/usr/bin/dash"), sleep)?.name).toBe("sleep");
  });

  test("is never our own beat beside it, nor the beat's launcher and what that starts, but is the beat where nothing else runs", () => {
    const agent = proc(PANE, "bash|-c|fleet beat reviewer --loop & work", "bash", BASH);
    const beat = proc(101, "/n/bin/node|/opt/fleet/dist/fleet.cjs|beat|reviewer|--loop", "MainThread", NODE);
    const launcher = proc(101, "/bin/sh|/usr/local/bin/fleet|beat|reviewer|--loop", "fleet", "/usr/bin/dash");
    expect(found(agent, beat)).toEqual({ name: "bash", interpreter: null, pid: PANE });
    expect(found(agent, launcher, proc(102, "node|-v", "node", NODE, { ppid: 101 }))?.pid).toBe(PANE);
    expect(found(agent, beat, pi(103))?.name).toBe("pi");
    expect(found(proc(PANE, "bash|run.sh", "bash", BASH), beat)?.name).toBe("run.sh");
    const shell = proc(PANE, "-bash", "bash", BASH, { tpgid: 120 });
    const piped = { pgrp: 120, tpgid: 120 };
    expect(found(shell, { ...beat, ...piped }, pi(120, piped))?.name).toBe("pi");
    expect(found({ ...beat, pid: PANE })?.name).toBe("fleet.cjs");
    const watch = proc(101, "node|/opt/fleet/dist/fleet.cjs|ps|--watch|beat", "MainThread", NODE);
    expect(found(agent, watch)?.name).toBe("fleet.cjs");
  });

  test("outlives the leader of its group", () => {
    const shell = proc(PANE, "-bash", "bash", BASH, { tpgid: 120 });
    expect(found(shell, pi(121, { pgrp: 120, tpgid: 120 }))?.pid).toBe(121);
    const zombie = proc(120, "cat", "cat", null, { pgrp: 120, tpgid: 120, state: "Z" });
    expect(found(shell, zombie, pi(121, { pgrp: 120, tpgid: 120 }))?.pid).toBe(121);
  });

  test("is not told by a group of the same number on another terminal", () => {
    const stranger = pi(101, { ttyNr: 35000 });
    expect(found(proc(PANE, "bash|run.sh", "bash", BASH), stranger)?.name).toBe("run.sh");
  });

  test("is the pane's own process where its terminal has no foreground group", () => {
    expect(found(proc(PANE, "claude", "claude", null, { tpgid: -1, pgrp: 99 }))?.name).toBe("claude");
    expect(found(proc(PANE, "claude", "claude", null, { tpgid: 777 }))?.name).toBe("claude");
  });

  test("is unknown where the pane's process is gone or has ended", () => {
    expect(found(pi(101))).toBeNull();
    expect(found(pi(PANE, { state: "Z" }))).toBeNull();
  });

  test("is found in any table, however its processes are related, without going round in circles", () => {
    const records = fc.array(
      fc.record({
        pid: fc.integer({ min: PANE, max: PANE + 6 }),
        ppid: fc.integer({ min: PANE, max: PANE + 6 }),
        pgrp: fc.integer({ min: PANE, max: PANE + 3 }),
        ttyNr: fc.constantFrom(TTY, TTY + 1),
        tpgid: fc.integer({ min: PANE - 1, max: PANE + 3 }),
        words: fc.constantFrom("bash|x.sh", "sh|-c|y", "script|x", "timeout|1|x", "node|pi", "sleep|1"),
      }),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(records, (drawn) => {
        const unique = [...new Map(drawn.map((one) => [one.pid, one])).values()];
        const table = unique.map(({ words, ...over }) =>
          proc(over.pid, words, words.split("|")[0] ?? "", null, over),
        );
        const foreground = foregroundOf(PANE, table);
        if (unique.some(({ pid }) => pid === PANE)) expect(foreground?.name).toBeTruthy();
        else expect(foreground).toBeNull();
      }),
    );
  });
});

test("a program matches the roster by its name, with or without a script's ending", () => {
  expect(programMatches("pi", "pi")).toBe(true);
  expect(programMatches("codex.js", "codex")).toBe(true);
  expect(programMatches("dogfood-agent.py", "dogfood-agent.py")).toBe(true);
  expect(programMatches("dogfood-agent", "dogfood-agent.py")).toBe(true);
  expect(programMatches("dogfood-agent.py", "pi")).toBe(false);
  expect(programMatches("pip", "pi")).toBe(false);
});
