import { afterEach, beforeEach, expect, test } from "vitest";
import type { HistoryDocument } from "../../query/history-document.ts";
import { rosterLook } from "../support/looks.ts";
import { at, type SeededPast, seedPast } from "./support/seeded-past.ts";

type Declared = Parameters<typeof rosterLook>[1];

let past: SeededPast;
beforeEach(() => {
  past = seedPast(null);
});
afterEach(() => past.close());

/** The lines that tell of declarations, without their events. */
async function told(...argv: string[]): Promise<string[]> {
  const { stdout } = await past.run("history", "--since", "20:00", ...argv);
  return stdout.split("\n").flatMap((line) => {
    const found = /^(\S+ {2}\S+) +declared anew: (.*) {2}\[#\d+\]$/.exec(line);
    return found === null ? [] : [`${found[1]}  ${found[2]}`];
  });
}

test("history tells every change of a declaration that verdicts or flags go by, and no other", async () => {
  const first: Declared = { coder0: { intervalSeconds: 4 }, mute: {}, eph: {}, still: {} };
  past.record(0, rosterLook(at(0), first));
  past.look(60, rosterLook(at(60), { ...first, coder0: { intervalSeconds: 8, class: "reviewer" } }));
  const slower: Declared = { ...first, coder0: { intervalSeconds: 8, class: "reviewer" } };
  past.look(120, rosterLook(at(120), { ...slower, mute: { heartbeat: "not-expected" } }));
  // Of whom no beat is expected the interval is nothing that anybody goes by; nor is a hint to whoever starts one.
  const mute = { heartbeat: "not-expected", intervalSeconds: 99 } as const;
  past.look(130, rosterLook(at(130), { ...slower, mute, still: { modelHint: "other" } }));
  past.look(180, rosterLook(at(180), { ...slower, mute: { intervalSeconds: 5 } }));
  const without: Declared = { coder0: slower.coder0 ?? {}, mute: { intervalSeconds: 5 }, still: {} };
  past.look(240, rosterLook(at(240), without));
  past.look(300, rosterLook(at(300), { ...without, eph: { lifecycle: "ephemeral", driftAccept: ["node"] } }));
  past.stop(360);
  past.now(400);
  expect(await told()).toEqual([
    "20:01:00  coder0  class reviewer instead of implementer, interval 8 s instead of 4 s",
    "20:02:00  mute  no longer expected to beat",
    "20:03:00  mute  expected to beat, interval 5 s instead of 99 s",
    "20:05:00  eph  lifecycle ephemeral instead of always, accepted as its runtime node instead of none",
  ]);
  expect(await told("--until", "20:02:30", "mute")).toHaveLength(1);

  const { agents } = await past.json<HistoryDocument>("history", "--since", "20:00", "coder0");
  expect(agents[0]?.redeclared).toMatchObject([
    {
      at: "2026-06-20T20:01:00.000Z",
      changes: [
        { what: "class", from: "implementer", to: "reviewer" },
        { what: "interval", from: "4 s", to: "8 s" },
      ],
    },
  ]);
});
