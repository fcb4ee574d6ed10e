import { expect, test } from "vitest";
import { plain } from "../../../cli/render/colour.ts";
import { formatWhen } from "../../../cli/render/when.ts";
import type { WhenDocument, WhenOccurrence } from "../../../query/when.ts";

const BEGAN = "2026-06-20T20:10:00.000Z";

function said(occurrence: Partial<WhenOccurrence>, windowTo = "2026-06-20T21:00:00.000Z"): string {
  const one: WhenOccurrence = {
    ...{ from: BEGAN, to: "2026-06-20T20:10:00.022Z", seconds: 0.022, began_before: false, since: BEGAN },
    ...{ witnessed: true, not_before: null, named: false, end_witnessed: true, within_seconds: null },
    ...{ glimpse: null, found: 1, unobserved_seconds: 0, reason: null, why: [], ...occurrence },
  };
  const document: WhenDocument = {
    ...{ schema: "fleet.when.v1", tenant_id: "jarvis", host: "W-jarvis", at: "2026-06-20T21:00:00.000Z" },
    ...{ log_seq: 1, name: "coder0", state: "stopped" },
    ...{ window: { from: "2026-06-20T20:00:00.000Z", to: windowTo } },
    ...{
      observed: { seconds: 3600, share: 1, spans: [] },
      count: 1,
      first: one,
      last: one,
      occurrences: [one],
    },
  };
  const look = { which: "last", said: { since: true, until: true }, width: null, paint: plain } as const;
  return [...formatWhen(document, look)].join("\n");
}

test("what was watched to begin and to end is told in ms where it is short, and is no single look", () => {
  expect(said({})).toMatch(/^coder0 was stopped at .*, for 22 ms; once /);
  const unseen = { witnessed: false, end_witnessed: false } as const;
  expect(said({ ...unseen, glimpse: "look" })).toContain(", seen by a single look; once ");
  expect(said({ ...unseen, glimpse: "moment" })).toContain(", known of that moment only; once ");
  expect(said({ seconds: 3, end_witnessed: false })).toContain(", for at least 3.0 s, until watching ended;");
});

test("what goes on at the end of a window that is over has not lasted so far only", () => {
  const goesOn = { to: null, seconds: 600, end_witnessed: null };
  expect(said(goesOn, "2026-06-20T20:20:00.000Z")).toContain(", for 10 min to the window's end;");
  expect(said(goesOn)).toContain(", for 10 min so far;");
});
