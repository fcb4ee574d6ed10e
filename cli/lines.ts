import { readSync } from "node:fs";
import { FleetError } from "../store/errors.ts";

const CHUNK_BYTES = 1 << 20;
/** No event of ours comes near it; a file without line ends must not fill the memory. */
const LONGEST_BYTES = 64 << 20;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** The lines of a file or a pipe, without their ends, read as they are asked for. A last line without an end is one. */
export function* linesOf(descriptor: number, called: string): Generator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for (;;) {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    const bytes = readSome(descriptor, chunk);
    if (bytes === 0) break;
    const text =
      rest.length === 0 ? chunk.subarray(0, bytes) : Buffer.concat([rest, chunk.subarray(0, bytes)]);
    let from = 0;
    for (let end = text.indexOf(LINE_FEED, from); end >= 0; end = text.indexOf(LINE_FEED, from)) {
      yield withoutReturn(text.subarray(from, end));
      from = end + 1;
    }
    rest = text.subarray(from);
    if (rest.length > LONGEST_BYTES)
      throw new FleetError("usage", `${called}: a line is longer than ${LONGEST_BYTES >> 20} MB`, {
        hint: "Was it written by `fleet export`?",
      });
  }
  if (rest.length > 0) yield withoutReturn(rest);
}

function withoutReturn(line: Buffer): Buffer {
  return line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line;
}

/** A pipe that somebody set to non-blocking and that is empty right now is waited for. */
function readSome(descriptor: number, into: Buffer): number {
  for (;;) {
    try {
      return readSync(descriptor, into);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EOF") return 0;
      if (code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}
