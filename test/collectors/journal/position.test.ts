import fc from "fast-check";
import { expect, test } from "vitest";
import {
  cursorTimeUs,
  type Position,
  parsePosition,
  positionText,
  positionTimeUs,
} from "../../../collectors/journal/position.ts";

const CURSOR =
  "s=9b6f9bd953a140b59a4b21854999ce09;i=4e;b=6a7fca478aec456e879a230b2a20ac99;m=8b39468f;t=660c72a979b62;x=a6bd5eaf0929c82f";

test("a position comes back from its text", () => {
  const hex = fc.stringMatching(/^[0-9a-f]{1,12}$/);
  const cursor = fc.tuple(hex, hex, hex).map(([s, i, t]) => `s=${s};i=${i};t=${t}`);
  const position: fc.Arbitrary<Position> = fc.oneof(
    fc.record({ at: fc.constant("entry" as const), cursor, unreadable: fc.nat(999) }),
    fc.record({ at: fc.constant("since" as const), sinceUs: fc.nat(), unreadable: fc.nat(999) }),
  );
  fc.assert(
    fc.property(position, (one) => {
      expect(parsePosition(positionText(one))).toEqual(one);
    }),
  );
});

test("the cursor of an entry is kept as systemd wrote it and tells its time", () => {
  expect(positionText({ at: "entry", cursor: CURSOR, unreadable: 0 })).toBe(CURSOR);
  expect(cursorTimeUs(CURSOR)).toBe(1795258389601122);
  expect(positionTimeUs({ at: "since", sinceUs: 5, unreadable: 0 })).toBe(5);
});

test.each(["", " ", "s=1;t=1\nx", "s=1 --file=/etc/passwd", `s=${"1".repeat(2000)};t=1`, "caf\u00e9"])(
  "%j is no position",
  (text) => {
    expect(parsePosition(text)).toBeNull();
  },
);

test("a cursor that tells no time is still a cursor", () => {
  expect(parsePosition("whatever")).toEqual({ at: "entry", cursor: "whatever", unreadable: 0 });
  for (const cursor of ["whatever", "s=1;t=", "s=1;t=zz", "t=ffffffffffffffff"]) {
    expect(cursorTimeUs(cursor)).toBeNull();
    expect(positionTimeUs({ at: "entry", cursor, unreadable: 0 })).toBe(0);
  }
});

test("no text makes the parser throw, and what it takes cannot be an option or a second argument", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const position = parsePosition(text);
      if (position?.at === "entry") expect(position.cursor).toMatch(/^[!-~]+$/);
    }),
  );
});
