import { fstatSync, writeSync } from "node:fs";
import { ansi, type Paint, plain, wantsColour } from "./render/colour.ts";

/** Where a verb prints. `stdout` for answers, `stderr` for trouble; both may be anything from a terminal to a closed pipe. */
export interface Output {
  print(text: string): void;
  complain(text: string): void;
  readonly isTerminal: boolean;
  readonly paint: Paint;
  /** Cells to fill, or null when nothing limits them (a pipe, a file). Read again each time: terminals are resized. */
  width(): number | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The reader of our output went away (`fleet events | head`): nothing is wrong and nobody is left to be told. */
export function isBrokenPipe(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return code === "EPIPE" || code === "ERR_STREAM_DESTROYED";
}

/** The output of this process. Descriptors are written directly: `process.stdout` costs a start that prints once too much. */
export function processOutput(environment: Environment): Output {
  const isTerminal = isTerminalAt(1);
  let paint: Paint | null = null;
  return {
    print: (text) => writeAll(1, text),
    complain: (text) => writeAll(2, text),
    isTerminal,
    // Only who paints asks the environment: --json does not.
    get paint() {
      paint ??= wantsColour(environment, isTerminal) ? ansi : plain;
      return paint;
    },
    // A terminal of no size (one that a script has made) is as wide as most.
    width: () => widthFrom(environment.COLUMNS) ?? (isTerminal ? process.stdout.columns || 80 : null),
  };
}

/** COLUMNS as given in the environment counts before the terminal's own answer: it is how scripts and tests fix the width. */
function widthFrom(columns: string | undefined): number | null {
  return columns !== undefined && /^[1-9]\d{0,4}$/.test(columns) ? Number(columns) : null;
}

/** /dev/null and its like: character devices, and never terminals. */
const MEMORY_DEVICES = 1;

function isTerminalAt(descriptor: number): boolean {
  try {
    // What surely is none is told apart without loading node:tty, which costs a start 1.4 ms.
    const found = fstatSync(descriptor);
    if (!found.isCharacterDevice() || found.rdev >> 8 === MEMORY_DEVICES) return false;
    return process.stdout.isTTY === true;
  } catch {
    return false;
  }
}

/** Everything, also where the other end is a pipe that somebody set to non-blocking and that is full right now. */
function writeAll(descriptor: number, text: string): void {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}
