import { afterAll, beforeAll, expect, test } from "vitest";
import type { PsDocument } from "../../query/row.ts";
import type { WhyDocument } from "../../query/why.ts";
import { beatLook, paneSeen, rosterLook, tmuxLook } from "../support/looks.ts";
import { at, type SeededPast, seedPast } from "./support/seeded-past.ts";

/** All that happens does so some microseconds after a whole millisecond: coder0 beats from 20:00:10 on, and its pane goes at 20:05. */
let past: SeededPast;
const US = 0.000_456;
beforeAll(() => {
  past = seedPast();
  past.record(
    US,
    rosterLook(at(US), { coder0: {} }),
    tmuxLook(at(US), [paneSeen("coder0", 1, { startedAtUs: at(US) })]),
  );
  for (let second = 10; second < 300; second += 15)
    past.look(second + US, beatLook(at(second + US), "coder0", at(second + US)));
  past.look(300 + US, tmuxLook(at(300 + US), []));
  past.stop(599);
  past.now(600);
});
afterAll(() => past.close());

const ps = (...asked: string[]) => past.json<PsDocument>("ps", "coder0", ...asked);

test("a moment of a document, handed back to --at, is the one that it tells of", async () => {
  for (const time of ["20:04", "20:09"]) {
    const [row] = (await ps("--at", time)).agents;
    expect(row?.since).toMatch(/\.000456Z$/);
    const [then] = (await ps("--at", row?.since ?? "")).agents;
    expect([then?.status, then?.since]).toEqual([row?.status, row?.since]);
    const why = await past.json<WhyDocument>("why", "coder0", "--at", time);
    expect(why.row).toEqual(row);
  }
});

test("and so is the one at which the log begins", async () => {
  const first = await ps("--at", "#1");
  expect(first.at).toBe("2026-06-20T20:00:00.000456Z");
  expect((await ps("--at", first.at)).at).toBe(first.at);
});

test("a whole millisecond is written as one", async () => {
  expect((await ps("--at", "20:04")).at).toBe("2026-06-20T20:04:00.000Z");
});

test("all moments of the views of sql are to the microsecond, and compare as text", async () => {
  const rowsOf = async (query: string, ...asked: string[]) =>
    (await past.json<{ rows: Record<string, unknown>[] }>("sql", "--in-this-process", query, ...asked)).rows;
  for (const time of ["20:04", "20:09"]) {
    const same = await rowsOf(
      "SELECT a.since FROM agents a JOIN intervals i ON i.agent = a.name AND i.since_at = a.since AND i.to_at IS NULL",
      ...["--at", time],
    );
    expect(same).toHaveLength(1);
  }
  for (const view of ["agents", "intervals", "events"])
    for (const row of await rowsOf(`SELECT * FROM ${view}`, "--at", "20:09"))
      for (const [column, value] of Object.entries(row))
        if (typeof value === "string" && /^\d{4}-\d\d-\d\dT/.test(value))
          expect([column, value]).toEqual([column, expect.stringMatching(/T[\d:]{8}\.\d{6}Z$/)]);
});
