import { FleetError } from "../../store/errors.ts";
import type { EventFilter } from "../../store/event-filter.ts";
import type { StoredEvent } from "../../store/events/envelope.ts";
import type { Reader } from "../../store/reader.ts";
import { eventsOf } from "../agent-events.ts";
import { nowUs } from "../clock.ts";
import { has, type Invocation } from "../declaration.ts";
import { openExistingLog } from "../existing-log.ts";
import { EXIT } from "../exit.ts";
import { followEvents } from "../follow-events.ts";
import { lookAround, nothingRecorded } from "../here.ts";
import { catchInterrupts } from "../interrupt.ts";
import { sayNoSuchAgent } from "../no-such-agent.ts";
import { eventJson, formatEvent } from "../render/event.ts";
import { type Pick, selectionOf } from "../select-events.ts";

/** `fleet events`: the log, listed and followed. */
export async function run(invocation: Invocation): Promise<number> {
  const { output, environment } = invocation;
  if (has(invocation, "follow") && has(invocation, "reverse")) {
    throw new FleetError("usage", "--follow and --reverse cannot be had together", {
      hint: "Leave one of them out.",
    });
  }
  const { filter, pick } = selectionOf(invocation, nowUs());
  const here = lookAround(environment);
  const reader = openExistingLog(here);
  if (reader === null) throw nothingRecorded(here.places);
  const print = (event: StoredEvent): void => {
    const look = { width: output.width(), paint: output.paint };
    output.print(`${has(invocation, "json") ? eventJson(event) : formatEvent(event, look)}\n`);
  };
  try {
    // What is written while the list is printed is left to following, which begins where the list ends.
    const horizon = reader.lastSeq();
    const listed = {
      ...filter,
      beforeSeq: Math.min(filter.beforeSeq ?? Number.POSITIVE_INFINITY, horizon + 1),
    };
    let count = 0;
    for (const event of pickEvents(reader, listed, pick, has(invocation, "reverse"))) {
      print(event);
      count += 1;
    }
    if (has(invocation, "follow")) {
      const interrupt = catchInterrupts();
      try {
        await followEvents({
          reader,
          filter: { ...filter, afterSeq: Math.max(horizon, filter.afterSeq ?? 0) },
          tick: here.places.tick,
          print,
          signal: interrupt.signal,
        });
        return interrupt.exitCode();
      } finally {
        interrupt.release();
      }
    }
    if (count > 0) return EXIT.done;
    const known = filter.agent === undefined ? null : knownAgents(reader);
    if (filter.agent !== undefined && known !== null && !known.has(filter.agent)) {
      return sayNoSuchAgent(output, filter.agent, [...known].sort());
    }
    output.complain("No event matches.\n");
    return EXIT.done;
  } finally {
    reader.close();
  }
}

function pickEvents(
  reader: Reader,
  filter: EventFilter,
  pick: Pick,
  reverse: boolean,
): Iterable<StoredEvent> {
  if (pick.which === "all") return eventsOf(reader, { ...filter, newestFirst: reverse });
  const events = [
    ...eventsOf(reader, { ...filter, newestFirst: pick.which === "newest", limit: pick.limit }),
  ];
  return (pick.which === "newest") === reverse ? events : events.reverse();
}

function knownAgents(reader: Reader): Set<string> {
  const documents = reader.documents(reader.identity());
  const ids = (family: string): string[] => [...documents.list(family)].map(([id]) => id);
  return new Set([...ids("roster"), ...ids("agent"), ...ids("heartbeat")]);
}
