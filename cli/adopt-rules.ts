import { newestOf } from "../query/history/rules.ts";
import type { Log } from "../store/log.ts";

/** The version that this log's verdicts were last handed over to, so that of two fleets that open it at once one says so. */
const CURSOR = "rules";
/** A log is judged by these from its beginning, without a word. */
const FIRST_VERSION = 1;

/**
 * A fleet whose rules are newer than those that judged this log so far takes over from now on, and says so in the log. What was so before
 * stays judged as it was: only `fleet rules adopt` reaches back.
 */
export function adoptNewestRules(log: Log, nowUs: number, version = newestOf().version): void {
  if (version === FIRST_VERSION) return;
  const expected = log.cursor(CURSOR);
  if (Number(expected ?? FIRST_VERSION) >= version) return;
  log.append({
    source: "recorder",
    events: [
      {
        ...{ type: "rules.adopted", agent: null, source: "recorder", precision: "us" },
        occurredAtUs: nowUs,
        payload: { version, fromUs: nowUs },
      },
    ],
    cursor: { name: CURSOR, expected, next: String(version) },
  });
}
