import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";

/** Of a file, in each call. */
const READ_BYTES = 1 << 20;

/** Takes the parts of a file as somebody reads them, each by its place. */
export type TakeBytes = (at: number, bytes: Buffer) => void;

/** The sha256 of a file whose parts are read anyway, in their order: only what was passed over, its end most often, is read for it. */
export function hashOfRead(): { readonly take: TakeBytes; digest(path: string): Buffer } {
  const hash = createHash("sha256");
  let doneBytes = 0;
  const take: TakeBytes = (at, bytes) => {
    if (at !== doneBytes) return;
    hash.update(bytes);
    doneBytes += bytes.length;
  };
  return {
    take,
    digest(path) {
      const file = openSync(path, "r");
      try {
        const bytes = Buffer.allocUnsafe(READ_BYTES);
        for (let read = -1; read !== 0; ) {
          read = readSync(file, bytes, 0, READ_BYTES, doneBytes);
          take(doneBytes, bytes.subarray(0, read));
        }
      } finally {
        closeSync(file);
      }
      return hash.digest();
    },
  };
}
