import { type ChildProcess, spawn } from "node:child_process";

/** A program to run: always by argv, never through a shell. */
export interface Program {
  readonly program: string;
  readonly args: readonly string[];
  /** The whole environment of the child; nothing of ours is inherited beside it. */
  readonly env: Readonly<Record<string, string>>;
}

export interface RunOptions extends Program {
  /** After this long the program is killed and the result says `timedOut`. */
  readonly deadlineMs: number;
  /** Output beyond this (each of stdout and stderr) kills the program; the result says `overflowed`. Default 16 MiB. */
  readonly maxOutputBytes?: number;
  /** Aborting kills the program; the result says `aborted`. */
  readonly signal?: AbortSignal;
}

/** How a program ended. `code` is null when it did not end by itself; `missing` = there is no such program to run. */
export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
  readonly overflowed: boolean;
  readonly aborted: boolean;
  readonly missing: boolean;
  /** Why it could not be started, when that is not that it is missing (no processes left, not executable, ...). */
  readonly startError: string | null;
}

const DEFAULT_MAX_OUTPUT_BYTES = 16 * 1024 * 1024;
const MAX_FOLLOWED_STDERR_BYTES = 16 * 1024;

/** Runs a program to its end. Never throws for what the program or its absence does: that is what the result says. */
export function runProgram(options: RunOptions): Promise<Finished> {
  const limit = options.maxOutputBytes ?? DEFAULT_MAX_OUTPUT_BYTES;
  const { promise, resolve } = deferred<Finished>();
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  let why: "timedOut" | "overflowed" | "aborted" | null = null;
  let settled = false;
  if (options.signal?.aborted === true) return Promise.resolve(finished({ aborted: true }));

  const child = start(options);
  if (child instanceof Error) return Promise.resolve(notStarted(child));

  const settle = (value: Finished): void => {
    if (settled) return;
    settled = true;
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", onAbort);
    resolve(value);
  };
  // The answer does not wait for the killed child: one in an uninterruptible sleep dies later or never.
  const stop = (reason: "timedOut" | "overflowed" | "aborted"): void => {
    if (settled) return;
    why = reason;
    abandon(child);
    settle(finished({ [reason]: true, stdout: text(stdout), stderr: text(stderr) }));
  };
  const onAbort = (): void => stop("aborted");
  const timer = setTimeout(() => stop("timedOut"), options.deadlineMs);
  options.signal?.addEventListener("abort", onAbort, { once: true });

  collect(child.stdout, stdout, limit, () => stop("overflowed"));
  collect(child.stderr, stderr, limit, () => stop("overflowed"));
  child.on("error", (error) => settle(notStarted(error)));
  child.on("close", (code, signal) => {
    if (why === null) settle(finished({ code, signal, stdout: text(stdout), stderr: text(stderr) }));
  });
  return promise;
}

/** One line of a followed program. */
export interface Line {
  readonly text: string;
  /** Its whole length without the newline, also where `text` was cut. */
  readonly bytes: number;
  /** False: longer than `maxLineBytes` (the text is its beginning), or the program ended before its newline. */
  readonly whole: boolean;
}

export interface FollowOptions extends Program {
  /** Aborting ends the program: SIGTERM, and SIGKILL when it is still there 200 ms later. */
  readonly signal: AbortSignal;
  /** Default 1 MiB. */
  readonly maxLineBytes?: number;
}

export type Ended = Pick<Finished, "code" | "signal" | "stderr" | "aborted" | "missing" | "startError">;

/**
 * Runs a program that keeps printing, and hands over its lines as they come, all that arrived together at once.
 * While a promise returned by `onLines` is pending nothing more is read. What `onLines` throws ends the program and is thrown.
 */
export async function followLines(
  options: FollowOptions,
  onLines: (lines: readonly Line[]) => void | Promise<void>,
): Promise<Ended> {
  if (options.signal.aborted) return ended({ aborted: true });
  const child = start(options);
  if (child instanceof Error) return ended(notStarted(child));

  const { promise: exit, resolve: settle } = deferred<Ended>();
  const stderr: Buffer[] = [];
  let startFailure: Finished | null = null;
  child.on("error", (error) => {
    startFailure ??= notStarted(error);
    settle(ended(startFailure));
  });
  child.on("close", (code, signal) => settle(ended({ code, signal })));
  // Only the beginning is kept, and reading goes on: a full pipe would stop the program.
  let stderrBytes = 0;
  child.stderr?.on("data", (chunk: Buffer) => {
    if (stderrBytes < MAX_FOLLOWED_STDERR_BYTES)
      stderr.push(chunk.subarray(0, MAX_FOLLOWED_STDERR_BYTES - stderrBytes));
    stderrBytes += chunk.length;
  });
  let killTimer: NodeJS.Timeout | undefined;
  const onAbort = (): void => {
    child.kill("SIGTERM");
    killTimer = setTimeout(() => {
      abandon(child);
      settle(ended({}));
    }, 200);
  };
  options.signal.addEventListener("abort", onAbort, { once: true });

  const splitter = createLineSplitter(options.maxLineBytes ?? 1024 * 1024);
  try {
    if (child.stdout !== null) {
      for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
        if (options.signal.aborted) break;
        const lines = splitter.push(chunk);
        if (lines.length > 0) await onLines(lines);
      }
      const last = splitter.end();
      if (last !== null && !options.signal.aborted) await onLines([last]);
    }
    const result = await exit;
    return { ...result, stderr: text(stderr), aborted: options.signal.aborted };
  } catch (error) {
    abandon(child);
    // A stream that our own kill destroyed is the end that was asked for.
    if (options.signal.aborted) return ended({ aborted: true, stderr: text(stderr) });
    throw error;
  } finally {
    clearTimeout(killTimer);
    options.signal.removeEventListener("abort", onAbort);
  }
}

/** Cuts a byte stream at newlines. Bytes are joined before they are decoded, so a character is never split. */
export function createLineSplitter(maxLineBytes: number): {
  push(chunk: Buffer): Line[];
  end(): Line | null;
} {
  let held: Buffer[] = [];
  let heldBytes = 0;
  let bytes = 0;
  const hold = (part: Buffer): void => {
    bytes += part.length;
    const room = maxLineBytes - heldBytes;
    if (room <= 0 || part.length === 0) return;
    const kept = part.length > room ? part.subarray(0, room) : part;
    held.push(kept);
    heldBytes += kept.length;
  };
  const take = (ended: boolean): Line => {
    const line = { text: text(held), bytes, whole: ended && bytes === heldBytes };
    held = [];
    heldBytes = 0;
    bytes = 0;
    return line;
  };
  return {
    push(chunk) {
      const lines: Line[] = [];
      let from = 0;
      for (let at = chunk.indexOf(10, from); at !== -1; at = chunk.indexOf(10, from)) {
        hold(chunk.subarray(from, at));
        lines.push(take(true));
        from = at + 1;
      }
      hold(chunk.subarray(from));
      return lines;
    },
    end: () => (bytes === 0 ? null : take(false)),
  };
}

function start(options: Program): ChildProcess | Error {
  try {
    return spawn(options.program, [...options.args], {
      env: { ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
  } catch (error) {
    // A bad argument (a NUL byte, a program that may not be executed) is thrown at once, not told by an event.
    return error as Error;
  }
}

/** Kills a child and forgets it: neither its pipes nor its exit hold this process up. */
function abandon(child: ChildProcess): void {
  child.kill("SIGKILL");
  child.stdout?.destroy();
  child.stderr?.destroy();
  child.unref();
}

function collect(
  stream: ChildProcess["stdout"],
  into: Buffer[],
  limit: number,
  onOverflow: () => void,
): void {
  let bytes = 0;
  stream?.on("data", (chunk: Buffer) => {
    const room = limit - bytes;
    bytes += chunk.length;
    if (room > 0) into.push(chunk.length > room ? chunk.subarray(0, room) : chunk);
    if (bytes > limit) onOverflow();
  });
}

function notStarted(error: Error): Finished {
  const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
  return finished({ missing, startError: missing ? null : error.message });
}

function finished(known: Partial<Finished>): Finished {
  return {
    code: null,
    signal: null,
    stdout: "",
    stderr: "",
    timedOut: false,
    overflowed: false,
    aborted: false,
    missing: false,
    startError: null,
    ...known,
  };
}

function ended(known: Partial<Finished>): Ended {
  const { code, signal, stderr, aborted, missing, startError } = finished(known);
  return { code, signal, stderr, aborted, missing, startError };
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

function text(parts: readonly Buffer[]): string {
  return Buffer.concat(parts).toString("utf8");
}
