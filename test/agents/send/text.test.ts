import { describe, expect, test } from "vitest";
import { howItTakesMessages } from "../../../agents/send/runtimes.ts";
import { asTyped, checkMessage, decodeMessage, MAX_MESSAGE_BYTES } from "../../../agents/send/text.ts";

const keep = { strip: false };

describe("a message", () => {
  test.each([
    'it\'s "quoted"; $(not run) `nor this` #{nor} #(this)',
    ";",
    "a;b;",
    "-n",
    "--",
    "!ls",
    "/clear",
    "@file",
    "日本語 😀 ä",
    "two\n\n  lines\twith a tab",
  ])("%j is taken as it is", (text) => {
    expect(checkMessage(text, keep)).toBe(text);
  });

  test.each([
    ["\u001b[201~rm", "0x1b"],
    ["a\rb", "0x0d"],
    ["a\u0003", "0x03"],
    ["a\u007f", "0x7f"],
    ["a\u009b31m", "0x9b"],
    ["a\u0000", "0x00"],
  ])("%j is refused, by the character", (text, named) => {
    expect(() => checkMessage(text, keep)).toThrow(named);
    expect(checkMessage(`b${text}`, { strip: true })).toMatch(/^[ -~]+$/);
  });

  test("the line of a control character is told", () => {
    expect(() => checkMessage("one\ntwo\u001b", keep)).toThrow("line 2");
  });

  test("with --strip-controls the line ends of Windows become plain ones", () => {
    expect(checkMessage("a\r\nb", { strip: true })).toBe("a\nb");
  });

  test.each(["", " ", "\n\n"])("%j is empty, and refused", (text) => {
    expect(() => checkMessage(text, keep)).toThrow("empty");
  });

  test("1 MiB is taken, one byte more is not", () => {
    expect(checkMessage("a".repeat(MAX_MESSAGE_BYTES), keep)).toHaveLength(MAX_MESSAGE_BYTES);
    expect(() => checkMessage("a".repeat(MAX_MESSAGE_BYTES + 1), keep)).toThrow("1048577 bytes");
  });

  test("half of a character is refused", () => {
    expect(() => checkMessage("a\ud800", keep)).toThrow("surrogate");
  });

  test("bytes that are not UTF-8 are refused rather than replaced", () => {
    expect(() => decodeMessage(Buffer.from([0x61, 0xe4]), "stdin")).toThrow("not UTF-8");
  });

  test("one end of the last line belongs to the file and not to the message; a byte order mark does", () => {
    expect(decodeMessage(Buffer.from("a\n\n"), "stdin")).toBe("a\n");
    expect(decodeMessage(Buffer.from("a\r\n"), "stdin")).toBe("a");
    expect(decodeMessage(Buffer.from("\ufeffa"), "stdin")).toBe("\ufeffa");
  });
});

describe("what is typed", () => {
  const no = { command: false };

  test.each([
    ["claude", "!ls", " !ls"],
    ["claude", "/nosuch", " /nosuch"],
    ["codex", "!ls", " !ls"],
    ["pi", "!ls", " !ls"],
    ["opencode", "!ls", "!ls"],
    ["claude", "@file", "@file"],
    ["aider", "!ls", "!ls"],
  ])("to %s of %j is %j", (runtime, message, text) => {
    expect(asTyped(message, howItTakesMessages(runtime), no).text).toBe(text);
  });

  test("a command is typed as it is when one is meant", () => {
    expect(asTyped("/clear", howItTakesMessages("claude"), { command: true })).toEqual({
      text: "/clear",
      remarks: [],
    });
  });

  test("what the runtime makes of it is said", () => {
    const { remarks } = asTyped("1\n2\n3\n4", howItTakesMessages("claude"), no);
    expect(remarks.join()).toContain("<pasted_content>");
    expect(asTyped("!x", howItTakesMessages("claude"), no).remarks.join()).toContain(
      "a blank was put before its !",
    );
  });
});
