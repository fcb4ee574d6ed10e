import { expect, test } from "vitest";
import type { Finished } from "../../../collectors/spawn.ts";
import { judgeAnswer } from "../../../collectors/tmux/ask.ts";

const access = { program: "tmux", environment: { PATH: "", HOME: "" }, deadlineMs: 2000 };
const ended = (known: Partial<Finished>): Finished => ({
  code: null,
  signal: null,
  stdout: "",
  stderr: "",
  timedOut: false,
  overflowed: false,
  aborted: false,
  missing: false,
  startError: null,
  ...known,
});

test("only a missing socket and a refused connection mean that there is no server", () => {
  // Captured from tmux 3.3a.
  const refused = "no server running on /tmp/tmux-0/mosaic-factory\n";
  const missing = "error connecting to /tmp/tmux-0/x (No such file or directory)\n";
  expect(judgeAnswer(ended({ code: 1, stderr: refused }), access)).toEqual({
    state: "gone",
    reason: "refused",
  });
  expect(judgeAnswer(ended({ code: 1, stderr: missing }), access)).toEqual({
    state: "gone",
    reason: "no-socket",
  });
  expect(
    judgeAnswer(ended({ code: 1, stderr: "error connecting to /s (Connection refused)\n" }), access),
  ).toEqual({
    state: "gone",
    reason: "refused",
  });
});

test("silence, a missing program and everything that is not understood are unknown, never gone", () => {
  const states = [
    ended({ timedOut: true }),
    ended({ missing: true }),
    ended({ startError: "EAGAIN" }),
    ended({ overflowed: true }),
    ended({ aborted: true }),
    ended({ code: 1, stderr: "error connecting to /s (Permission denied)\n" }),
    ended({ code: 1, stderr: "error connecting to /s (Resource temporarily unavailable)\n" }),
    ended({ code: 1, stderr: "lost server\n" }),
    ended({ code: 1, stderr: "server exited unexpectedly\n" }),
    ended({ code: 1, stderr: "protocol version mismatch (client 8, server 7)\n" }),
    ended({ code: 1, stderr: "" }),
    ended({ signal: "SIGSEGV" }),
  ].map((finished) => judgeAnswer(finished, access).state);
  for (const state of states) expect(["unavailable", "refused"]).toContain(state);
});

test("why tmux did not answer is said in its own words or ours", () => {
  expect(judgeAnswer(ended({ timedOut: true }), access)).toMatchObject({
    reason: "tmux did not answer within 2000 ms",
  });
  expect(judgeAnswer(ended({ missing: true }), access)).toMatchObject({ reason: "tmux is not installed" });
  expect(judgeAnswer(ended({ code: 1, stderr: "lost server\n" }), access)).toMatchObject({
    complaint: "lost server",
  });
  expect(judgeAnswer(ended({ signal: "SIGSEGV" }), access)).toMatchObject({
    complaint: "tmux ended with signal SIGSEGV",
  });
});
