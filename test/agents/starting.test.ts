import { describe, expect, test } from "vitest";
import {
  createLifeTeller,
  createStartJudge,
  isFailure,
  likelyCause,
  type StartLook,
} from "../../agents/starting.ts";

const patience = { timeoutMs: 10_000, beatExpected: true, lifecycle: "always" } as const;
const alive = { id: "%1", pid: 7, dead: false, status: null, signal: null };
const look = (elapsedMs: number, over: Partial<StartLook> = {}): StartLook => ({
  elapsedMs,
  pane: alive,
  former: null,
  beats: false,
  screen: null,
  unitEnded: null,
  ...over,
});
const screen = (state: "ready" | "busy" | "dialog" | "unknown", what: string | null = null) => ({
  screen: { state, what, because: "" },
});
/** What the looks come to, one after another. */
const judged = (looks: readonly StartLook[], over: Partial<Parameters<typeof createStartJudge>[0]> = {}) => {
  const judge = createStartJudge({ ...patience, ...over });
  return looks.map((each) => judge(each)?.what ?? null);
};

describe("how a start went", () => {
  test("a beat of this life settles it at once", () => {
    expect(judged([look(0, { pane: null }), look(100), look(200, { beats: true })])).toEqual([
      null,
      null,
      "beats",
    ]);
  });

  test("a death settles it, with its status; also one that systemd has already followed by the next life", () => {
    const dead = { ...alive, dead: true, status: 3 };
    expect(createStartJudge(patience)(look(100, { pane: dead }))).toEqual({
      what: "died",
      status: 3,
      signal: null,
    });
    const lost = { pane: { ...alive, dead: true } };
    expect(judged([look(100, lost), look(3000, lost), look(3200, lost)])).toEqual([null, null, "died"]);
    expect(judged([look(100), look(200, { pane: { ...alive, pid: 8 } })])).toEqual([null, "died"]);
    expect(judged([look(100), look(200, { pane: null })])).toEqual([null, "died"]);
  });

  test("a dialog is believed when it is seen twice in a row", () => {
    const dialog = screen("dialog", "trust-folder");
    expect(
      judged([look(600, dialog), look(1000, screen("unknown")), look(1400, dialog), look(1800, dialog)]),
    ).toEqual([...[null, null, null, "dialog"]]);
  });

  test("a composer is not believed while the dialog that replaces it may still come", () => {
    expect(
      judged([look(600, screen("ready")), look(3000, screen("ready")), look(4100, screen("ready"))]),
    ).toEqual([...[null, null, "ready"]]);
  });

  test("one that lives and says nothing runs, when the time is over; of one that need not beat sooner", () => {
    expect(judged([look(9000), look(10_000)])).toEqual([null, "runs"]);
    expect(judged([look(1000), look(2000)], { beatExpected: false })).toEqual([null, "runs"]);
  });

  test("no pane: the unit has ended, or nothing came, or tmux does not say; these are three answers", () => {
    expect(judged([look(100, { pane: null, unitEnded: "failed (exit-code)" })])).toEqual([null]);
    expect(judged([look(600, { pane: null, unitEnded: "failed (exit-code)" })])).toEqual(["unit-ended"]);
    expect(judged([look(10_000, { pane: null })])).toEqual(["no-pane"]);
    expect(judged([look(9000, { pane: "unknown" }), look(10_000, { pane: "unknown" })])).toEqual([
      null,
      "unobservable",
    ]);
  });

  test("what ran before and was not ended is said to run on", () => {
    expect(judged([look(10_000, { pane: null, former: "alive" })])).toEqual(["not-replaced"]);
    expect(judged([look(10_000, { pane: null, former: "dead" })])).toEqual(["no-pane"]);
  });

  test("an ephemeral worker may end at once, with status 0 only", () => {
    const ended = (status: number) => [look(100, { pane: { ...alive, dead: true, status } })];
    expect(judged(ended(0), { lifecycle: "ephemeral" })).toEqual(["runs"]);
    expect(judged(ended(1), { lifecycle: "ephemeral" })).toEqual(["died"]);
    expect(judged(ended(0))).toEqual(["died"]);
  });

  test("what is a failure", () => {
    expect(isFailure({ what: "beats" })).toBe(false);
    expect(isFailure({ what: "dialog", dialog: "login" })).toBe(true);
    expect(isFailure({ what: "unobservable" })).toBe(true);
  });
});

describe("the life that was asked for", () => {
  const dead = { ...alive, dead: true, status: 0 };
  const next = { ...dead, id: "%2", pid: 8, status: 7 };

  test("is none that was there before, dead or alive", () => {
    const tell = createLifeTeller(dead);
    expect([dead, null, next].map(tell)).toEqual([
      { pane: null, former: "dead" },
      { pane: null, former: null },
      { pane: next, former: null },
    ]);
    expect(createLifeTeller(alive)(alive)).toEqual({ pane: null, former: "alive" });
    expect(createLifeTeller(alive)(dead)).toEqual({ pane: null, former: "dead" });
    // A pane that is used again holds another process.
    expect(createLifeTeller(dead)({ ...alive, pid: 8 }).former).toBeNull();
  });

  test("is not what the first look finds dead, where tmux did not say what was there before", () => {
    const tell = createLifeTeller("unknown");
    expect(tell("unknown")).toEqual({ pane: "unknown", former: null });
    expect(tell(dead)).toEqual({ pane: null, former: "dead" });
    expect(tell(next)).toEqual({ pane: next, former: null });
    expect(createLifeTeller("unknown")(alive)).toEqual({ pane: alive, former: null });
  });

  test("is whatever comes, where nothing was there", () => {
    expect(createLifeTeller(null)(dead)).toEqual({ pane: dead, former: null });
  });
});

test("the likely cause of a death is told from its last words, else from how it ended, else not at all", () => {
  const agent = { runtime: "claude", command: ["claude"] };
  const cause = (lines: string[], status: number | null = 1, signal: number | null = null, of = agent) =>
    likelyCause(of, { status, signal }, lines);
  expect(cause(["fleet: claude: command not found (PATH=/bin)"], 127)).toMatch("not on the agent's PATH");
  expect(cause([], 127)).toMatch("not on the agent's PATH");
  expect(cause(["Error: stdin is not a terminal"])).toMatch("wants the terminal for itself");
  expect(cause(["Invalid API key · Please run /login"])).toMatch("no account");
  expect(cause([], null, 9)).toMatch("for want of memory");
  expect(cause([], 1, null, { runtime: "codex", command: ["codex"] })).toMatch("lacks --no-daemon");
  expect(cause(["something else"])).toBeNull();
});
