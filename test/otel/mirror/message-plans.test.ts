import fc from "fast-check";
import { expect, test } from "vitest";
import { messageStories } from "../../../otel/mirror/message-plans.ts";
import type { EventFilter } from "../../../store/event-filter.ts";
import type { StoredEvent } from "../../../store/events/envelope.ts";

const TYPES = ["requested", "typed", "submitted", "accepted"];
const anyLog = fc.array(
  fc.record({
    agent: fc.constantFrom("a", "b"),
    message: fc.constantFrom("m1", "m2", "m3"),
    type: fc.constantFrom(...TYPES),
  }),
  { maxLength: 30 },
);

function readerOf(log: readonly { agent: string; message: string; type: string }[]) {
  const events = log.map(
    ({ agent, message, type }, index) =>
      ({ seq: index + 1, agent, type: `message.${type}`, payload: { message } }) as unknown as StoredEvent,
  );
  return {
    identity: () => ({ tenantId: "t", host: "h" }),
    event: (seq: number) => events[seq - 1] ?? null,
    *events({ agent, types, afterSeq = 0, beforeSeq = Infinity, newestFirst }: EventFilter) {
      const found = events.filter(
        (event) =>
          (agent === undefined || event.agent === agent) &&
          (types ?? []).some((type) => event.type.startsWith(type)) &&
          event.seq > afterSeq &&
          event.seq < beforeSeq,
      );
      yield* newestFirst ? found.reverse() : found;
    },
  };
}

test("wherever the log is cut into portions, each message is told last with all that was said of it", () => {
  fc.assert(
    fc.property(anyLog, fc.nat({ max: 30 }), fc.integer({ min: 1, max: 8 }), (log, from, size) => {
      const reader = readerOf(log);
      const last = new Map<number, string>();
      const places = { afterSeq: from, untilSeq: log.length, open: [] };
      for (const stories of messageStories(reader, places, size))
        for (const { request, events } of stories) last.set(request.seq, events.map(({ seq }) => seq).join());
      const expected = new Map<number, number[]>();
      const newest = new Map<string, number>();
      for (const [index, { agent, message, type }] of log.entries()) {
        const key = `${agent} ${message}`;
        if (type === "requested") newest.set(key, index + 1);
        const request = newest.get(key);
        if (request !== undefined) expected.set(request, [...(expected.get(request) ?? []), index + 1]);
      }
      const told = [...expected].filter(([, seqs]) => (seqs.at(-1) ?? 0) > from);
      expect([...last].sort(([a], [b]) => a - b)).toEqual(told.map(([seq, seqs]) => [seq, seqs.join()]));
    }),
  );
});

test("a message that is open is told again, though nothing new was said of it", () => {
  const reader = readerOf([{ agent: "a", message: "m1", type: "requested" }]);
  const [stories] = messageStories(reader, { afterSeq: 1, untilSeq: 1, open: [1, 99] });
  expect(stories?.map(({ request }) => request.seq)).toEqual([1]);
});
