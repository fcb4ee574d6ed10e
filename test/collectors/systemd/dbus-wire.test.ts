import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type BusMessage,
  BusProtocolError,
  createMessageReader,
  encodeCall,
} from "../../../collectors/systemd/dbus-wire.ts";
import { hintOf } from "../../../collectors/systemd/manager-signals.ts";

/**
 * What a user bus (dbus 1.14, systemd 252) sent after Hello, the match rules and Subscribe, while a service was started and
 * stopped, the manager reloaded, an unknown unit asked for and another one disabled.
 */
const CAPTURED = readFileSync(new URL("../../fixtures/systemd/user-bus.bin", import.meta.url));

function readAll(bytes: Buffer, sizes: readonly number[] = [bytes.length]): BusMessage[] {
  const reader = createMessageReader();
  const messages: BusMessage[] = [];
  for (let at = 0, step = 0; at < bytes.length; step += 1) {
    const size = sizes[step % sizes.length] ?? 1;
    messages.push(...reader.push(bytes.subarray(at, at + size)));
    at += size;
  }
  return messages;
}

test("a captured conversation is read: the answers, and what the signals ask to look at", () => {
  const messages = readAll(CAPTURED);
  const answers = messages.filter((message) => message.type === "return");
  expect(answers.map((message) => message.replySerial)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(answers[0]?.body).toEqual([expect.stringMatching(/^:1\.\d+$/)]);

  const signals = messages.filter((message) => message.type === "signal");
  const hints = signals.map((signal) => ({ member: signal.member, ...hintOf(signal) }));
  const removed = signals
    .filter((signal) => signal.member === "JobRemoved")
    .map((signal) => signal.body.slice(2));
  expect(removed).toEqual([
    ["mosaic-simple@z.service", "done"],
    ["mosaic-simple@z.service", "done"],
  ]);
  expect(hints.filter(({ look }) => look === "everything").map(({ member }) => member)).toEqual([
    "Reloading",
    "UnitFilesChanged",
    "Reloading",
  ]);
  const changed = hints.filter((hint) => hint.member === "PropertiesChanged" && hint.look === "unit");
  expect(changed.map((hint) => (hint.look === "unit" ? hint.unit : ""))).toContain("mosaic-simple@z.service");
  expect(hints.filter(({ look }) => look === "nothing").map(({ member }) => member)).toEqual([
    "NameAcquired",
    "Reloading",
    "Reloading",
  ]);
});

test("the pieces in which bytes arrive make no difference", () => {
  const whole = readAll(CAPTURED);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 20 }), (sizes) => {
      expect(readAll(CAPTURED, sizes)).toEqual(whole);
    }),
    { numRuns: 20 },
  );
});

test("a call can be read back, whatever its arguments are", () => {
  const text = fc.string({ unit: "binary", maxLength: 200 }).filter((one) => !one.includes("\0"));
  fc.assert(
    fc.property(fc.array(text, { maxLength: 4 }), fc.integer({ min: 1, max: 0xffffffff }), (args, serial) => {
      const call = { destination: "a.b", path: "/a/b", interface: "a.b.C", member: "Do", args };
      expect(readAll(encodeCall(call, serial))).toEqual([
        expect.objectContaining({
          type: "call",
          serial,
          path: "/a/b",
          interface: "a.b.C",
          member: "Do",
          body: args,
        }),
      ]);
    }),
  );
});

test("a message of a big-endian sender is read", () => {
  const little = encodeCall({ destination: "a.b", path: "/x", interface: "a.b", member: "Do", args: [] }, 7);
  const big = Buffer.from(little);
  big[0] = 0x42;
  for (const at of [4, 8, 12]) big.writeUInt32BE(little.readUInt32LE(at), at);
  for (let at = 16; at < little.length; ) {
    // Each header field: its code, a signature of one letter, a length that must be swapped, and a text.
    at += 4;
    const length = little.readUInt32LE(at);
    big.writeUInt32BE(length, at);
    at = Math.ceil((at + 4 + length + 1) / 8) * 8;
  }
  expect(readAll(big)).toEqual(readAll(little));
});

test("damaged or random bytes are refused, and never anything worse", () => {
  const refused = (bytes: Buffer): void => {
    try {
      readAll(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(BusProtocolError);
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => refused(Buffer.from(bytes))));
  const damage = fc.array(fc.tuple(fc.nat(2000), fc.nat(255)), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(damage, (changes) => {
      const bytes = Buffer.from(CAPTURED.subarray(0, 2000));
      for (const [at, value] of changes) bytes[at] = value;
      refused(bytes);
    }),
    { numRuns: 500 },
  );
});

test("a message that announces more than 4 MiB is refused before it is waited for", () => {
  const head = Buffer.alloc(16);
  head[0] = 0x6c;
  head.writeUInt32LE(0xfffffff0, 4);
  expect(() => createMessageReader().push(head)).toThrow(BusProtocolError);
  expect(() => createMessageReader().push(Buffer.from("HTTP/1.1 400 Bad"))).toThrow("begins with byte 72");
});
