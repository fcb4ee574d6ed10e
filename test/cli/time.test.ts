import { describe, expect, test } from "vitest";
import { type Here, parseMoment } from "../../cli/time.ts";

/** Berlin in 2026: +01:00, +02:00 between the last Sundays of March and October at 01:00 UTC. */
const SUMMER_MS = [Date.parse("2026-03-29T01:00:00Z"), Date.parse("2026-10-25T01:00:00Z")] as const;
const berlin = (utcMs: number): number =>
  utcMs >= SUMMER_MS[0] && utcMs < SUMMER_MS[1] ? 7_200_000 : 3_600_000;

function here(now: string, offsetMs: Here["offsetMs"] = () => 0): Here {
  return { nowUs: Date.parse(now) * 1000, offsetMs };
}

function iso(text: string, at: Here): string {
  const moment = parseMoment(text, at);
  if (!moment.ok) return `refused: ${moment.reason}`;
  return moment.kind === "seq" ? `#${moment.seq}` : new Date(moment.atUs / 1000).toISOString();
}

const june = here("2026-06-21T03:10:00Z");

describe("how long ago", () => {
  test.each([
    ["now", "2026-06-21T03:10:00.000Z"],
    ["90s", "2026-06-21T03:08:30.000Z"],
    ["2h", "2026-06-21T01:10:00.000Z"],
    ["2 hours ago", "2026-06-21T01:10:00.000Z"],
    ["1d12h", "2026-06-19T15:10:00.000Z"],
    ["1.5h", "2026-06-21T01:40:00.000Z"],
    ["3 weeks", "2026-05-31T03:10:00.000Z"],
    ["10 min ago", "2026-06-21T03:00:00.000Z"],
    ["500ms", "2026-06-21T03:09:59.500Z"],
    ["1500 milliseconds ago", "2026-06-21T03:09:58.500Z"],
    ["1m30s", "2026-06-21T03:08:30.000Z"],
    ["5mins", "2026-06-21T03:05:00.000Z"],
    ["2H", "2026-06-21T01:10:00.000Z"],
  ])("%s", (text, expected) => {
    expect(iso(text, june)).toBe(expected);
  });

  test("a unit that is none is named", () => {
    for (const [text, unit] of [
      ["3 fortnights", "fortnights"],
      ["1M", "M"],
      ["500Ms", "Ms"],
      ["3hs", "hs"],
      ["2y", "y"],
    ])
      expect(iso(text ?? "", june)).toBe(
        `refused: ${JSON.stringify(unit)} is not a unit of time (ms, s, min, h, d, w)`,
      );
    expect(iso("90000w", june)).toBe("refused: that is before 1970");
  });
});

describe("ISO 8601", () => {
  test.each([
    ["2026-06-21T03:10:00Z", "2026-06-21T03:10:00.000Z"],
    ["2026-06-21T03:10Z", "2026-06-21T03:10:00.000Z"],
    ["2026-06-21 03:10:00.25+02:00", "2026-06-21T01:10:00.250Z"],
    ["2026-06-21T03:10:00+0200", "2026-06-21T01:10:00.000Z"],
    ["2026-06-21T03:10:00-05", "2026-06-21T08:10:00.000Z"],
    ["2026-06-21", "2026-06-21T00:00:00.000Z"],
    ["2024-02-29", "2024-02-29T00:00:00.000Z"],
  ])("%s", (text, expected) => {
    expect(iso(text, june)).toBe(expected);
  });

  test("microseconds are kept", () => {
    expect(parseMoment("2026-06-21T03:10:00.123456Z", june)).toEqual({
      ok: true,
      kind: "instant",
      atUs: Date.parse("2026-06-21T03:10:00.123Z") * 1000 + 456,
    });
  });

  test.each([
    ["2026-02-29", "there is no day 2026-02-29"],
    ["2026-13-01T00:00Z", "there is no day 2026-13-01"],
    ["2026-06-21T25:00Z", "there is no time 25:00:00"],
    ["2026-06-21T03:10+25:00", "there is no offset +25:00; expected one like +02:00"],
    ["02:30-01:60", "there is no offset -01:60; expected one like +02:00"],
    ["24:61", "there is no time 24:61:00"],
  ])("%s does not exist", (text, reason) => {
    expect(iso(text, june)).toBe(`refused: ${reason}`);
  });
});

describe("clock times of a day, in local time", () => {
  // 03:10 in UTC is 05:10 in Berlin.
  const at = here("2026-06-21T03:10:00Z", berlin);
  test.each([
    ["14:00", "2026-06-21T12:00:00.000Z"],
    ["14:00:07.25", "2026-06-21T12:00:07.250Z"],
    ["yesterday 14:00:07,5", "2026-06-20T12:00:07.500Z"],
    ["14:00+01:00", "2026-06-21T13:00:00.000Z"],
    ["04:00:30Z", "2026-06-21T04:00:30.000Z"],
    ["today 02:30:15", "2026-06-21T00:30:15.000Z"],
    ["today", "2026-06-20T22:00:00.000Z"],
    ["yesterday", "2026-06-19T22:00:00.000Z"],
    ["yesterday 14:00", "2026-06-20T12:00:00.000Z"],
    ["2026-06-21 14:00", "2026-06-21T12:00:00.000Z"],
    ["2026-01-05 14:00", "2026-01-05T13:00:00.000Z"],
  ])("%s", (text, expected) => {
    expect(iso(text, at)).toBe(expected);
  });

  test("the local day counts, not the day in UTC", () => {
    expect(iso("today 00:30", here("2026-06-20T22:15:00Z", berlin))).toBe("2026-06-20T22:30:00.000Z");
  });
});

describe("when the clocks change", () => {
  test("a time that the clocks skipped is refused", () => {
    expect(iso("2026-03-29 02:30", here("2026-04-01T00:00:00Z", berlin))).toMatch(
      /^refused: clocks here skipped/,
    );
  });

  test("a time that the clocks passed twice means the first time; an offset says which", () => {
    const at = here("2026-11-01T00:00:00Z", berlin);
    expect(iso("2026-10-25 02:30", at)).toBe("2026-10-25T00:30:00.000Z");
    expect(iso("2026-10-25 02:30+01:00", at)).toBe("2026-10-25T01:30:00.000Z");
  });

  test("and says when the second was, which no other time does", () => {
    const at = here("2026-10-25T12:00:00Z", berlin);
    const again = (text: string) => {
      const moment = parseMoment(text, at);
      return moment.ok && moment.kind === "instant" ? moment.againUs : "refused";
    };
    const second = Date.parse("2026-10-25T01:30:00.250Z") * 1000;
    expect(again("2026-10-25 02:30:00.25")).toBe(second);
    expect(again("02:30:00.25")).toBe(second);
    for (const text of ["02:30+02:00", "02:30+01:00", "01:59:59", "03:00", "2h", "2026-10-25"])
      expect(again(text)).toBeUndefined();
  });

  test("yesterday 14:00 is 14:00 on the clock, also when the day between had 23 or 25 hours", () => {
    expect(iso("yesterday 14:00", here("2026-03-29T10:00:00Z", berlin))).toBe("2026-03-28T13:00:00.000Z");
    expect(iso("yesterday 14:00", here("2026-03-30T10:00:00Z", berlin))).toBe("2026-03-29T12:00:00.000Z");
    expect(iso("yesterday 14:00", here("2026-10-26T10:00:00Z", berlin))).toBe("2026-10-25T13:00:00.000Z");
  });

  test("24h ago is 24 hours ago, whatever the clocks did", () => {
    expect(iso("24h", here("2026-03-29T10:00:00Z", berlin))).toBe("2026-03-28T10:00:00.000Z");
  });
});

test("a place in the log", () => {
  expect(iso("#1234", june)).toBe("#1234");
});

test.each(["", "soon", "12", "#", "#12a", "2026-6-1", "14:0", "2h3", "yesterday evening", "-2h"])(
  "%j is refused with all that would do",
  (text) => {
    expect(iso(text, june)).toMatch(/^refused: expected ISO 8601/);
  },
);
