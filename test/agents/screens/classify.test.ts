import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { classify, knowledgeOf, knownRuntimes } from "../../../agents/screens/classify.ts";
import { parseRows } from "../../../agents/screens/screen.ts";
import { captured, capturedScreens } from "./captured.ts";

const all = capturedScreens();

test("the captured screens are there", () => {
  expect(all.length).toBe(141);
});

describe.each(all)("$name", ({ truth, screen }) => {
  const reading = classify(truth.runtime, screen);

  test("its state is told as it was", () => {
    const { state, what, queued } = reading;
    expect({ state, what, queued }).toEqual({
      state: truth.state === "idle" ? "ready" : truth.state,
      what: truth.dialog ?? truth.prompt ?? null,
      queued: truth.queued !== undefined,
    });
  });

  test("a draft is read as far as the screen shows it, and an empty input is empty", () => {
    if (truth.draft === undefined) return expect(reading.input?.draft ?? "").toBe("");
    const shown = reading.input?.draft ?? "";
    const pasted = knowledgeOf(truth.runtime).some((one) => one.pasted.test(shown));
    if (pasted) return expect(truth.draft).toContain("\n");
    if (reading.input?.whole === false) return expect(shown).toMatch(lastLineOf(truth.draft));
    expect(unwrapped(shown)).toBe(unwrapped(truth.draft));
  });

  test("told its version, it is read the same", () => {
    expect(classify(truth.runtime, screen, truth.version)).toEqual(reading);
  });
});

describe("a screen that was never seen is unknown", () => {
  const living = all.filter(({ truth }) => truth.state !== "dead");
  const strangers = living.flatMap((one) =>
    knownRuntimes()
      .filter((runtime) => runtime !== one.truth.runtime)
      .map((runtime) => ({ ...one, runtime })),
  );

  test.each(strangers)("$name is not a screen of $runtime", ({ screen, runtime }) => {
    const { state } = classify(runtime, screen);
    expect(["unknown", "waiting"]).toContain(state);
  });

  test("a runtime that was never measured has none", () => {
    expect(classify("aider", captured("pi/idle-empty").screen)).toMatchObject({
      state: "unknown",
      knowledge: null,
      input: null,
    });
    expect(classify("constructor", captured("pi/idle-empty").screen).state).toBe("unknown");
  });

  test.each(knownRuntimes())("a blank screen of %s", (runtime) => {
    const screen = { ...captured("pi/idle-empty").screen, rows: parseRows("\n\n\n") };
    expect(classify(runtime, screen)).toMatchObject({ state: "unknown", because: "the screen is blank" });
  });

  const withInput = living.filter(({ truth }) => truth.state === "idle" || truth.state === "busy");

  test.each(withInput)("$name with a row below its input that was never seen there", ({ truth, screen }) => {
    const reading = classify(truth.runtime, screen);
    if (reading.input?.whole === false) return expect(reading.state).toBe("ready");
    const rows = [...screen.rows, ...parseRows("  Update available: press y to install")];
    expect(classify(truth.runtime, { ...screen, rows }).state).toBe("unknown");
  });

  test.each(withInput)("$name with the cursor in the corner", ({ truth, screen }) => {
    const rows = screen.rows.map((row, at) => (at === 0 ? { text: "", cells: [] } : row));
    expect(classify(truth.runtime, { ...screen, rows, cursor: { x: 0, y: 0, visible: true } }).state).toBe(
      "unknown",
    );
  });

  test("an idle screen of codex without its title, which alone would tell of a turn", () => {
    const { screen } = captured("codex/idle-empty");
    expect(classify("codex", screen).state).toBe("ready");
    expect(classify("codex", { ...screen, title: null }).state).toBe("unknown");
    expect(classify("codex", { ...captured("codex/busy-streaming").screen, title: null }).state).toBe(
      "unknown",
    );
  });

  test("whatever is on the screen, it is never ready without an input row of that runtime", () => {
    const line = fc.constantFrom(
      "❯\u00a0",
      "─".repeat(40),
      "› ",
      "┃  ",
      "╹▀▀▀▀▀▀▀▀▀▀▀▀",
      "text",
      "",
      "  gpt · ~/x",
      "ctrl+p commands",
      "~/x",
    );
    const screens = fc.record({
      text: fc.array(line, { minLength: 1, maxLength: 12 }),
      y: fc.nat(12),
      runtime: fc.constantFrom(...knownRuntimes()),
      alternate: fc.boolean(),
    });
    fc.assert(
      fc.property(screens, ({ text, y, runtime, alternate }) => {
        const screen = {
          rows: parseRows(text.join("\n")),
          cursor: { x: 0, y, visible: true },
          alternate,
          title: "x",
          dead: false,
        };
        const { state, input } = classify(runtime, screen);
        expect(state === "ready" && input === null).toBe(false);
      }),
    );
  });
});

test("of two known versions the one that it is said to be is used", () => {
  const { screen } = captured("claude/v2.1.197-idle-empty");
  expect(classify("claude", screen)).toMatchObject({ state: "ready", knowledge: { version: "2.1.197" } });
  expect(classify("claude", screen, "2.1.329").state).toBe("unknown");
  expect(classify("claude", screen, "2.2.0").knowledge?.version).toBe("2.1.197");
});

test("the hint of an empty input is no draft, and the same words typed are one", () => {
  const { screen, ansi, truth } = captured("codex/idle-empty");
  expect(classify("codex", screen).input).toMatchObject({ draft: "", hint: "Ask Codex to do anything" });
  const typed = { ...screen, rows: parseRows(ansi.replace("\u001b[2mAsk Codex", "Ask Codex")) };
  expect(classify(truth.runtime, typed).input?.draft).toBe("Ask Codex to do anything");
});

function unwrapped(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

function lastLineOf(text: string): string {
  return text.split("\n").at(-1) ?? "";
}
