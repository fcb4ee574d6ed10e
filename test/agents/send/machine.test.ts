import { describe, expect, test } from "vitest";
import { parseRows } from "../../../agents/screens/screen.ts";
import type { Delivery, Look } from "../../../agents/send/delivery.ts";
import { advance, begin } from "../../../agents/send/machine.ts";
import type { Verdict } from "../../../agents/send/verdict.ts";
import { captured } from "../screens/captured.ts";

/** What is seen of a program that draws `> ` and reads its bytes itself, with what a test says otherwise. */
function look(
  atMs: number,
  shown: {
    text?: string;
    read?: number;
    queue?: number;
    canonical?: boolean;
    echo?: boolean;
    pane?: object;
    acknowledged?: object;
    foreground?: object;
    alternate?: boolean;
    noProbe?: boolean;
  } = {},
): Look {
  const { text = "title\n\n> ", read = 1000, queue = 0, canonical = false, echo = false } = shown;
  const rows = parseRows(text);
  const y = rows.length - 1;
  const cursor = { x: rows[y]?.cells.length ?? 0, y, visible: true };
  return {
    atMs,
    pane: {
      state: "pane",
      pid: 7,
      dead: false,
      mode: null,
      inputOff: false,
      tty: "/dev/pts/1",
      width: 80,
      height: 24,
      history: 0,
      window: "@1",
      capture: text,
      screen: { rows, cursor, alternate: shown.alternate ?? true, title: null, dead: false },
      ...shown.pane,
    } as Look["pane"],
    foreground: {
      group: 7,
      processes: [{ pid: 7, names: ["tui"], readBytes: read }],
      runtime: null,
      isShell: false,
      ageMs: 60_000,
      ...shown.foreground,
    },
    terminal: shown.noProbe ? null : { queue, canonical, echo },
    acknowledged: { expected: false, received: false, queued: false, takenUp: false, ...shown.acknowledged },
  };
}

const order = { text: "hello", bytes: 5, deadlineMs: 1000, append: false, pid: 7 };

/** Plays looks to the machine; what it did, and the verdict that it ended with. */
function play(looks: readonly Look[], given = order): { acts: string[]; verdict: Verdict | null } {
  let delivery: Delivery = begin(given);
  const acts: string[] = [];
  for (const one of looks) {
    const next = advance(delivery, one);
    delivery = next.delivery;
    acts.push(next.step.act);
    if (next.step.act === "end") return { acts, verdict: next.step.verdict };
  }
  return { acts, verdict: null };
}

const typed = { text: "title\n\n> hello", read: 1005 };
const cleared = { text: "you: hello\n\n> ", read: 1006 };
const upToEnter = [look(0), look(10, typed), look(80, typed)];

test("the good way: typed, read and shown, Enter after a pause, the row empty again for longer than a moment", () => {
  const { acts, verdict } = play([...upToEnter, look(90, cleared), look(130, cleared)]);
  expect(acts).toEqual(["type", "wait", "enter", "wait", "end"]);
  expect(verdict).toMatchObject({ verdict: "accepted", proof: "screen", queued: false });
});

test("Enter never goes out in the same read as the text", () => {
  expect(play([look(0), look(10, typed), look(20, typed)]).acts).toEqual(["type", "wait", "wait"]);
});

test("an input row that is empty for a moment only proves nothing", () => {
  const { verdict } = play([
    ...upToEnter,
    look(90, cleared),
    look(100, typed),
    look(110, cleared),
    look(120, cleared),
  ]);
  expect(verdict).toBeNull();
});

describe("without what each rule asks for, no message is accepted", () => {
  test.each([
    ["the Enter waits unread", { ...cleared, queue: 1 }, "not-read"],
    ["no byte was read since Enter", { ...cleared, read: 1005 }, "not-read"],
    ["the prompt did not come back", { text: "something else", read: 1006 }, "no-evidence"],
    ["the screen is blank", { text: "", read: 1006 }, "blank"],
  ])("%s", (_name, after, which) => {
    const { verdict } = play([...upToEnter, look(500, after), look(600, after), look(1200, after)]);
    expect(verdict).toMatchObject({ verdict: "unverifiable", which });
  });

  test("the kernel says nothing of the terminal", () => {
    const { verdict } = play(
      [
        look(0, { noProbe: true }),
        look(10, { ...typed, noProbe: true }),
        look(80, { ...typed, noProbe: true }),
      ].concat([90, 130, 1100].map((atMs) => look(atMs, { ...cleared, noProbe: true }))),
    );
    expect(verdict?.verdict).toBe("unverifiable");
  });

  test("the text was never shown: Enter is not typed, whatever was read", () => {
    const { acts, verdict } = play([look(0), look(500, { read: 1005 }), look(1200, { read: 1005 })]);
    expect(acts).not.toContain("enter");
    expect(verdict).toMatchObject({ verdict: "unverifiable", which: "no-change" });
  });

  test("the text is shown by somebody else and not read: Enter is not typed", () => {
    const echoed = { text: "title\n\n> hello", queue: 5 };
    const { acts, verdict } = play([look(0), look(500, echoed), look(1200, echoed)]);
    expect(acts).not.toContain("enter");
    expect(verdict).toMatchObject({ verdict: "unverifiable", which: "not-read" });
  });
});

test("an Enter that went out at the last moment is given time to be seen", () => {
  const late = { ...order, deadlineMs: 100 };
  const { acts, verdict } = play(
    [...upToEnter, look(150, typed), look(200, cleared), look(240, cleared)],
    late,
  );
  expect(acts.at(-3)).toBe("wait");
  expect(verdict).toMatchObject({ verdict: "accepted" });
});

test("a text that stays in the row is a draft", () => {
  const { verdict } = play([
    ...upToEnter,
    look(500, { ...typed, read: 1006 }),
    look(1200, { ...typed, read: 1006 }),
  ]);
  expect(verdict).toMatchObject({ verdict: "draft" });
});

describe("before anything is typed it is refused", () => {
  test.each([
    ["dead", { pane: { dead: true } }],
    ["copy-mode", { pane: { mode: "copy-mode" } }],
    ["input-off", { pane: { inputOff: true } }],
    ["missing", { pane: { pid: 8 } }],
    ["draft", { text: "title\n\n> half typed" }],
  ])("%s", (why, shown) => {
    const { acts, verdict } = play([look(0, shown)]);
    expect(acts).toEqual(["end"]);
    expect(verdict).toMatchObject({ verdict: "refused", why });
  });

  test.each([
    ["missing", "missing"],
    ["no-server", "missing"],
    ["no-answer", "no-answer"],
  ] as const)("tmux: %s", (state, why) => {
    const gone: Look = { ...look(0), pane: { state, because: "x" } };
    expect(play([gone]).verdict).toMatchObject({ verdict: "refused", why });
  });

  test("a line that the kernel would cut", () => {
    const text = "a".repeat(4096);
    const cooked = look(0, { text: "", canonical: true, echo: true });
    expect(play([cooked], { ...order, text, bytes: 4096 }).verdict).toMatchObject({ why: "line-too-long" });
  });

  test("a program that has only just started is waited for", () => {
    const young = { foreground: { ageMs: 50 } };
    expect(play([look(0, young), look(400)]).acts).toEqual(["wait", "type"]);
    expect(play([look(0, young), look(1200, young)]).verdict).toMatchObject({ why: "not-ready" });
  });
});

test("what goes after Enter is not called refused: it may have been taken", () => {
  const gone: Look = { ...look(90), pane: { state: "no-server", because: "lost server" } };
  expect(play([...upToEnter, gone]).verdict).toMatchObject({ verdict: "unverifiable", which: "gone" });
  expect(play([...upToEnter, look(90, { pane: { dead: true } })]).verdict).toMatchObject({ which: "gone" });
});

describe("the runtime's own word", () => {
  test("is enough, whatever the screen shows, and also when it died right after", () => {
    const acknowledged = { received: true, queued: true };
    expect(play([...upToEnter, look(85, { text: "", acknowledged })]).verdict).toMatchObject({
      verdict: "accepted",
      proof: "ack",
      queued: true,
    });
    const dead = look(85, { acknowledged: { received: true }, pane: { dead: true } });
    expect(play([...upToEnter, dead]).verdict).toMatchObject({ verdict: "accepted", proof: "ack" });
  });

  test("is waited for where an adapter is at work: its silence outweighs the screen", () => {
    const silent = { ...cleared, acknowledged: { expected: true } };
    const { verdict } = play([...upToEnter, look(90, silent), look(500, silent), look(1200, silent)]);
    expect(verdict).toMatchObject({ verdict: "unverifiable", which: "no-evidence" });
  });
});

describe("a terminal that gathers lines", () => {
  const cooked = { canonical: true, echo: true };
  const before = look(0, { ...cooked, text: "" });
  const shown = { ...cooked, text: "hello" };
  const enter = [before, look(10, shown), look(80, shown)];

  test("accepted when the whole line and its end were read", () => {
    expect(play([...enter, look(90, { ...shown, text: "hello\n", read: 1006 })]).verdict).toMatchObject({
      verdict: "accepted",
      proof: "read",
    });
  });

  test("not when one byte is missing, or another process has come to the foreground", () => {
    const short = { ...shown, read: 1005 };
    expect(play([...enter, look(90, short), look(1200, short)]).verdict).toMatchObject({ which: "not-read" });
    const other = { ...shown, read: 1006, foreground: { group: 9 } };
    expect(play([...enter, look(90, other), look(1200, other)]).verdict).toMatchObject({
      verdict: "unverifiable",
    });
  });
});

describe("a prompt that opens while the text is typed", () => {
  test("gets no Enter", () => {
    const of = (name: string, atMs: number): Look => ({
      ...look(atMs, {
        foreground: { runtime: "claude" },
        pane: { screen: captured(name).screen, capture: name },
      }),
    });
    const { acts, verdict } = play([of("claude/idle-empty", 0), of("claude/permission-bash", 20)]);
    expect(acts).toEqual(["type", "end"]);
    expect(verdict).toMatchObject({ verdict: "refused", why: "prompt", what: "permission" });
  });
});
