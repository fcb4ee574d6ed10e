import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const STOPWATCH = fileURLToPath(new URL("stopwatch-process.mjs", import.meta.url));

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** What it prints goes nowhere, so that nobody has to read it. */
  readonly silent?: true;
}

/**
 * Milliseconds of a whole process, from its start to its end, with what it printed. It is started by a process that is as small as a shell:
 * the kernel copies the tables of the starter's memory, which for a bench that holds 350 MB was 16 ms of each start, on either side of a ratio.
 * Throws where the program does not end with 0.
 */
export function timed(command: Command): { readonly ms: number; readonly stdout: Buffer } {
  const { stdout, stderr } = spawnSync(process.execPath, [STOPWATCH, JSON.stringify(command)], {
    maxBuffer: 2 ** 30,
  });
  const { ms, status, said } = JSON.parse(stderr.toString("utf8")) as {
    ms: number;
    status: number | null;
    said: string;
  };
  const { program, args } = command;
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${status}: ${said}`);
  return { ms, stdout };
}
