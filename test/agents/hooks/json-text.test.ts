import fc from "fast-check";
import { expect, test } from "vitest";
import {
  memberOf,
  plainOf,
  readJson,
  withElement,
  withMember,
  without,
} from "../../../agents/hooks/json-text.ts";

test("reading agrees with JSON.parse on every document, however it is laid out", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(undefined, 1, 2, "\t"), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      expect(plainOf(readJson(text))).toEqual(JSON.parse(text));
    }),
  );
});

test("comments and trailing commas are read over, and stay when something is added", () => {
  const text = `{
  // mine
  "a": [1, 2,], /* two */
  "b": "// no comment",
}
`;
  expect(plainOf(readJson(text))).toEqual({ a: [1, 2], b: "// no comment" });
  const added = withMember(text, readJson(text), "c", { d: [] });
  expect(added).toBe(`{
  // mine
  "a": [1, 2,], /* two */
  "b": "// no comment",
  "c": {
    "d": []
  },
}
`);
  expect(plainOf(readJson(added))).toEqual({ a: [1, 2], b: "// no comment", c: { d: [] } });
});

test("what is added and taken out again leaves every byte as it was", () => {
  const object = fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 });
  fc.assert(
    fc.property(object, fc.constantFrom(undefined, 2, 4, "\t"), fc.jsonValue(), (value, indent, more) => {
      fc.pre(!("added" in value) && !("__proto__" in value));
      const text = `${JSON.stringify(value, null, indent)}\n`;
      const added = withMember(text, readJson(text), "added", more);
      expect(plainOf(readJson(added))).toEqual({
        ...JSON.parse(text),
        added: JSON.parse(JSON.stringify(more)),
      });
      const root = readJson(added);
      expect(without(added, root, (root.members?.length ?? 0) - 1)).toBe(text);
    }),
  );
});

test("elements go in at the end and come out from anywhere", () => {
  const text = '{ "list": [\n    "a",\n    "b" // second\n  ] }';
  const list = memberOf(readJson(text), "list");
  if (!list) throw new Error("no list");
  const longer = withElement(text, list, "c");
  const inLonger = memberOf(readJson(longer), "list");
  if (!inLonger) throw new Error("no list");
  expect(plainOf(inLonger)).toEqual(["a", "b", "c"]);
  expect(plainOf(readJson(without(longer, inLonger, 0)))).toEqual({ list: ["b", "c"] });
  expect(plainOf(readJson(without(longer, inLonger, 1)))).toEqual({ list: ["a", "c"] });
  expect(without(longer, inLonger, 2)).toContain("// second");
});

test.each([
  ["", "line 1: a value is missing"],
  ['{"a": }', "line 1: a value is missing"],
  ['{\n"a": 1\n"b": 2}', "line 3: expected , or }"],
  ['{\n"a" 1}', "line 2: expected :"],
  ["[1] 2", "line 1: something follows the document"],
  ['{"a": nope}', 'line 1: "nope" is no value'],
  ['{"a": "b', "line 1: a string does not end"],
  ["{a: 1}", "line 1: expected a key in quotes"],
])("%j is refused with its line", (text, problem) => {
  expect(() => readJson(text)).toThrow(problem);
});
