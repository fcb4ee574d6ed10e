import { isUtf8 } from "node:buffer";

/**
 * Text from outside made fit for an event and for a terminal: at most `maxChars` long, control characters, bytes that
 * are not UTF-8 and characters that reorder a line shown as `\xNN` or `\u{NNNN}`, so that what was there can still be told.
 */
export function printable(input: Uint8Array | string, maxChars: number): string {
  // No character takes more than four bytes, so this much is enough and 10 MB are never decoded.
  const bytes =
    typeof input === "string"
      ? Buffer.from(input.slice(0, maxChars))
      : Buffer.from(input).subarray(0, maxChars * 4);
  let text = "";
  for (const piece of pieces(bytes)) {
    if (text.length + piece.length > maxChars) break;
    text += piece;
  }
  return text;
}

/** A value as it is quoted in a reason: `"coder 0"`, cut where it is long. */
export function quoted(value: string, maxChars = 48): string {
  const text = printable(value, maxChars);
  return value.length > maxChars ? `"${text}"...` : `"${text}"`;
}

// Controls (C0, DEL, C1), line and paragraph separators, and the marks that make a terminal write backwards.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

function* pieces(bytes: Buffer): Generator<string> {
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at);
    if (length === 0) {
      yield hex(bytes[at] as number);
      at += 1;
      continue;
    }
    const character = bytes.toString("utf8", at, at + length);
    const code = character.codePointAt(0) as number;
    if (!UNSAFE.test(character)) yield character;
    else yield code < 0x80 ? hex(code) : `\\u{${code.toString(16)}}`;
    at += length;
  }
}

/** How many bytes the UTF-8 character at this place has; 0 where none begins. */
function sequenceLength(bytes: Buffer, at: number): number {
  const first = bytes[at] as number;
  if (first < 0x80) return 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  return isUtf8(bytes.subarray(at, at + length)) && at + length <= bytes.length ? length : 0;
}

function hex(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, "0")}`;
}
