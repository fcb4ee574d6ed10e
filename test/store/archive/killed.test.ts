import { readdirSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { archiveDirectory } from "../../../store/archive/archive.ts";
import { archiveLog, listSegments } from "../../../store/archive/archive-log.ts";
import { verifyLog } from "../../../store/verify.ts";
import { startProcess } from "../support/child.ts";
import { OWN } from "../support/events.ts";
import { allDocuments, logBench, testClock } from "../support/log.ts";
import { MAY_US, recordMonths } from "../support/months.ts";

const bench = logBench();

test("archiving that is killed at any instant, beside a process that records, loses nothing and doubles nothing", async () => {
  const path = bench.path();
  const clock = testClock();
  const log = bench.open(path, { clock });
  recordMonths(log, clock, 900);
  const archivable = log.lastSeq();
  const before = [...bench.read(path).events({})];
  const recorder = startProcess("append-forever.ts", [path, "recorder", "Infinity", "2"]);
  await recorder.until((lines) => lines.length > 0);
  const reader = bench.read(path);
  let kills = 0;
  let archived = 0;
  // The same moments on each run; where inside of a segment each of them falls is up to the machine.
  for (const { lines, spins } of fc.sample(fc.record({ lines: fc.nat(3), spins: fc.nat(3_000_000) }), {
    numRuns: 25,
    seed: 11,
  })) {
    const child = startProcess("archive-forever.ts", [path, String(MAY_US)]);
    await child.until((printed) => printed.length > lines || printed.includes("done"));
    for (let i = 0; i < spins; i += 1) Math.sqrt(i);
    child.kill("SIGKILL");
    const { signal } = await child.ended();
    if (signal !== "SIGKILL") break;
    kills += 1;
    // Whatever was told as archived is; every event of before is there once, wherever it is.
    const floor = listSegments(path).at(-1)?.lastSeq ?? 0;
    expect(floor).toBeGreaterThanOrEqual(archived);
    archived = floor;
    const [first] = reader.events({ limit: 1, afterSeq: 0 });
    expect(first).toEqual(before[0]);
    const seqs = [...reader.events({ beforeSeq: archivable + 1 })].map(({ seq }) => seq);
    expect(seqs).toEqual(before.map(({ seq }) => seq));
  }
  expect(kills).toBeGreaterThan(5);
  archiveLog({ path, beforeUs: MAY_US, nowUs: () => MAY_US, sizes: { segment: 60, block: 20 } });
  recorder.kill("SIGKILL");
  await recorder.ended();
  // It went on recording all the while, and was never refused.
  expect(recorder.lines().length).toBeGreaterThan(kills);
  expect([...reader.events({ beforeSeq: archivable + 1 })]).toEqual(before);
  expect(verifyLog(path)).toMatchObject({ ok: true, events: reader.lastSeq() });
  const names = readdirSync(archiveDirectory(path)).filter((name) => name !== "lock");
  expect(names).toEqual(listSegments(path).map(({ file }) => file));
  const live = allDocuments(bench.read(path).documents(OWN));
  bench.open(path).rebuild();
  expect(allDocuments(bench.read(path).documents(OWN))).toEqual(live);
}, 120_000);
