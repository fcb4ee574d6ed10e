import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

export interface Child {
  readonly pid: number;
  /** All lines printed so far, complete ones only. */
  lines(): string[];
  /** Resolves when `lines()` satisfies the condition; rejects when the child ends before. */
  until(condition: (lines: string[]) => boolean): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  ended(): Promise<{ code: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string }>;
  /** Ended, and well. */
  finished(): Promise<{ stdout: string }>;
}

/** Starts a program of this folder under the same Node, and sees to it that it is gone after the test. */
export function startProcess(
  program: string,
  args: readonly string[],
  options: { readonly shell?: string | undefined } = {},
): Child {
  const file = fileURLToPath(new URL(`./${program}`, import.meta.url));
  const command = [process.execPath, file, ...args];
  // `shell` sets a limit and then becomes the program; arguments are handed over as "$@", never as text of a command.
  const argv =
    options.shell === undefined ? command : ["sh", "-c", `${options.shell}\nexec "$@"`, "sh", ...command];
  const child = spawn(argv[0] as string, argv.slice(1), { stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  let wake: () => void = () => {};
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    wake();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal }));
  });
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await ended.catch(() => {});
  });
  const lines = () => stdout.split("\n").slice(0, -1);
  return {
    pid: child.pid ?? 0,
    lines,
    async until(condition) {
      let isOver = false;
      const over = ended.then(() => {
        isOver = true;
      });
      while (!condition(lines())) {
        if (isOver) throw new Error(`it ended before that: ${stdout}${stderr}`);
        await Promise.race([
          over,
          new Promise<void>((resolve) => {
            wake = resolve;
          }),
        ]);
      }
    },
    kill: (signal) => void child.kill(signal),
    ended: async () => ({ ...(await ended), stdout, stderr }),
    async finished() {
      const { code, signal } = await ended;
      if (code !== 0) throw new Error(`${program} ended with ${signal ?? code}: ${stderr}`);
      return { stdout };
    },
  };
}
