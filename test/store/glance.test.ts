import { writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { glance } from "../../store/glance.ts";
import type { Log } from "../../store/log.ts";
import { beat, OWN, T0 } from "./support/events.ts";
import { logBench } from "./support/log.ts";

const bench = logBench();
const HOLDER = { pid: 1, pidStart: 7000, bootId: "boot", version: "1" };

function recorded(): { path: string; log: Log } {
  const path = bench.path();
  const log = bench.open(path);
  log.claimLease(HOLDER, () => true);
  for (const agent of ["zeta", "coder0", 'a "quoted" \\ name', "Ünï\u{1f600}"])
    log.append({ source: "heartbeat", events: [beat(agent)], observed: { scope: "", atUs: T0 + 5 } });
  log.append({
    source: "tmux",
    observed: { scope: "/tmp/x", atUs: T0 + 6 },
    gauges: { scope: "/tmp/x", values: { "%1": 5 } },
  });
  return { path, log };
}

describe("a glance at a log that is recorded", () => {
  test("shows what the reader shows", () => {
    const { path } = recorded();
    const reader = bench.read(path);
    const { documents, ...seen } = glance(path, ["agent", "tally", "elsewhere"]) ?? { documents: null };
    expect(seen).toEqual({
      ...OWN,
      logSeq: reader.lastSeq(),
      lease: reader.lease(),
      observations: reader.observations(OWN),
      gauges: reader.gauges(OWN),
    });
    for (const family of ["agent", "tally"])
      expect([...(documents?.list(family) ?? [])]).toEqual([...reader.documents(OWN).list(family)]);
    expect([...(documents?.list("agent") ?? [])]).toHaveLength(4);
    expect(documents?.get("agent", "zeta")).toEqual(reader.documents(OWN).get("agent", "zeta"));
    expect([...(documents?.list("elsewhere") ?? [])]).toEqual([]);
  });

  test("says of a family that was not read not that it is empty", () => {
    const { path } = recorded();
    expect(() => glance(path, ["elsewhere"])?.documents.get("agent", "zeta")).toThrow("were not read");
  });

  test("sees the next commit", () => {
    const { path, log } = recorded();
    const before = glance(path, ["tally"])?.logSeq ?? 0;
    log.append({ source: "heartbeat", events: [beat("zeta", { occurredAtUs: T0 + 1e6 })] });
    expect(glance(path, ["tally"])?.logSeq).toBe(before + 1);
  });
});

describe("a glance is left to the reader", () => {
  test("where there is no file, and makes none", () => {
    const path = bench.path();
    expect(glance(path, [])).toBeNull();
    expect(() => bench.read(path)).toThrow("there is no log");
  });

  test("where nobody records", () => {
    const { path, log } = recorded();
    log.releaseLease("the test is over");
    expect(glance(path, ["tally"])).toBeNull();
  });

  test.each([
    ["a newer schema", "PRAGMA user_version = 99"],
    ["a database that is no log", "PRAGMA application_id = 1"],
    ["a damaged document", "UPDATE documents SET document = '{\"cut'"],
    ["a table that is missing", "DROP TABLE gauges"],
  ])("at %s", (_what, sql) => {
    const { path } = recorded();
    bench.raw(path).exec(sql);
    expect(glance(path, ["tally"])).toBeNull();
  });

  test("at a file that is no database", () => {
    const path = bench.path();
    writeFileSync(path, "not a database, and longer than the hundred bytes of a header ".repeat(4));
    expect(glance(path, [])).toBeNull();
  });
});
