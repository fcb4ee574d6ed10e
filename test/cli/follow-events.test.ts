import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { followEvents } from "../../cli/follow-events.ts";
import type { StoredEvent } from "../../store/events/envelope.ts";
import { openReader, type Reader } from "../../store/reader.ts";
import { tickPath } from "../../store/tick.ts";
import { type SeededFleet, seedFleet } from "./support/seeded-fleet.ts";

let fleet: SeededFleet;
let reader: Reader;
beforeEach(() => {
  fleet = seedFleet();
  reader = openReader(fleet.log.path);
});
afterEach(() => {
  vi.useRealTimers();
  reader.close();
  fleet.close();
});

function remove(agent: string): number {
  const appended = fleet.log.append({
    source: "heartbeat",
    events: [
      {
        type: "heartbeat.file.removed",
        agent,
        source: "heartbeat",
        occurredAtUs: 1,
        precision: "us",
        payload: {},
      },
    ],
  });
  if (!appended.ok) throw new Error(appended.reason);
  return appended.lastSeq;
}

test("following wakes by the tick of a commit alone: no timer runs out, and the table is read once for each commit", async () => {
  // No timer ever fires here, so nothing that polls can come to its turn.
  vi.useFakeTimers({ toFake: ["setTimeout", "setInterval"] });
  const counted = { lastSeq: 0, events: 0, dataVersion: 0 };
  const counting = {
    lastSeq() {
      counted.lastSeq += 1;
      return reader.lastSeq();
    },
    events(filter: Parameters<Reader["events"]>[0]) {
      counted.events += 1;
      return reader.events(filter);
    },
    dataVersion() {
      counted.dataVersion += 1;
      return reader.dataVersion();
    },
  };
  const printed: StoredEvent[] = [];
  const ends = new AbortController();
  const following = followEvents({
    reader: counting,
    filter: { afterSeq: reader.lastSeq() },
    tick: tickPath(fleet.log.path),
    print: (event) => printed.push(event),
    signal: ends.signal,
  });
  // The watch is set in the first turn; only from then on does a commit wake anybody.
  await new Promise((resolve) => setImmediate(resolve));
  const commitCount = 20;
  for (let n = 0; n < commitCount; n += 1) {
    const seq = remove(`a${n}`);
    while (printed.at(-1)?.seq !== seq) await new Promise((resolve) => setImmediate(resolve));
  }
  // Many turns without a commit: nobody looks at the table again.
  for (let turn = 0; turn < 500; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(printed.map(({ agent }) => agent)).toEqual(Array.from({ length: commitCount }, (_, n) => `a${n}`));
  expect(counted.events).toBe(commitCount);
  expect(counted.lastSeq).toBe(1 + commitCount);
  // One look at data_version before the first turn, then one for each time the tick file was touched (inotify may tell it twice).
  expect(counted.dataVersion).toBeLessThanOrEqual(1 + 2 * commitCount);
  ends.abort();
  await following;
});
