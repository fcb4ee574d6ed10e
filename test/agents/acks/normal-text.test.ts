import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { digestOfPrompt, normalText } from "../../../agents/acks/normal-text.ts";

const ROOT = join(import.meta.dirname, "../../..");
const AWK = join(ROOT, "agents/adapters/prompt-digest.awk");

test("what runtimes do to a prompt does not change its digest", () => {
  const text = "Fix this:\n  first\n\n  second  \nthird";
  const wrapped =
    'Fix this:\n\n\n<pasted_content id="370b">\n  first\n\n  second  \nthird\n</pasted_content id="370b">\n';
  expect(normalText(wrapped)).toBe("Fix this:  first\n\n  second\nthird");
  expect(digestOfPrompt(`${text}   \n`)).toBe(digestOfPrompt(text));
  expect(digestOfPrompt(text.replaceAll("\n", "\r\n"))).toBe(digestOfPrompt(text));
  // A paste that is the whole message, as a sender types it.
  const whole = `\n\n<pasted_content id="00ff">\n${text}\n</pasted_content id="00ff">\n`;
  expect(digestOfPrompt(whole)).toBe(digestOfPrompt(text));
});

test("a half-typed draft in front of a message makes it another one", () => {
  expect(digestOfPrompt("unfinished thought Also list the files")).not.toBe(
    digestOfPrompt("Also list the files"),
  );
});

test("two pastes with a typed line between them are one text", () => {
  const open = '<pasted_content id="1111">';
  const close = '</pasted_content id="1111">';
  expect(normalText(`${open}\na\n${close}\nand\n\n${open}\nb\n${close}\n`)).toBe("aandb");
});

test("a long run of blanks costs no more than its length", () => {
  expect(normalText(`a${" ".repeat(1_000_000)}b`)).toHaveLength(1_000_002);
});

/** The awks that this machine has: the adapter must not depend on which one is called awk. */
const awks = [["mawk"], ["gawk"], ["original-awk"], ["busybox", "awk"], ["awk"]].filter(([program = ""]) =>
  (process.env.PATH ?? "").split(":").some((directory) => existsSync(join(directory, program))),
);

describe.each(awks.map((words) => ({ name: words.join(" "), words })))("in $name", ({ words }) => {
  const [program = "", ...first] = words;
  const normalByAwk = (payload: string): string | null => {
    const { stdout, status } = spawnSync(
      program,
      [...first, "-v", "key=prompt", "-v", "as=text", "-f", AWK],
      {
        input: payload,
        env: { ...process.env, LC_ALL: "C" },
      },
    );
    return status === 0 ? stdout.toString("utf8") : null;
  };

  test("the adapter's awk makes the same text of the real payloads of hooks", () => {
    for (const runtime of ["claude", "codex"]) {
      const lines = readFileSync(join(ROOT, `test/fixtures/hooks/${runtime}.ndjson`), "utf8")
        .trim()
        .split("\n");
      const prompts = lines
        .map((line) => JSON.parse(line).payload)
        .filter(({ hook_event_name }) => hook_event_name === "UserPromptSubmit");
      expect(prompts.length).toBeGreaterThan(0);
      for (const payload of prompts)
        expect(normalByAwk(JSON.stringify(payload))).toBe(normalText(payload.prompt));
    }
  });

  test("the adapter's awk agrees with us on any text, however it is escaped", () => {
    const piece = fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.constantFrom("\n", "\n\n", " ", "\t", "\r\n", "\\", '"', "\\n", '"prompt":"', "日本語 🙂", "\u2028"),
      fc.constantFrom(
        '\n<pasted_content id="ab12">\n',
        '\n</pasted_content id="ab12">\n',
        "<pasted_content>",
      ),
    );
    const text = fc.array(piece, { maxLength: 12 }).map((pieces) =>
      pieces
        .join("")
        .replaceAll("\0", "")
        .replace(/\p{Surrogate}/gu, "?"),
    );
    fc.assert(
      fc.property(text, fc.boolean(), (prompt, ascii) => {
        const payload = JSON.stringify({ cwd: '/a "prompt":"x', prompt, more: "prompt" });
        const escaped = ascii
          ? payload.replace(/[^\x20-\x7e]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`)
          : payload;
        expect(normalByAwk(escaped)).toBe(normalText(prompt));
      }),
      { numRuns: 60 },
    );
  });

  test("the digest comes with the session and the turn", () => {
    const payload = JSON.stringify({ session_id: "s-1", prompt_id: "t-1", prompt: "fix it  ", more: "x" });
    const { stdout } = spawnSync(program, [...first, "-v", "key=prompt", "-f", AWK], {
      input: payload,
      env: { ...process.env, LC_ALL: "C" },
    });
    expect(stdout.toString().split(/\s+/)).toEqual([
      digestOfPrompt("fix it"),
      "-",
      "session=s-1",
      "turn=t-1",
      "",
    ]);
  });

  test("a payload without a prompt, or that is no payload, has none", () => {
    expect(normalByAwk('{"hook_event_name":"Stop","last":"\\"prompt\\":\\"no\\""}')).toBeNull();
    expect(normalByAwk("not JSON")).toBeNull();
    expect(normalByAwk("")).toBeNull();
  });
});
