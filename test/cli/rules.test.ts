import { afterEach, beforeEach, expect, test } from "vitest";
import { adoptNewestRules } from "../../cli/adopt-rules.ts";
import type { Past } from "../../query/history/past.ts";
import { pastOf } from "../../query/history/past-in-memory.ts";
import { newestOf, type Rules } from "../../query/history/rules.ts";
import { rejudged } from "../../query/rejudged.ts";
import type { StoredEvent } from "../../store/events/envelope.ts";
import { openReader } from "../../store/reader.ts";
import { keepLog } from "../query/history/kept-log.ts";
import { at, type SeededPast, seedEvening } from "./support/seeded-past.ts";

let past: SeededPast;
beforeEach(() => {
  past = seedEvening();
});
afterEach(() => past.close());

const version1 = newestOf();
const version2: Rules = {
  ...version1,
  version: 2,
  judge: (evidence) => {
    const verdict = version1.judge(evidence);
    return verdict.status === "stale" ? { ...verdict, reason: "asleep" } : verdict;
  },
};

function events(): StoredEvent[] {
  const reader = openReader(`${past.environment.FLEET_STATE}/fleet.db`);
  try {
    return [...reader.events({})];
  } finally {
    reader.close();
  }
}

function pastBy(rules: readonly Rules[], ...more: StoredEvent[]): Past {
  const all = [...events(), ...more];
  const partition = { tenantId: "jarvis", host: "W-jarvis", lapsedAtUs: null };
  return pastOf({ ...partition, events: all, logSeq: all.length, nowUs: at(3600), rules });
}

test("the rules that there are say what they always said", async () => {
  const { exit, stdout } = await past.run("rules", "check", "--since", "20:00");
  expect({ exit, stdout }).toMatchObject({
    exit: 0,
    stdout: expect.stringContaining("say the same of every moment"),
  });
  expect(await past.json("rules", "check", "--since", "20:00")).toMatchObject({
    schema: "fleet.rules-check.v1",
    tenant_id: "jarvis",
    newest: 1,
    changes: [],
  });
});

test("a check shows the stretches that newer rules would judge otherwise, and changes none", () => {
  const window = { fromUs: at(0), toUs: at(3600) };
  const changes = [...rejudged(pastBy([version1, version2]), "coder0", window)];
  const stale = [...pastBy([version1]).intervals("coder0", window)].filter(
    ({ status }) => status === "stale",
  );
  expect(stale.length).toBeGreaterThan(0);
  expect(changes.map(({ fromUs, toUs }) => [fromUs, toUs])).toEqual(
    stale.map(({ fromUs, toUs }) => [fromUs, toUs]),
  );
  expect(changes[0]).toMatchObject({
    said: { status: "stale", reason: "no beat", rules: 1 },
    wouldSay: { status: "stale", reason: "asleep", rules: 2 },
  });
});

test("to adopt is an event, from when on has to be said", async () => {
  expect((await past.run("rules", "adopt")).exit).toBe(2);
  const { exit, stdout } = await past.run("rules", "adopt", "--since", "20:30");
  expect({ exit, stdout }).toMatchObject({
    exit: 0,
    stdout: expect.stringContaining("Rules 1 judge what was so from"),
  });
  const last = events().at(-1);
  expect(last).toMatchObject({
    type: "rules.adopted",
    source: "operator",
    payload: { version: 1, fromUs: at(1800) },
  });
  // As it would be with rules that differ: only what lies after it is judged by them.
  const adopted = { ...(last as StoredEvent), payload: { version: 2, fromUs: at(600) } };
  const judged = [
    ...pastBy([version1, version2], adopted).intervals("coder0", { fromUs: at(0), toUs: at(3600) }),
  ];
  for (const { fromUs, rules } of judged) expect(rules).toBe(fromUs < at(600) ? 1 : 2);
});

test("a fleet with newer rules takes over from now on, once, and the first rules need no word", () => {
  const kept = keepLog();
  try {
    adoptNewestRules(kept.log, 1_000_000, 1);
    adoptNewestRules(kept.log, 2_000_000, 2);
    adoptNewestRules(kept.log, 3_000_000, 2);
    // An older fleet that opens it again hands nothing back.
    adoptNewestRules(kept.log, 4_000_000, 1);
    expect(kept.events().map(({ type, payload }) => [type, payload])).toEqual([
      ["rules.adopted", { version: 2, fromUs: 2_000_000 }],
    ]);
  } finally {
    kept.close();
  }
});
