import { afterEach, describe, expect, test } from "vitest";
import { DAY_US } from "../../../otel/mirror/day.ts";
import type { SpanRecord } from "../../../otel/mirror/span-record.ts";
import { newestOf, type Rules } from "../../../query/history/rules.ts";
import { historyDocument } from "../../../query/history-document.ts";
import { microsOf } from "../../../store/exchange.ts";
import { whole } from "../../support/whole.ts";
import { believed } from "../support/believed.ts";
import { openReferenceLog, type ReferenceLog } from "../support/reference-log.ts";

let reference: ReferenceLog | null = null;
afterEach(() => reference?.close());

const open = (rules?: readonly Rules[]): ReferenceLog => {
  reference = openReferenceLog(rules);
  return reference;
};

/** The intervals that `fleet history --json` tells of the whole log, as far as the mirror has told. */
function toldByHistory({ past }: ReferenceLog, throughUs: number) {
  const of = past();
  const window = { fromUs: (of.beginsUs ?? 0) - DAY_US, toUs: of.nowUs };
  const { agents } = whole(historyDocument(of, { entries: of.roster(window), window, atUs: of.nowUs }));
  return agents.map(({ name, intervals }) => ({
    name,
    intervals: intervals.flatMap(({ from, to, status, reason }) => {
      const [fromUs, toUs] = [microsOf(from) as number, microsOf(to)];
      // What was before the log began is nothing that the log tells.
      if (toUs !== null && toUs <= (of.beginsUs ?? 0)) return [];
      return status === null || toUs === null || toUs > throughUs ? [] : [{ fromUs, toUs, status, reason }];
    }),
  }));
}

function expectHistory(told: ReferenceLog, throughUs: number): void {
  const history = toldByHistory(told, throughUs);
  expect(history.map(({ name }) => name).sort()).toEqual([
    "_holder",
    "canary-pi",
    "dogfood-coder",
    "dogfood-orchestrator",
    "dogfood-reviewer",
  ]);
  const spans = told.spans();
  for (const { name, intervals } of history) {
    expect(intervals.length, name).toBeGreaterThan(0);
    expect({ name, intervals: believed(spans, name) }).toEqual({ name, intervals });
  }
  expectLinked(spans);
}

/** Ids are unique, and each revision but the first is linked to the first of its place. */
function expectLinked(spans: readonly SpanRecord[]): void {
  const ids = spans.map(({ traceId, spanId }) => `${traceId}/${spanId}`);
  expect(new Set(ids).size).toBe(ids.length);
  const first = new Map<string, SpanRecord>();
  for (const span of spans) {
    const revision = span.attributes["fleet.revision"];
    if (revision === undefined) continue;
    const kind = span.attributes["fleet.health.state"] === undefined ? span.name : "health";
    const place = `${span.agent} ${kind} ${kind === "restart" ? span.toUs : span.fromUs}`;
    const link = span.links?.find(({ relation }) => relation === "first-revision");
    const before = first.get(place);
    if (before === undefined) {
      expect([revision, link]).toEqual([1, undefined]);
      first.set(place, span);
    } else expect(link).toMatchObject({ traceId: before.traceId, spanId: before.spanId });
  }
}

describe("the reference scenario, as it was recorded", () => {
  test("its spans are these, ids and all, and its settled intervals are those of `fleet history`", async () => {
    const told = open();
    told.write(told.size);
    told.log.settle();
    expectHistory(told, await told.plan());
    const lines = told.spans().map((span) => JSON.stringify(span));
    await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot("../golden/reference-spans.ndjson");
  });

  test("planned after each event, with a rebuild in between, it is told the same by its highest revisions", async () => {
    const told = open();
    for (let through = 1; through <= told.size; through++) {
      told.write(through);
      if (through % 20 === 0) told.log.settle();
      if (through % 50 === 0) told.log.rebuild();
      await told.plan();
    }
    expectHistory(told, await told.plan());
    const before = told.spans().length;
    told.log.rebuild();
    await told.plan();
    told.log.settle();
    await told.plan();
    expect(told.spans().length, "a rebuild is no news").toBe(before);
  });

  test("rules that are adopted from an earlier moment on are corrections: further revisions, linked to the first", async () => {
    const version1 = newestOf();
    const version2: Rules = {
      ...version1,
      version: 2,
      judge: (evidence) => {
        const verdict = version1.judge(evidence);
        return verdict.status === "healthy" ? { ...verdict, reason: "by version 2" } : verdict;
      },
    };
    const told = open([version1, version2]);
    told.write(told.size);
    told.log.settle();
    const throughUs = await told.plan();
    const before = told.spans();
    const fromUs = (told.past().beginsUs ?? 0) - DAY_US;
    const payload = { version: 2, fromUs };
    told.tell({ type: "rules.adopted", agent: null, source: "operator", payload } as never);
    told.log.settle();
    await told.plan();
    expectHistory(told, throughUs);
    const corrected = told.spans().slice(before.length);
    const healthy = corrected.filter(({ name }) => name === "health healthy");
    expect(healthy.length).toBeGreaterThan(3);
    for (const { attributes } of healthy)
      expect(attributes).toMatchObject({ "fleet.rules.version": 2, "fleet.health.reason": "by version 2" });
    told.log.rebuild();
    told.log.settle();
    await told.plan();
    expect(told.spans().length, "a rebuild is no news").toBe(before.length + corrected.length);
    expectHistory(told, throughUs);
  });
});
