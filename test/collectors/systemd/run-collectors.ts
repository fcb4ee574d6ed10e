/**
 * Runs the systemd and the journal collector as the user who starts it, against that user's own manager and journal, and
 * prints each batch and report as one JSON line. The journal's cursor is kept in a file, as a log would keep it.
 *
 *     [TICK_MS=1000] node run-collectors.ts CURSOR_FILE watch|sample [UNIT=AGENT ...]
 */
import { readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import type { CollectorContext } from "../../../collectors/collector.ts";
import { createJournalCollector } from "../../../collectors/journal/collector.ts";
import { createSystemdCollector } from "../../../collectors/systemd/collector.ts";
import type { Batch } from "../../../store/events/batch.ts";

const [cursorFile = "", mode = "watch", ...named] = process.argv.slice(2);
const units = named.map((text) => {
  const [unit = "", agent = null] = text.split("=");
  return { unit, agent };
});
const stop = new AbortController();
process.on("SIGTERM", () => stop.abort());

function print(line: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function storedCursor(): string | null {
  try {
    return readFileSync(cursorFile, "utf8");
  } catch {
    return null;
  }
}

function contextOf(source: string): CollectorContext {
  return {
    clock: {
      nowUs: () => Math.round((performance.timeOrigin + performance.now()) * 1000),
      monotonicUs: () => Number(process.hrtime.bigint() / 1000n),
    },
    signal: stop.signal,
    cursor: () => storedCursor(),
    report: (scope, outcome) => print({ report: { source, scope, ...outcome } }),
    emit: (batch: Batch) => {
      if (batch.cursor !== undefined) {
        const actual = storedCursor();
        if (actual !== batch.cursor.expected) return { ok: false, reason: "cursor-moved", actual };
        writeFileSync(cursorFile, batch.cursor.next);
      }
      print({ batch });
      return { ok: true, count: batch.events?.length ?? 0, lastSeq: 0 };
    },
  };
}

const { uid, username } = userInfo();
const environment = process.env;
const runtimeDirectory = `/run/user/${uid}`;
const pace = environment.TICK_MS === undefined ? {} : { tickMs: Number(environment.TICK_MS) };
const common = { units: () => units, environment, uid, pace };
const collectors = [
  createSystemdCollector({ ...common, runtimeDirectory, userName: username }),
  createJournalCollector(common),
];
await Promise.all(
  collectors.map((collector) =>
    mode === "sample"
      ? collector.sample(contextOf(collector.source))
      : collector.watch(contextOf(collector.source)),
  ),
);
print({ ended: true });
