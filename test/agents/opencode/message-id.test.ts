import fc from "fast-check";
import { expect, test } from "vitest";
import { openCodeMessageId } from "../../../agents/opencode/message-id.ts";
import { captured } from "./captured.ts";

test("an id has the form of OpenCode's own, and the time of its making in it", () => {
  // What OpenCode itself called a message that it made in this millisecond.
  const { id, time } = captured("typed-message").json.info as { id: string; time: { created: number } };
  const ours = openCodeMessageId(time.created);
  expect(ours).toMatch(/^msg_[0-9a-f]{12}[0-9A-Za-z]{14}$/);
  expect(ours).toHaveLength(id.length);
  // It counts within the millisecond, and made the id just before it looked at the clock.
  const timeOf = (text: string): number => Number.parseInt(text.slice(4, 16), 16);
  expect(Math.abs(timeOf(ours) - timeOf(id))).toBeLessThan(0x1000 * 50);
});

test("later ids sort behind earlier ones, whatever is random in them", () => {
  const random = fc.uint8Array({ minLength: 14, maxLength: 14 });
  const moment = fc.integer({ min: 1_795_000_000_000, max: 1_800_000_000_000 });
  fc.assert(
    fc.property(moment, fc.integer({ min: 1, max: 1e9 }), random, random, (atMs, afterMs, one, other) => {
      expect(openCodeMessageId(atMs, one) < openCodeMessageId(atMs + afterMs, other)).toBe(true);
    }),
  );
});
