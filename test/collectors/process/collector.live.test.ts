import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readProcess } from "../../../collectors/proc/stat.ts";
import { createProcessCollector, type LivePane } from "../../../collectors/process/collector.ts";
import type { PayloadOf } from "../../../store/events/catalogue.ts";
import type { ProcessSnapshot } from "../../../store/events/snapshot.ts";
import { type RecordingContext, recordingContext, until } from "../../support/collecting.ts";

const socket = `fleet-test-${randomBytes(6).toString("hex")}`;
let base: string;
let bin: string;

/** A PATH of its own: what is on this machine's (pyenv shims, say) must not decide the test. */
const PYTHON = execFileSync("python3", ["-c", "import sys; print(sys.executable)"], {
  encoding: "utf8",
}).trim();
const NODE = process.execPath;

function tmux(...args: string[]): string {
  const env = {
    TMUX_TMPDIR: base,
    PATH: "/usr/local/bin:/usr/bin:/bin",
    HOME: base,
    LANG: "C.UTF-8",
    SHELL: "/bin/bash",
  };
  return execFileSync("tmux", ["-u", "-L", socket, "-f", "/dev/null", ...args], {
    env,
    encoding: "utf8",
  }).trim();
}

function program(name: string, text: string): string {
  const path = join(bin, name);
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  return path;
}

let pi: string;
let agent: string;

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "fleet-process-"));
  bin = mkdtempSync(join(base, "bin-"));
  pi = program("pi", `#!${NODE}\nsetInterval(() => {}, 1000);\n`);
  agent = program("dogfood-agent.py", "import signal\nwhile True:\n    signal.pause()\n");
  tmux("new-session", "-d", "-s", "_holder", "sleep", "600");
});

afterAll(() => {
  // script(1) outlives the hangup of its terminal, and what it runs has a terminal of its own.
  const started = tmux("list-panes", "-a", "-F", "#{pane_pid}").split("\n").map(Number).flatMap(familyOf);
  tmux("kill-server");
  for (const { pid, startTicks } of started) {
    if (readProcess(pid)?.startTicks === startTicks) process.kill(pid, "SIGKILL");
  }
  rmSync(base, { recursive: true, force: true });
});

/** A process and all below it, with what tells each from a later one of the same pid. */
function familyOf(pid: number): { pid: number; startTicks: number }[] {
  const found = readProcess(pid);
  if (found === null) return [];
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean);
  return [{ pid, startTicks: found.startTicks }, ...children.map(Number).flatMap(familyOf)];
}

function paneOf(name: string): LivePane {
  const [pane = "", pid = "0"] = tmux(
    "display-message",
    "-p",
    "-t",
    `=${name}:`,
    "#{pane_id} #{pane_pid}",
  ).split(" ");
  const panePidStart = readProcess(Number(pid))?.startTicks ?? null;
  return { agent: name, socket, server: 1, pane, panePid: Number(pid), panePidStart };
}

function start(name: string, ...command: string[]): LivePane {
  tmux("new-session", "-d", "-s", name, ...command);
  return paneOf(name);
}

async function look(pane: LivePane): Promise<PayloadOf<"process.changed"> | undefined> {
  const recorder = recordingContext();
  await createProcessCollector({ panes: () => [pane] }).sample(recorder.context);
  expect(recorder.reports).toEqual([{ scope: "", outcome: { state: "observed" } }]);
  return (recorder.snapshots().at(-1) as ProcessSnapshot | undefined)?.panes[0]?.process;
}

/** A program needs a moment from fork to exec; what is asked for is what it settles at. */
async function settles(pane: LivePane, name: string): Promise<PayloadOf<"process.changed">> {
  const endAt = performance.now() + 15_000;
  let last: PayloadOf<"process.changed"> | undefined;
  while (performance.now() < endAt) {
    last = await look(pane);
    if (last?.name === name) return last;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`the pane never showed ${name}, but ${JSON.stringify(last)}`);
}

describe("in a real pane", () => {
  test("a script run by node is told by its own name", async () => {
    const pane = start("by-node", pi);
    expect(await settles(pane, "pi")).toMatchObject({
      interpreter: expect.stringMatching(/^node/),
      pid: pane.panePid,
    });
  });

  test("the reference agent run by python3 is dogfood-agent.py", async () => {
    const pane = start("by-python", PYTHON, agent);
    expect(await settles(pane, "dogfood-agent.py")).toMatchObject({
      socket,
      pane: pane.pane,
      panePid: pane.panePid,
      interpreter: expect.stringMatching(/^python3/),
    });
  });

  test("a wrapper shell is looked through, also one that tmux itself started", async () => {
    const wrapper = program("run.sh", `#!/bin/bash\n${PYTHON} ${agent}\n`);
    const pane = start("wrapped", wrapper);
    const seen = await settles(pane, "dogfood-agent.py");
    expect(seen.pid).not.toBe(pane.panePid);
    await settles(start("stringed", `cd / && ${pi}; true`), "pi");
  });

  test("script(1) is descended into", async () => {
    await settles(start("scripted", "script", "-qc", pi, "/dev/null"), "pi");
  });

  test("a title that the program gave itself is its name", async () => {
    const titled = program("titled", `#!${NODE}\nprocess.title = "opencode"; setInterval(() => {}, 1000);\n`);
    await settles(start("titled", titled), "opencode");
  });

  test("an interactive shell is what runs until a job is started in it", async () => {
    const pane = start("prompt", "bash", "--norc", "-i");
    await settles(pane, "bash");
    tmux("send-keys", "-t", "=prompt:", `${PYTHON} ${agent}`, "Enter");
    await settles(pane, "dogfood-agent.py");
    tmux("send-keys", "-t", "=prompt:", "C-c");
    await settles(pane, "bash");
  });

  test("a pane whose process has gone, or whose pid is another's, is not spoken of", async () => {
    const pane = start("short", "sleep", "600");
    await settles(pane, "sleep");
    expect(await look({ ...pane, panePidStart: (pane.panePidStart ?? 0) + 1 })).toBeUndefined();
    tmux("kill-session", "-t", "=short");
    await until("the process is gone", () => readProcess(pane.panePid) === null);
    expect(await look(pane)).toBeUndefined();
  });
});

describe("watching", () => {
  const names = (recorder: RecordingContext, pane: LivePane): (string | null)[] => {
    const told = (recorder.snapshots() as ProcessSnapshot[]).flatMap(({ panes }) =>
      panes.filter(({ process }) => process.pane === pane.pane).map(({ process }) => process.name),
    );
    return told.filter((name, index) => name !== told[index - 1]);
  };

  test("tells each change of program once it is there, and little while there is none", async () => {
    const turn = join(base, "turn");
    const launcher = program(
      "launcher.sh",
      `#!/bin/bash\nuntil [ -e ${turn}1 ]; do read -t 0.02 <> <(:) || :; done\n${PYTHON} ${agent} &\nuntil [ -e ${turn}2 ]; do read -t 0.02 <> <(:) || :; done\nkill %1; wait; exec ${pi}\n`,
    );
    const pane = start("changing", launcher);
    const recorder = recordingContext();
    const ended = createProcessCollector({ panes: async () => [pane], everyMs: 30 }).watch(recorder.context);
    await until("the launcher", () => names(recorder, pane).at(-1) === "launcher.sh");
    writeFileSync(`${turn}1`, "");
    await until("the agent", () => names(recorder, pane).at(-1) === "dogfood-agent.py");
    writeFileSync(`${turn}2`, "");
    await until("what it was replaced by", () => names(recorder, pane).at(-1) === "pi");
    const told = recorder.snapshots().length;
    const looks = recorder.batches.length;
    await until("twenty more looks", () => recorder.batches.length >= looks + 20);
    expect(recorder.snapshots().length - told).toBeLessThanOrEqual(3);
    expect(recorder.batches.at(-1)?.observed).toMatchObject({ scope: "" });
    const abortedAt = performance.now();
    recorder.abort();
    await ended;
    expect(performance.now() - abortedAt).toBeLessThan(500);
  });

  test("a program that becomes another one of the same interpreter, in the same process, is seen", async () => {
    // A pipe: its reader waits until somebody writes.
    const begin = join(base, "begin");
    execFileSync("mkfifo", [begin]);
    const before = program(
      "before.py",
      `import os\nopen("${begin}").read()\nos.execv("${PYTHON}", ["${PYTHON}", "${agent}"])\n`,
    );
    const pane = start("becoming", PYTHON, before);
    const recorder = recordingContext();
    const ended = createProcessCollector({ panes: async () => [pane], everyMs: 30 }).watch(recorder.context);
    await until("the first", () => names(recorder, pane).at(-1) === "before.py");
    writeFileSync(begin, "");
    await until("the second", () => names(recorder, pane).at(-1) === "dogfood-agent.py");
    recorder.abort();
    await ended;
  });

  test("says that it cannot tell where there is no /proc", async () => {
    const recorder = recordingContext();
    await createProcessCollector({ panes: () => [paneOf("_holder")], procRoot: join(base, "none") }).sample(
      recorder.context,
    );
    expect(recorder.snapshots()).toEqual([]);
    expect(recorder.reports[0]?.outcome).toMatchObject({ state: "unavailable" });
  });
});

test("a pane that appears between two slow ticks is looked at as soon as somebody tells of it", async () => {
  const recorder = recordingContext();
  let ring = (): void => {};
  let panes: LivePane[] = [];
  const onPanesChange = (call: () => void) => {
    ring = call;
    return () => {
      ring = () => {};
    };
  };
  const ended = createProcessCollector({ panes: () => panes, everyMs: 3_600_000, onPanesChange }).watch(
    recorder.context,
  );
  const named = () =>
    recorder
      .snapshots()
      .some((seen) => (seen as ProcessSnapshot).panes.some(({ process }) => process.name === "pi"));
  await until("the first looks", () => recorder.batches.length > 4);
  panes = [start("rung", pi)];
  ring();
  await until("the new pane's program", named);
  recorder.abort();
  await ended;
});
