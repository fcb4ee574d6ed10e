import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { pad, truncate, visible, widthOf, wrap } from "../../../cli/render/text.ts";

describe("visible", () => {
  test("plain text, other scripts and emoji pass unchanged", () => {
    for (const text of ["coder0", "a \\ b", "日本語", "naïve", "🚀 rocket", "é"])
      expect(visible(text)).toBe(text);
  });

  test("an escape sequence cannot reach the terminal", () => {
    expect(visible("\u001b]0;owned\u0007\u001b[2J")).toBe("\\e]0;owned\\u{7}\\e[2J");
    expect(visible("\u009b31m")).toBe("\\u{9b}31m");
  });

  test("line ends stay on their line", () => {
    expect(visible("a\nb\r\nc\td\u2028e\u0085f")).toBe("a\\nb\\r\\nc\\td\\u{2028}e\\u{85}f");
  });

  test("marks that reorder or hide text are shown", () => {
    expect(visible("\u202egpj.exe")).toBe("\\u{202e}gpj.exe");
    expect(visible("a\u200bb\u2066c\ufeff\u{e0041}")).toBe("a\\u{200b}b\\u{2066}c\\u{feff}\\u{e0041}");
  });

  test("lone halves of a surrogate pair are shown, whole pairs are kept", () => {
    expect(visible("x\ud83dy")).toBe("x\\u{d83d}y");
    expect(visible("\ud83d\ude80")).toBe("🚀");
  });

  test("whatever comes in, nothing that a terminal obeys comes out, and it is one line", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(visible(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        expect(visible(visible(text))).toBe(visible(text));
      }),
    );
  });
});

describe("widthOf", () => {
  test("counts terminal cells", () => {
    expect(widthOf("abc")).toBe(3);
    expect(widthOf("日本")).toBe(4);
    expect(widthOf("ｆｕｌｌ")).toBe(8);
    expect(widthOf("한국")).toBe(4);
    expect(widthOf("e\u0301")).toBe(1);
    expect(widthOf("🚀")).toBe(2);
    expect(widthOf("…→≠")).toBe(3);
  });
});

describe("truncate and pad", () => {
  test("a shortened text ends in an ellipsis and a wide character is never cut in half", () => {
    expect(truncate("orchestrator", 6)).toBe("orche…");
    expect(truncate("日本語", 4)).toBe("日…");
    expect(truncate("日本語", 6)).toBe("日本語");
    expect(truncate("abc", 1)).toBe("…");
    expect(truncate("abc", 0)).toBe("");
  });

  test("a text is never wider than asked for, and filled up exactly", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme" }).map(visible),
        fc.integer({ min: 0, max: 40 }),
        (text, cells) => {
          const cut = truncate(text, cells);
          expect(widthOf(cut)).toBeLessThanOrEqual(cells);
          expect(widthOf(pad(cut, cells))).toBe(cells);
          expect(pad(cut, cells, "right").trimStart()).toBe(cut.trimStart());
        },
      ),
    );
  });
});

test("wrap breaks at spaces and leaves a long word alone", () => {
  expect(wrap("one two three", 7)).toEqual(["one two", "three"]);
  expect(wrap("/a/very/long/path is here", 8)).toEqual(["/a/very/long/path", "is here"]);
  expect(wrap("as it is", Number.POSITIVE_INFINITY)).toEqual(["as it is"]);
});
