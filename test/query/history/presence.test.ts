import fc from "fast-check";
import { expect, test } from "vitest";
import { BEFORE_THE_LOG } from "../../../query/history/before-the-log.ts";
import { historyOf } from "../../../query/history/history.ts";
import type { RosterEntry } from "../../../query/history/past.ts";
import { historyDocument } from "../../../query/history-document.ts";
import { exactUsOf } from "../../../query/instant.ts";
import { isGone } from "../../../query/listed.ts";
import { storyOf } from "../../../query/story.ts";
import { whole } from "../../support/whole.ts";
import { maybeStray } from "./maybe-stray.ts";
import { AGENTS, anyStoryWithSteps } from "./stories.ts";
import { BEGIN_US } from "./world.ts";

const MAY_BE = ["running", "dead", "stopped"] as const;

/**
 * Whether a session that no roster names has a row at a moment is one question: the table, the row of one name, history, its story and `when` answer
 * it alike, at every moment at which the answer may change. Of one agent no roster ever tells; the other comes and goes.
 */
test("every surface agrees on whether a session that no roster names is there", () => {
  let unrosteredSeen = 0;
  fc.assert(
    fc.property(anyStoryWithSteps, fc.boolean(), (played, isNamed) => {
      const { events, lapsedAtUs, nowUs, past, window } = maybeStray(played, isNamed);
      const begins = Math.max(BEGIN_US, past.beginsUs ?? nowUs);
      const { owners } = historyOf({ events, lapsedAtUs, nowUs }).told;
      for (const name of AGENTS) {
        const declaration = { runtime: null, class: "x", role: "stray" } as const;
        const entries: RosterEntry[] = [{ name, declaration, stays: [], declared: [], redeclared: [] }];
        const input = { entries, window, atUs: nowUs };
        const told = whole(historyDocument(past, input)).agents[0]?.intervals ?? [];
        const story = [...storyOf(past, { ...input, whole: true })].filter(({ kind }) => kind === "status");
        const sightings = [...past.sightings(name, window)];
        const moments = sightings.flatMap(({ fromUs, toUs }) => [fromUs, (toUs ?? nowUs) - 1]);
        for (const atUs of moments.filter((us) => us >= begins && us < nowUs)) {
          const at = { fromUs: atUs, toUs: atUs + 1 };
          const [then] = past.sightings(name, at);
          if (then === undefined || then.reason === BEFORE_THE_LOG) continue;
          const where = { name, at: atUs - BEGIN_US };
          const explained = past.explain(name, atUs);
          // Of one that was declared, and of no session of whose name was ever told, there is none to tell of.
          const mayBe = past.isStray(name) || owners.includes(name);
          const isThere = explained.row.unrostered ? mayBe && !isGone(explained.facts) : true;
          expect({ ...where, row: isThere ? explained.row.status : null }).toEqual({
            ...where,
            row: then.status,
          });
          expect({ ...where, unrostered: isThere && explained.row.unrostered }).toEqual({
            ...where,
            unrostered: then.unrostered === true,
          });
          // Of one that is known by its beats alone the table has no row.
          const shown = past.table(atUs, true).agents.find((row) => row.name === name);
          const isListed = isThere && (!explained.row.unrostered || owners.includes(name));
          expect({ ...where, shown }).toEqual({ ...where, shown: isListed ? explained.row : undefined });
          const interval = told.findLast(({ from }) => exactUsOf(from) <= atUs);
          expect({ ...where, told: [interval?.status, interval?.unrostered] }).toEqual({
            ...where,
            told: [then.status, then.unrostered === true],
          });
          const entry = story.findLast(({ fromUs }) => fromUs <= atUs);
          const isSaid = entry?.kind === "status" ? entry.status : null;
          expect({ ...where, isSaid }).toEqual({ ...where, isSaid: then.status });
          for (const state of MAY_BE) {
            const count = [...past.occurrences(name, state, at)].length;
            expect({ ...where, state, count }).toEqual({
              ...where,
              state,
              count: then.status === state ? 1 : 0,
            });
            const isTold = [...past.observed(name, state, at)].length === 1;
            expect({ ...where, state, isTold }).toEqual({
              ...where,
              state,
              isTold: then.status !== "unobserved",
            });
          }
          if (then.unrostered && then.status !== "unobserved") unrosteredSeen += 1;
        }
      }
    }),
    { numRuns: Number(process.env.PROPERTY_RUNS ?? 150) },
  );
  // Few stories may happen to hold none.
  if (!process.env.PROPERTY_RUNS) expect(unrosteredSeen).toBeGreaterThan(0);
});
