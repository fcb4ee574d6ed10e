import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import Sqlite from "better-sqlite3";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import type { Past } from "../../../query/history/past.ts";
import { pastOf } from "../../../query/history/past-in-memory.ts";
import { keptPast } from "../../../query/history/past-kept.ts";
import { openChronicleView } from "../../../store/chronicle-view.ts";
import { openReader } from "../../../store/reader.ts";
import { openVerdictReader } from "../../../store/verdict-table.ts";
import { startProcess } from "../../store/support/child.ts";
import { keepLog, SMALL } from "./kept-log.ts";
import { AGENTS, longStory } from "./stories.ts";
import { BEGIN_US, play } from "./world.ts";

const EVER = { fromUs: BEGIN_US - 1e9, toUs: BEGIN_US + 1e9 };
const EVERYTHING = [
  "SELECT * FROM documents ORDER BY partition_id, family, id",
  `SELECT family, id, gone_us, from_us, value FROM lines LEFT JOIN told USING (line_id)
   WHERE family <> 'status' ORDER BY family, id, from_us`,
  "SELECT * FROM happened ORDER BY 1, 2, 3, 4, 5",
  "SELECT partition_id, kind, seq, recorded_at, hex(value) FROM checkpoints ORDER BY 1, 2, 3",
  `SELECT id, from_us, to_us, status, reason, why, rules FROM lines JOIN status_intervals USING (line_id)
   ORDER BY id, from_us`,
];

function everythingIn(path: string): unknown[] {
  const database = new Sqlite(path, { readonly: true });
  try {
    return EVERYTHING.map((sql) => database.prepare(sql).all());
  } finally {
    database.close();
  }
}

function intervalsOf(past: Past) {
  return AGENTS.map((agent) => [...past.intervals(agent, EVER)]);
}

const ways = [
  ["alone", undefined],
  [
    "in two halves side by side",
    { thread: join(import.meta.dirname, "rebuild-thread-small.ts"), worthAThread: 1 },
  ],
  // Whatever becomes of the thread, a rebuild does not depend on it.
  [
    "where the other half fails",
    { thread: join(import.meta.dirname, "rebuild-thread-failing.ts"), worthAThread: 1 },
  ],
] as const;

test.each(ways)(
  "a rebuild makes the very rows that were kept, one by one, while the events came: %s",
  {
    timeout: 240_000,
  },
  (_way, rebuildThread) => {
    for (const { events } of fc.sample(longStory, { numRuns: 4, seed: 3 }).map(play)) {
      const kept = keepLog(SMALL, rebuildThread);
      try {
        for (let through = 0; through < events.length; through += 5) {
          kept.write(events, Math.min(events.length, through + 5));
          if (through % 4 === 0) kept.log.settle();
        }
        kept.log.settle();
        const before = everythingIn(kept.path);
        expect(JSON.stringify(before).length).toBeGreaterThan(5000);
        kept.log.rebuild();
        expect(everythingIn(kept.path)).toEqual(before);
        expect(readdirSync(dirname(kept.path)).filter((name) => name.includes("rebuild"))).toEqual([]);
      } finally {
        kept.close();
      }
    }
  },
);

test("whoever writes and settles may be killed at any instant: what is kept is that of the log", {
  timeout: 240_000,
}, async () => {
  const directory = mkdtempSync(join(tmpdir(), "fleet-test-killed-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, "fleet.db");
  let killed = 0;
  for (const moment of fc.sample(fc.record({ lines: fc.nat(40), spins: fc.nat(200_000) }), {
    numRuns: 8,
    seed: 5,
  })) {
    const child = startProcess("write-story.ts", [path, "9"]);
    await child.until((lines) => lines.length > moment.lines || lines.at(-1) === "done");
    for (let i = 0; i < moment.spins; i += 1) Math.sqrt(i);
    child.kill("SIGKILL");
    if ((await child.ended()).signal === "SIGKILL") killed += 1;
    expectKept(path);
  }
  expect(killed).toBeGreaterThan(2);
  await startProcess("write-story.ts", [path, "9"]).finished();
  const { events } = play(fc.sample(longStory, { numRuns: 1, seed: 9 }).flat());
  expect(expectKept(path)).toBe(events.length);
});

/** How many events there are. */
function expectKept(path: string): number {
  const reader = openReader(path);
  const database = new Sqlite(path, { readonly: true });
  try {
    const events = [...reader.events({})];
    const nowUs = events.at(-1)?.recordedAtUs ?? 0;
    const common = { tenantId: "t", host: "h", lapsedAtUs: null, nowUs };
    const kept = keptPast({
      ...common,
      view: openChronicleView(database, 1),
      verdicts: openVerdictReader(database, 1),
      lateUs: SMALL.lateUs,
    });
    expect(intervalsOf(kept)).toEqual(intervalsOf(pastOf({ ...common, events, logSeq: events.length })));
    return events.length;
  } finally {
    database.close();
    reader.close();
  }
}
