import { readFileSync } from "node:fs";
import { exactUsOf } from "../../query/instant.ts";
import type { NewEvent, StoredEvent } from "../../store/events/envelope.ts";

type Line = Pick<NewEvent, "agent" | "type" | "source" | "precision" | "payload"> & {
  origin_seq: number;
  occurred_at: string;
  recorded_at: string;
};

/** The part of a real log that one of the fixtures holds, one line for each event. */
export function capturedEvents(file: string): StoredEvent[] {
  const lines = readFileSync(new URL(`../fixtures/logs/${file}`, import.meta.url), "utf8")
    .trim()
    .split("\n");
  return lines.map((text, index): StoredEvent => {
    const { occurred_at, recorded_at, origin_seq: originSeq, ...line } = JSON.parse(text) as Line;
    return {
      ...{ seq: index + 1, tenantId: "t", host: "h", schemaVersion: 1, originLog: "captured" },
      ...{ occurredAtUs: exactUsOf(occurred_at), recordedAtUs: exactUsOf(recorded_at), originSeq, ...line },
    };
  });
}
