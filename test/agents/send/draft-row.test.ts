import { describe, expect, test } from "vitest";
import { parseRows, type Screen } from "../../../agents/screens/screen.ts";
import {
  draftAfterEnter,
  draftAtCursor,
  findDraftRow,
  looksLikePrompt,
} from "../../../agents/send/draft-row.ts";

function screen(text: string, cursor: Partial<Screen["cursor"]> = {}, alternate = false): Screen {
  const rows = parseRows(text);
  const y = rows.length - 1;
  const x = rows[y]?.text.length ?? 0;
  return { rows, cursor: { x, y, visible: true, ...cursor }, alternate, title: null, dead: false };
}

describe("a prompt and nothing more", () => {
  test.each(["$ ", "root@vm:/tmp/x# ", "(venv) me@host:~$ ", ">>> ", "(gdb) ", "Name: ", "│ > ", "", "   "])(
    "%j",
    (text) => {
      expect(looksLikePrompt(text)).toBe(true);
    },
  );

  test.each(["$ rm -rf half", "> why? ", "$ echo a > ", "half", "│ > half", "agent$ ls $ "])(
    "%j is more than one",
    (text) => {
      expect(looksLikePrompt(text)).toBe(false);
    },
  );
});

describe("what stands at the cursor", () => {
  test("an empty row, a prompt and a grey suggestion are nothing", () => {
    expect(draftAtCursor(screen(""))).toBeNull();
    expect(draftAtCursor(screen("$ ", { x: 2 }))).toBeNull();
    expect(draftAtCursor(screen("$ \u001b[2mls -la\u001b[0m", { x: 2 }))).toBeNull();
  });

  test("half a command is a draft, also with the cursor at its beginning", () => {
    expect(draftAtCursor(screen("$ rm -rf"))).toBe("$ rm -rf");
    expect(draftAtCursor(screen("$ rm -rf", { x: 2 }))).toBe("rm -rf");
  });

  test("where the cursor is hidden the lowest prompt is looked at", () => {
    expect(draftAtCursor(screen("> sent\n\n> wait, do\n  help", { visible: false }))).toBe("wait, do");
    expect(draftAtCursor(screen("> sent\n\n> \n  help", { visible: false }))).toBeNull();
  });

  test("wide characters before the cursor are two columns each", () => {
    expect(draftAtCursor(screen("日本$ ", { x: 6 }))).toBeNull();
  });
});

describe("after Enter", () => {
  const text = "hello there";
  const program = { isShell: false, raw: true };
  const shell = { isShell: true, raw: true };
  const found = (before: Screen, after: Screen) => {
    const row = findDraftRow(before, after, text);
    if (row === null) throw new Error("the text is not on the screen");
    return row;
  };

  test("the text is not found where it stood before already", () => {
    expect(findDraftRow(screen("hello there\n> "), screen("hello there\n> "), text)).toBeNull();
  });

  test("an input row that is empty again, with the text elsewhere, has been left", () => {
    const row = found(screen("\n> ", {}, true), screen("\n> hello there", {}, true));
    expect(draftAfterEnter(row, screen("you: hello there\n\n\n> ", {}, true), program)).toBe("gone");
  });

  test("a new line in an editor is no sending, whatever it begins its lines with", () => {
    const row = found(screen("// ", {}, true), screen("// hello there", {}, true));
    expect(draftAfterEnter(row, screen("// hello there\n// ", {}, true), program)).toBe("unclear");
    const plain = found(screen("", {}, true), screen("hello there", {}, true));
    expect(draftAfterEnter(plain, screen("hello there\n", {}, true), program)).toBe("still");
  });

  test("a box that is drawn before each line tells nothing", () => {
    const row = found(screen("│ "), screen("│ hello there"));
    expect(draftAfterEnter(row, screen("│ hello there\n│ \n│ "), program)).not.toBe("gone");
  });

  test("a shell leaves its lines standing above the next prompt", () => {
    const row = found(screen("a$ "), screen("a$ hello there"));
    expect(draftAfterEnter(row, screen("a$ hello there\na$ "), shell)).toBe("gone");
    expect(draftAfterEnter(row, screen("a$ hello there\noutput without an end a$ "), shell)).toBe("gone");
    expect(draftAfterEnter(row, screen("a$ hello there\n> "), shell)).toBe("unclear");
    expect(draftAfterEnter(row, screen("a$ hello there"), shell)).toBe("still");
  });

  test("a text that was scrolled off, with no prompt in sight, tells nothing", () => {
    const row = found(screen("> ", {}, true), screen("> hello there", {}, true));
    expect(draftAfterEnter(row, screen("something else", {}, true), program)).toBe("unclear");
  });

  test("a row that shows the end of a long text only is known by what stood in it before", () => {
    const long = `${"words ".repeat(30)}the very end`;
    const shown = "ds words words words the very end";
    const row = findDraftRow(screen(`│ > ${" ".repeat(33)} │`), screen(`│ > ${shown} │`), long);
    expect(row).toMatchObject({ top: 0, prompt: "│ > ", empty: "│ >" });
  });
});
