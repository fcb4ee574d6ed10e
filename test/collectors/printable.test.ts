import fc from "fast-check";
import { expect, test } from "vitest";
import { printable, quoted } from "../../collectors/printable.ts";

test("ordinary text of any language stays as it is", () => {
  expect(printable("Grüße, 世界 \u{1f600}", 100)).toBe("Grüße, 世界 \u{1f600}");
});

test("what a terminal would act on is shown instead", () => {
  expect(printable("a\u001b[2J\nb\u009b\u202ec", 100)).toBe("a\\x1b[2J\\x0ab\\u{9b}\\u{202e}c");
  expect(printable(Buffer.from([0x61, 0xff, 0xc3, 0x28, 0xe2, 0x82]), 100)).toBe("a\\xff\\xc3(\\xe2\\x82");
});

test("no input of any size gives more than was asked for, and nothing unsafe is left", () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.string({ unit: "binary", maxLength: 300 })),
      fc.integer({ min: 1, max: 200 }),
      (input, limit) => {
        const text = printable(input, limit);
        expect(text.length).toBeLessThanOrEqual(limit);
        expect(text).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
        expect(Buffer.from(text).toString()).toBe(text);
      },
    ),
  );
  expect(printable(Buffer.alloc(10_000_000, 65), 1024)).toHaveLength(1024);
});

test("a quoted value is cut and says so", () => {
  expect(quoted("coder 0")).toBe('"coder 0"');
  expect(quoted("x".repeat(60))).toBe(`"${"x".repeat(48)}"...`);
});
