import type { Database } from "better-sqlite3";
import { prepared } from "./prepared.ts";
import type { WriterSeries } from "./series.ts";

/** Payloads remembered for each series: `ok` and `busy` take turns, and a pid changes now and then. */
const SLOTS = 4;
/** Longer texts repeat seldom and are not held in memory for it. */
const LONGEST = 1024;

/**
 * What goes into `events.payload`: the text itself the first time, from the second time on the number of a row in
 * `payloads`. A beat that says what the one before said costs one to three bytes, and a payload that never repeats costs nothing extra.
 */
export function openInterner(
  database: Database,
): (series: Pick<WriterSeries, "seen">, text: string) => string | bigint {
  const add = prepared(
    database,
    "INSERT INTO payloads (payload_id, text) SELECT coalesce(max(payload_id), 0) + 1, ? FROM payloads",
  );
  return ({ seen }, text) => {
    for (const payload of seen) {
      if (payload.text !== text) continue;
      // A bigint, because a number is bound as REAL, which a column of no type keeps: eight bytes instead of one.
      payload.id ??= BigInt(add().run(text).lastInsertRowid);
      return payload.id;
    }
    if (text.length > LONGEST) return text;
    if (seen.length === SLOTS) seen.shift();
    seen.push({ text, id: null });
    return text;
  };
}
