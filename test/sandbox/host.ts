import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const checkout = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const sandboxScript = join(checkout, "scripts", "sandbox.sh");
const installScript = join(checkout, "scripts", "sandbox-install.sh");

/** Where the host has the project and a fitting Node, readable by each of its users. */
export const installedFleet = "/opt/fleet";
export const installedNode = "/opt/node/bin/node";

/** What a command said. `code` is null when a signal ended it, `signal` then names it. */
export type Outcome = { code: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string };

export type ExecOptions = {
  /** Directory inside the host; the user's home otherwise. */
  cwd?: string;
  /** Variables on top of the bare environment of a login (HOME, USER, PATH, XDG_RUNTIME_DIR, …). */
  env?: Record<string, string>;
  /** Written to the command's standard input, which is closed afterwards. Otherwise it is empty. */
  input?: string;
  /** The command is ended by TERM and the call fails when it takes longer. 60 s when not given. */
  deadlineMs?: number;
};

export type HostOptions = {
  /** A prefix that makes logs readable: lower-case letters, digits and dashes. */
  name?: string;
  /** `/outside:/inside`, mounted read-write or read-only. */
  binds?: string[];
  readOnlyBinds?: string[];
  /** Unprivileged users that linger. Without: alice (1001) and bob (1002). */
  users?: { name: string; uid: number }[];
  hostname?: string;
  /** `volatile`: no journal a user could read. `persistent` when not given. */
  journal?: "persistent" | "volatile";
  /** `private`: only a loopback of its own. `host` when not given. */
  network?: "host" | "private";
};

/**
 * A throw-away Linux host with a real systemd, journald and user managers, the project installed in /opt/fleet and
 * `fleet` on the PATH. It goes down by itself when this process ends without calling `down`.
 */
export type Host = {
  name: string;
  /** The path from outside of a file inside. It changes with each boot: do not keep it. */
  path(inside: string): Promise<string>;
  /** Runs a command as a user (or root), waits for its end and returns whatever it said; throws on a deadline. */
  exec(user: string, argv: string[], options?: ExecOptions): Promise<Outcome>;
  /** As `exec`, but an exit other than 0 throws with what the command said; returns its stdout. */
  check(user: string, argv: string[], options?: ExecOptions): Promise<string>;
  /** Starts a command and returns the child: end it by `child.kill()` (TERM), never by SIGKILL. */
  spawn(user: string, argv: string[], options?: Omit<ExecOptions, "input" | "deadlineMs">): ChildProcess;
  bootId(): Promise<string>;
  /** Clean stop and boot: files stay, the boot id changes. */
  reboot(): Promise<void>;
  /** Loss of power; files stay. `start` boots again. */
  crash(): Promise<void>;
  start(): Promise<void>;
  /** Ends the host and removes every trace of it. Safe to call twice. */
  down(): Promise<void>;
};

/** Boots a host; needs root. Takes about a second. The caller calls `down`. */
export async function createHost(options: HostOptions = {}): Promise<Host> {
  const name = `${options.name ?? "test"}-${process.pid}-${randomBytes(4).toString("hex")}`;
  // A Node that only its owner may run is copied inside; any other is mounted, which costs no memory.
  const nodeIsPublic = (statSync(process.execPath).mode & 0o005) === 0o005;
  const up = ["up", name, "--owner", String(process.pid)];
  for (const bind of options.binds ?? []) up.push("--bind", bind);
  for (const bind of options.readOnlyBinds ?? []) up.push("--bind-ro", bind);
  if (nodeIsPublic) up.push("--bind-ro", `${process.execPath}:${installedNode}`);
  for (const user of options.users ?? []) up.push("--user", `${user.name}:${user.uid}`);
  if (options.hostname !== undefined) up.push("--hostname", options.hostname);
  if (options.journal !== undefined) up.push("--journal", options.journal);
  if (options.network !== undefined) up.push("--net", options.network);

  await sandbox(up);
  const path = async (inside: string): Promise<string> => {
    const root = (await sandbox(["root", name])).trim();
    return join(root, inside);
  };
  const down = async (): Promise<void> => {
    await sandbox(["down", name]);
  };
  try {
    const install = [installScript, await path("/"), ...(nodeIsPublic ? [] : [process.execPath])];
    await succeed(await run("sh", install), "sandbox-install.sh");
  } catch (error) {
    await down();
    throw error;
  }

  const execArgs = (user: string, argv: string[], { cwd, env = {} }: ExecOptions): string[] => {
    const args = ["exec", name, "-u", user];
    if (cwd !== undefined) args.push("-C", cwd);
    for (const [key, value] of Object.entries({ FLEET_NODE: installedNode, ...env }))
      args.push("-e", `${key}=${value}`);
    return [...args, "--", ...argv];
  };
  const exec: Host["exec"] = (user, argv, options = {}) =>
    run(sandboxScript, execArgs(user, argv, options), options);

  return {
    name,
    path,
    exec,
    check: async (user, argv, options) => succeed(await exec(user, argv, options), argv.join(" ")),
    spawn: (user, argv, options = {}) =>
      spawn(sandboxScript, execArgs(user, argv, options), { stdio: ["pipe", "pipe", "pipe"] }),
    bootId: async () => {
      const outcome = await exec("root", ["cat", "/proc/sys/kernel/random/boot_id"]);
      return succeed(outcome, "reading the boot id").trim();
    },
    reboot: async () => void (await sandbox(["reboot", name])),
    crash: async () => void (await sandbox(["crash", name])),
    start: async () => void (await sandbox(["start", name])),
    down,
  };
}

/** Runs sandbox.sh; what it refuses is thrown. A boot on a busy machine is given two minutes. */
async function sandbox(args: string[]): Promise<string> {
  return succeed(await run(sandboxScript, args, { deadlineMs: 120_000 }), `sandbox.sh ${args[0]}`);
}

function succeed(outcome: Outcome, what: string): string {
  if (outcome.code === 0) return outcome.stdout;
  const ended = outcome.code === null ? `was ended by ${outcome.signal}` : `ended with ${outcome.code}`;
  throw new Error(`${what} ${ended}: ${outcome.stderr.trim() || outcome.stdout.trim() || "no output"}`);
}

function run(program: string, args: string[], options: ExecOptions = {}): Promise<Outcome> {
  const deadlineMs = options.deadlineMs ?? 60_000;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    let late = false;
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    // A command that never reads its input closes the pipe under us, which is its right.
    child.stdin.on("error", () => {});
    child.stdin.end(options.input ?? "");
    const timer = setTimeout(() => {
      late = true;
      child.kill("SIGTERM");
    }, deadlineMs);
    child.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      if (late) reject(new Error(`${args.join(" ")} took longer than ${deadlineMs} ms: ${stdout}${stderr}`));
      else resolve({ code, signal, stdout, stderr });
    });
  });
}
