import type { Checkpoint } from "./chronicle.ts";

export type CheckpointRow = [seq: number, recordedAtUs: number, value: Buffer];

/** Most questions need no checkpoint: 4 ms of each start. */
const zlib = () => process.getBuiltinModule("node:zlib");

/** What a checkpoint holds is small: a window of 8 KB finds as much in it as a larger one, in half of the time. */
const DEFLATING = { level: 2, windowBits: 13, memLevel: 6, chunkSize: 2048 };
/** A buffer for each text would be freed when the whole heap is gone through: 20 bytes for each event of a rebuild until then. */
let plain = Buffer.alloc(0);

export function checkpointBlob(value: unknown): Buffer {
  const text = JSON.stringify(value);
  const bytes = Buffer.byteLength(text);
  if (bytes > plain.length) plain = Buffer.allocUnsafeSlow(bytes * 2);
  plain.write(text);
  return zlib().deflateSync(plain.subarray(0, bytes), DEFLATING);
}

export function checkpointOf([seq, recordedAtUs, value]: CheckpointRow): Checkpoint {
  return { seq, recordedAtUs, value: JSON.parse(zlib().inflateSync(value).toString()) };
}
