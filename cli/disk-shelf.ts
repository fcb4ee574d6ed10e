import { closeSync, openSync, readSync, unlinkSync, writeSync } from "node:fs";
import type { NewShelf, Shelf } from "../query/shelf.ts";
import type { Invocation } from "./declaration.ts";
import { lookAround } from "./here.ts";

/** So many values are kept as they are: of most answers that is all there is. */
const AT_HAND = 1000;
/** Written at once, and read at once. */
const BLOCK = 1 << 16;

export interface Shelves {
  readonly shelf: NewShelf;
  close(): void;
}

/**
 * Lists of which only the beginning is in memory. The rest is in a file that has no name any more when the first value is written to it: whatever
 * becomes of this process, nothing is left. Where nothing can be written, memory has to do.
 */
export function openShelves(directory: () => string): Shelves {
  let file: Spill | null = null;
  const spill = (): Spill => {
    // Loaded only then, as few answers are so long.
    file ??= openSpill([directory(), process.getBuiltinModule("node:os").tmpdir()]);
    return file;
  };
  return {
    shelf: <T>() => diskShelf<T>(spill),
    close: () => file?.close(),
  };
}

/** Beside the log, where there is room for what grows with it. */
export function shelvesOf({ environment }: Pick<Invocation, "environment">): Shelves {
  return openShelves(() => lookAround(environment).places.stateDirectory);
}

function diskShelf<T>(spill: () => Spill): Shelf<T> {
  const atHand: T[] = [];
  /** Where each of the others ends, and the first of them begins; they are not alone in their file. */
  const places: number[] = [];
  const lengths: number[] = [];
  const read = (index: number): T =>
    JSON.parse(spill().read(places[index] as number, lengths[index] as number)) as T;
  return {
    get length() {
      return atHand.length + places.length;
    },
    at(place) {
      if (place < atHand.length) return atHand[place];
      return place < atHand.length + places.length ? read(place - atHand.length) : undefined;
    },
    push(value) {
      if (atHand.length < AT_HAND) atHand.push(value);
      else {
        const { place, length } = spill().write(JSON.stringify(value));
        places.push(place);
        lengths.push(length);
      }
    },
    *[Symbol.iterator]() {
      yield* atHand;
      for (let index = 0; index < places.length; index += 1) yield read(index);
    },
  };
}

interface Spill {
  write(text: string): { readonly place: number; readonly length: number };
  read(place: number, length: number): string;
  close(): void;
}

/** Texts by their places. What was written last, and what cannot be written, is in memory. */
function openSpill(directories: readonly string[]): Spill {
  const descriptor = openNameless(directories);
  let canWrite = descriptor !== null;
  let fresh: Buffer = Buffer.allocUnsafe(BLOCK);
  let freshFrom = 0;
  let used = 0;
  let known = { from: 0, bytes: Buffer.alloc(0) as Buffer };
  const flush = (): void => {
    if (descriptor === null || !canWrite) return;
    try {
      for (let written = 0; written < used; )
        written += writeSync(descriptor, fresh, written, used - written, freshFrom + written);
    } catch {
      // The disk is full: that costs memory, and not the answer.
      canWrite = false;
      return;
    }
    freshFrom += used;
    used = 0;
  };
  const readAt = (place: number, length: number): Buffer => {
    if (place >= freshFrom) return fresh.subarray(place - freshFrom, place - freshFrom + length);
    if (place < known.from || place + length > known.from + known.bytes.length) {
      const bytes = Buffer.allocUnsafe(Math.min(Math.max(BLOCK, length), freshFrom - place));
      for (let got = 0; got < bytes.length; ) {
        const count = readSync(descriptor as number, bytes, got, bytes.length - got, place + got);
        if (count === 0) throw new Error(`${bytes.length - got} bytes of an answer are not there any more`);
        got += count;
      }
      known = { from: place, bytes };
    }
    return known.bytes.subarray(place - known.from, place - known.from + length);
  };
  return {
    write(text) {
      const bytes = Buffer.from(text);
      if (used + bytes.length > fresh.length) flush();
      if (used + bytes.length > fresh.length)
        fresh = Buffer.concat([fresh.subarray(0, used)], Math.max(2 * fresh.length, used + bytes.length));
      bytes.copy(fresh, used);
      used += bytes.length;
      return { place: freshFrom + used - bytes.length, length: bytes.length };
    },
    read: (place, length) => readAt(place, length).toString(),
    close() {
      if (descriptor !== null) closeSync(descriptor);
    },
  };
}

/** A file that is gone when it is closed; null: none can be made. */
function openNameless(directories: readonly string[]): number | null {
  for (const directory of directories) {
    const path = `${directory}/.answer-${process.pid}-${process.hrtime.bigint()}`;
    try {
      const descriptor = openSync(path, "wx+", 0o600);
      unlinkSync(path);
      return descriptor;
    } catch {
      // Somebody else's log may be read, and not be written beside.
    }
  }
  return null;
}
