import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { FleetError } from "../errors.ts";
import type { TakeBytes } from "./file-hash.ts";

/**
 * The seekable format of zstd (contrib/seekable_format of its sources): frames one after the other, which any zstd unpacks as one
 * stream (`zstd -dc`), and at the end a frame that it skips and that says where each of the others begins.
 */
const SKIPPABLE = 0x184d2a5e;
const SEEKABLE = 0x8f92eab1;
const FOOTER_BYTES = 9;

export interface Frame {
  readonly compressed: number;
  readonly plain: number;
}

/** node:zlib is loaded when an archive is written or read, and at no other start. */
const zlib = () => process.getBuiltinModule("node:zlib");

/** One frame, with a checksum of its own. */
export function compressFrame(text: string, level: number): Buffer {
  const { zstdCompressSync, constants } = zlib();
  return zstdCompressSync(text, {
    params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 },
  });
}

/** What ends the file. */
export function seekTable(frames: readonly Frame[]): Buffer {
  const size = frames.length * 8 + FOOTER_BYTES;
  const table = Buffer.alloc(8 + size);
  table.writeUInt32LE(SKIPPABLE, 0);
  table.writeUInt32LE(size, 4);
  for (const [i, { compressed, plain }] of frames.entries()) {
    table.writeUInt32LE(compressed, 8 + i * 8);
    table.writeUInt32LE(plain, 12 + i * 8);
  }
  table.writeUInt32LE(frames.length, 8 + frames.length * 8);
  table.writeUInt32LE(SEEKABLE, 8 + size - 4);
  return table;
}

export interface Seekable {
  readonly frames: number;
  /** The text of one frame; the last is -1. Throws `FleetError` where it cannot be unpacked to what it was. */
  read(frame: number): string;
}

/** Reads where the frames are. The file is opened for each look at it, so there is nothing to close. `take` is given the bytes of each frame that is read. */
export function openSeekable(path: string, take?: TakeBytes): Seekable {
  const places = looking(path, (descriptor) => {
    const { size } = fstatSync(descriptor);
    const footer = bytesAt(descriptor, path, size - FOOTER_BYTES, FOOTER_BYTES);
    const count = footer.readUInt32LE(0);
    if (footer.readUInt32LE(5) !== SEEKABLE || count * 8 + FOOTER_BYTES + 8 > size)
      throw damaged(path, "it does not end like one");
    const table = bytesAt(descriptor, path, size - FOOTER_BYTES - count * 8, count * 8);
    let at = 0;
    return Array.from({ length: count }, (_, i) => {
      const place = { at, bytes: table.readUInt32LE(i * 8), plain: table.readUInt32LE(i * 8 + 4) };
      at += place.bytes;
      return place;
    });
  });
  return {
    frames: places.length,
    read(frame) {
      const place = places.at(frame);
      if (place === undefined) throw damaged(path, `it has no part ${frame}`);
      const bytes = looking(path, (descriptor) => bytesAt(descriptor, path, place.at, place.bytes));
      take?.(place.at, bytes);
      return unpacked(path, bytes, place.plain);
    },
  };
}

function looking<T>(path: string, look: (descriptor: number) => T): T {
  const descriptor = opened(path);
  try {
    return look(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function opened(path: string): number {
  try {
    return openSync(path, "r");
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): FleetError {
  const { code } = error as NodeJS.ErrnoException;
  const isGone = code === "ENOENT";
  const what = isGone ? "is not there" : `cannot be read (${code ?? String(error)})`;
  const mend = isGone
    ? "put it back from a backup"
    : "make it readable for this user, or put it back from a backup";
  return new FleetError("corrupt", `${path} ${what}`, {
    hint: `Events were archived into this file: ${mend}. \`fleet archive --list\` names all of them.`,
    cause: error,
  });
}

function bytesAt(descriptor: number, path: string, at: number, length: number): Buffer {
  const bytes = Buffer.alloc(Math.max(0, length));
  if (at < 0 || readBytes(descriptor, path, bytes, at) !== length) throw damaged(path, "it is cut off");
  return bytes;
}

function readBytes(descriptor: number, path: string, into: Buffer, at: number): number {
  try {
    return readSync(descriptor, into, 0, into.length, at);
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unpacked(path: string, bytes: Buffer, plain: number): string {
  let text: Buffer;
  try {
    text = zlib().zstdDecompressSync(bytes, { maxOutputLength: plain + 1 });
  } catch (error) {
    throw damaged(path, "its checksum is wrong", error);
  }
  if (text.length !== plain) throw damaged(path, "a part of it has another length");
  return text.toString("utf8");
}

export function damaged(path: string, what: string, cause?: unknown): FleetError {
  return new FleetError("corrupt", `${path} is damaged: ${what}`, {
    hint: "Put it back from a backup. `fleet verify` says which events are concerned.",
    cause,
  });
}
