import fc from "fast-check";
import { expect, test } from "vitest";
import { joinWords, splitWords } from "../../agents/words.ts";

test("words are parted by blanks; quotes and backslashes work as in a shell, and nothing is expanded", () => {
  const split = (text: string) => {
    const read = splitWords(text);
    return read.ok ? read.words : read.problem;
  };
  expect(split("mosaic yolo pi --model openai-codex/gpt-5.5:high")).toEqual([
    ...["mosaic", "yolo", "pi", "--model", "openai-codex/gpt-5.5:high"],
  ]);
  expect(split(`  a "b c" 'd "e"' f\\ g "" "h\\"i" "j\\k" `)).toEqual([
    ...["a", "b c", 'd "e"', "f g", "", 'h"i', "j\\k"],
  ]);
  expect(split("a; $HOME `id` $(id) * ~ | b &")).toEqual([
    ...["a;", "$HOME", "`id`", "$(id)", "*", "~", "|", "b", "&"],
  ]);
  expect(split("it's")).toBe("a quote (') is not closed");
  expect(split("a \\")).toBe("it ends with a backslash");
  expect(split("  ")).toBe("it is empty");
});

test("whatever the words are, joined they can be split into the same words again", () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 1, maxLength: 6 }), (words) => {
      expect(splitWords(joinWords(words))).toEqual({ ok: true, words });
    }),
  );
});
