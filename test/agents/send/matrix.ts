import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Verdict } from "../../../agents/send/verdict.ts";
import type { TmuxServer } from "../../collectors/tmux/tmux-server.ts";
import { until } from "../../support/collecting.ts";

const PROGRAMS = join(import.meta.dirname, "programs");
const FIXTURES = join(import.meta.dirname, "../../fixtures/runtimes");

/** A pane with a program in it, about to be sent a message. */
export interface Stage {
  readonly server: TmuxServer;
  readonly session: string;
  /** A folder of its own. */
  readonly directory: string;
  /** Where the program writes what it holds. */
  readonly log: string;
}

export interface Scenario {
  readonly name: string;
  /** Starts the program and returns when it is as the name says. */
  start(stage: Stage): Promise<void>;
  readonly timeoutMs?: number;
  readonly text?: string;
  /** The only verdict that is right. */
  readonly verdict: Verdict["verdict"];
  /** Which kind of it. */
  readonly kind?: string;
  /** Whether the program must hold the message then. */
  readonly held: boolean;
  /** It ends its tmux server, so that it needs one of its own. */
  readonly alone?: true;
}

const TEXT = 'please look at it\'s "parser"; then $(report) `back` & - done;';

export function textOf({ text = TEXT }: Scenario): string {
  return text;
}

/** What the program says that it holds. */
export function heldBy({ log }: Stage): string[] {
  if (!existsSync(log)) return [];
  return readFileSync(log, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => (line.startsWith('"') ? (JSON.parse(line) as string) : line));
}

async function launch({ server, session }: Stage, words: readonly string[], shows: string): Promise<void> {
  server.run("new-session", "-d", "-s", session, "-x", "120", "-y", "40", ...words);
  server.run("set-option", "-w", "-t", `=${session}:`, "remain-on-exit", "on");
  await until(`${session} shows ${shows}`, () => screen(server, session).includes(shows));
}

function screen(server: TmuxServer, session: string): string {
  return server.run("capture-pane", "-p", "-t", `=${session}:`);
}

const reader =
  (mode: string, shows: string) =>
  (stage: Stage): Promise<void> =>
    launch(stage, ["python3", join(PROGRAMS, "reader.py"), mode, stage.log], shows);

/** bash with a prompt that is known, and nobody's start files. */
async function bash(stage: Stage): Promise<void> {
  await launch(stage, ["env", "PS1=agent$ ", "bash", "--norc", "--noprofile", "-i"], "agent$");
}

/** The kernel calls a script by its own name when its first line names the interpreter itself. */
function fakeRuntime({ directory }: Stage, name: string): string {
  const program = join(directory, name);
  const python = execFileSync("python3", ["-c", "import sys; print(sys.executable)"], {
    encoding: "utf8",
  }).trim();
  const source = readFileSync(join(PROGRAMS, "fake-runtime.py"), "utf8");
  writeFileSync(program, source.replace(/^#!.*/, `#!${python}`), { mode: 0o700 });
  return program;
}

/** A program that is called like a runtime, because that is how one is known. */
const runtime =
  (name: string, capture: string, ...flags: readonly string[]) =>
  async (stage: Stage): Promise<void> => {
    const program = fakeRuntime(stage, name);
    const file = join(FIXTURES, name, `${capture}.ansi`);
    await launch(stage, [program, file, stage.log, ...flags], "─────");
  };

/** The ways in which a pane can be when a message comes. */
export const SCENARIOS: readonly Scenario[] = [
  {
    name: "bash at its prompt",
    text: "echo it is \"fine\"; echo -n 'x' ;",
    start: bash,
    verdict: "accepted",
    held: false,
  },
  {
    name: "bash, a command that goes on for longer than anybody waits",
    text: "sleep 30",
    start: bash,
    verdict: "accepted",
    held: false,
  },
  {
    name: "bash that runs something which does not read",
    start: async (stage) => {
      await bash(stage);
      stage.server.run("send-keys", "-t", `=${stage.session}:`, "sleep 60", "Enter");
      await until("sleep runs", () => paneCommand(stage) === "sleep");
    },
    verdict: "unverifiable",
    kind: "not-read",
    held: false,
  },
  {
    name: "bash with half a command typed",
    start: async (stage) => {
      await bash(stage);
      stage.server.run("send-keys", "-t", `=${stage.session}:`, "-l", "rm -rf half");
      await until("it stands there", () => screen(stage.server, stage.session).includes("rm -rf half"));
    },
    verdict: "refused",
    kind: "draft",
    held: false,
  },
  {
    name: "a cooked cat",
    start: async (stage) => {
      await launch(stage, ["sh", "-c", 'exec cat > "$0"', stage.log], "");
      await until("cat runs", () => paneCommand(stage) === "cat");
    },
    verdict: "accepted",
    kind: "read",
    held: true,
  },
  { name: "a cooked reader", start: cookedReader("cooked"), verdict: "accepted", kind: "read", held: true },
  {
    name: "a cooked reader that takes 3 s",
    start: cookedReader("slow-cooked"),
    timeoutMs: 8000,
    verdict: "accepted",
    kind: "read",
    held: true,
  },
  {
    name: "an editor on the alternate screen with a draft row",
    start: reader("editor", "a small editor"),
    verdict: "accepted",
    kind: "screen",
    held: true,
  },
  {
    name: "the same, four lines with blanks and quotes",
    text: 'first line\n\n  second: it\'s "here"\nthird; last -',
    start: reader("editor", "a small editor"),
    verdict: "accepted",
    kind: "screen",
    held: true,
  },
  {
    name: "an editor in which Enter only begins a new line",
    start: reader("newline-editor", "a small editor"),
    verdict: "draft",
    held: false,
  },
  {
    name: "an editor that reads every 3 s",
    start: reader("slow-editor", "a small editor"),
    timeoutMs: 12_000,
    verdict: "accepted",
    kind: "screen",
    held: true,
  },
  {
    name: "an editor that does not show what is typed",
    start: reader("hidden-editor", "a small editor"),
    verdict: "unverifiable",
    held: false,
  },
  {
    name: "a program that draws as Ink does, and takes bracketed pastes",
    start: (stage) =>
      launch(stage, [process.execPath, join(PROGRAMS, "ink-like.mjs"), stage.log], "enter sends"),
    verdict: "accepted",
    kind: "screen",
    held: true,
  },
  {
    name: "a program of the real Ink",
    start: (stage) =>
      launch(stage, [process.execPath, join(PROGRAMS, "ink-app.mjs"), stage.log], "enter sends"),
    verdict: "accepted",
    kind: "screen",
    held: true,
  },
  {
    name: "the real Ink with half a message typed",
    start: (stage) =>
      launch(
        stage,
        [process.execPath, join(PROGRAMS, "ink-app.mjs"), stage.log, "wait, do not"],
        "wait, do not",
      ),
    verdict: "refused",
    kind: "draft",
    held: false,
  },
  {
    name: "a stopped reader",
    start: reader("stopped", ">"),
    verdict: "unverifiable",
    kind: "not-read",
    held: false,
  },
  {
    name: "a blocked event loop",
    start: reader("blocked", ">"),
    verdict: "unverifiable",
    kind: "not-read",
    held: false,
  },
  {
    name: "a program that reads and shows nothing",
    start: reader("silent", ">"),
    verdict: "unverifiable",
    kind: "no-change",
    held: false,
  },
  {
    name: "echo off",
    start: cookedReader("echo-off"),
    verdict: "unverifiable",
    kind: "no-evidence",
    held: true,
  },
  {
    name: "an unknown menu that an Enter would answer",
    start: reader("menu", "May I delete"),
    verdict: "refused",
    kind: "draft",
    held: false,
  },
  {
    name: "copy mode",
    start: async (stage) => {
      await bash(stage);
      stage.server.run("copy-mode", "-t", `=${stage.session}:`);
    },
    verdict: "refused",
    kind: "copy-mode",
    held: false,
  },
  {
    name: "input switched off",
    start: async (stage) => {
      await bash(stage);
      stage.server.run("select-pane", "-d", "-t", `=${stage.session}:`);
    },
    verdict: "refused",
    kind: "input-off",
    held: false,
  },
  {
    name: "a dead pane",
    start: async (stage) => {
      const { server, session } = stage;
      server.run("new-session", "-d", "-s", session, "-x", "120", "-y", "40", "sleep", "600");
      server.run("set-option", "-w", "-t", `=${session}:`, "remain-on-exit", "on");
      process.kill(
        Number(server.run("display-message", "-p", "-t", `=${session}:`, "#{pane_pid}")),
        "SIGKILL",
      );
      await until(
        "it is dead",
        () => server.run("display-message", "-p", "-t", `=${session}:`, "#{pane_dead}") === "1",
      );
    },
    verdict: "refused",
    kind: "dead",
    held: false,
  },
  {
    name: "no such session",
    start: async () => {},
    verdict: "refused",
    kind: "missing",
    held: false,
  },
  {
    name: "the program dies of the Enter",
    start: reader("dies", ">"),
    verdict: "unverifiable",
    kind: "gone",
    held: false,
  },
  {
    name: "the tmux server dies of the Enter",
    start: reader("kills-server", ">"),
    verdict: "unverifiable",
    kind: "gone",
    held: false,
    alone: true,
  },
  {
    name: "the tmux server is killed while the message waits to be read",
    start: async (stage) => {
      await reader("stopped", ">")(stage);
      const server = stage.server.pid();
      setTimeout(() => process.kill(server, "SIGKILL"), 500);
    },
    verdict: "refused",
    kind: "missing",
    held: false,
    alone: true,
  },
  {
    name: "claude, ready",
    start: runtime("claude", "idle-empty"),
    verdict: "accepted",
    kind: "screen",
    held: true,
  },
  {
    name: "claude, ready, a text that would run a shell",
    text: "!important: read the notes",
    start: runtime("claude", "idle-empty"),
    verdict: "accepted",
    kind: "screen",
    held: true,
  },
  {
    name: "claude, ready, 1 MB in 20 000 lines",
    text: `${"a line of words that are many, and then some more\n".repeat(20_000)}the end of it`,
    start: runtime("claude", "idle-empty"),
    timeoutMs: 15_000,
    verdict: "accepted",
    kind: "screen",
    held: true,
  },
  {
    name: "claude, a turn running",
    start: runtime("claude", "idle-empty", "busy"),
    verdict: "accepted",
    kind: "queued",
    held: true,
  },
  {
    name: "claude, where something eats the message and clears the row",
    start: runtime("claude", "idle-empty", "eats"),
    verdict: "unverifiable",
    kind: "no-evidence",
    held: false,
  },
  {
    name: "claude, a permission prompt open",
    start: runtime("claude", "permission-bash"),
    verdict: "refused",
    kind: "prompt",
    held: false,
  },
  {
    name: "claude, a question open",
    start: runtime("claude", "question"),
    verdict: "refused",
    kind: "prompt",
    held: false,
  },
  {
    name: "claude, half a message typed",
    start: runtime("claude", "idle-draft"),
    verdict: "refused",
    kind: "draft",
    held: false,
  },
  {
    name: "claude, a first-run dialog",
    start: runtime("claude", "first-run-trust-folder"),
    verdict: "refused",
    kind: "prompt",
    held: false,
  },
  {
    name: "codex called, and a screen of claude shown",
    start: async (stage) => {
      const program = fakeRuntime(stage, "codex");
      await launch(stage, [program, join(FIXTURES, "claude/idle-empty.ansi"), stage.log], "─────");
    },
    timeoutMs: 3000,
    verdict: "refused",
    kind: "not-ready",
    held: false,
  },
];

function cookedReader(mode: string): (stage: Stage) => Promise<void> {
  return async (stage) => {
    writeFileSync(stage.log, "");
    await launch(stage, ["python3", join(PROGRAMS, "reader.py"), mode, stage.log], "");
    await until("python runs", () => paneCommand(stage).startsWith("python"));
    // Its terminal is as it will be once it waits for input.
    await until("it reads", () => isReading(stage));
  };
}

function isReading({ server, session }: Stage): boolean {
  const pid = server.run("display-message", "-p", "-t", `=${session}:`, "#{pane_pid}");
  return /wait_woken|n_tty_read|hrtimer_nanosleep|do_select/.test(readFileSync(`/proc/${pid}/wchan`, "utf8"));
}

function paneCommand({ server, session }: Stage): string {
  return server.run("display-message", "-p", "-t", `=${session}:`, "#{pane_current_command}");
}
