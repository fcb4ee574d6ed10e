import { expect, test } from "vitest";
import { createVoice, type Notice } from "../../../cli/recorder/voice.ts";
import { catchOutput } from "../support/output.ts";

const at = {
  nowUs: () => Date.parse("2026-06-21T03:10:00.000Z") * 1000,
  tenantId: "jarvis",
  host: "W-jarvis",
};
const notices: Notice[] = [
  { what: "started", database: "/s/fleet.db", watching: "tmux mosaic-factory" },
  { what: "source", source: "tmux", scope: "/tmp/a\u001b[2Jb", reason: "no answer within 2000 ms" },
  { what: "source", source: "journal", scope: "", reason: null },
  { what: "log", reason: "the disk is full" },
  { what: "log", reason: null },
  { what: "stopped", reason: "SIGTERM" },
];

test("trouble goes to stderr, the rest to stdout, a line each, and nothing that a terminal obeys", () => {
  const output = catchOutput();
  for (const notice of notices) createVoice(output, { ...at, json: false })(notice);
  const bare = (text: string) => text.replace(/^\d\d:\d\d:\d\d /gm, "");
  expect(bare(output.printed())).toBe(
    "recording jarvis@W-jarvis into /s/fleet.db: tmux mosaic-factory\njournal answers\nthe log can be written again\nstopped: SIGTERM\n",
  );
  expect(bare(output.complained())).toBe(
    "tmux /tmp/a\\e[2Jb does not answer: no answer within 2000 ms\nthe log cannot be written, trying again each second: the disk is full\n",
  );
});

test("as JSON all of it is lines on stdout, with whose they are and when", () => {
  const output = catchOutput();
  for (const notice of notices) createVoice(output, { ...at, json: true })(notice);
  expect(output.complained()).toBe("");
  const lines = output
    .printed()
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as object);
  const head = {
    schema: "fleet.record.v1",
    tenant_id: "jarvis",
    host: "W-jarvis",
    at: "2026-06-21T03:10:00.000Z",
  };
  expect(lines).toEqual(notices.map((notice) => ({ ...head, ...notice })));
});

test("a reader that is gone is no reason to stop", () => {
  const output = catchOutput();
  output.print = () => {
    throw Object.assign(new Error("write EPIPE"), { code: "EPIPE" });
  };
  expect(() => createVoice(output, { ...at, json: true })({ what: "stopped", reason: "x" })).not.toThrow();
});
