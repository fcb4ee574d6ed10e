/** Bytes of protobuf messages, written front to back into one buffer that is used again and again. */
export interface ProtobufWriter {
  /** Forgets what was written. */
  reset(): void;
  /** What was written, as bytes of their own. */
  finish(): Uint8Array;
  /** A byte as it is: most tags. */
  byte(value: number): void;
  /** Any whole number: a negative one, or one of more than 32 bits, as the 64-bit number that it is. */
  varint(value: number): void;
  fixed32(value: number): void;
  /** Nanoseconds of a moment in whole microseconds. */
  nanoseconds(us: number): void;
  double(value: number): void;
  /** Lowercase hexadecimal digits, as a length and the bytes that they name. */
  hex(digits: string): void;
  /** A length and the text. */
  text(value: string): void;
  raw(bytes: Uint8Array): void;
  /** Begins what is written behind its own length, and says where. */
  open(): number;
  close(place: number): void;
}

/** Most messages are shorter than that, and have a length of one byte. */
const SHORT = 128;
const WORD = 2 ** 32;

export function createProtobufWriter(): ProtobufWriter {
  let bytes = Buffer.allocUnsafe(64 * 1024);
  let at = 0;
  const room = (more: number): void => {
    if (at + more <= bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(bytes.length * 2, at + more));
    bytes.copy(larger, 0, 0, at);
    bytes = larger;
  };
  const varint = (value: number): void => {
    room(10);
    let low = value >>> 0;
    let high = Math.floor(value / WORD) >>> 0;
    while (high > 0 || low > 127) {
      bytes[at++] = (low & 127) | 128;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    bytes[at++] = low;
  };
  const word = (value: number): void => {
    room(4);
    bytes[at++] = value & 255;
    bytes[at++] = (value >>> 8) & 255;
    bytes[at++] = (value >>> 16) & 255;
    bytes[at++] = value >>> 24;
  };
  const close = (place: number): void => {
    const length = at - place - 1;
    if (length < SHORT) {
      bytes[place] = length;
      return;
    }
    const more = length < SHORT ** 2 ? 1 : length < SHORT ** 3 ? 2 : length < SHORT ** 4 ? 3 : 4;
    room(more);
    bytes.copyWithin(place + 1 + more, place + 1, at);
    const end = at + more;
    at = place;
    varint(length);
    at = end;
  };
  return {
    reset() {
      at = 0;
    },
    finish: () => Uint8Array.prototype.slice.call(bytes, 0, at),
    byte(value) {
      room(1);
      bytes[at++] = value;
    },
    varint,
    fixed32: word,
    nanoseconds(us) {
      // Nanoseconds since the epoch are more than a double holds, so the two halves are multiplied apart.
      const low = (us % WORD) * 1000;
      const high = Math.floor(us / WORD) * 1000 + Math.floor(low / WORD);
      word(low % WORD);
      word(high);
    },
    double(value) {
      room(8);
      at = bytes.writeDoubleLE(value, at);
    },
    hex(digits) {
      const size = digits.length >> 1;
      room(size + 1);
      bytes[at++] = size;
      for (let digit = 0; digit < digits.length; digit += 2)
        bytes[at++] = (nibble(digits.charCodeAt(digit)) << 4) | nibble(digits.charCodeAt(digit + 1));
    },
    text(value) {
      const { length } = value;
      room(length * 3 + 5);
      if (length < SHORT) {
        const place = at++;
        let code = 0;
        for (let index = 0; index < length; index++) {
          code = value.charCodeAt(index);
          if (code > 127) break;
          bytes[at++] = code;
        }
        if (code <= 127) {
          bytes[place] = length;
          return;
        }
        at = place;
      }
      const place = at++;
      at += bytes.write(value, at, "utf8");
      close(place);
    },
    raw(given) {
      room(given.length);
      bytes.set(given, at);
      at += given.length;
    },
    open() {
      room(1);
      return at++;
    },
    close,
  };
}

function nibble(code: number): number {
  return code < 58 ? code - 48 : code - 87;
}
