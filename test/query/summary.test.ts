import { expect, test } from "vitest";
import { summaryOf } from "../../query/summary.ts";
import { declaration } from "../support/looks.ts";

test("one that is declared not to beat is not said to beat every so many seconds", () => {
  const told = (type: string, heartbeat: "expected" | "not-expected") =>
    summaryOf({ type, payload: declaration({ heartbeat, intervalSeconds: 2 }) });
  for (const type of ["roster.agent.declared", "roster.agent.changed"]) {
    expect(told(type, "expected")).toMatch(/, beats every 2 s$/);
    expect(told(type, "not-expected")).toMatch(/, not expected to beat$/);
  }
});
