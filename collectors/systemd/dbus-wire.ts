/**
 * The D-Bus wire format, as far as listening to systemd's signals needs it: method calls with string arguments go
 * out; the header of anything, and the leading plain values of a body, are read. Whatever comes is bounded and checked,
 * because a mistake here would end the recorder rather than one source (D-Bus specification 0.43, "Message Protocol").
 */

/** A plain D-Bus value. 64 bit integers are bigints; a container ends the reading of a body. */
export type BusValue = string | number | bigint | boolean;

export interface BusMessage {
  readonly type: "call" | "return" | "error" | "signal" | "unknown";
  readonly serial: number;
  readonly replySerial: number | null;
  readonly path: string | null;
  readonly interface: string | null;
  readonly member: string | null;
  readonly errorName: string | null;
  readonly sender: string | null;
  readonly signature: string;
  /** The values before the first container of the body. */
  readonly body: readonly BusValue[];
}

export interface BusCall {
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly args: readonly string[];
}

/** The bytes are not D-Bus, or are more than anybody who talks to us has reason to send. The connection is of no use then. */
export class BusProtocolError extends Error {}

/** Signals of units are a few hundred bytes; the specification would allow 128 MiB. */
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;
const TYPES = ["unknown", "call", "return", "error", "signal"] as const;
const LITTLE_ENDIAN = 0x6c;
const BIG_ENDIAN = 0x42;
const FIELD = { path: 1, interface: 2, member: 3, errorName: 4, replySerial: 5, destination: 6, sender: 7 };
const SIGNATURE_FIELD = 8;

/** The bytes of one method call (little endian). `serial` is chosen by the caller, never 0. */
export function encodeCall(call: BusCall, serial: number): Buffer {
  const body = createWriter();
  for (const argument of call.args) body.text(argument);
  const fields = createWriter();
  const field = (code: number, signature: string, text: string): void => {
    fields.align(8);
    fields.byte(code);
    fields.signature(signature);
    if (signature === "g") fields.signature(text);
    else fields.text(text);
  };
  field(FIELD.path, "o", call.path);
  field(FIELD.interface, "s", call.interface);
  field(FIELD.member, "s", call.member);
  field(FIELD.destination, "s", call.destination);
  if (call.args.length > 0) field(SIGNATURE_FIELD, "g", "s".repeat(call.args.length));
  const bodyBytes = body.bytes();
  const fieldBytes = fields.bytes();
  const head = Buffer.alloc(16);
  head[0] = LITTLE_ENDIAN;
  head[1] = TYPES.indexOf("call");
  head[3] = 1; // protocol version
  head.writeUInt32LE(bodyBytes.length, 4);
  head.writeUInt32LE(serial, 8);
  head.writeUInt32LE(fieldBytes.length, 12);
  const padding = Buffer.alloc((8 - (fieldBytes.length % 8)) % 8);
  return Buffer.concat([head, fieldBytes, padding, bodyBytes]);
}

/** Cuts a byte stream into messages. `push` throws `BusProtocolError` on bytes that are not D-Bus. */
export function createMessageReader(): { push(chunk: Buffer): BusMessage[] } {
  let held: Buffer = Buffer.alloc(0);
  return {
    push(chunk) {
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      const messages: BusMessage[] = [];
      for (;;) {
        const length = messageLength(held);
        if (length === null || held.length < length) return messages;
        messages.push(decodeMessage(held.subarray(0, length)));
        held = held.subarray(length);
      }
    },
  };
}

/** The whole length of the message that begins here, or null while its first 16 bytes have not all come. */
function messageLength(bytes: Buffer): number | null {
  if (bytes.length < 16) return null;
  const little = isLittleEndian(bytes);
  const bodyLength = little ? bytes.readUInt32LE(4) : bytes.readUInt32BE(4);
  const fieldsLength = little ? bytes.readUInt32LE(12) : bytes.readUInt32BE(12);
  const length = 16 + align(fieldsLength, 8) + bodyLength;
  if (length > MAX_MESSAGE_BYTES)
    throw new BusProtocolError(`a message of ${length} bytes, more than ${MAX_MESSAGE_BYTES}`);
  return length;
}

function decodeMessage(bytes: Buffer): BusMessage {
  const little = isLittleEndian(bytes);
  const fieldsEnd = 16 + (little ? bytes.readUInt32LE(12) : bytes.readUInt32BE(12));
  const fields = new Map<number, BusValue>();
  const reader = createReader(bytes.subarray(0, fieldsEnd), little, 16);
  while (!reader.done()) {
    reader.align(8);
    const code = Number(reader.value("y"));
    const signature = String(reader.value("g"));
    const value = signature.length === 1 ? reader.value(signature) : null;
    if (value === null) throw new BusProtocolError(`a header field of type "${signature.slice(0, 20)}"`);
    fields.set(code, value);
  }
  const text = (code: number): string | null => {
    const value = fields.get(code);
    return typeof value === "string" ? value : null;
  };
  const replySerial = fields.get(FIELD.replySerial);
  const signature = text(SIGNATURE_FIELD) ?? "";
  return {
    type: TYPES[bytes[1] ?? 0] ?? "unknown",
    serial: little ? bytes.readUInt32LE(8) : bytes.readUInt32BE(8),
    replySerial: typeof replySerial === "number" ? replySerial : null,
    path: text(FIELD.path),
    interface: text(FIELD.interface),
    member: text(FIELD.member),
    errorName: text(FIELD.errorName),
    sender: text(FIELD.sender),
    signature,
    body: plainValues(bytes.subarray(align(fieldsEnd, 8)), little, signature),
  };
}

function plainValues(body: Buffer, little: boolean, signature: string): BusValue[] {
  const reader = createReader(body, little, 0);
  const values: BusValue[] = [];
  for (const type of signature) {
    const value = reader.value(type);
    if (value === null) break;
    values.push(value);
  }
  return values;
}

interface Reader {
  align(to: number): void;
  /** Null for a type that is not plain. Throws when the bytes end too early. */
  value(type: string): BusValue | null;
  done(): boolean;
}

function createReader(bytes: Buffer, little: boolean, from: number): Reader {
  let at = from;
  const take = (count: number, alignment: number): number => {
    const start = align(at, alignment);
    if (start + count > bytes.length) throw new BusProtocolError("a message that ends within a value");
    at = start + count;
    return start;
  };
  const number32 = (): number => {
    const start = take(4, 4);
    return little ? bytes.readUInt32LE(start) : bytes.readUInt32BE(start);
  };
  const text = (length: number): string => {
    const start = take(length + 1, 1); // the NUL at the end is not counted
    return bytes.toString("utf8", start, start + length);
  };
  return {
    align: (to) => {
      at = align(at, to);
    },
    done: () => at >= bytes.length,
    value: (type) => {
      switch (type) {
        case "y":
          return bytes.readUInt8(take(1, 1));
        case "b":
          return number32() !== 0;
        case "n":
          return little ? bytes.readInt16LE(take(2, 2)) : bytes.readInt16BE(take(2, 2));
        case "q":
          return little ? bytes.readUInt16LE(take(2, 2)) : bytes.readUInt16BE(take(2, 2));
        case "i":
          return number32() | 0;
        case "u":
        case "h":
          return number32();
        case "x":
          return little ? bytes.readBigInt64LE(take(8, 8)) : bytes.readBigInt64BE(take(8, 8));
        case "t":
          return little ? bytes.readBigUInt64LE(take(8, 8)) : bytes.readBigUInt64BE(take(8, 8));
        case "d":
          return little ? bytes.readDoubleLE(take(8, 8)) : bytes.readDoubleBE(take(8, 8));
        case "s":
        case "o":
          return text(number32());
        case "g":
          return text(bytes.readUInt8(take(1, 1)));
        default:
          return null;
      }
    },
  };
}

function createWriter(): {
  byte(value: number): void;
  align(to: number): void;
  text(value: string): void;
  signature(value: string): void;
  bytes(): Buffer;
} {
  const parts: Buffer[] = [];
  let length = 0;
  const add = (part: Buffer): void => {
    parts.push(part);
    length += part.length;
  };
  const pad = (to: number): void => add(Buffer.alloc(align(length, to) - length));
  return {
    byte: (value) => add(Buffer.from([value])),
    align: pad,
    text: (value) => {
      const bytes = Buffer.from(`${value}\0`, "utf8");
      const size = Buffer.alloc(4);
      size.writeUInt32LE(bytes.length - 1);
      pad(4);
      add(size);
      add(bytes);
    },
    signature: (value) => add(Buffer.from(`${String.fromCharCode(value.length)}${value}\0`, "latin1")),
    bytes: () => Buffer.concat(parts),
  };
}

function isLittleEndian(bytes: Buffer): boolean {
  if (bytes[0] === LITTLE_ENDIAN) return true;
  if (bytes[0] === BIG_ENDIAN) return false;
  throw new BusProtocolError(`a message that begins with byte ${bytes[0]}`);
}

function align(offset: number, to: number): number {
  return Math.ceil(offset / to) * to;
}
