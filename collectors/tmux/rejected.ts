import type { PayloadOf } from "../../store/events/catalogue.ts";
import type { NewEvent, Source } from "../../store/events/envelope.ts";
import { printable } from "../printable.ts";

const MAX_RAW_CHARS = 1024;

/** Input that could not be used, kept with the reason and its beginning instead of being dropped. */
export function rejectedInput(input: {
  readonly source: Source;
  readonly reason: string;
  readonly where: string;
  readonly raw: string | Buffer;
  readonly bytes: number;
  readonly nowUs: number;
}): NewEvent<"collector.input.rejected", PayloadOf<"collector.input.rejected">> {
  const { source, reason, where, raw, bytes, nowUs } = input;
  return {
    type: "collector.input.rejected",
    agent: null,
    source,
    occurredAtUs: nowUs,
    precision: "us",
    payload: {
      reason: reason.slice(0, 256),
      where: where.slice(0, 2048),
      raw: printable(raw, MAX_RAW_CHARS),
      bytes,
    },
  };
}
