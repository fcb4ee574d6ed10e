import fc from "fast-check";
import { expect, test } from "vitest";
import { parseEntry } from "../../../collectors/journal/entry.ts";
import { fieldText } from "../../../collectors/journal/fields.ts";
import { unitLogged } from "../../../collectors/journal/lifecycle.ts";
import { eventCatalogue } from "../../../store/events/catalogue.ts";

const bytes = (text: string) => [...Buffer.from(text)];
const whole = { __CURSOR: "s=1;t=1", __REALTIME_TIMESTAMP: "1795238883198657" };

test("a field is read as a string, as bytes, and as the first value of a repeated one", () => {
  expect(fieldText({ A: "plain" }, "A")).toBe("plain");
  expect(fieldText({ A: bytes("with é") }, "A")).toBe("with é");
  expect(fieldText({ A: ["first", "second"] }, "A")).toBe("first");
  expect(fieldText({ A: [null, bytes("second")] }, "A")).toBe("second");
});

test("a field that is null, empty, missing, or of a kind journalctl never prints, is no text", () => {
  for (const value of [null, "", [], {}, 7, true, [[[1]]], [{}], [-1], [256], [1.5]])
    expect(fieldText({ A: value }, "A")).toBeNull();
  expect(fieldText({}, "A")).toBeNull();
  expect(fieldText({}, "constructor")).toBeNull();
});

test("a field is fit for a terminal and bounded, whatever bytes it holds", () => {
  expect(fieldText({ A: bytes("esc \u001b[31m") }, "A")).toBe("esc \\x1b[31m");
  expect(fieldText({ A: [98, 255, 254, 100] }, "A")).toBe("b\\xff\\xfed");
  expect(fieldText({ A: "two\nlines" }, "A")).toBe("two\\x0alines");
  expect(fieldText({ A: "a".repeat(300) }, "A")).toHaveLength(256);
});

test("the sender's clock comes before the time of receipt, which is used where the sender states none", () => {
  const stated = parseEntry(JSON.stringify({ ...whole, _SOURCE_REALTIME_TIMESTAMP: "1795238883198430" }));
  expect(stated).toMatchObject({ ok: true, entry: { occurredAtUs: 1795238883198430 } });
  expect(parseEntry(JSON.stringify(whole))).toMatchObject({
    ok: true,
    entry: { occurredAtUs: 1795238883198657 },
  });
});

test("the boot id is written as the kernel writes it", () => {
  const line = JSON.stringify({ ...whole, _BOOT_ID: "e7aa5907865141e9bdbaf7fd9f71561c" });
  expect(parseEntry(line)).toMatchObject({ entry: { bootId: "e7aa5907-8651-41e9-bdba-f7fd9f71561c" } });
});

test.each([
  ['{"__CURSOR":"s=1', "not JSON"],
  ["", "not JSON"],
  ["null", "not a JSON object"],
  ["[1]", "not a JSON object"],
  ["{}", "no __CURSOR"],
  ['{"__CURSOR":null}', "no __CURSOR"],
  ['{"__CURSOR":"s=1;t=1"}', "no __REALTIME_TIMESTAMP"],
  ['{"__CURSOR":"s=1;t=1","__REALTIME_TIMESTAMP":"yesterday"}', "no __REALTIME_TIMESTAMP"],
  ['{"__CURSOR":"s=1;t=1","__REALTIME_TIMESTAMP":"99999999999999999999"}', "no __REALTIME_TIMESTAMP"],
])("the line %j is refused because: %s", (line, reason) => {
  expect(parseEntry(line)).toEqual({ ok: false, reason });
});

test("whatever a line holds, it is refused with a reason or becomes an event that fits its schema", () => {
  const names = [
    "MESSAGE",
    "MESSAGE_ID",
    "USER_UNIT",
    "USER_INVOCATION_ID",
    "JOB_TYPE",
    "EXIT_STATUS",
    "N_RESTARTS",
    "PRIORITY",
    "_BOOT_ID",
    "_SOURCE_REALTIME_TIMESTAMP",
  ];
  const value = fc.oneof(
    fc.string({ maxLength: 600 }),
    fc.constant("39f53479d3a045ac8e11786248231fbf"),
    fc.nat().map(String),
    fc.array(fc.oneof(fc.nat(300), fc.string(), fc.constant(null)), { maxLength: 20 }),
    fc.jsonValue(),
  );
  const fields = fc.dictionary(fc.constantFrom(...names), value).map((some) => ({
    ...some,
    ...whole,
    _TRANSPORT: "journal",
    _SYSTEMD_USER_UNIT: "init.scope",
  }));
  fc.assert(
    fc.property(fields, (line) => {
      const parsed = parseEntry(JSON.stringify(line));
      expect(parsed.ok).toBe(true);
      const payload = parsed.ok ? unitLogged(parsed.entry) : null;
      if (payload !== null) eventCatalogue["journal.unit.logged"].parse(payload);
    }),
  );
  fc.assert(fc.property(fc.string(), (line) => void parseEntry(line)));
});

test("a program that sends the manager's message ids from its own unit is not believed", () => {
  const forged = parseEntry(
    JSON.stringify({
      ...whole,
      MESSAGE_ID: "9d1aaa27d60140bd96365438aad20286",
      USER_UNIT: "mosaic-agent@coder0.service",
      _SYSTEMD_USER_UNIT: "mosaic-agent@evil.service",
      _TRANSPORT: "journal",
    }),
  );
  expect(forged.ok && unitLogged(forged.entry)).toBeNull();
});
