import type { EventFilter } from "../store/event-filter.ts";
import type { StoredEvent } from "../store/events/envelope.ts";
import type { Reader } from "../store/reader.ts";
import { eventsOf, type Fits } from "./agent-events.ts";
import { commits } from "./commits.ts";
import { catchEnds } from "./reader-gone.ts";

interface Following {
  readonly reader: Pick<Reader, "lastSeq" | "events" | "dataVersion">;
  readonly filter: EventFilter;
  readonly fits?: Fits | undefined;
  readonly tick: string;
  readonly print: (event: StoredEvent) => void;
}

/** Follows until a signal ends it; the exit code says which. */
export async function followUntilInterrupted(following: Following): Promise<number> {
  const interrupt = catchEnds();
  try {
    await followEvents({ ...following, signal: interrupt.signal });
    return interrupt.exitCode();
  } finally {
    interrupt.release();
  }
}

/**
 * Prints what matches of each commit, from `filter.afterSeq` on, until the signal comes. The table is read after a commit and at no
 * other time: whoever commits touches the tick file, and that is what wakes this.
 */
export async function followEvents({
  reader,
  filter,
  fits,
  tick,
  print,
  signal,
}: Following & { readonly signal: AbortSignal }): Promise<void> {
  let afterSeq = filter.afterSeq ?? 0;
  const printNew = (): void => {
    const horizon = reader.lastSeq();
    if (horizon <= afterSeq) return;
    const before = Math.min(filter.beforeSeq ?? Number.POSITIVE_INFINITY, horizon + 1);
    for (const event of eventsOf(reader, { ...filter, afterSeq, beforeSeq: before }, fits)) print(event);
    afterSeq = horizon;
  };
  const changes = commits({ tick, dataVersion: () => reader.dataVersion(), signal });
  printNew();
  for await (const _ of changes) printNew();
}
