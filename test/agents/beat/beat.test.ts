import fc from "fast-check";
import { expect, test } from "vitest";
import { type Beat, beatLine, checkAgentName } from "../../../agents/beat/beat.ts";
import { parseBeat } from "../../../collectors/heartbeat/parse.ts";

const AT_MS = Date.parse("2026-11-25T20:01:02.345Z");
const beat: Beat = { atMs: AT_MS, pid: 4711, status: "busy", source: "runtime" };

test("a beat begins with what readers of version 1 know, and leaves out what it has no value for", () => {
  expect(beatLine(beat)).toBe("ts=2026-11-25T20:01:02.345Z pid=4711 status=busy source=runtime\n");
  expect(beatLine({ ...beat, probe: null, ack: "", model: "opus 5" })).toBe(
    "ts=2026-11-25T20:01:02.345Z pid=4711 status=busy source=runtime model=opus_5\n",
  );
});

test("whatever the values hold, the recorder reads the beat that was meant", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "binary" }),
      fc.string({ unit: "grapheme", maxLength: 400 }),
      (task, model) => {
        const parsed = parseBeat(beatLine({ ...beat, task, model, seq: 3, probe: "n-1" }));
        expect(parsed).toMatchObject({
          ok: true,
          occurredAtUs: AT_MS * 1000,
          payload: { pid: 4711, status: "busy", evidence: "runtime", extra: { probe: "n-1", seq: "3" } },
        });
      },
    ),
  );
});

test.each(["", "-x", "a b", "../x", "a".repeat(65), "x;y", "#(id)", "é"])("%j is no agent's name", (name) => {
  expect(() => checkAgentName(name)).toThrow("is not an agent's name");
});
