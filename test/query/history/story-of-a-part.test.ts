import fc from "fast-check";
import { expect, test } from "vitest";
import type { RosterEntry } from "../../../query/history/past.ts";
import { pastOf } from "../../../query/history/past-in-memory.ts";
import { lastsUnseen } from "../../../query/history/stays.ts";
import { storyOf } from "../../../query/story.ts";
import { AGENTS, anyStory } from "./stories.ts";
import { BEGIN_US, play } from "./world.ts";

/**
 * Whoever asks from the middle of a stay on is told of the same stay, on the roster or off it, as whoever asks from the beginning of the log: of what
 * lasts unseen, since what needs a fresh beat ends with what was seen.
 */
test("a stay is the same whichever window shows a part of it", () => {
  fc.assert(
    fc.property(anyStory, fc.double({ min: 0, max: 1, noNaN: true }), (played, pick) => {
      const { events, lapsedAtUs } = play(played);
      const nowUs = Math.max(BEGIN_US + 1000, ...events.map(({ recordedAtUs }) => recordedAtUs));
      const past = pastOf({ tenantId: "t", host: "h", logSeq: events.length, events, lapsedAtUs, nowUs });
      const beginsUs = past.beginsUs ?? BEGIN_US;
      const middleUs = beginsUs + Math.floor(pick * (nowUs - beginsUs));
      for (const name of AGENTS) {
        const declaration = { runtime: null, class: "x", role: "stray" } as const;
        const entries: RosterEntry[] = [{ name, declaration, stays: [], declared: [], redeclared: [] }];
        const statuses = (fromUs: number) =>
          [...storyOf(past, { entries, window: { fromUs, toUs: nowUs }, atUs: nowUs, whole: false })].flatMap(
            (entry) => (entry.kind === "status" ? [entry] : []),
          );
        const whole = statuses(beginsUs);
        const [first] = statuses(middleUs);
        if (first === undefined || first.status === null || !lastsUnseen(first.status)) continue;
        const { fromUs, status, unrostered } = first;
        if (fromUs >= middleUs) continue;
        const told = whole.map((one) => [
          one.fromUs - BEGIN_US,
          one.status,
          one.unrostered,
          one.first?.sinceUs,
        ]);
        expect(told).toContainEqual([fromUs - BEGIN_US, status, unrostered, first.first?.sinceUs]);
      }
    }),
    { numRuns: Number(process.env.PROPERTY_RUNS ?? 150) },
  );
});
