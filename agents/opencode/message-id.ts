import { randomBytes } from "node:crypto";

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** OpenCode counts so many ids within a millisecond. */
const IDS_PER_MS = 0x1000n;
const BITS = 48;
const RANDOM = 14;

/**
 * An id as OpenCode makes them: 48 bits of time in hex, then 14 random characters. It sorts its messages by them, and takes a turn for ended whose
 * answer sorts behind the newest message: an id that is not of this moment would be answered never, or for ever.
 */
export function openCodeMessageId(nowMs: number, random: Uint8Array = randomBytes(RANDOM)): string {
  const time = BigInt.asUintN(BITS, BigInt(Math.floor(nowMs)) * IDS_PER_MS + 1n);
  const rest = [...random.subarray(0, RANDOM)].map((byte) => DIGITS[byte % DIGITS.length]).join("");
  return `msg_${time.toString(16).padStart(BITS / 4, "0")}${rest}`;
}
