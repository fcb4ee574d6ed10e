import { spawn } from "node:child_process";

/** How a program ended that was run to its end. `code` is null when a signal or the deadline ended it. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
  /** It could not be started. */
  readonly failure: string | null;
}

export interface RunOptions {
  readonly program: string;
  readonly args: readonly string[];
  /** The whole environment of the child. */
  readonly env: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly deadlineMs: number;
}

/** More than the screen and the whole history of a pane. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** Runs a program by its argv and waits for its end, at most until the deadline. Never throws for what the program does. */
export function run({ program, args, env, stdin, deadlineMs }: RunOptions): Promise<Ended> {
  return new Promise((resolve) => {
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    let bytes = 0;
    const ended = (known: Partial<Ended>): void => {
      clearTimeout(timer);
      resolve({
        code: null,
        stdout: Buffer.concat(out).toString("utf8"),
        stderr: Buffer.concat(err).toString("utf8").trim(),
        timedOut: false,
        failure: null,
        ...known,
      });
    };
    const child = spawn(program, [...args], {
      env,
      stdio: [stdin === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    });
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      child.stdout?.destroy();
      child.stderr?.destroy();
      ended({ timedOut: true });
    }, deadlineMs);
    const keep = (into: Buffer[]) => (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= MAX_OUTPUT_BYTES) into.push(chunk);
    };
    child.stdout?.on("data", keep(out));
    child.stderr?.on("data", keep(err));
    child.on("error", (error) => ended({ failure: error.message }));
    child.on("close", (code) => ended({ code }));
    // The child may end before it has read everything; its status says what that means.
    child.stdin?.on("error", () => {});
    child.stdin?.end(stdin);
  });
}
